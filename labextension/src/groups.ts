/**
 * Very many tasks as few groups: the notebook's sections where it has headings, else the stems of their names, else as
 * they follow one another. Pure.
 */

import { INode } from './layout';
import { ITask } from './protocol';

/** So many tasks are drawn one by one. */
export const MANY = 300;
/** A group has at most so many tasks: longer ones are cut in pieces. */
const LARGE = 100;
const PIECE = 50;
/** So many groups are still looked over at once. */
const MOST = 100;

export interface IGroup {
  /** Tells it from all others, and from every task. */
  key: string;
  title: string;
  tasks: ITask[];
}

/** Each task is in one group, in the tasks' order. `sections`: cell id -> the heading that it stands below. */
export function groupsOf(tasks: ITask[], sections: ReadonlyMap<string, string>): IGroup[] {
  for (const titleOf of [(task: ITask) => sections.get(task.cell_id) ?? '', (task: ITask) => stemOf(task.name)]) {
    const gathered = gather(tasks, titleOf);
    const pieces = gathered.flatMap(group => cut(group, LARGE, PIECE));
    if (gathered.length > 1 && pieces.length <= MOST) {
      return pieces;
    }
  }
  return cut({ key: 'group ', title: '', tasks }, 1, Math.max(PIECE, Math.ceil(tasks.length / MOST)));
}

/** What names have in common that differ in their end: `fit` of `fit_12`, `fit_b` and `fit3`. */
export function stemOf(name: string): string {
  return name.replace(/_*\d+$/, '').replace(/(.)_[^_]+$/, '$1') || name;
}

function gather(tasks: ITask[], titleOf: (task: ITask) => string): IGroup[] {
  const groups = new Map<string, IGroup>();
  for (const task of tasks) {
    const title = titleOf(task);
    const group = groups.get(title) ?? { key: `group ${title}`, title, tasks: [] };
    group.tasks.push(task);
    groups.set(title, group);
  }
  return [...groups.values()];
}

function cut(group: IGroup, large: number, size: number): IGroup[] {
  const { key, title, tasks } = group;
  if (tasks.length <= large) {
    return [{ key, title: title || rangeOf(tasks), tasks }];
  }
  const pieces = Math.ceil(tasks.length / size);
  const length = Math.ceil(tasks.length / pieces);
  return Array.from({ length: pieces }, (_, at) => tasks.slice(at * length, (at + 1) * length))
    .filter(part => part.length)
    .map((part, at) => ({ key: `${key} ${at}`, title: rangeOf(part), tasks: part }));
}

function rangeOf(tasks: ITask[]): string {
  const [first, last] = [tasks[0]?.name ?? '', tasks[tasks.length - 1]?.name ?? ''];
  return first === last ? first : `${first} – ${last}`;
}

/** What is drawn: a task, or a group that is folded. */
export type Shown = INode & ({ task: ITask } | { group: IGroup });

/** The nodes where the groups in `open` are drawn task by task, and the others as one each. A group of one is its task. */
/** Each by itself. */
export function shownOf(tasks: ITask[]): Shown[] {
  return tasks.map(task => ({ name: task.name, needs: task.needs.map(need => need.task), task }));
}

export function fold(groups: IGroup[], open: ReadonlySet<string>): Shown[] {
  const isFolded = (group: IGroup): boolean => group.tasks.length > 1 && !open.has(group.key);
  const names = new Map<string, string>();
  for (const group of groups) {
    group.tasks.forEach(task => names.set(task.name, isFolded(group) ? group.key : task.name));
  }
  const needsOf = (name: string, tasks: ITask[]): string[] => {
    const needs = new Set(tasks.flatMap(task => task.needs.map(need => names.get(need.task) ?? need.task)));
    needs.delete(name);
    return [...needs];
  };
  return groups.flatMap((group): Shown[] =>
    isFolded(group)
      ? [{ name: group.key, needs: needsOf(group.key, group.tasks), group }]
      : group.tasks.map(task => ({ name: task.name, needs: needsOf(task.name, [task]), task }))
  );
}
