/** Wires the parts together; decides nothing. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { Badges } from './badges';
import { Batches } from './batches';
import { cardFactory } from './card';
import { Link } from './comm';
import { addCommands } from './commands';
import { secondsWords, summaryOf } from './model';
import { enable, execute, loads, putCard, showCell } from './notebook';
import { TasksPanel } from './panel';
import { ask } from './tagging';

const ID = 'phelps-jupyter:plugin';
const SHORT = 10;

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'The tasks of a notebook, live.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [ISettingRegistry, ITranslator, ICommandPalette, ILayoutRestorer, IStatusBar],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    statusBar: IStatusBar | null
  ) => {
    const trans = (translator ?? nullTranslator).load('phelps_jupyter');
    const links = new Map<NotebookPanel, Link>();
    const badges = new Set<Badges>();
    let batchSeconds = SHORT;

    const show = (task: string, line: number | null, focus = true): void => {
      const current = tracker.currentWidget;
      const cell = current && links.get(current)?.board.get(task)?.cell_id;
      if (current && cell) {
        if (focus) {
          app.shell.activateById(current.id);
        }
        void showCell(current, cell, line);
      }
    };
    const enabling = (): (() => void) | null => {
      const current = tracker.currentWidget;
      return current && !loads(current.content) ? () => void enable(current) : null;
    };
    const panel = new TasksPanel({ translator: translator ?? undefined, showCell: show, enable: enabling });
    panel.title.label = trans.__('Tasks');
    app.shell.add(panel, 'right', { rank: 600 });
    restorer?.add(panel, panel.id);

    rendermime.addFactory(
      cardFactory(node => [...links].find(([notebook]) => notebook.node.contains(node))?.[1].board),
      -20
    );

    const status = new Widget();
    status.addClass('phelps-statusbar');
    const look = (): void => {
      const current = tracker.currentWidget;
      const link = (current && links.get(current)) ?? null;
      panel.link = link;
      status.node.textContent = link?.isLinked ? summaryOf(link.board.tasks) : '';
      addedCommands.changed();
    };
    const addedCommands = addCommands(app, trans, {
      link: () => (tracker.currentWidget ? links.get(tracker.currentWidget) : undefined),
      panel,
      notebook: () => tracker.currentWidget,
      show,
      enable: enabling
    });
    addedCommands.ids.forEach(command => palette?.addItem({ command, category: trans.__('Phelps') }));
    statusBar?.registerStatusItem(`${ID}:status`, { item: status, align: 'left', rank: 900 });

    tracker.widgetAdded.connect((_, notebook) => {
      const link = new Link(notebook);
      const batches = new Batches(link.board);
      links.set(notebook, link);
      const marks = new Badges(notebook, link, task => {
        app.shell.activateById(panel.id);
        panel.select(task);
      });
      badges.add(marks);
      link.board.listen(() => {
        const batch = batches.look();
        if (batch && (batch.seconds >= batchSeconds || batch.failed.length)) {
          tell(batch.ran, batch.seconds, batch.failed, link);
        }
        look();
      });
      link.linkedChanged.connect(look);
      link.noticed.connect((_sender, text) => void Notification.warning(text, { autoClose: 10000 }));
      link.carded.connect((_sender, card) => putCard(notebook.content, card));
      link.proposed.connect((_sender, proposal) => void ask(trans, notebook, proposal));
      link.byHand.connect((_sender, cells) => void execute(notebook, cells));
      notebook.content.activeCellChanged.connect((_sender, cell) => {
        const task = cell && link.board.ofCell(cell.model.id);
        if (task && tracker.currentWidget === notebook) {
          panel.select(task.name);
        }
      });
      notebook.disposed.connect(() => {
        links.delete(notebook);
        badges.delete(marks);
        marks.dispose();
        link.dispose();
        look();
      });
      look();
    });
    tracker.currentChanged.connect(look);

    const tell = (ran: number, seconds: number, failed: string[], link: Link): void => {
      const took = secondsWords(seconds);
      if (!failed.length) {
        Notification.success(trans.__('%1 tasks have ended well in %2', String(ran), took));
        return;
      }
      const text = trans.__('%1 of %2 tasks failed: %3', String(failed.length), String(ran), failed.join(', '));
      const line = link.board.get(failed[0])?.error?.line ?? null;
      Notification.error(text, {
        autoClose: false,
        actions: [{ label: trans.__('Show cell'), callback: () => show(failed[0], line) }]
      });
    };

    settings?.load(ID).then(
      loaded => {
        const read = (): void => {
          batchSeconds = loaded.get('notifyAfter').composite as number;
          badges.forEach(marks => (marks.isShown = loaded.get('badges').composite as boolean));
        };
        loaded.changed.connect(read);
        read();
      },
      error => console.error('phelps: settings', error)
    );
  }
};

export default plugin;
