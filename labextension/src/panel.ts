/** The side panel "Tasks" of the notebook that is in front: graph or list, and the page of the selected task. */

import { ITranslator, TranslationBundle, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { Link } from './comm';
import { GraphView } from './graphView';
import { Board, summaryOf } from './model';
import { IFrame, Scope } from './protocol';
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
}

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
  private _scheduled = false;
  private _status = document.createElement('div');
  private _hint = document.createElement('div');
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
      onSelect: task => this.select(task, true)
    });
    this._build();
    this._attachBoard();
  }

  /** The notebook in front is another one, or none. */
  set link(link: Link | null) {
    if (this._link === link) {
      return;
    }
    this._link?.linkedChanged.disconnect(this._onLinked, this);
    this._link?.logged.disconnect(this._onLog, this);
    this._link = link;
    link?.linkedChanged.connect(this._onLinked, this);
    link?.logged.connect(this._onLog, this);
    this._selected = '';
    this._attachBoard();
  }

  get selected(): string {
    return this._selected;
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
    this._status.setAttribute('role', 'status');
    this._status.setAttribute('aria-live', 'polite');
    this._hint.className = 'phelps-hint';
    this._body.className = 'phelps-body';
    this.node.append(head, this._status, this._hint, this._body, this._page.node);
  }

  private _attachBoard(): void {
    this._unlisten();
    this._unlisten = this._board.listen(() => this._schedule());
    const options = {
      board: this._board,
      say: (text: string, ...args: string[]) => this._trans.__(text, ...args),
      onSelect: (task: string) => this.select(task, true),
      onOpen: (task: string) => this._options.showCell(task, null)
    };
    const direction = this._graph?.direction ?? 'down';
    this._graph = new GraphView(options);
    this._graph.direction = direction;
    this._views = { graph: this._graph, list: new TaskList(options), timeline: new Timeline(options) };
    this._turn(this._view);
  }

  private _turn(view: ViewName): void {
    this._view = view;
    this._body.replaceChildren(this._views[view].node);
    for (const one of VIEWS) {
      this._buttons[one].setAttribute('aria-pressed', String(one === view));
    }
    this._schedule();
  }

  private _rotate(): void {
    this._graph.direction = this._graph.direction === 'down' ? 'right' : 'down';
  }

  private _run(scope: Scope, tasks: string[]): void {
    this._link?.run(scope, tasks);
  }

  private _onLog(_: Link, told: { task: string; frames: IFrame[] }): void {
    this._page.log(told.task, told.frames);
  }

  /** A kernel that is linked anew does not know what is followed. */
  private _onLinked(_: Link, linked: boolean): void {
    if (linked && this._selected) {
      this._link?.followLogs([this._selected]);
    }
    this._schedule();
  }

  private _schedule(): void {
    if (!this._scheduled) {
      this._scheduled = true;
      requestAnimationFrame(() => {
        this._scheduled = false;
        if (!this.isDisposed) {
          this._update();
        }
      });
    }
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
    this._hint.hidden = tasks.length > 0;
    this._body.hidden = tasks.length === 0;
    if (!tasks.length) {
      this._showHint();
      this._page.show(undefined);
      return;
    }
    this._views[this._view].update();
    this._page.show(this._board.get(this._selected));
  }

  private _showHint(): void {
    this._hint.textContent = [
      this._trans.__('1. Run a cell with %load_ext phelps_jupyter.'),
      this._trans.__('2. Write %%%%task NAME above a slow cell and run it: it runs beside the notebook.'),
      this._trans.__('3. Come back here: the graph fills, and only what is stale runs again.')
    ].join('\n');
    const enable = this._options.enable();
    if (enable) {
      const button = document.createElement('button');
      button.className = 'phelps-button';
      button.dataset.act = 'enable';
      button.textContent = this._trans.__('Enable Phelps in this notebook');
      button.addEventListener('click', enable);
      this._hint.append('\n', button);
    }
  }
}
