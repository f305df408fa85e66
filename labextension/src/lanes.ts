/** When the tasks ran: each attempt as a bar on its engine's lane, and the path that took longest. Pure. */

import { inOrder } from './layout';
import { IAttempt, ITask } from './protocol';

const STEP = 1.2;
const SHORTEST = 0.1;

/** One attempt. Seconds since the first of all waited for its engine. */
export interface IBar {
  task: string;
  /** Tells it from all others. */
  key: string;
  /** Since when it waited for an engine, was handed over, and ran; a time that has not come yet is the next one's. */
  queued: number;
  /** Seconds that it waited, also before the lanes begin. */
  waited: number;
  handed: number;
  began: number;
  to: number;
  /** How it ended; empty while it goes on. */
  end: string;
  /** Whether no other attempt of the run came after it. */
  isLast: boolean;
}

export interface ILanes {
  /** Engine -> its bars, in the order of time. */
  lanes: Map<string, IBar[]>;
  seconds: number;
}

/** `now`: seconds since the epoch. */
export function lanesOf(tasks: ITask[], now: number): ILanes {
  const begin = tasks.reduce((first, task) => Math.min(first, task.history[0]?.submitted_at ?? first), Infinity);
  const lanes = new Map<string, IBar[]>();
  let seconds = 0;
  for (const task of tasks) {
    task.history.forEach((attempt, at) => {
      const bar = barOf(task, attempt, at, begin, now);
      seconds = Math.max(seconds, bar.to);
      const lane = lanes.get(attempt.engine) ?? [];
      lane.push(bar);
      lanes.set(attempt.engine, lane);
    });
  }
  lanes.forEach(lane => lane.sort((a, b) => a.handed - b.handed));
  const named = [...lanes].sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
  return { lanes: new Map(named), seconds };
}

function barOf(task: ITask, attempt: IAttempt, at: number, begin: number, now: number): IBar {
  const to = Math.max(attempt.ended_at ?? now, attempt.submitted_at);
  const began = attempt.started_at ?? to;
  return {
    task: task.name,
    key: `${task.name} ${at} ${attempt.engine}`,
    // What waited before anything ran is told as waiting from then on: the lanes begin with the first that was handed over.
    queued: Math.max(0, attempt.ready_at - begin),
    waited: attempt.submitted_at - attempt.ready_at,
    handed: attempt.submitted_at - begin,
    began: Math.max(began, attempt.submitted_at) - begin,
    to: Math.max(to, began) - begin,
    end: attempt.end,
    isLast: at === task.history.length - 1
  };
}

/** Names of the tasks on the path through the graph that took longest. */
export function criticalPath(tasks: ITask[]): Set<string> {
  const seconds = new Map(tasks.map(task => [task.name, task.seconds ?? 0]));
  const nodes = tasks.map(task => ({ name: task.name, needs: task.needs.map(need => need.task) }));
  const ends = new Map<string, number>();
  const before = new Map<string, string>();
  let last = '';
  for (const { name, needs } of inOrder(nodes, new Map(nodes.map(node => [node.name, node])))) {
    let longest = 0;
    for (const need of needs) {
      // What is not known yet closes a cycle.
      const end = ends.get(need) ?? 0;
      if (end > longest) {
        longest = end;
        before.set(name, need);
      }
    }
    ends.set(name, longest + (seconds.get(name) ?? 0));
    last = (ends.get(name) as number) > (ends.get(last) ?? 0) ? name : last;
  }
  const path = new Set<string>();
  for (let at: string | undefined = last; at; at = before.get(at)) {
    path.add(at);
  }
  return path;
}

/** Seconds that the axis has: some more than are needed, so that not all bars move with each moment that goes by. */
export function extentOf(seconds: number): number {
  return STEP ** Math.ceil(Math.log(Math.max(seconds, SHORTEST)) / Math.log(STEP));
}

/** Round times for so many marks on an axis of this length, the first one 0. */
export function ticksOf(seconds: number, marks: number): number[] {
  const least = seconds / Math.max(1, marks);
  const power = 10 ** Math.floor(Math.log10(least || 1));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(one => one >= least) as number;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, at) => at * step);
}
