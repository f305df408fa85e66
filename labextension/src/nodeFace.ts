/** What a node of the graph says, of one task or of a group that is folded. Pure. */

import { shareOf } from './forecast';
import { GLYPHS, LOOKS, Look, Say, lookOf, summaryOf, whyOf, wordsOf } from './model';
import { ITask } from './protocol';

export interface IFace {
  look: Look;
  name: string;
  words: string;
  /** How much of it is done, from 0 to 1. */
  share: number;
  /** All of it, for who looks closer, in lines. */
  title: string;
  /** For who hears it. */
  label: string;
}

/** `now`: seconds since the epoch. */
export function taskFace(task: ITask, now: number): IFace {
  const look = lookOf(task);
  const words = wordsOf(task, now);
  const why = whyOf(task);
  const outputs = task.outputs.map(version => version.name).join(', ');
  return {
    look,
    name: `${GLYPHS[look]} ${task.name}`,
    // What it gives has no room beside how far it is.
    words: outputs && !task.open ? `${words} · ${outputs}` : words,
    share: shareOf(task, now) ?? 0,
    title: [task.name, words, why, task.engine ?? ''].filter(Boolean).join('\n'),
    label: `${task.name}: ${words}. ${why}`
  };
}

/** A group looks like that of its tasks which people care for most. */
export function groupFace(title: string, tasks: ITask[], say: Say): IFace {
  const looks = tasks.map(lookOf);
  const look = LOOKS.find(one => looks.includes(one)) ?? 'unknown';
  const settled = tasks.filter(task => !task.open).length;
  const words = summaryOf(tasks);
  const name = say('%1 (%2 tasks)', title, String(tasks.length));
  return {
    look,
    name: `▸ ${GLYPHS[look]} ${title}`,
    words,
    share: settled < tasks.length ? settled / tasks.length : 0,
    title: [name, words].join('\n'),
    label: say('%1: %2. Folded; Enter opens it.', name, words)
  };
}
