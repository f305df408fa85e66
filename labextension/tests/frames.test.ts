import { afterEach, expect, test, vi } from 'vitest';

import { atMostEvery, inFrames } from '../src/frames';

afterEach(() => vi.useRealTimers());

test('what is asked for often is done in one frame, and the next time after a pause', () => {
  vi.useFakeTimers();
  const does = vi.fn();
  const ask = inFrames(does, () => false);
  ask();
  ask();
  expect(does).not.toHaveBeenCalled();
  vi.advanceTimersByTime(40);
  expect(does).toHaveBeenCalledOnce();
  ask();
  vi.advanceTimersByTime(40);
  expect(does).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(100);
  expect(does).toHaveBeenCalledTimes(2);
});

test('what is not wanted any more is not done', () => {
  vi.useFakeTimers();
  const does = vi.fn();
  inFrames(does, () => true)();
  vi.advanceTimersByTime(1000);
  expect(does).not.toHaveBeenCalled();
});

test('what is seldom done is done at once, and at the end for all who asked meanwhile', () => {
  vi.useFakeTimers();
  const does = vi.fn();
  const ask = atMostEvery(100, does);
  [1, 2, 3].forEach(ask);
  expect(does).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(100);
  expect(does).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1000);
  expect(does).toHaveBeenCalledTimes(2);
  ask();
  expect(does).toHaveBeenCalledTimes(3);
});
