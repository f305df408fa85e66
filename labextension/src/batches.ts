/** When a batch of runs has ended: from the first task that opens to the last that settles. Pure. */

import { Board, lookOf } from './model';

export interface IBatch {
  ran: number;
  seconds: number;
  /** Names of tasks that failed, in document order. */
  failed: string[];
}

export class Batches {
  private _began: number | null = null;
  private _seen = new Set<string>();

  constructor(
    private _board: Board,
    private _clock: () => number = () => Date.now() / 1000
  ) {}

  /** Look again; the batch that has just ended, if one has. */
  look(): IBatch | null {
    const { open } = this._board;
    if (!this._board.isKnown) {
      this._began = null;
      this._seen.clear();
      return null;
    }
    if (open.length) {
      this._began = this._began ?? this._clock();
      open.forEach(task => this._seen.add(task.name));
      return null;
    }
    if (this._began === null) {
      return null;
    }
    const seen = this._board.tasks.filter(task => this._seen.has(task.name));
    const failed = seen.filter(task => lookOf(task) === 'failed').map(task => task.name);
    const batch = { ran: seen.length, seconds: this._clock() - this._began, failed };
    this._began = null;
    this._seen.clear();
    return batch;
  }
}
