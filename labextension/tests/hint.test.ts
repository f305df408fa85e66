import { expect, test, vi } from 'vitest';

import { Hint } from '../src/hint';

test('the steps that are done are marked, and nothing is offered that is done', () => {
  const enable = vi.fn();
  const hint = new Hint({ enable: () => enable });
  const button = hint.node.querySelector('button')!;
  hint.show(false);
  expect(hint.node.textContent).toContain('2. Write %%task NAME');
  expect([button.hidden, hint.node.textContent!.includes('✓')]).toEqual([false, false]);
  button.click();
  expect(enable).toHaveBeenCalledOnce();
  hint.show(true);
  expect([button.hidden, hint.node.textContent!.startsWith('✓ 1.')]).toEqual([true, true]);
});
