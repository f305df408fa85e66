import { describe, expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { Batches } from '../src/batches';
import { Board, lookOf, secondsWords, sizeWords, summaryOf, whyOf, wordsOf, wouldRun } from '../src/model';
import { taskFace } from '../src/nodeFace';
import { FromKernel, ITask } from '../src/protocol';

const messages = fixture as unknown as Record<string, FromKernel>;
const base = (messages.snapshot as Extract<FromKernel, { type: 'snapshot' }>).tasks[0];
const task = (told: Partial<ITask>): ITask => ({ ...base, ...told });
const snapshot = (rev: number, ...tasks: ITask[]): FromKernel => ({ type: 'snapshot', proto: 1, rev, tasks });

describe('what the kernel says', () => {
  test('the messages that the kernel is tested with are understood', () => {
    const board = new Board();
    expect(board.apply(messages.hello)).toBe('ignored');
    expect(board.apply(messages.snapshot)).toBe('changed');
    expect(board.tasks.map(one => [one.name, lookOf(one)])).toEqual([
      ['load', 'done'],
      ['fit', 'failed'],
      ['plot', 'skipped']
    ]);
    expect(board.get('fit')?.needs).toEqual([{ task: 'load', names: ['x'], via: false }]);
    expect(board.apply(messages.delta)).toBe('changed');
    expect(lookOf(board.get('fit')!)).toBe('running');
  });

  test('a message that was missed is noticed', () => {
    const board = new Board();
    board.apply(snapshot(4, task({})));
    expect(board.apply({ type: 'delta', rev: 6 })).toBe('gap');
    expect(board.apply({ type: 'delta', rev: 4 })).toBe('ignored');
    expect(board.apply({ type: 'delta', rev: 5 })).toBe('changed');
  });

  test('another protocol is refused', () => {
    expect(new Board().apply({ ...(snapshot(1) as object), proto: 99 } as FromKernel)).toBe('foreign');
  });

  test('before the snapshot nothing is believed', () => {
    const board = new Board();
    expect(board.apply({ type: 'delta', rev: 1, tasks: [task({})] })).toBe('ignored');
    expect(board.isKnown).toBe(false);
  });

  test('tasks follow the order, and those that are not in it are gone', () => {
    const board = new Board();
    board.apply(snapshot(1, task({ name: 'a' }), task({ name: 'b' })));
    board.apply({ type: 'delta', rev: 2, order: ['c', 'b'], tasks: [task({ name: 'c', cell_id: 'new' })] });
    expect(board.tasks.map(one => one.name)).toEqual(['c', 'b']);
    expect(board.ofCell('new')?.name).toBe('c');
  });

  test('who listens is told which tasks have changed, until it is enough', () => {
    const board = new Board();
    const told: string[][] = [];
    const stop = board.listen(changed => told.push([...changed]));
    board.apply(snapshot(1, task({ name: 'a' }), task({ name: 'b' })));
    board.apply({ type: 'delta', rev: 2, tasks: [task({ name: 'b', state: 'failed' })] });
    stop();
    board.clear();
    expect(told).toEqual([['a', 'b'], ['b']]);
    expect(board.tasks).toEqual([]);
  });
});

describe('what changes', () => {
  const needs = [{ task: 'b', names: ['x'], via: false }];

  test('the shape is another one when tasks come, go, move, or need others', () => {
    const board = new Board();
    const shapes = new Set<number>();
    const tell = (rev: number, told: object): void => {
      board.apply({ type: 'delta', rev, ...told } as FromKernel);
      shapes.add(board.shape);
    };
    board.apply(snapshot(1, task({ name: 'a', cell_id: 'A' }), task({ name: 'b', cell_id: 'B' })));
    shapes.add(board.shape);
    tell(2, { tasks: [task({ name: 'a', cell_id: 'A', state: 'failed' })] });
    expect(shapes.size).toBe(1);
    tell(3, { tasks: [task({ name: 'a', cell_id: 'A', needs })] });
    tell(4, { order: ['b', 'a'] });
    tell(5, { tasks: [task({ name: 'b', cell_id: 'other' })] });
    expect(shapes.size).toBe(4);
    expect(board.ofCell('B')).toBeUndefined();
    expect(board.ofCell('other')?.name).toBe('b');
  });

  test('who listens knows whether anything but tasks has changed', () => {
    const board = new Board();
    const more: boolean[] = [];
    board.listen((_, isMore) => more.push(isMore));
    board.apply(snapshot(1, task({ name: 'a' })));
    board.apply({ type: 'delta', rev: 2, tasks: [task({ name: 'a', state: 'failed' })] });
    board.apply({ type: 'delta', rev: 3, cells: [] });
    expect(more).toEqual([true, false, true]);
  });

  test('what is counted is counted anew', () => {
    const board = new Board();
    board.apply(snapshot(1, task({ name: 'a', open: false, verdict: 'stale' })));
    expect([board.stale.length, board.open.length]).toEqual([1, 0]);
    board.apply({ type: 'delta', rev: 2, tasks: [task({ name: 'a', open: true, verdict: 'stale' })] });
    expect([board.stale.length, board.open.length, board.tasks[0].open]).toEqual([0, 1, true]);
  });
});

describe('how a task looks', () => {
  test.each<[Partial<ITask>, string]>([
    [{ state: 'running', open: true, verdict: 'stale' }, 'running'],
    [{ state: 'done', open: false, verdict: 'fresh' }, 'done'],
    [{ state: 'done', open: false, verdict: 'stale' }, 'stale'],
    [{ state: 'reused', open: false, verdict: 'undecided' }, 'maybe'],
    [{ state: 'failed', open: false, verdict: 'stale' }, 'failed'],
    [{ state: 'failed', open: false, verdict: 'fresh' }, 'fresh'],
    [{ state: null, open: false, verdict: 'stale' }, 'stale'],
    [{ state: null, open: false, verdict: null }, 'unknown'],
    [{ state: 'done', open: false, verdict: null }, 'done']
  ])('%o is %s', (told, look) => {
    expect(lookOf(task(told))).toBe(look);
  });

  test('words tell time, progress and older code', () => {
    const running = { state: 'running', open: true, started_at: 100, expected: null } as const;
    expect(wordsOf(task({ ...running, progress: null }), 103)).toBe('running 3.0 s');
    expect(wordsOf(task({ ...running, progress: { done: 2, total: 8 } }), 103)).toBe('running 25 %, 9 s left');
    expect(wordsOf(task({ ...running, progress: { done: 2, total: null }, is_older: true }), 103)).toBe(
      'running (older code) 2 done'
    );
    expect(wordsOf(task({ state: 'done', open: false, verdict: 'fresh', seconds: 0.4 }), 0)).toBe('done 0.4 s');
    expect(wordsOf(task({ state: 'done', open: false, verdict: 'undecided' }), 0)).toBe('maybe stale');
  });

  test('a mapped task is one with counts of its items', () => {
    const items = { total: 40, done: 8, failed: 2, running: 4 };
    const running = task({ state: 'running', open: true, started_at: 100, items });
    expect(wordsOf(running, 110)).toBe('running 8 of 40 items, 2 failed, 30 s left');
    expect(taskFace(running, 110).share).toBe(0.25);
    const done = task({ state: 'done', open: false, verdict: 'fresh', items: { total: 40, done: 40, failed: 0, running: 0 } });
    expect(wordsOf(done, 110)).toBe('done 40 of 40 items');
  });

  test('what would run is what is not fresh and does not run', () => {
    expect(wouldRun(task({ open: true, verdict: 'stale' }))).toBe(false);
    expect(wouldRun(task({ open: false, verdict: 'undecided' }))).toBe(true);
    expect(wouldRun(task({ open: false, verdict: 'fresh' }))).toBe(false);
    expect(wouldRun(task({ open: false, verdict: null }))).toBe(false);
  });

  test('numbers read as people write them', () => {
    expect([0.44, 12, 100, 5400].map(secondsWords)).toEqual(['0.4 s', '12 s', '2 min', '1.5 h']);
    expect([12, 1234, 5e9].map(sizeWords)).toEqual(['12 B', '1.23 kB', '5.00 GB']);
  });

  test('the summary begins with what people care for', () => {
    const done = task({ state: 'done', open: false, verdict: 'fresh' });
    const failed = task({ state: 'failed', open: false, verdict: 'stale' });
    expect(summaryOf([done, failed, done])).toBe('1 failed, 2 done');
  });
});

test('a batch ends when the last of its tasks has settled, and is told once', () => {
  const board = new Board();
  let now = 100;
  const batches = new Batches(board, () => now);
  const running = task({ name: 'a', state: 'running', open: true });
  board.apply(snapshot(1, running, task({ name: 'b', state: 'waiting', open: true })));
  expect(batches.look()).toBeNull();
  now = 112;
  const failed = { state: 'failed', open: false, verdict: 'stale' } as const;
  board.apply({ type: 'delta', rev: 2, tasks: [task({ name: 'a', state: 'done', open: false })] });
  expect(batches.look()).toBeNull();
  board.apply({ type: 'delta', rev: 3, tasks: [task({ name: 'b', ...failed })] });
  expect(batches.look()).toEqual({ ran: 2, seconds: 12, failed: ['b'] });
  expect(batches.look()).toBeNull();
});

test('why a task ran is no news once it has ended well', () => {
  const told = { because: 'it never ran', why: 'x has changed' };
  expect(whyOf(task({ ...told, state: 'done', open: false, verdict: 'fresh' }))).toBe('');
  expect(whyOf(task({ ...told, state: 'done', open: false, verdict: 'stale' }))).toBe('x has changed');
  expect(whyOf(task({ ...told, state: 'failed', open: false, verdict: 'stale' }))).toBe('it never ran');
});
