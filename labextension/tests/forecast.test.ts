import { describe, expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { leftOf, outlook, shareOf } from '../src/forecast';
import { ITask } from '../src/protocol';

const base = fixture.snapshot.tasks[0] as unknown as ITask;

function open(name: string, expected: number | null, told: Partial<ITask> = {}, ...needs: string[]): ITask {
  const links = needs.map(task => ({ task, names: [], via: false }));
  return { ...base, name, open: true, state: 'waiting', started_at: null, expected, needs: links, ...told };
}

const running = (told: Partial<ITask>): ITask => open('a', null, { state: 'running', started_at: 100, ...told });

describe('one task', () => {
  test('what its body counts comes before how long it took last', () => {
    const task = running({ expected: 1000, progress: { done: 2, total: 8 } });
    expect([shareOf(task, 110), leftOf(task, 110)]).toEqual([0.25, 30]);
    expect(leftOf(running({ progress: { done: 0, total: 8 } }), 110)).toBeNull();
  });

  test('where nothing is counted the last time counts', () => {
    const task = running({ expected: 40, progress: null });
    expect([shareOf(task, 110), leftOf(task, 110)]).toEqual([0.25, 30]);
  });

  test('what takes longer than last time, counts without end or never ran is not foretold', () => {
    expect(leftOf(running({ expected: 5, progress: null }), 110)).toBeNull();
    expect(leftOf(running({ expected: 50, progress: { done: 7, total: null } }), 110)).toBeNull();
    expect(leftOf(running({ expected: null, progress: null }), 110)).toBeNull();
    expect(shareOf(open('a', 50), 110)).toBeNull();
  });
});

describe('all that is open', () => {
  test('side by side it takes as long as the longest, one after another as long as all', () => {
    const tasks = [open('a', 10), open('b', 20), open('c', 30)];
    expect([outlook(tasks, 3, 0), outlook(tasks, 1, 0), outlook(tasks, 0, 0)]).toEqual([30, 60, 60]);
  });

  test('what others wait for goes first', () => {
    const tasks = [open('short', 10), open('head', 10), open('tail', 30, {}, 'head')];
    expect(outlook(tasks, 2, 0)).toBe(40);
    expect(outlook([open('x', 20), ...tasks], 1, 0)).toBe(70);
  });

  test('what runs needs only the rest, and what has ended nothing', () => {
    const done = { ...open('z', 100), open: false, state: 'done' } as ITask;
    const tasks = [done, running({ expected: 40 }), open('b', 5, {}, 'a', 'z')];
    expect(outlook(tasks, 4, 110)).toBe(35);
  });

  test('where one was never seen nothing is foretold', () => {
    expect(outlook([open('a', 10), open('b', null)], 2, 0)).toBeNull();
    expect(outlook([], 2, 0)).toBeNull();
  });

  test('a cycle ends', () => {
    expect(outlook([open('a', 10, {}, 'b'), open('b', 20, {}, 'a'), open('c', 3)], 1, 0)).toBe(3);
  });

  test('a thousand tasks in a chain are no trouble', () => {
    const tasks = Array.from({ length: 1000 }, (_, at) => open(`t${at}`, 1, {}, ...(at ? [`t${at - 1}`] : [])));
    expect(outlook(tasks, 4, 0)).toBe(1000);
  });
});
