import { expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { ITask, Scope } from '../src/protocol';
import { TaskPage } from '../src/taskPage';

const tasks = fixture.snapshot.tasks as unknown as ITask[];

function page(): { page: TaskPage; did: string[] } {
  const did: string[] = [];
  const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);
  return {
    did,
    page: new TaskPage({
      say,
      onRun: (scope: Scope, task: string) => did.push(`${scope} ${task}`),
      onCancel: task => did.push(`cancel ${task}`),
      onShow: (task, line) => did.push(`show ${task} ${line}`),
      onSelect: task => did.push(`select ${task}`),
      onWhy: () => undefined,
      onLook: () => undefined,
      onCell: () => undefined
    })
  };
}

const press = (node: HTMLElement, act: string): void => node.querySelector<HTMLElement>(`[data-act="${act}"]`)!.click();

test('a failed task can be retried, and its line be shown', () => {
  const { page: shown, did } = page();
  const failed = { ...tasks[1], error: { ...tasks[1].error!, line: 4 } };
  shown.show(failed);
  expect(shown.node.textContent).toContain('Show line 4');
  ['retry', 'line', 'need load', 'downstream'].forEach(act => press(shown.node, act));
  expect(did).toEqual(['retry fit', 'show fit 4', 'select load', 'downstream fit']);
});

test('all texts are whole', () => {
  const { page: shown } = page();
  shown.show({ ...tasks[0], peak_memory: 2e9, attempts: 2 });
  expect(shown.node.textContent).toContain('on box:0 · 1.0 s · at most 2.00 GB of memory · 2 attempts');
  expect(shown.node.textContent).not.toContain('undefined');
});

test('each attempt tells what memory it held, where that is known', () => {
  const { page: shown } = page();
  const [only] = tasks[0].history;
  const [lost, short] = [
    { ...only, engine: 'box:1', end: 'lost' },
    { ...only, end: 'memory', peak_memory: 23e6 }
  ];
  shown.show({ ...tasks[0], history: [lost, short, { ...only, peak_memory: 46e6 }] });
  const told = [...shown.node.querySelectorAll('li')].map(item => item.textContent);
  expect(told.slice(-3)).toEqual([
    'on box:1 · 1.0 s · lost',
    'on box:0 · 1.0 s · at most 23.0 MB · memory',
    'on box:0 · 1.0 s · at most 46.0 MB · done'
  ]);
});

test('an open task can be cancelled and not be run', () => {
  const { page: shown, did } = page();
  shown.show({ ...tasks[0], open: true, state: 'running' });
  press(shown.node, 'cancel');
  expect(did).toEqual(['cancel load']);
  expect(shown.node.querySelector('[data-act=run]')).toBeNull();
});

test('the log is of the task that is shown', () => {
  const { page: shown } = page();
  shown.show(tasks[0]);
  const frames = ['one\n', 'two\n'].map(text => ({ kind: 'stdout', text }));
  expect(shown.log({ task: 'load', from: 0, frames })).toBe(true);
  expect(shown.log({ task: 'fit', from: 0, frames: [{ kind: 'stdout', text: 'another' }] })).toBe(true);
  expect(shown.log({ task: 'load', from: 3, frames })).toBe(false);
  expect(shown.node.querySelector('pre')!.textContent).toBe('one\ntwo\n');
});

test('what has the keyboard keeps it when the task changes', () => {
  const { page: shown } = page();
  document.body.append(shown.node);
  shown.show(tasks[0]);
  shown.node.querySelector<HTMLElement>('[data-act=show]')!.focus();
  shown.show({ ...tasks[0], attempts: 3 });
  expect((document.activeElement as HTMLElement).dataset.act).toBe('show');
});
