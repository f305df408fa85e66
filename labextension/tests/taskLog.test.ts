import { expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { IFrame } from '../src/protocol';
import { asOnScreen, linesWith, Pieces, TaskLog } from '../src/taskLog';

const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);
const piece = (text: string): IFrame => ({ kind: 'stdout', text });
const shown = (log: TaskLog): string => log.node.querySelector('pre')!.textContent as string;
const note = (log: TaskLog): string => log.node.querySelector('[role=status]')!.textContent as string;
const press = (log: TaskLog): void => log.node.querySelector<HTMLElement>('[data-act=hold]')!.click();

function search(log: TaskLog, text: string): void {
  const input = log.node.querySelector('input')!;
  input.value = text;
  input.dispatchEvent(new Event('input'));
}

test('pieces as the kernel tells them are put together', () => {
  const pieces = new Pieces();
  for (const { from, frames } of fixture.logs) {
    expect(pieces.take(from, frames)).toBe(true);
  }
  expect(asOnScreen(pieces.text)).toBe('begin\nhalf\n50 %');
});

test('a piece that is missing is noticed, and changes nothing', () => {
  const pieces = new Pieces();
  pieces.take(0, [piece('a')]);
  expect(pieces.take(2, [piece('c')])).toBe(false);
  expect(pieces.text).toBe('a');
});

test('what is held still does not move, and says how much has come since', () => {
  const log = new TaskLog(say);
  log.take(0, [piece('one\n')]);
  press(log);
  log.take(1, [piece('two\nthree\n')]);
  expect(shown(log)).toBe('one\n');
  expect(note(log)).toBe('paused, 2 lines more');
  press(log);
  expect(shown(log)).toBe('one\ntwo\nthree\n');
  expect(note(log)).toBe('');
});

test('a search shows the lines that have it', () => {
  const log = new TaskLog(say);
  log.take(0, [piece('Epoch 1\nloss 2\nepoch 2\n')]);
  search(log, 'EPOCH');
  expect(shown(log)).toBe('Epoch 1\nepoch 2');
  expect(note(log)).toBe('2 lines found');
  log.take(1, [piece('epoch 3\n')]);
  expect(shown(log)).toContain('epoch 3');
  search(log, '');
  expect(shown(log)).toContain('loss 2');
  expect(linesWith('', 'x')).toEqual([]);
});

test('another task begins with nothing, held by nobody', () => {
  const log = new TaskLog(say);
  log.take(0, [piece('one\n')]);
  press(log);
  log.clear();
  log.take(0, [piece('other\n')]);
  expect(shown(log)).toBe('other\n');
});
