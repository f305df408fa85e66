import { expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { ITask } from '../src/protocol';
import { criticalPath, lanesOf } from '../src/timeline';

const base = fixture.snapshot.tasks[0] as unknown as ITask;
const ran = (name: string, engine: string, from: number, to: number | null, ...needs: string[]): ITask => ({
  ...base,
  name,
  engine,
  started_at: from,
  ended_at: to,
  seconds: to === null ? null : to - from,
  needs: needs.map(task => ({ task, names: [], via: false }))
});

test('each engine has a lane, and what runs goes on until now', () => {
  const tasks = [ran('a', 'h:1', 100, 104), ran('b', 'h:0', 102, null), { ...base, name: 'c', started_at: null }];
  expect(lanesOf(tasks, 110)).toEqual({
    lanes: new Map([
      ['h:0', [{ task: 'b', from: 2, to: 10 }]],
      ['h:1', [{ task: 'a', from: 0, to: 4 }]]
    ]),
    seconds: 10
  });
});

test('where nothing ran there are no lanes', () => {
  expect(lanesOf([], 5)).toEqual({ lanes: new Map(), seconds: 0 });
});

test('the path that took longest is marked', () => {
  const tasks = [
    ran('load', 'h:0', 0, 5),
    ran('short', 'h:0', 5, 6, 'load'),
    ran('long', 'h:1', 5, 9, 'load'),
    ran('join', 'h:0', 9, 10, 'short', 'long'),
    ran('apart', 'h:1', 9, 12)
  ];
  expect([...criticalPath(tasks)].sort()).toEqual(['join', 'load', 'long']);
});
