/** All tasks of one notebook as the kernel tells them, and what people are shown of each. No DOM. */

import { leftOf } from './forecast';
import { Say, say } from './language';
import { FromKernel, IEngine, IRest, IStaleCell, ITask, PROTO, RunState } from './protocol';

/** What a badge or a node shows; one more than a run's states: verdicts of what did not run, or ran as something else. */
export type Look = RunState | 'stale' | 'maybe' | 'fresh' | 'unknown';

export const GLYPHS: Record<Look, string> = {
  waiting: '…',
  ready: '…',
  submitted: '▸',
  running: '▶',
  done: '✓',
  reused: '↺',
  failed: '✗',
  skipped: '⤼',
  blocked: '⏸',
  cancelled: '⊘',
  stale: '○',
  maybe: '◌',
  fresh: '●',
  unknown: '·'
};

/** In the order of what people care for. */
export const LOOKS: Look[] = [
  ...(['failed', 'running', 'submitted', 'ready', 'waiting', 'blocked', 'skipped', 'cancelled'] as const),
  ...(['stale', 'maybe', 'done', 'reused', 'fresh', 'unknown'] as const)
];

const GOOD = new Set(['done', 'reused']);

const WORDS: Record<Look, () => string> = {
  waiting: () => say('waiting'),
  ready: () => say('ready'),
  submitted: () => say('submitted'),
  running: () => say('running'),
  done: () => say('done'),
  reused: () => say('reused'),
  failed: () => say('failed'),
  skipped: () => say('skipped'),
  blocked: () => say('blocked'),
  cancelled: () => say('cancelled'),
  stale: () => say('stale'),
  maybe: () => say('maybe stale'),
  fresh: () => say('fresh'),
  unknown: () => say('not looked at yet')
};

/** How it looks, in a word or a few. */
export function lookWord(look: Look): string {
  return WORDS[look]();
}

/** How a task looks now: its open run, what went wrong, or the verdict on its result. */
export function lookOf(task: ITask): Look {
  const { state } = task;
  if (state === null || (task.open && state)) {
    return state ?? verdictOf(task);
  }
  const verdict = verdictOf(task);
  if (GOOD.has(state)) {
    return verdict === 'fresh' || verdict === 'unknown' ? state : verdict;
  }
  return verdict === 'fresh' ? 'fresh' : state;
}

function verdictOf(task: ITask): 'fresh' | 'stale' | 'maybe' | 'unknown' {
  return task.verdict === 'undecided' ? 'maybe' : (task.verdict ?? 'unknown');
}

/** Whether it would run if everything stale were run. */
export function wouldRun(task: ITask): boolean {
  return !task.open && task.verdict !== null && task.verdict !== 'fresh';
}

/** `done 0.4 s`, `running 40 %, 20 s left`, `maybe stale`. `now`: seconds since the epoch. */
export function wordsOf(task: ITask, now: number): string {
  const look = lookOf(task);
  const words = lookWord(look);
  if (look === 'running' || look === 'submitted') {
    const older = task.is_older ? ` ${say('(older code)')}` : '';
    const far = itemsWords(task) || progressWords(task) || elapsedWords(task, now);
    return `${words}${older}${far}${leftWords(task, now)}`;
  }
  if (task.items) {
    return words + itemsWords(task);
  }
  return look === 'done' && task.seconds !== null ? `${words} ${secondsWords(task.seconds)}` : words;
}

function itemsWords(task: ITask): string {
  const { items } = task;
  if (!items) {
    return '';
  }
  const failed = items.failed ? `, ${say('%1 failed', String(items.failed))}` : '';
  return ` ${say('%1 of %2 items', String(items.done), String(items.total))}${failed}`;
}

function progressWords(task: ITask): string {
  const { progress } = task;
  if (!progress) {
    return '';
  }
  return progress.total
    ? ` ${Math.round((100 * progress.done) / progress.total)} %`
    : ` ${say('%1 done', String(progress.done))}`;
}

function elapsedWords(task: ITask, now: number): string {
  return task.started_at === null ? '' : ` ${secondsWords(Math.max(0, now - task.started_at))}`;
}

function leftWords(task: ITask, now: number): string {
  const left = leftOf(task, now);
  return left === null || left < 1 ? '' : `, ${say('%1 left', aboutWords(left))}`;
}

/** `0.4 s`, `12 s`, `3 min`, `2.5 h`. */
export function secondsWords(seconds: number): string {
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 100) {
    return `${seconds.toFixed(0)} s`;
  }
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** `9 s`, `2 min`: of what can only be guessed. */
export function aboutWords(seconds: number): string {
  return seconds < 100 ? `${Math.ceil(seconds)} s` : secondsWords(seconds);
}

/** `1.2 MB`. */
export function sizeWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`;
}

/** What came of a message: applied, to be asked for anew (one was missed), or of another protocol. */
export type Applied = 'changed' | 'ignored' | 'gap' | 'foreign';

/**
 * Told with the names of the tasks that have changed; `isMore`: not they alone, but which tasks there are, how they hang
 * together, or which plain cells are stale.
 */
export type Listener = (changed: ReadonlySet<string>, isMore: boolean) => void;

export class Board {
  private _tasks = new Map<string, ITask>();
  private _list: ITask[] | null = null;
  private _stale: ITask[] | null = null;
  private _open: ITask[] | null = null;
  private _shape = 0;
  private _byCell = new Map<string, ITask>();
  private _rest: Required<IRest> = { cells: [], engines: [], notices: [] };
  private _rev = -1;
  private _listeners = new Set<Listener>();

  /** In the order of the document. */
  get tasks(): ITask[] {
    this._list = this._list ?? [...this._tasks.values()];
    return this._list;
  }

  /** Another number where tasks have come, gone or moved, or need others than before. */
  get shape(): number {
    return this._shape;
  }

  get engines(): IEngine[] {
    return this._rest.engines;
  }

  get staleCells(): IStaleCell[] {
    return this._rest.cells;
  }

  get notices(): string[] {
    return this._rest.notices;
  }

  /** Whether the kernel has told anything. */
  get isKnown(): boolean {
    return this._rev >= 0;
  }

  get(task: string): ITask | undefined {
    return this._tasks.get(task);
  }

  ofCell(cell: string): ITask | undefined {
    return this._byCell.get(cell);
  }

  /** Tasks that are asked for by "Run stale". */
  get stale(): ITask[] {
    this._stale = this._stale ?? this.tasks.filter(wouldRun);
    return this._stale;
  }

  get open(): ITask[] {
    this._open = this._open ?? this.tasks.filter(task => task.open);
    return this._open;
  }

  /** Be told of changes. Returns how to end that. */
  listen(listener: Listener): () => void {
    this._listeners.add(listener);
    return () => this._listeners.delete(listener);
  }

  /** The kernel is gone, or begins anew: nothing is known. */
  clear(): void {
    const names = new Set(this._tasks.keys());
    this._rev = -1;
    this._put([]);
    this._rest = { cells: [], engines: [], notices: [] };
    this._emit(names, true);
  }

  apply(message: FromKernel): Applied {
    if (message.type === 'snapshot') {
      if (message.proto !== PROTO) {
        return 'foreign';
      }
      const names = new Set([...this._tasks.keys(), ...message.tasks.map(task => task.name)]);
      this._rev = message.rev;
      this._put(message.tasks);
      this._rest = { cells: message.cells ?? [], engines: message.engines ?? [], notices: message.notices ?? [] };
      this._emit(names, true);
      return 'changed';
    }
    return message.type === 'delta' ? this._applyDelta(message) : 'ignored';
  }

  private _applyDelta(message: Extract<FromKernel, { type: 'delta' }>): Applied {
    // Before the snapshot, or told in it already.
    if (this._rev < 0 || message.rev <= this._rev) {
      return 'ignored';
    }
    if (message.rev !== this._rev + 1) {
      return 'gap';
    }
    this._rev = message.rev;
    this._change(message);
    return 'changed';
  }

  private _change(message: IRest & { tasks?: ITask[]; order?: string[] }): void {
    const shape = this._shape;
    const tasks = message.tasks ?? [];
    const changed = new Set(tasks.map(task => task.name));
    if (message.order) {
      this._reorder(message.order, tasks, changed);
    } else {
      this._replace(tasks);
    }
    this._rest = {
      cells: message.cells ?? this._rest.cells,
      engines: message.engines ?? this._rest.engines,
      notices: message.notices ?? this._rest.notices
    };
    this._emit(changed, shape !== this._shape || message.cells !== undefined);
  }

  /** Adds the names of those that are gone to `changed`. */
  private _reorder(order: string[], tasks: ITask[], changed: Set<string>): void {
    const told = new Map(tasks.map(task => [task.name, task]));
    const there = new Set(order);
    [...this._tasks.keys()].filter(name => !there.has(name)).forEach(name => changed.add(name));
    this._put(order.flatMap(name => told.get(name) ?? this._tasks.get(name) ?? []));
  }

  /** Each in the place of the one of its name. */
  private _replace(tasks: ITask[]): void {
    for (const task of tasks) {
      const before = this._tasks.get(task.name);
      if (before?.cell_id !== task.cell_id || JSON.stringify(before.needs) !== JSON.stringify(task.needs)) {
        const others = this.tasks.map(one => (one.name === task.name ? task : one));
        this._put(before ? others : [...others, task]);
      } else {
        this._tasks.set(task.name, task);
        this._byCell.set(task.cell_id, task);
        this._list = this._stale = this._open = null;
      }
    }
  }

  private _put(tasks: ITask[]): void {
    this._tasks = new Map(tasks.map(task => [task.name, task]));
    this._byCell = new Map(tasks.map(task => [task.cell_id, task]));
    this._list = this._stale = this._open = null;
    this._shape += 1;
  }

  private _emit(changed: ReadonlySet<string>, isMore: boolean): void {
    for (const listener of [...this._listeners]) {
      listener(changed, isMore);
    }
  }
}

/** Why it is in its state, where that is news; why a task ran that has ended well is none. */
export function whyOf(task: ITask): string {
  const look = lookOf(task);
  const told = look === 'stale' || look === 'maybe' ? task.why : task.because || task.why;
  return GOOD.has(look) ? '' : told;
}

export type { Say };

/** How many tasks look so, in the order of what people care for: `3 running, 7 done, 1 failed`. */
export function summaryOf(tasks: ITask[]): string {
  const counts = new Map<Look, number>();
  for (const task of tasks) {
    const look = lookOf(task);
    counts.set(look, (counts.get(look) ?? 0) + 1);
  }
  const named = LOOKS.filter(look => counts.has(look));
  return named.map(look => `${counts.get(look)} ${look === 'unknown' ? say('unknown') : lookWord(look)}`).join(', ');
}
