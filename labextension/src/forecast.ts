/** When what runs will have ended, from what bodies count and how long tasks took last. Pure. */

import { ITask } from './protocol';

/** How much of a running task is done, from 0 to 1; null where that can't be known. `now`: seconds since the epoch. */
export function shareOf(task: ITask, now: number): number | null {
  const { progress, expected, started_at, items } = task;
  if (!task.open || started_at === null || task.state !== 'running') {
    return null;
  }
  if (items) {
    return (items.done + items.failed) / Math.max(1, items.total);
  }
  if (progress?.total) {
    return Math.min(1, progress.done / progress.total);
  }
  // What counts without an end has no share; what does not count has last time's.
  return expected && !progress ? Math.min(1, Math.max(0, now - started_at) / expected) : null;
}

/** Seconds that a running task still needs; null where that can't be known: then it also takes longer than last time. */
export function leftOf(task: ITask, now: number): number | null {
  const share = shareOf(task, now);
  if (share === null || task.started_at === null) {
    return null;
  }
  const elapsed = Math.max(0, now - task.started_at);
  if (task.items || task.progress?.total) {
    return share > 0 ? (elapsed * (1 - share)) / share : null;
  }
  return share < 1 ? (task.expected as number) - elapsed : null;
}

/**
 * Seconds until all open tasks have ended on so many slots, those first that most hangs on; null where the length of one
 * is not known.
 */
export function outlook(tasks: ITask[], slots: number, now: number): number | null {
  const open = tasks.filter(task => task.open);
  const lengths = new Map<string, number>();
  for (const task of open) {
    const length = task.state === 'running' ? leftOf(task, now) : task.expected;
    if (length === null) {
      return null;
    }
    lengths.set(task.name, length);
  }
  return lengths.size ? schedule(open, lengths, Math.max(1, slots)) : null;
}

function schedule(open: ITask[], lengths: ReadonlyMap<string, number>, slots: number): number {
  const readers = new Map<string, string[]>();
  const missing = new Map<string, number>();
  for (const task of open) {
    const needs = task.needs.map(need => need.task).filter(name => lengths.has(name));
    missing.set(task.name, task.state === 'running' ? 0 : needs.length);
    needs.forEach(name => readers.set(name, [...(readers.get(name) ?? []), task.name]));
  }
  const urgency = pathsOf(open, readers, lengths);
  const isAhead = (a: string, b: string): number => (urgency.get(b) ?? 0) - (urgency.get(a) ?? 0);
  const isRunning = new Set(open.filter(task => task.state === 'running').map(task => task.name));
  const ready = [...missing.keys()].filter(name => !missing.get(name)).sort(isAhead);
  // What runs has its slot already.
  ready.sort((a, b) => Number(isRunning.has(b)) - Number(isRunning.has(a)));
  let running: { name: string; end: number }[] = [];
  let time = 0;
  while (ready.length || running.length) {
    while (ready.length && running.length < slots) {
      const name = ready.shift() as string;
      running.push({ name, end: time + (lengths.get(name) as number) });
    }
    time = Math.min(...running.map(one => one.end));
    const ended = running.filter(one => one.end <= time);
    running = running.filter(one => one.end > time);
    const released = ended.flatMap(one => readers.get(one.name) ?? []).filter(name => release(missing, name));
    if (released.length) {
      ready.push(...released);
      ready.sort(isAhead);
    }
  }
  return time;
}

/** Whether it was the last that this one waited for. */
function release(missing: Map<string, number>, name: string): boolean {
  const rest = (missing.get(name) ?? 0) - 1;
  missing.set(name, rest);
  return rest === 0;
}

/** Seconds of the longest path that begins with each task. */
function pathsOf(
  open: ITask[],
  readers: ReadonlyMap<string, string[]>,
  lengths: ReadonlyMap<string, number>
): Map<string, number> {
  const paths = new Map<string, number>();
  // Who reads stands further down in most notebooks: from the end on, nearly all that is asked for is known.
  for (const task of [...open].reverse()) {
    const stack = [task.name];
    while (stack.length) {
      const name = stack[stack.length - 1];
      const unknown = paths.has(name) ? [] : (readers.get(name) ?? []).filter(one => !paths.has(one));
      const next = unknown.find(one => !stack.includes(one));
      if (next !== undefined) {
        stack.push(next);
        continue;
      }
      stack.pop();
      const below = Math.max(0, ...(readers.get(name) ?? []).map(one => paths.get(one) ?? 0));
      paths.set(name, (lengths.get(name) ?? 0) + below);
    }
  }
  return paths;
}
