/**
 * The link of one notebook to its kernel: tells it the document, hears of the tasks, carries what people want.
 *
 * It is opened where the notebook speaks of tasks: once when a kernel is there, and once after each cell that is
 * executed. A kernel without the extension closes it at once.
 */

import { ISessionContext } from '@jupyterlab/apputils';
import { Cell } from '@jupyterlab/cells';
import { INotebookModel, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { cancelledBy } from './cancelling';
import { say } from './language';
import { Board } from './model';
import { Bundle, FromKernel, IInsert, ILog, ILook, IProposal, IWhy, ReadyCell, Scope, TARGET, ToKernel } from './protocol';

const DEBOUNCE = 400;
/** Milliseconds until a kernel without subshells is spoken to. */
const PATIENCE = 1000;
const SPEAKS = /phelps|^\s*%%task\b/m;

/** What JupyterLab's comms have from 4.4 on, and their interface does not say. */
interface ISubshellComm extends Kernel.IComm {
  subshellStarted?: Promise<void>;
}

export interface ICard {
  task: string;
  cell: string;
  bundle: Bundle;
}

export class Link implements IDisposable {
  readonly board = new Board();
  private _comm: Kernel.IComm | null = null;
  private _told = new Map<string, string>();
  private _order: string[] = [];
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
  private _isOpen = false;
  private _linkedChanged = new Signal<this, boolean>(this);
  private _carded = new Signal<this, ICard>(this);
  private _graphed = new Signal<this, Bundle>(this);
  private _logged = new Signal<this, ILog>(this);
  private _noticed = new Signal<this, string>(this);
  private _explained = new Signal<this, IWhy>(this);
  private _looked = new Signal<this, ILook>(this);
  private _inserted = new Signal<this, IInsert>(this);
  private _proposed = new Signal<this, IProposal>(this);
  private _byHand = new Signal<this, string[]>(this);
  private _edited = new Signal<this, void>(this);
  private _model: INotebookModel | null = null;

  constructor(private _panel: NotebookPanel) {
    const { sessionContext } = _panel;
    sessionContext.kernelChanged.connect(this._onKernel, this);
    sessionContext.statusChanged.connect(this._onStatus, this);
    NotebookActions.executionScheduled.connect(this._onScheduled, this);
    NotebookActions.executed.connect(this._onExecuted, this);
    _panel.context.ready.then(
      () => this._watch(),
      () => undefined
    );
    sessionContext.ready.then(
      () => this._connect(),
      () => undefined
    );
  }

  get isLinked(): boolean {
    return this._comm !== null && this.board.isKnown;
  }

  get linkedChanged(): ISignal<this, boolean> {
    return this._linkedChanged;
  }

  /** A card that stands under a task's cell from now on. */
  get carded(): ISignal<this, ICard> {
    return this._carded;
  }

  /** What stands below `%phelps graph` from now on. */
  get graphed(): ISignal<this, Bundle> {
    return this._graphed;
  }

  get logged(): ISignal<this, ILog> {
    return this._logged;
  }

  get noticed(): ISignal<this, string> {
    return this._noticed;
  }

  /** The document is another one; told when its editing rests, and when a cell has been executed. */
  get edited(): ISignal<this, void> {
    return this._edited;
  }

  /** Cells that the kernel asks to be executed as if by hand. */
  get byHand(): ISignal<this, string[]> {
    return this._byHand;
  }

  get explained(): ISignal<this, IWhy> {
    return this._explained;
  }

  get looked(): ISignal<this, ILook> {
    return this._looked;
  }

  get inserted(): ISignal<this, IInsert> {
    return this._inserted;
  }

  get proposed(): ISignal<this, IProposal> {
    return this._proposed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._panel.sessionContext.kernelChanged.disconnect(this._onKernel, this);
    this._panel.sessionContext.statusChanged.disconnect(this._onStatus, this);
    NotebookActions.executionScheduled.disconnect(this._onScheduled, this);
    NotebookActions.executed.disconnect(this._onExecuted, this);
    this._model?.contentChanged.disconnect(this._onContent, this);
    const comm = this._comm;
    this._comm = null;
    if (comm && !comm.isDisposed) {
      comm.close();
    }
    Signal.clearData(this);
  }

  run(scope: Scope, tasks: string[] = []): void {
    this._flush();
    this._send({ type: 'run', scope, tasks });
  }

  cancel(tasks: string[] = []): void {
    this._send({ type: 'cancel', tasks });
  }

  /** Hear what these tasks write, and no others. */
  followLogs(tasks: string[]): void {
    this._send({ type: 'logs', tasks });
  }

  /** Ask for what changed. */
  explain(task: string): void {
    this._send({ type: 'why', task });
  }

  /** Ask what a value looks like that a task gives or reads. */
  look(task: string, name: string): void {
    this._send({ type: 'preview', task, name });
  }

  /** Ask for a cell to go on with. */
  readyCell(what: ReadyCell, task: string): void {
    this._flush();
    this._send({ type: 'cell', task, what });
  }

  /** Ask what a plain cell would be as a task. */
  propose(cell: string): void {
    this._flush();
    this._send({ type: 'propose', cell });
  }

  private _watch(): void {
    this._model = this._panel.content.model;
    this._model?.contentChanged.connect(this._onContent, this);
    this._connect();
  }

  private _onKernel(): void {
    this._drop();
    this._connect();
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead' || status === 'terminating') {
      this._drop();
    }
  }

  private _onExecuted(_: unknown, args: { notebook: unknown }): void {
    if (args.notebook === this._panel.content) {
      this._connect();
      this._edited.emit();
    }
  }

  /** What was edited counts for the cell that is about to run. */
  private _onScheduled(_: unknown, args: { notebook: unknown; cell: Cell }): void {
    if (args.notebook !== this._panel.content) {
      return;
    }
    this._flush();
    const tasks = cancelledBy(args.cell.model.sharedModel.getSource());
    // An idle kernel takes the cell itself right away.
    if (tasks && this._panel.sessionContext.session?.kernel?.status === 'busy') {
      this.cancel(tasks);
    }
  }

  private _onContent(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._tellSources(), DEBOUNCE);
  }

  /** The kernel behind the comm is another one, or none. */
  private _drop(): void {
    const comm = this._comm;
    this._comm = null;
    this._isOpen = false;
    comm?.dispose();
    this.board.clear();
    this._linkedChanged.emit(false);
  }

  private _connect(): void {
    const kernel = this._panel.sessionContext.session?.kernel;
    if (this._comm || this._isDisposed || !kernel || kernel.status === 'dead' || !this._speaks()) {
      return;
    }
    const comm = kernel.createComm(TARGET);
    comm.onMsg = message => {
      if (this._comm === comm) {
        this._hear(message.content.data as unknown as FromKernel);
      }
    };
    comm.onClose = () => {
      if (this._comm === comm) {
        this._drop();
      }
    };
    this._comm = comm;
    void this._begin(comm);
  }

  /** All that is said on the comm must go to one shell: where there are subshells, to that one from the beginning. */
  private async _begin(comm: Kernel.IComm): Promise<void> {
    const started = (comm as ISubshellComm).subshellStarted?.catch(() => undefined);
    await Promise.race([started, new Promise(resolve => setTimeout(resolve, PATIENCE))]);
    if (this._comm === comm && !comm.isDisposed) {
      comm.open();
      this._tellAll();
    }
  }

  private _tellAll(): void {
    this._told.clear();
    this._order = [];
    this._isOpen = true;
    this._tellSources();
  }

  /** Whether there is a reason to ask: a kernel without the extension would note each time that it has none. */
  private _speaks(): boolean {
    const cells = this._panel.content.model?.sharedModel.cells ?? [];
    return cells.some(cell => cell.cell_type === 'code' && SPEAKS.test(cell.getSource()));
  }

  private _hear(message: FromKernel): void {
    switch (message.type) {
      case 'card':
        this._carded.emit({ task: message.task, cell: message.cell_id, bundle: message.bundle });
        return;
      case 'graph':
        this._graphed.emit(message.bundle);
        return;
      case 'log':
        this._logged.emit(message);
        return;
      case 'notice':
        this._noticed.emit(message.text);
        return;
      case 'tell':
        this._tellAll();
        return;
      case 'proposal':
        this._proposed.emit(message);
        return;
      case 'execute':
        this._byHand.emit(message.cells);
        return;
      default:
        this._hearAnswer(message);
    }
  }

  /** What was asked for of one task, or what all are told. */
  private _hearAnswer(message: FromKernel): void {
    switch (message.type) {
      case 'why':
        this._explained.emit(message);
        return;
      case 'preview':
        this._looked.emit(message);
        return;
      case 'insert':
        this._inserted.emit(message);
        return;
      default:
        this._apply(message);
    }
  }

  private _apply(message: FromKernel): void {
    const applied = this.board.apply(message);
    if (applied === 'gap') {
      this._send({ type: 'resync' });
    } else if (applied === 'foreign') {
      this._noticed.emit(say('The kernel has another version of phelps_jupyter than this extension: restart both.'));
      this._comm?.close();
    } else if (applied === 'changed' && message.type === 'snapshot') {
      this._linkedChanged.emit(true);
    }
  }

  /** What waits to be told is told now. */
  private _flush(): void {
    if (this._timer !== undefined) {
      this._tellSources();
    }
  }

  private _tellSources(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
    this._edited.emit();
    if (!this._isOpen) {
      return;
    }
    const changed: Record<string, string> = {};
    const order: string[] = [];
    for (const cell of this._panel.content.model?.sharedModel.cells ?? []) {
      if (cell.cell_type === 'code') {
        const source = cell.getSource();
        order.push(cell.id);
        if (this._told.get(cell.id) !== source) {
          changed[cell.id] = source;
          this._told.set(cell.id, source);
        }
      }
    }
    const isMoved = order.length !== this._order.length || order.some((cell, place) => cell !== this._order[place]);
    if (isMoved || Object.keys(changed).length) {
      this._order = order;
      // The kernel forgets what is not in the order; so do we.
      this._told = new Map(order.map(cell => [cell, this._told.get(cell) as string]));
      this._send({ type: 'sources', order, changed });
    }
  }

  private _send(message: ToKernel): void {
    if (this._comm && this._isOpen && !this._comm.isDisposed) {
      this._comm.send({ ...message });
    }
  }
}
