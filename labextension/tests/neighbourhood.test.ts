import { expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { GraphView } from '../src/graphView';
import { Board } from '../src/model';
import { near } from '../src/neighbourhood';
import { FromKernel, ITask } from '../src/protocol';

const base = fixture.snapshot.tasks[0] as unknown as ITask;
const task = (name: string, ...needs: string[]): ITask => ({
  ...base,
  name,
  needs: needs.map(one => ({ task: one, names: ['x'], via: false }))
});
const CHAIN = [
  task('a'),
  task('b', 'a'),
  task('c', 'b'),
  task('d', 'c'),
  task('e', 'd'),
  task('f', 'e'),
  task('g', 'b', 'f')
];
const names = (tasks: ITask[]): string => tasks.map(one => one.name).join('');

test('what a task needs and what needs it is near, so many steps far', () => {
  expect(names(near(CHAIN, 'd'))).toBe('bcdef');
  expect(names(near(CHAIN, 'd', 1))).toBe('cde');
  expect(names(near(CHAIN, 'a', 1))).toBe('ab');
  expect(names(near(CHAIN, 'g', 1))).toBe('bfg');
});

test('others that need the same are not near', () => {
  expect(names(near([...CHAIN, task('z', 'c')], 'd', 1))).toBe('cde');
});

test('near a task that is not there is nothing', () => {
  expect(near(CHAIN, 'nowhere')).toEqual([]);
});

function view(): GraphView {
  const board = new Board();
  board.apply({ type: 'snapshot', proto: 1, rev: 1, tasks: CHAIN } as unknown as FromKernel);
  const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);
  const made = new GraphView({ board, say, onSelect: () => undefined, onOpen: () => undefined });
  document.body.replaceChildren(made.node);
  made.update();
  return made;
}

const drawn = (made: GraphView): string =>
  [...made.node.querySelectorAll<SVGElement>('g[data-task]')].map(one => one.dataset.task).join('');

test('the graph draws what is near the selected task, and all again', () => {
  const made = view();
  made.isNear = true;
  expect(drawn(made)).toBe('abcdefg');
  made.select('d');
  expect(drawn(made)).toBe('bcdef');
  expect(made.node.textContent).toContain('5 of 7 tasks: what is near d');
  made.select('a');
  expect(drawn(made)).toBe('abcg');
  made.isNear = false;
  expect(drawn(made)).toBe('abcdefg');
});
