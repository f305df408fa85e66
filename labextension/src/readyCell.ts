/** Puts a cell that the kernel has made ready beside a task's, and goes there. */

import { NotebookPanel } from '@jupyterlab/notebook';

import { showCell } from './notebook';
import { IInsert } from './protocol';

export async function insertCell(panel: NotebookPanel, told: IInsert): Promise<void> {
  const model = panel.content.model?.sharedModel;
  const beside = model ? model.cells.findIndex(cell => cell.id === told.beside) : -1;
  if (!model || beside < 0) {
    return;
  }
  // The one that was put there before serves again.
  const there = model.cells[told.above ? beside - 1 : beside + 1];
  const isThere = there !== undefined && there.getSource() === told.source;
  const place = told.above ? beside : beside + 1;
  const cell = isThere ? there : model.insertCell(place, { cell_type: 'code', source: told.source, metadata: {} });
  await showCell(panel, cell.id, null);
}
