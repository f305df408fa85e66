/** The side panel "Tasks" of the notebook that is in front: graph or list, and the page of the selected task. */

import { ITranslator, TranslationBundle, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { Link } from './comm';
import { EngineStrip } from './engineStrip';
import { inFrames } from './frames';
import { GraphView } from './graphView';
import { Hint } from './hint';
import { Board, summaryOf } from './model';
import { ILog, ILook, IWhy, Scope } from './protocol';
import { TaskList } from './taskList';
import { TaskPage } from './taskPage';
import { Timeline } from './timeline';
import { View } from './view';

export interface IPanelOptions {
  translator?: ITranslator;
  /** Show a task's cell; a line of it where that is known. ``focus``: the keyboard goes there too (default). */
  showCell: (task: string, line: number | null, focus?: boolean) => void;
  /** Load the extension in the notebook in front; null where it is loaded, or there is no notebook. */
  enable: () => (() => void) | null;
  /** Headings of the notebook in front: cell id -> the one that it stands below. */
  sections: () => ReadonlyMap<string, string>;
  /** Show IPython Parallel's list of clusters; null where there is none. */
  clusters: () => (() => void) | null;
}

const EVERY = 1000;
const VIEWS = ['graph', 'list', 'timeline'] as const;
type ViewName = (typeof VIEWS)[number];

export class TasksPanel extends Widget {
  private _trans: TranslationBundle;
  private _link: Link | null = null;
  private _none = new Board();
  private _unlisten: () => void = () => undefined;
  private _selected = '';
  private _view: ViewName = 'graph';
  private _graph!: GraphView;
  private _views!: Record<ViewName, View>;
  private _page: TaskPage;
  private _engines: EngineStrip;
  private _timer: ReturnType<typeof setInterval>;
  private _schedule = inFrames(
    () => this._update(),
    // What nobody sees is drawn when it is shown.
    () => this.isDisposed || !this.isVisible
  );
  private _status = document.createElement('div');
  private _hint: Hint;
  private _body = document.createElement('div');
  private _buttons: Record<string, HTMLButtonElement> = {};

  constructor(private _options: IPanelOptions) {
    super();
    this._trans = (_options.translator ?? nullTranslator).load('phelps_jupyter');
    this.id = 'phelps-tasks';
    this.title.caption = this._trans.__('Tasks of the notebook');
    this.title.label = '';
    this.addClass('phelps-panel');
    this._page = new TaskPage({
      say: (text, ...args) => this._trans.__(text, ...args),
      onRun: (scope, task) => this._run(scope, [task]),
      onCancel: task => this._link?.cancel([task]),
      onShow: _options.showCell,
      onSelect: task => this.select(task, true),
      onWhy: task => this._link?.explain(task),
      onLook: (task, name) => this._link?.look(task, name),
      onCell: (what, task) => this._link?.readyCell(what, task)
    });
    this._hint = new Hint({ enable: _options.enable });
    this._engines = new EngineStrip({
      say: (text, ...args) => this._trans.__(text, ...args),
      onSelect: task => this.select(task, true),
      clusters: _options.clusters
    });
    this._build();
    this._attachBoard();
    // Running tasks tell how long they have been.
    this._timer = setInterval(() => {
      if (this._board.open.length) {
        this._schedule();
      }
    }, EVERY);
  }

  /** The notebook in front is another one, or none. */
  set link(link: Link | null) {
    if (this._link === link) {
      return;
    }
    this._link?.linkedChanged.disconnect(this._onLinked, this);
    this._link?.logged.disconnect(this._onLog, this);
    this._link?.explained.disconnect(this._onWhy, this);
    this._link?.looked.disconnect(this._onLook, this);
    this._link = link;
    link?.linkedChanged.connect(this._onLinked, this);
    link?.logged.connect(this._onLog, this);
    link?.explained.connect(this._onWhy, this);
    link?.looked.connect(this._onLook, this);
    this._page.forget();
    this._selected = '';
    this._attachBoard();
  }

  get selected(): string {
    return this._selected;
  }

  /** The notebook's cells are others now: where it has no task, so may be what it is told. */
  refresh(): void {
    if (!this._board.tasks.length) {
      this._schedule();
    }
  }

  /** ``show``: go to its cell as well. */
  select(task: string, show = false): void {
    const isNew = task !== this._selected;
    this._selected = task;
    VIEWS.forEach(view => this._views[view].select(task));
    this._page.show(this._board.get(task));
    if (isNew && this._link) {
      this._link.followLogs(task ? [task] : []);
    }
    if (show) {
      this._options.showCell(task, null, false);
    }
  }

  protected onAfterShow(): void {
    this._schedule();
  }

  dispose(): void {
    this.link = null;
    clearInterval(this._timer);
    this._unlisten();
    super.dispose();
  }

  private get _board(): Board {
    return this._link?.board ?? this._none;
  }

  private _build(): void {
    const head = document.createElement('div');
    head.className = 'phelps-head';
    const add = (act: string, label: string, does: () => void): void => {
      const button = document.createElement('button');
      button.className = 'phelps-button';
      button.textContent = label;
      button.dataset.act = act;
      button.addEventListener('click', does);
      this._buttons[act] = button;
      head.append(button);
    };
    add('stale', this._trans.__('Run stale'), () => this._run('stale', []));
    add('cancel', this._trans.__('Cancel all'), () => this._link?.cancel());
    add('graph', this._trans.__('Graph'), () => this._turn('graph'));
    add('list', this._trans.__('List'), () => this._turn('list'));
    add('timeline', this._trans.__('Timeline'), () => this._turn('timeline'));
    add('direction', '⇄', () => this._rotate());
    this._buttons.direction.title = this._trans.__('Lay the graph out the other way');
    this._buttons.direction.setAttribute('aria-label', this._buttons.direction.title);
    add('near', this._trans.__('Near'), () => this._turnNear());
    this._buttons.near.title = this._trans.__('Draw only what is near the selected task');
    this._buttons.near.setAttribute('aria-pressed', 'false');
    const search = document.createElement('input');
    search.type = 'search';
    search.className = 'phelps-search';
    search.placeholder = this._trans.__('Search');
    search.setAttribute('aria-label', this._trans.__('Search tasks by name or state'));
    search.addEventListener('input', () => {
      VIEWS.forEach(view => (this._views[view].filter = search.value));
    });
    head.append(search);
    this._status.className = 'phelps-status';
    this._body.className = 'phelps-body';
    this.node.append(head, this._status, this._hint.node, this._engines.node, this._body, this._page.node);
  }

  private _attachBoard(): void {
    this._unlisten();
    this._unlisten = this._board.listen(() => this._schedule());
    const options = {
      board: this._board,
      say: (text: string, ...args: string[]) => this._trans.__(text, ...args),
      onSelect: (task: string) => this.select(task, true),
      onOpen: (task: string) => this._options.showCell(task, null),
      sections: this._options.sections
    };
    const { direction, isNear } = this._graph ?? { direction: 'down', isNear: false };
    this._graph = new GraphView(options);
    Object.assign(this._graph, { direction, isNear });
    this._views = { graph: this._graph, list: new TaskList(options), timeline: new Timeline(options) };
    this._turn(this._view);
  }

  private _turn(view: ViewName): void {
    this._view = view;
    this._body.replaceChildren(this._views[view].node);
    this._views[view].select(this._selected);
    for (const one of VIEWS) {
      this._buttons[one].setAttribute('aria-pressed', String(one === view));
    }
    this._schedule();
  }

  private _rotate(): void {
    this._graph.direction = this._graph.direction === 'down' ? 'right' : 'down';
  }

  private _turnNear(): void {
    this._graph.isNear = !this._graph.isNear;
    this._buttons.near.setAttribute('aria-pressed', String(this._graph.isNear));
  }

  private _run(scope: Scope, tasks: string[]): void {
    this._link?.run(scope, tasks);
  }

  private _onLog(_: Link, told: ILog): void {
    if (!this._page.log(told)) {
      this._link?.followLogs([told.task]);
    }
  }

  private _onWhy(_: Link, told: IWhy): void {
    this._page.why(told);
  }

  private _onLook(_: Link, told: ILook): void {
    this._page.look(told);
  }

  /** A kernel that is linked anew does not know what is followed. */
  private _onLinked(_: Link, linked: boolean): void {
    this._page.forget();
    if (linked && this._selected) {
      this._link?.followLogs([this._selected]);
    }
    this._schedule();
  }

  private _update(): void {
    const { tasks, stale, open, staleCells } = this._board;
    const count = stale.length + staleCells.length;
    const words = summaryOf(tasks);
    if (this._status.textContent !== words) {
      this._status.textContent = words;
    }
    this._buttons.stale.textContent = count
      ? this._trans.__('Run stale (%1)', String(count))
      : this._trans.__('Run stale');
    this._buttons.stale.disabled = count === 0;
    this._buttons.cancel.disabled = open.length === 0;
    this._hint.node.hidden = tasks.length > 0;
    this._body.hidden = tasks.length === 0;
    this._engines.node.hidden = tasks.length === 0;
    this._engines.show(this._board.engines);
    if (!tasks.length) {
      this._hint.show(this._link?.isLinked ?? false);
      this._page.show(undefined);
      return;
    }
    this._views[this._view].follow();
    this._page.show(this._board.get(this._selected));
  }
}
