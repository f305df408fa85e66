import { describe, expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { criticalPath, extentOf, lanesOf, ticksOf } from '../src/lanes';
import { IAttempt, ITask } from '../src/protocol';

const base = fixture.snapshot.tasks[0] as unknown as ITask;

function attempt(engine: string, from: number, to: number | null, told: Partial<IAttempt> = {}): IAttempt {
  const end = to === null ? '' : 'done';
  const times = { ready_at: from, submitted_at: from, started_at: from, ended_at: to };
  return { engine, ...times, end, peak_memory: null, ...told };
}

function ran(name: string, seconds: number | null, history: IAttempt[], ...needs: string[]): ITask {
  return { ...base, name, seconds, history, needs: needs.map(task => ({ task, names: [], via: false })) };
}

describe('lanes', () => {
  test('each engine has one, in the order of their numbers, and what runs goes on until now', () => {
    const tasks = [
      ran('a', 4, [attempt('h:10', 100, 104)]),
      ran('b', null, [attempt('h:2', 102, null)]),
      ran('c', null, [])
    ];
    const { lanes, seconds } = lanesOf(tasks, 110);
    expect([...lanes.keys()]).toEqual(['h:2', 'h:10']);
    expect(seconds).toBe(10);
    expect(lanes.get('h:2')).toMatchObject([{ task: 'b', began: 2, to: 10, end: '', isLast: true }]);
    expect(lanes.get('h:10')).toMatchObject([{ task: 'a', began: 0, to: 4, end: 'done' }]);
  });

  test('a bar tells since when it waited and was handed over', () => {
    const first = ran('a', 1, [attempt('h:0', 100, 103)]);
    const second = ran('b', 1, [attempt('h:0', 100, 109, { submitted_at: 103, started_at: 105 })]);
    expect(lanesOf([first, second], 200).lanes.get('h:0')![1]).toMatchObject({ queued: 0, handed: 3, began: 5, to: 9 });
  });

  test('attempts that were lost stand on their own engines', () => {
    const task = ran('a', 1, [attempt('h:0', 100, 103, { end: 'lost' }), attempt('h:1', 104, 106)]);
    const { lanes } = lanesOf([task], 200);
    expect(lanes.get('h:0')).toMatchObject([{ key: 'a 0 h:0', end: 'lost', isLast: false }]);
    expect(lanes.get('h:1')).toMatchObject([{ key: 'a 1 h:1', end: 'done', isLast: true }]);
  });

  test('what never began has no length of its own', () => {
    const task = ran('a', 1, [attempt('h:0', 100, 103, { started_at: null, end: 'lost' }), attempt('h:0', 104, 106)]);
    expect(lanesOf([task], 200).lanes.get('h:0')![0]).toMatchObject({ handed: 0, began: 3, to: 3 });
  });

  test('where nothing ran there are none', () => {
    expect(lanesOf([ran('a', null, [])], 5)).toEqual({ lanes: new Map(), seconds: 0 });
  });
});

describe('the path that took longest', () => {
  test('is marked', () => {
    const tasks = [
      ran('load', 5, []),
      ran('short', 1, [], 'load'),
      ran('long', 4, [], 'load'),
      ran('join', 1, [], 'short', 'long'),
      ran('apart', 3, [])
    ];
    expect([...criticalPath(tasks)].sort()).toEqual(['join', 'load', 'long']);
  });

  test('is found where what is needed stands below, and in a cycle', () => {
    expect([...criticalPath([ran('b', 1, [], 'a'), ran('a', 2, [])])].sort()).toEqual(['a', 'b']);
    expect(criticalPath([ran('a', 1, [], 'b'), ran('b', 2, [], 'a')]).size).toBe(2);
    expect(criticalPath([])).toEqual(new Set());
  });

  test('may be long', () => {
    const tasks = Array.from({ length: 10000 }, (_, at) => ran(`t${at}`, 1, [], ...(at ? [`t${at - 1}`] : [])));
    expect(criticalPath(tasks).size).toBe(10000);
  });
});

test('the axis has room for what goes on, and grows in steps', () => {
  const extents = Array.from({ length: 1000 }, (_, at) => extentOf(100 + at / 10));
  expect(extents.every((extent, at) => extent >= 100 + at / 10 && extent < 1.21 * (100 + at / 10))).toBe(true);
  expect(new Set(extents).size).toBeLessThan(6);
  expect(extentOf(0)).toBeGreaterThan(0);
});

test('marks on the axis are round', () => {
  expect(ticksOf(10, 4)).toEqual([0, 5, 10]);
  expect(ticksOf(0.9, 4)).toEqual([0, 0.5]);
  expect(ticksOf(70, 4)).toEqual([0, 20, 40, 60]);
  expect(ticksOf(0, 4)).toEqual([0]);
});
