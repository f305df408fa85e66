import { afterEach, expect, test, vi } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { english as say } from '../src/language';
import { Board } from '../src/model';
import { FromKernel, IAttempt, ITask } from '../src/protocol';
import { Timeline } from '../src/timeline';

const base = fixture.snapshot.tasks[0] as unknown as ITask;

function ran(name: string, ...attempts: [engine: string, from: number, end: string][]): ITask {
  const history = attempts.map(
    ([engine, from, end]): IAttempt => ({
      engine,
      ready_at: from,
      submitted_at: from + 1,
      started_at: from + 2,
      ended_at: from + 4,
      end,
      peak_memory: null
    })
  );
  return { ...base, name, cell_id: name, history, needs: [] };
}

function shown(): { tell: (...tasks: ITask[]) => void; lanes: () => string[][]; span: (at: number) => HTMLElement } {
  const board = new Board();
  const view = new Timeline({ board, say, onSelect: vi.fn(), onOpen: vi.fn() });
  document.body.append(view.node);
  return {
    tell: (...tasks) => {
      board.apply({ ...fixture.snapshot, tasks } as unknown as FromKernel);
      view.update();
    },
    lanes: () =>
      [...view.node.querySelectorAll('.phelps-lane')].map(lane =>
        [...lane.querySelectorAll('.phelps-lane-name, .phelps-span')].map(one => one.textContent ?? '')
      ),
    span: at => view.node.querySelectorAll<HTMLElement>('.phelps-span')[at]
  };
}

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

test('bars come and go, in the order of time, and those that stay are the same', () => {
  const { tell, lanes, span } = shown();
  tell(ran('a', ['h:1', 100, 'done']), ran('c', ['h:1', 120, 'done']));
  const [first, last] = [span(0), span(1)];
  tell(ran('a', ['h:1', 100, 'done']), ran('b', ['h:1', 110, 'done']), ran('c', ['h:1', 120, 'done']));
  expect(lanes()).toEqual([['h:1', '✓ a', '✓ b', '✓ c']]);
  expect([span(0), span(2)]).toEqual([first, last]);
  expect(span(0)).toBe(first);
  tell(ran('b', ['h:0', 130, 'done']), ran('c', ['h:1', 120, 'done']));
  expect(lanes()).toEqual([
    ['h:0', '✓ b'],
    ['h:1', '✓ c']
  ]);
  tell(ran('b', ['h:0', 130, 'done']));
  expect(lanes()).toEqual([['h:0', '✓ b']]);
});

test('a lost attempt says so, and how long it waited', () => {
  const { tell, lanes, span } = shown();
  tell(ran('a', ['h:0', 100, 'lost'], ['h:1', 110, 'done']));
  expect(lanes()).toEqual([
    ['h:0', '✗ a (lost)'],
    ['h:1', '✓ a']
  ]);
  expect(span(0).title).toBe('a: lost, 2.0 s, waited 1.0 s, handed over in 1.0 s');
  expect(span(0).classList.contains('phelps-lost')).toBe(true);
});

test('what the kernel tells is shown at once, and then in steps', () => {
  vi.useFakeTimers();
  const board = new Board();
  const view = new Timeline({ board, say, onSelect: vi.fn(), onOpen: vi.fn() });
  document.body.append(view.node);
  const count = (...tasks: ITask[]): number => {
    board.apply({ ...fixture.snapshot, tasks } as unknown as FromKernel);
    view.follow();
    return view.node.querySelectorAll('.phelps-span').length;
  };
  expect(count(ran('a', ['h:0', 100, 'done']))).toBe(1);
  expect(count(ran('a', ['h:0', 100, 'done']), ran('b', ['h:0', 110, 'done']))).toBe(1);
  vi.advanceTimersByTime(300);
  expect(view.node.querySelectorAll('.phelps-span').length).toBe(2);
});

test('where nothing has run that is said', () => {
  const { tell } = shown();
  tell(ran('a'));
  expect(document.body.textContent).toContain('Nothing has run');
  expect(document.querySelector<HTMLElement>('.phelps-zoom')!.hidden).toBe(true);
});
