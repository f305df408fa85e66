import { expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { ILook, ITask, IWhy } from '../src/protocol';
import { TaskPage } from '../src/taskPage';

const [load, fit] = fixture.snapshot.tasks as unknown as ITask[];
const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);

function page(): { page: TaskPage; asked: string[] } {
  const asked: string[] = [];
  const nothing = (): void => undefined;
  return {
    asked,
    page: new TaskPage({
      say,
      onRun: nothing,
      onCancel: nothing,
      onShow: nothing,
      onSelect: nothing,
      onWhy: task => asked.push(`why ${task}`),
      onLook: (task, name) => asked.push(`look ${task} ${name}`),
      onCell: (what, task) => asked.push(`${what} ${task}`)
    })
  };
}

const press = (node: HTMLElement, act: string): void => node.querySelector<HTMLElement>(`[data-act="${act}"]`)!.click();
const why: IWhy = {
  task: 'fit',
  note: '',
  told: [{ reason: { kind: 'code', name: '', text: 'its code changed' }, difference: ['-x = 1', '+x = 2'], because: [] }],
  ran: []
};
const look = (told: Partial<ILook>): ILook => ({ task: 'load', name: 'out', ...told });

test('why is asked for once for each state, and told with the lines that changed', () => {
  const { page: shown, asked } = page();
  shown.show(fit);
  shown.show({ ...fit });
  expect(asked).toEqual(['why fit']);
  shown.why(why);
  expect(shown.node.querySelector('.phelps-removed')?.textContent).toBe('-x = 1\n');
  expect(shown.node.querySelector('.phelps-added')?.textContent).toBe('+x = 2\n');
  shown.show({ ...fit, verdict: 'fresh' });
  expect(asked).toEqual(['why fit', 'why fit']);
  expect(shown.node.querySelector('.phelps-diff')).toBeNull();
});

test('what is told of another task is left out, and a task that runs is not asked of', () => {
  const { page: shown, asked } = page();
  shown.show({ ...load, open: true });
  shown.why(why);
  expect(shown.node.textContent).not.toContain('its code changed');
  expect(asked).toEqual([]);
});

test('a value is looked at when its name is pressed, and the look goes when it is pressed again', () => {
  const { page: shown, asked } = page();
  shown.show(load);
  press(shown.node, 'look out');
  expect(asked.slice(1)).toEqual(['look load out']);
  expect(shown.node.textContent).toContain('Looking…');
  shown.look(look({ table: { columns: ['', 'a'], rows: [['0', '<b>']] } }));
  expect(shown.node.querySelector('td:last-child')?.textContent).toBe('<b>');
  press(shown.node, 'look out');
  expect(shown.node.querySelector('table')).toBeNull();
});

test.each([
  [{ text: 'array([1])' }, 'pre.phelps-look', 'array([1])'],
  [{ refused: 'too large' }, 'p.phelps-facts', 'too large']
])('a look is %o', (told, where, text) => {
  const { page: shown } = page();
  shown.show(load);
  press(shown.node, 'look out');
  shown.look(look(told));
  expect([...shown.node.querySelectorAll(where)].map(node => node.textContent)).toContain(text);
});

test('what a task reads of a plain cell can be looked at as well', () => {
  const { page: shown, asked } = page();
  shown.show({ ...load, reads: [{ name: 'n', from: 'cell 2' }] });
  press(shown.node, 'look n');
  expect(asked.slice(1)).toEqual(['look load n']);
});

test('a picture is shown', () => {
  const { page: shown } = page();
  shown.show(load);
  press(shown.node, 'look out');
  shown.look(look({ png: 'iVBORw0KGgo=' }));
  expect(shown.node.querySelector('img')?.getAttribute('src')).toBe('data:image/png;base64,iVBORw0KGgo=');
});

test('a failed task offers its inputs and the debugger, and lists its attempts', () => {
  const { page: shown, asked } = page();
  const failures = [{ kind: 'lost', type: '', message: 'its engine left', line: null, evidence: '' }, fit.error!];
  const history = [{ ...fit.history[0], engine: 'gone:0', end: 'lost' }, fit.history[0]];
  shown.show({ ...fit, reads: [{ name: 'out', from: 'load' }], failures, history });
  press(shown.node, 'inputs');
  press(shown.node, 'debug');
  press(shown.node, 'look out');
  expect(asked.slice(1)).toEqual(['inputs fit', 'debug fit', 'look fit out']);
  expect(shown.node.textContent).toContain('on gone:0 · 1.0 s · lost: its engine left');
  expect(shown.node.textContent).toContain('on box:0 · 1.0 s · failed: code it was');
});

test('after a new link all is asked for again', () => {
  const { page: shown, asked } = page();
  shown.show(fit);
  shown.forget();
  expect(asked).toEqual(['why fit', 'why fit']);
});
