import { afterEach, expect, test, vi } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { Announcer, announcement } from '../src/announcer';
import { Board } from '../src/model';
import { FromKernel, ITask } from '../src/protocol';

const base = fixture.snapshot.tasks[0] as unknown as ITask;
const open = (name: string): ITask => ({ ...base, name, cell_id: name, state: 'running', open: true });
const done = (name: string): ITask => ({ ...base, name, cell_id: name });

afterEach(() => vi.useRealTimers());

function told(isHeard: boolean): { node: HTMLElement; tell: (...tasks: ITask[]) => void } {
  vi.useFakeTimers();
  const board = new Board();
  const announcer = new Announcer(board, () => isHeard);
  const tell = (...tasks: ITask[]): void => void board.apply({ ...fixture.snapshot, tasks } as unknown as FromKernel);
  return { node: announcer.node, tell };
}

test('what ends is told, those that failed first, once', () => {
  const { node, tell } = told(true);
  tell(open('a'), open('b'), done('c'));
  vi.runAllTimers();
  expect(node.textContent).toBe('');
  tell(done('a'), { ...done('b'), state: 'failed', verdict: 'stale' }, done('c'));
  vi.runAllTimers();
  expect(node.textContent).toBe('b failed. a done.');
});

test('another notebook than the one in front is not heard', () => {
  const { node, tell } = told(false);
  tell(open('a'));
  tell(done('a'));
  vi.runAllTimers();
  expect(node.textContent).toBe('');
});

test('many are told by their number', () => {
  const ends = ['a', 'b', 'c', 'd'].map(task => ({ task, look: 'done' as const }));
  expect(announcement([...ends, { task: 'bad', look: 'failed' }])).toBe('bad failed. 4 tasks done.');
});
