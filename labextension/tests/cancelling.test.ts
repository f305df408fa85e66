import { expect, test } from 'vitest';

import { cancelledBy } from '../src/cancelling';

test.each([
  ['%phelps cancel', []],
  ['\n  %phelps  cancel  \n', []],
  ['%phelps cancel fit  load', ['fit', 'load']],
  ['%phelps cancel\nx = 1', null],
  ['%phelps cancel fit\n%phelps cancel load', null],
  ['# %phelps cancel', null],
  ['%phelps cancelled', null],
  ['%phelps status', null]
])('%j asks for %j', (source, tasks) => {
  expect(cancelledBy(source)).toEqual(tasks);
});
