/** All tasks of a notebook in one line. Pure. */

import { outlook } from './forecast';
import { Board, Say, aboutWords, summaryOf } from './model';

/** `1 failed, 7 done, ETA 2 min`. `now`: seconds since the epoch. */
export function statusWords(board: Board, say: Say, now: number): string {
  const summary = summaryOf(board.tasks);
  const left = board.open.length ? outlook(board.open, board.engines.length, now) : null;
  return left === null ? summary : say('%1, ETA %2', summary, aboutWords(left));
}
