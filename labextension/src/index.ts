/** Wires the parts together; decides nothing. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Announcer } from './announcer';
import { Badges } from './badges';
import { Batches } from './batches';
import { BoardOf, cardFactory } from './card';
import { clustersIn } from './clusters';
import { Link } from './comm';
import { addCommands } from './commands';
import { atMostEvery } from './frames';
import { graphFactory } from './graphOutput';
import { say, speak } from './language';
import { secondsWords } from './model';
import { enable, execute, loads, putCard, putGraph, showCell } from './notebook';
import { TasksPanel } from './panel';
import { insertCell } from './readyCell';
import { sectionsOf } from './sections';
import { StatusLine } from './statusLine';
import { ask } from './tagging';

const ID = 'phelps-jupyter:plugin';
const SHORT = 10;
/** Milliseconds between looks at what commands can do now. */
const SELDOM = 250;

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
    speak((text, ...args) => trans.__(text, ...args));
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
    const panel = new TasksPanel({
      translator: translator ?? undefined,
      showCell: show,
      enable: enabling,
      clusters: clustersIn(app),
      sections: () => sectionsOf(tracker.currentWidget?.content.model?.sharedModel.cells ?? [])
    });
    panel.title.label = trans.__('Tasks');
    app.shell.add(panel, 'right', { rank: 600 });
    restorer?.add(panel, panel.id);

    const boardOf: BoardOf = node => [...links].find(([notebook]) => notebook.node.contains(node))?.[1].board;
    const open = (task: string): void => {
      app.shell.activateById(panel.id);
      panel.select(task);
    };
    const onOpen = (task: string): void => show(task, null);
    rendermime.addFactory(cardFactory(boardOf), -20);
    rendermime.addFactory(graphFactory({ boardOf, say, onSelect: open, onOpen }), -20);

    const front = (): Link | undefined => (tracker.currentWidget ? links.get(tracker.currentWidget) : undefined);
    const status = new StatusLine(() => (front()?.isLinked ? front()?.board : undefined), say);
    const enablings = atMostEvery(SELDOM, () => addedCommands.changed());
    const look = (): void => {
      panel.link = front() ?? null;
      status.refresh();
      enablings();
    };
    const addedCommands = addCommands(app, trans, {
      link: front,
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
      const marks = new Badges(notebook, link, open);
      badges.add(marks);
      const announcer = new Announcer(link.board, () => tracker.currentWidget === notebook);
      link.board.listen(() => {
        const batch = batches.look();
        if (batch && (batch.seconds >= batchSeconds || batch.failed.length)) {
          tell(batch.ran, batch.seconds, batch.failed, link);
        }
        look();
      });
      link.linkedChanged.connect(look);
      link.edited.connect(() => {
        panel.refresh();
        enablings();
      });
      link.noticed.connect((_sender, text) => void Notification.warning(text, { autoClose: 10000 }));
      link.carded.connect((_sender, card) => putCard(notebook.content, card));
      link.graphed.connect((_sender, bundle) => putGraph(notebook.content, bundle));
      link.inserted.connect((_sender, told) => void insertCell(notebook, told));
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
        announcer.dispose();
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
