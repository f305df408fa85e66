/** What is near a task: what it needs and what needs it, a few steps far. Pure. */

export const STEPS = 2;

interface INeeding {
  name: string;
  needs: { task: string }[];
}

/** These tasks, in their order, without those that are further than so many steps from one of them. */
export function near<T extends INeeding>(tasks: T[], name: string, steps = STEPS): T[] {
  const byName = new Map(tasks.map(task => [task.name, task]));
  const readers = new Map<string, string[]>();
  for (const task of tasks) {
    for (const need of task.needs) {
      readers.set(need.task, [...(readers.get(need.task) ?? []), task.name]);
    }
  }
  const found = new Set<string>();
  const walk = (next: (one: string) => string[]): void => {
    let edge = [name];
    for (let step = 0; step <= steps; step += 1) {
      edge.forEach(one => found.add(one));
      edge = [...new Set(edge.flatMap(next))];
    }
  };
  walk(one => byName.get(one)?.needs.map(need => need.task) ?? []);
  walk(one => readers.get(one) ?? []);
  return tasks.filter(task => found.has(task.name));
}
