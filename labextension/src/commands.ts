/** Commands for palette, toolbar and keys. Each says what it would do now. */

import { JupyterFrontEnd } from '@jupyterlab/application';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { Link } from './comm';
import { lookOf } from './model';
import { TasksPanel } from './panel';
import { ITask, Scope } from './protocol';

export interface ICommandsOptions {
  link: () => Link | undefined;
  panel: TasksPanel;
  notebook: () => NotebookPanel | null;
  show: (task: string, line: number | null) => void;
  /** How to load the extension in the notebook in front; null where there is no need. */
  enable: () => (() => void) | null;
}

export interface IAdded {
  ids: string[];
  /** What commands would do may be another thing now. */
  changed: () => void;
}

export function addCommands(app: JupyterFrontEnd, trans: TranslationBundle, options: ICommandsOptions): IAdded {
  const { commands } = app;
  const ids: string[] = [];
  const add = (name: string, label: string | (() => string), does: () => void, can: () => boolean): void => {
    const id = `phelps:${name}`;
    ids.push(id);
    commands.addCommand(id, { label, execute: does, isEnabled: can, describedBy: { args: { type: 'object' } } });
  };

  const cellTask = (): ITask | undefined =>
    options.link()?.board.ofCell(options.notebook()?.content.activeCell?.model.id ?? '');
  /** The task of the active cell, else the one that is selected in the panel. */
  const task = (): ITask | undefined => {
    return cellTask() ?? options.link()?.board.get(options.panel.selected);
  };
  const count = (): number => {
    const { board } = options.link() ?? {};
    return board ? board.stale.length + board.staleCells.length : 0;
  };
  const isLinked = (): boolean => options.link()?.isLinked ?? false;
  const hasOpen = (): boolean => (options.link()?.board.open.length ?? 0) > 0;
  const scoped = (name: string, label: string, scope: Scope): void =>
    add(
      name,
      label,
      () => options.link()?.run(scope, [task()?.name ?? '']),
      () => task() !== undefined && !task()?.open
    );

  add(
    'run-stale',
    () => (count() ? trans.__('Run stale (%1)', String(count())) : trans.__('Run stale')),
    () => options.link()?.run('stale'),
    () => isLinked() && count() > 0
  );
  scoped('run-task', trans.__('Run task and what it needs'), 'needed');
  scoped('run-downstream', trans.__('Run task and what follows'), 'downstream');
  scoped('force-task', trans.__('Run task whatever its state'), 'force');
  scoped('retry-task', trans.__('Retry task and what was skipped for it'), 'retry');
  add(
    'cancel-task',
    trans.__('Cancel task'),
    () => options.link()?.cancel([task()?.name ?? '']),
    () => task()?.open ?? false
  );
  add('cancel-all', trans.__('Cancel all tasks'), () => options.link()?.cancel(), hasOpen);
  add(
    'show-tasks',
    trans.__('Show tasks'),
    () => app.shell.activateById(options.panel.id),
    () => true
  );
  add(
    'next-failed',
    trans.__('Go to the next failed task'),
    () => {
      const tasks = (options.link()?.board.tasks ?? []).filter(one => lookOf(one) === 'failed');
      const at = tasks.findIndex(one => one.name === options.panel.selected);
      const next = tasks[(at + 1) % tasks.length];
      options.panel.select(next.name);
      options.show(next.name, next.error?.line ?? null);
    },
    () => (options.link()?.board.tasks ?? []).some(one => lookOf(one) === 'failed')
  );
  add(
    'enable',
    trans.__('Enable Phelps in this notebook'),
    () => options.enable()?.(),
    () => options.enable() !== null
  );
  add(
    'tag-task',
    trans.__('Tag cell as task'),
    () => options.link()?.propose(options.notebook()?.content.activeCell?.model.id ?? ''),
    () => isLinked() && options.notebook()?.content.activeCell?.model.type === 'code' && cellTask() === undefined
  );
  return { ids, changed: () => commands.notifyCommandChanged() };
}
