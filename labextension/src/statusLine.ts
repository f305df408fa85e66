/** The line in the status bar: how many tasks are in which state, and when all will have ended. */

import { Widget } from '@lumino/widgets';

import { atMostEvery } from './frames';
import { Board, Say } from './model';
import { statusWords } from './statusWords';

/** Milliseconds. */
const EVERY = 1000;
const SELDOM = 250;

export class StatusLine extends Widget {
  private _timer: ReturnType<typeof setInterval>;
  private _ask = atMostEvery(SELDOM, () => this._show());

  /** `boardOf`: the tasks of the notebook in front. */
  constructor(
    private _boardOf: () => Board | undefined,
    private _say: Say
  ) {
    super();
    this.addClass('phelps-statusbar');
    // Time goes by where nothing changes.
    this._timer = setInterval(() => {
      if (this._boardOf()?.open.length) {
        this._ask();
      }
    }, EVERY);
  }

  /** Something is another thing now. */
  refresh(): void {
    this._ask();
  }

  dispose(): void {
    clearInterval(this._timer);
    super.dispose();
  }

  private _show(): void {
    const board = this.isDisposed ? undefined : this._boardOf();
    const words = board ? statusWords(board, this._say, Date.now() / 1000) : '';
    if (this.node.textContent !== words) {
      this.node.textContent = words;
    }
  }
}
