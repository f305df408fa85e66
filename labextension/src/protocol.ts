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
  error: IFailure | null;
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

/** What a plain cell would be as a task. */
export interface IProposal {
  cell: string;
  name: string;
  reads: string[];
  gives: string[];
}

export type Bundle = Record<string, unknown>;

export type FromKernel =
  | { type: 'hello'; proto: number; notebook: string }
  | ({ type: 'snapshot'; proto: number; rev: number; tasks: ITask[] } & IRest)
  | ({ type: 'delta'; rev: number; tasks?: ITask[]; order?: string[] } & IRest)
  | { type: 'log'; task: string; frames: IFrame[] }
  | { type: 'card'; task: string; cell_id: string; bundle: Bundle }
  | ({ type: 'proposal' } & IProposal)
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
  | { type: 'resync' };
