/** What stands above a saved card where the kernel knows better: its task runs now, or has ended otherwise. Pure. */

import { GLYPHS, lookOf, wordsOf } from './model';
import { ITask } from './protocol';

/** Empty where the card says it all. ``saved``: the state that the card was saved with; ``now``: seconds since the epoch. */
export function liveLine(task: ITask | undefined, saved: string | null | undefined, now: number): string {
  if (task === undefined || (!task.open && lookOf(task) === saved)) {
    return '';
  }
  return `${GLYPHS[lookOf(task)]} ${task.name} · ${wordsOf(task, now)}`;
}
