/** All tasks of one notebook as the kernel tells them, and what people are shown of each. No DOM. */

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

const GOOD = new Set(['done', 'reused']);

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

/** `done 0.4 s`, `running 40 %`, `maybe stale`. `now`: seconds since the epoch. */
export function wordsOf(task: ITask, now: number): string {
  const look = lookOf(task);
  const words = look === 'maybe' ? 'maybe stale' : look === 'unknown' ? 'not looked at yet' : look;
  if (look === 'running' || look === 'submitted') {
    const older = task.is_older ? ' (older code)' : '';
    return `${words}${older}${progressWords(task) || elapsedWords(task, now)}`;
  }
  return look === 'done' && task.seconds !== null ? `${words} ${secondsWords(task.seconds)}` : words;
}

function progressWords(task: ITask): string {
  const { progress } = task;
  if (!progress) {
    return '';
  }
  return progress.total ? ` ${Math.round((100 * progress.done) / progress.total)} %` : ` ${progress.done} done`;
}

function elapsedWords(task: ITask, now: number): string {
  return task.started_at === null ? '' : ` ${secondsWords(Math.max(0, now - task.started_at))}`;
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

export class Board {
  private _tasks = new Map<string, ITask>();
  private _byCell = new Map<string, ITask>();
  private _rest: Required<IRest> = { cells: [], engines: [], notices: [] };
  private _rev = -1;
  private _listeners = new Set<(changed: ReadonlySet<string>) => void>();

  get tasks(): ITask[] {
    return [...this._tasks.values()];
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
    return this.tasks.filter(wouldRun);
  }

  get open(): ITask[] {
    return this.tasks.filter(task => task.open);
  }

  /** Be told of changes, with the names of the tasks that have changed. Returns how to end that. */
  listen(listener: (changed: ReadonlySet<string>) => void): () => void {
    this._listeners.add(listener);
    return () => this._listeners.delete(listener);
  }

  /** The kernel is gone, or begins anew: nothing is known. */
  clear(): void {
    const names = new Set(this._tasks.keys());
    this._rev = -1;
    this._put([]);
    this._rest = { cells: [], engines: [], notices: [] };
    this._emit(names);
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
      this._emit(names);
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
    const told = new Map((message.tasks ?? []).map(task => [task.name, task]));
    const order = message.order ?? [...this._tasks.keys()];
    const gone = [...this._tasks.keys()].filter(name => !order.includes(name) && message.order);
    this._put(order.flatMap(name => told.get(name) ?? this._tasks.get(name) ?? []));
    this._rest = {
      cells: message.cells ?? this._rest.cells,
      engines: message.engines ?? this._rest.engines,
      notices: message.notices ?? this._rest.notices
    };
    this._emit(new Set([...told.keys(), ...gone]));
    return 'changed';
  }

  private _put(tasks: ITask[]): void {
    this._tasks = new Map(tasks.map(task => [task.name, task]));
    this._byCell = new Map(tasks.map(task => [task.cell_id, task]));
  }

  private _emit(changed: ReadonlySet<string>): void {
    for (const listener of [...this._listeners]) {
      listener(changed);
    }
  }
}

/** Why it is in its state, where that is news; why a task ran that has ended well is none. */
export function whyOf(task: ITask): string {
  const look = lookOf(task);
  const told = look === 'stale' || look === 'maybe' ? task.why : task.because || task.why;
  return GOOD.has(look) ? '' : told;
}

/** Says a text in the reader's language, with `%1`, `%2`, .. replaced. */
export type Say = (text: string, ...args: string[]) => string;

/** How many tasks look so, in the order of what people care for: `3 running, 7 done, 1 failed`. */
export function summaryOf(tasks: ITask[]): string {
  const order: Look[] = ['failed', 'running', 'submitted', 'ready', 'waiting', 'blocked', 'skipped', 'cancelled'];
  const counts = new Map<Look, number>();
  for (const task of tasks) {
    const look = lookOf(task);
    counts.set(look, (counts.get(look) ?? 0) + 1);
  }
  const all: Look[] = [...order, 'stale', 'maybe', 'done', 'reused', 'fresh', 'unknown'];
  const named = all.filter(look => counts.has(look));
  return named.map(look => `${counts.get(look)} ${look === 'maybe' ? 'maybe stale' : look}`).join(', ');
}
