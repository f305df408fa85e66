/** Cells that only cancel: what they ask for is done at once, also while the cell before them runs. Pure. */

const CANCELS = /^\s*%phelps\s+cancel([ \t][^\n]*)?\s*$/;

/** The tasks that a cell with this source asks to be cancelled (none: all); null where that is not all it does. */
export function cancelledBy(source: string): string[] | null {
  const found = CANCELS.exec(source);
  return found && (found[1] ?? '').split(/\s+/).filter(name => name !== '');
}
