import { expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { GraphFrame } from '../src/graphFrame';
import { Board, lookOf } from '../src/model';
import { FromKernel, ITask } from '../src/protocol';
import widget from '../src/widget';

const tasks = fixture.snapshot.tasks as unknown as ITask[];
const snapshot = fixture.snapshot as unknown as FromKernel;
const delta = fixture.delta as unknown as FromKernel;
const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);
const nodes = (node: HTMLElement): string[] =>
  [...node.querySelectorAll<SVGElement>('g[data-task]')].map(one => one.dataset.task as string);
const words = (node: HTMLElement): string => node.querySelector('.phelps-status')?.textContent ?? '';

function frame(): { frame: GraphFrame; chosen: string[] } {
  const chosen: string[] = [];
  return {
    chosen,
    frame: new GraphFrame(
      say,
      task => chosen.push(task),
      () => undefined
    )
  };
}

test('tasks look as the kernel pictures them', () => {
  expect(Object.fromEntries(tasks.map(task => [task.name, lookOf(task)]))).toEqual(fixture.looks);
});

test('without a kernel the saved tasks are drawn, and said to be saved', () => {
  const { frame: shown } = frame();
  shown.saved = { tasks, more: 5 };
  shown.show(undefined);
  expect(nodes(shown.node)).toEqual(['load', 'fit', 'plot']);
  expect(words(shown.node)).toBe('As it was when it was saved: 1 failed, 1 skipped, 1 done, 5 more');
});

test('live tasks stand in the place of the saved ones, and go when the kernel goes', () => {
  const { frame: shown } = frame();
  shown.saved = { tasks: tasks.slice(0, 1) };
  const live = new Board();
  shown.show(live);
  expect(nodes(shown.node)).toEqual(['load']);
  live.apply(snapshot);
  shown.show(live);
  expect(nodes(shown.node)).toEqual(['load', 'fit', 'plot']);
  expect(words(shown.node)).toBe('1 failed, 1 skipped, 1 done');
  live.clear();
  shown.show(live);
  expect(nodes(shown.node)).toEqual(['load']);
});

test('a chosen node is marked and told', () => {
  const { frame: shown, chosen } = frame();
  document.body.append(shown.node);
  shown.saved = { tasks };
  shown.show(undefined);
  shown.node.querySelector('g[data-task=fit]')!.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  expect(chosen).toEqual(['fit']);
  expect(shown.node.querySelector('.phelps-selected')?.getAttribute('data-task')).toBe('fit');
});

test('data of nobody knows what shows no tasks', () => {
  const { frame: shown } = frame();
  shown.saved = {};
  shown.show(undefined);
  expect(words(shown.node)).toContain('There are no tasks.');
});

test('the widget asks what there is, draws what it is told, and asks anew when it has missed something', () => {
  const said: unknown[] = [];
  const listeners = new Set<(message: FromKernel) => void>();
  const model = {
    send: (content: unknown) => said.push(content),
    on: (_: string, listener: (message: FromKernel) => void) => listeners.add(listener),
    off: (_: string, listener: (message: FromKernel) => void) => listeners.delete(listener)
  };
  const el = document.createElement('div');
  const end = widget.render({ model, el });
  const tell = (message: FromKernel): void => listeners.forEach(listener => listener(message));
  expect(said).toEqual([{ type: 'resync' }]);
  tell(snapshot);
  expect(nodes(el)).toEqual(['load', 'fit', 'plot']);
  tell(delta);
  expect(said).toHaveLength(1);
  tell({ type: 'delta', rev: 99 });
  expect(said).toHaveLength(2);
  end();
  expect(listeners.size).toBe(0);
});
