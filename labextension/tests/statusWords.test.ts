import { expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { Board } from '../src/model';
import { FromKernel, ITask } from '../src/protocol';
import { statusWords } from '../src/statusWords';

const base = fixture.snapshot.tasks[0] as unknown as ITask;
const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);

test('while something runs the line says when all will have ended, if that is known', () => {
  const board = new Board();
  const waiting = (name: string, expected: number | null): ITask => ({
    ...base,
    name,
    open: true,
    state: 'waiting',
    expected
  });
  const tell = (...tasks: ITask[]): string => {
    board.apply({ ...fixture.snapshot, tasks } as unknown as FromKernel);
    return statusWords(board, say, 0);
  };
  expect(tell(base, waiting('a', 100), waiting('b', 20))).toBe('2 waiting, 1 done, ETA 2 min');
  expect(tell(base, waiting('a', 100), waiting('b', null))).toBe('2 waiting, 1 done');
  expect(tell(base)).toBe('1 done');
});
