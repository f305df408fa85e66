import { afterEach, expect, test, vi } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { EngineStrip } from '../src/engineStrip';
import { GraphView } from '../src/graphView';
import { Hint } from '../src/hint';
import { Say, english, say, speak } from '../src/language';
import { Board, LOOKS, lookWord } from '../src/model';
import { FromKernel, IEngine, ITask } from '../src/protocol';
import { statusWords } from '../src/statusWords';
import { TaskList } from '../src/taskList';
import { Timeline } from '../src/timeline';

/** Everything that is translated stands in brackets; what it is filled with does not. */
const foreign: Say = (text, ...args) => `⟦${english(text, ...args.map(arg => `⟧${arg}⟦`))}⟧`;
/** What tasks, outputs and hosts of the fixture are called, what the kernel says, and units. */
const DATA =
  /\b(load|fit|plot|out|box|kB|MB|GB|min|it never ran|code: code it was|task fit did not end well|str value)\b|\bt\d+\b/g;

afterEach(() => {
  speak(english);
  document.body.replaceChildren();
});

function rest(text: string): string[] {
  return (text.replace(/⟦[^⟧]*⟧/g, ' ').replace(DATA, ' ').match(/[a-z]{3,}/gi) ?? []) as string[];
}

/** All texts of an element, those for who hears or looks closer too. */
function textsOf(node: Element): string {
  const all = [node, ...node.querySelectorAll('*')];
  const told = all.flatMap(one => ['title', 'aria-label', 'placeholder'].map(name => one.getAttribute(name) ?? ''));
  const texts = all.flatMap(one => [...one.childNodes].filter(child => child.nodeType === Node.TEXT_NODE));
  return [...texts.map(text => text.textContent), ...told].join(' ');
}

test('all that views say goes through the translator', () => {
  speak(foreign);
  const board = new Board();
  const running = { ...fixture.delta.tasks[0], expected: 1e10, is_older: true, name: 't1', cell_id: 't1' };
  const lost = { ...fixture.snapshot.tasks[0], name: 't2', cell_id: 't2', state: 'blocked', open: true };
  const tasks = [...fixture.snapshot.tasks, running, lost] as unknown as ITask[];
  board.apply({ ...fixture.snapshot, tasks } as unknown as FromKernel);
  const options = { board, say, onSelect: vi.fn(), onOpen: vi.fn() };
  const strip = new EngineStrip({ say, onSelect: vi.fn(), clusters: () => null });
  strip.show(fixture.delta.engines as IEngine[]);
  const hint = new Hint({ enable: () => vi.fn() });
  hint.show(true);
  const nodes: Element[] = [strip.node, hint.node];
  for (const view of [new GraphView(options), new TaskList(options), new Timeline(options)]) {
    document.body.append(view.node);
    view.update();
    nodes.push(view.node);
  }
  expect(nodes.map(node => rest(textsOf(node)))).toEqual(nodes.map(() => []));
  expect(rest(statusWords(board, say, 0))).toEqual([]);
  expect(textsOf(nodes[2])).toContain('⟦running⟧');
});

test('a thousand tasks are told in the reader’s language too', () => {
  speak(foreign);
  const board = new Board();
  const tasks = Array.from({ length: 400 }, (_, at) => ({ ...fixture.snapshot.tasks[0], name: `t${at}`, cell_id: `t${at}` }));
  board.apply({ ...fixture.snapshot, tasks } as unknown as FromKernel);
  const view = new GraphView({ board, say, onSelect: vi.fn(), onOpen: vi.fn() });
  document.body.append(view.node);
  view.update();
  expect(rest(textsOf(view.node))).toEqual([]);
});

test('each look has a word', () => {
  expect(new Set(LOOKS.map(lookWord)).size).toBe(LOOKS.length);
});

test('places are filled, and a doubled percent sign is one', () => {
  expect(english('%2 of %1: %%%%task, 25 %', 'a', 'b')).toBe('b of a: %%task, 25 %');
});
