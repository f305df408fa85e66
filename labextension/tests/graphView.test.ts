import { afterEach, expect, test, vi } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { GraphView } from '../src/graphView';
import { Board } from '../src/model';
import { FromKernel, ITask } from '../src/protocol';

const base = fixture.snapshot.tasks[0] as unknown as ITask;
const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);
const tasks = (count: number, told: Partial<ITask> = {}): ITask[] =>
  Array.from({ length: count }, (_, at) => ({ ...base, ...told, name: `t${at}`, cell_id: `c${at}`, needs: [] }));

interface IShown {
  board: Board;
  view: GraphView;
  nodes: (kind: string) => string[];
  node: (name: string) => SVGElement;
  press: (name: string, key: string) => boolean;
  onSelect: (task: string) => void;
}

function shown(count: number): IShown {
  const board = new Board();
  board.apply({ type: 'snapshot', proto: 1, rev: 0, tasks: tasks(count) } as FromKernel);
  const onSelect = vi.fn((task: string) => view.select(task));
  const view: GraphView = new GraphView({ board, say, onSelect, onOpen: vi.fn() });
  document.body.append(view.node);
  view.update();
  const nodes = (kind: string): string[] =>
    [...view.node.querySelectorAll<SVGElement>(`g[data-${kind}]`)].map(node => node.dataset[kind] ?? '');
  const node = (name: string): SVGElement => view.node.querySelector(`g[data-task="${name}"], g[data-group="${name}"]`)!;
  const press = (name: string, key: string): boolean =>
    node(name).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  return { board, view, nodes, node, press, onSelect };
}

afterEach(() => document.body.replaceChildren());

test('a thousand tasks are a few groups, and Enter opens one with the keyboard on its first task', () => {
  const { view, nodes, press } = shown(1000);
  expect([nodes('task').length, nodes('group').length]).toEqual([0, 20]);
  press('group  3', 'Enter');
  expect([nodes('task').length, nodes('group').length]).toEqual([50, 19]);
  expect((document.activeElement as unknown as SVGElement).dataset.task).toBe('t150');
  press('t150', 'Escape');
  expect(nodes('task').length).toBe(0);
  expect((document.activeElement as unknown as SVGElement).dataset.group).toBe('group  3');
  expect(view.node.textContent).toContain('1000 tasks, 20 groups folded');
});

test('what is selected elsewhere is unfolded, and its group can be folded again', () => {
  const { view, nodes, node } = shown(1000);
  view.select('t777');
  expect(nodes('task')).toContain('t777');
  expect(node('t777').classList.contains('phelps-selected')).toBe(true);
  view.node.querySelector<HTMLButtonElement>('.phelps-fold')!.click();
  expect(nodes('task')).toEqual([]);
});

test('a search unfolds what it finds', () => {
  const { view, nodes } = shown(1000);
  view.filter = 't512';
  expect(nodes('task')).toContain('t512');
  view.filter = '';
  expect(nodes('task')).toEqual([]);
});

test('arrows reach groups without opening them', () => {
  const { press, nodes, onSelect } = shown(400);
  press('group  0', 'ArrowRight');
  expect((document.activeElement as unknown as SVGElement).dataset.group).toBe('group  1');
  expect(nodes('task')).toEqual([]);
  expect(onSelect).not.toHaveBeenCalled();
});

test('only the nodes that say something new are drawn anew', () => {
  const { board, view, node } = shown(200);
  const [kept, changed] = [node('t3').firstChild, node('t4').firstChild];
  board.apply({ type: 'delta', rev: 1, tasks: [{ ...board.get('t4')!, state: 'failed', verdict: 'stale' }] });
  view.update();
  expect(node('t3').firstChild).toBe(kept);
  expect(node('t4').firstChild).not.toBe(changed);
  expect(node('t4').textContent).toContain('✗ t4');
});

test('a view that nobody sees is not drawn', () => {
  const { view, node } = shown(3);
  view.node.remove();
  view.select('t1');
  expect(node('t1').classList.contains('phelps-selected')).toBe(false);
});
