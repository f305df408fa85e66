/** What the kernel and a front end say to one another: docs/protocol.md. Unknown fields are ignored. */

export const PROTO = 1;
export const TARGET = 'phelps';

/** A task that another one needs, and the names it reads from it. */
export interface INeed {
  task: string;
  names: string[];
  /** By way of plain cells alone. */
  via: boolean;
}

export interface IReason {
  kind: string;
  name: string;
  text: string;
}

export interface IVersion {
  name: string;
  bytes: number;
  summary: string;
}

export interface IFailure {
  kind: string;
  type: string;
  message: string;
  /** Line of the cell, from 1; null where it is not known. */
  line: number | null;
  evidence: string;
}

export interface IProgress {
  done: number;
  total: number | null;
}

/** How many items of a mapped task there are, and how many of them are so. */
export interface IItems {
  total: number;
  done: number;
  failed: number;
  running: number;
}

/** One attempt of a task's run. Times are seconds since the epoch. */
export interface IAttempt {
  engine: string;
  ready_at: number;
  submitted_at: number;
  started_at: number | null;
  ended_at: number | null;
  /** The state of its run, or the kind of failure after which there was another attempt; empty while it goes on. */
  end: string;
  /** Bytes that it held at most; null: it has not ended, or nothing is known. */
  peak_memory: number | null;
}

export type RunState =
  | 'waiting'
  | 'ready'
  | 'submitted'
  | 'running'
  | 'done'
  | 'reused'
  | 'failed'
  | 'skipped'
  | 'blocked'
  | 'cancelled';

export type Verdict = 'fresh' | 'stale' | 'undecided';

/** One task. Times are seconds since the epoch, sizes bytes. */
export interface ITask {
  name: string;
  cell_id: string;
  state: RunState | null;
  verdict: Verdict | null;
  verdict_words: string;
  open: boolean;
  is_older: boolean;
  why: string;
  because: string;
  reasons: IReason[];
  waits_for: string;
  skipped_for: string;
  attempts: number;
  engine: string | null;
  seconds: number | null;
  peak_memory: number | null;
  started_at: number | null;
  ended_at: number | null;
  progress: IProgress | null;
  /** Of a mapped task; null: it is none. */
  items: IItems | null;
  /** Seconds that its last result took; null: it has none. */
  expected: number | null;
  history: IAttempt[];
  error: IFailure | null;
  failures?: IFailure[];
  needs: INeed[];
  reads: { name: string; from: string }[];
  outputs: IVersion[];
  left_out: Record<string, string>;
  notes: string[];
}

/** A plain cell that ran in this kernel, and would do something else now. */
export interface IStaleCell {
  cell_id: string;
  place: number;
  reason: string;
}

export interface IEngine {
  engine: string;
  host: string;
  cpus: number;
  memory: number;
  labels: string[];
  task: string | null;
}

/** What is told besides the tasks. */
export interface IRest {
  cells?: IStaleCell[];
  engines?: IEngine[];
  notices?: string[];
}

export interface IFrame {
  kind: string;
  text: string;
}

/** What a task has written: of the pieces told before, those up to `from` stand, and these follow. */
export interface ILog {
  task: string;
  from: number;
  frames: IFrame[];
}

/** What a plain cell would be as a task. */
export interface IProposal {
  cell: string;
  name: string;
  reads: string[];
  gives: string[];
}

/** A reason with the lines that changed, and what it goes back to. */
export interface IEvidence {
  reason: IReason & { place?: string };
  difference: string[];
  because: string[];
}

/** Why a task is in its state; of a fresh one, why it ran. */
export interface IWhy {
  task: string;
  note: string;
  told: IEvidence[];
  ran: IEvidence[];
}

/** A first look at a value: one of these. */
export interface ILook {
  task: string;
  name: string;
  text?: string;
  table?: { columns: string[]; rows: string[][] };
  /** In base64. */
  png?: string;
  refused?: string;
}

/** A cell to be put beside another one. */
export interface IInsert {
  beside: string;
  above: boolean;
  source: string;
}

export type ReadyCell = 'inputs' | 'debug';

export type Bundle = Record<string, unknown>;

export type FromKernel =
  | { type: 'hello'; proto: number; notebook: string }
  | ({ type: 'snapshot'; proto: number; rev: number; tasks: ITask[] } & IRest)
  | ({ type: 'delta'; rev: number; tasks?: ITask[]; order?: string[] } & IRest)
  | ({ type: 'log' } & ILog)
  | { type: 'card'; task: string; cell_id: string; bundle: Bundle }
  | { type: 'graph'; bundle: Bundle }
  | ({ type: 'proposal' } & IProposal)
  | ({ type: 'why' } & IWhy)
  | ({ type: 'preview' } & ILook)
  | ({ type: 'insert' } & IInsert)
  | { type: 'tell' }
  | { type: 'execute'; cells: string[] }
  | { type: 'notice'; level: string; text: string };

export type Scope = 'stale' | 'needed' | 'downstream' | 'force' | 'retry';

export type ToKernel =
  | { type: 'sources'; order: string[]; changed: Record<string, string> }
  | { type: 'run'; scope: Scope; tasks: string[] }
  | { type: 'cancel'; tasks: string[] }
  | { type: 'logs'; tasks: string[] }
  | { type: 'propose'; cell: string }
  | { type: 'why'; task: string }
  | { type: 'preview'; task: string; name: string }
  | { type: 'cell'; task: string; what: ReadyCell }
  | { type: 'resync' };
