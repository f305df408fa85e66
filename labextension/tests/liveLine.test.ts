import { expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { liveLine } from '../src/liveLine';
import { ITask } from '../src/protocol';

const [load, fit] = fixture.snapshot.tasks as unknown as ITask[];
const running: ITask = { ...fit, state: 'running', open: true, started_at: 100, progress: null, expected: null };

test('a card that says it all is left alone, also without a kernel', () => {
  expect(liveLine(load, 'done', 0)).toBe('');
  expect(liveLine(undefined, 'running', 0)).toBe('');
});

test('the seconds of a task that runs go on, also where its card says that it runs', () => {
  expect(liveLine(running, 'running', 103)).toBe('▶ fit · running 3.0 s');
  expect(liveLine(running, 'running', 115)).toBe('▶ fit · running 15 s');
});

test('a task that has ended otherwise than its card says is told', () => {
  expect(liveLine(fit, 'running', 0)).toBe('✗ fit · failed');
});
