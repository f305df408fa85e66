/** What the extension does to a notebook's cells: shows one, executes some, puts a card under one. */

import { Cell, CodeCell } from '@jupyterlab/cells';
import { CodeEditor } from '@jupyterlab/codeeditor';
import { IOutput } from '@jupyterlab/nbformat';
import { Notebook, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';

import { CARD_MIME } from './card';
import { ICard } from './comm';
import { GRAPH_MIME } from './graphOutput';
import { Bundle } from './protocol';

const TRIES = 40;
/** Tries to bring a cell that is seen into the middle, which at a notebook's ends can't be. */
const ONCE_MORE = 4;
const CENTRED = 0.4;
/** Milliseconds. */
const PAUSE = 250;

function placeOf(notebook: Notebook, cell: string): number {
  return notebook.widgets.findIndex(widget => widget.model.id === cell);
}

/** Scroll to a cell and make it the active one; ``line``: put the cursor there (from 1). */
export async function showCell(panel: NotebookPanel, cell: string, line: number | null): Promise<void> {
  const notebook = panel.content;
  const place = placeOf(notebook, cell);
  if (place < 0) {
    return;
  }
  notebook.activeCellIndex = place;
  notebook.deselectAll();
  await scrollTo(notebook, place);
  const widget = notebook.widgets[place];
  if (line !== null && notebook.activeCellIndex === place) {
    await toLine(widget, line);
  }
}

/** JupyterLab attaches the cells of a long notebook when it has time, and forgets a scroll that it could not do yet. */
async function scrollTo(notebook: Notebook, place: number): Promise<void> {
  let seen = 0;
  for (let tries = 0; tries < TRIES && seen < ONCE_MORE; tries += 1) {
    const scrolled = notebook.scrollToItem(place, 'center').catch(() => undefined);
    await Promise.race([scrolled, pause()]);
    const offset = offsetOf(notebook, notebook.widgets[place]);
    // Somebody went elsewhere meanwhile, or there it is.
    if (notebook.activeCellIndex !== place || Math.abs(offset) < CENTRED) {
      return;
    }
    // How high cells are is guessed until they are drawn.
    if (Math.abs(offset) < 1) {
      seen += 1;
      await pause();
    }
  }
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, PAUSE));
}

/** How far a cell is from the middle, in halves of the view's height: beyond 1 it is not seen. */
function offsetOf(notebook: Notebook, cell: Cell): number {
  const seen = cell.node.getBoundingClientRect();
  const view = notebook.node.getBoundingClientRect();
  return seen.height > 0 ? (seen.top + seen.bottom - view.top - view.bottom) / view.height : Infinity;
}

async function toLine(cell: Cell, line: number): Promise<void> {
  await cell.ready;
  const { editor } = cell;
  if (editor) {
    const position: CodeEditor.IPosition = { line: Math.min(line, editor.lineCount) - 1, column: 0 };
    editor.setCursorPosition(position);
    editor.revealPosition(position);
    editor.focus();
  }
}

/** Execute these cells as if by hand, in order. */
export async function execute(panel: NotebookPanel, cells: string[]): Promise<void> {
  const notebook = panel.content;
  const widgets = cells.flatMap(cell => notebook.widgets.filter(widget => widget.model.id === cell));
  await NotebookActions.runCells(notebook, widgets, panel.sessionContext);
}

export const LOADS = '%load_ext phelps_jupyter';

/** Whether some cell loads the extension. */
export function loads(notebook: Notebook): boolean {
  const cells = notebook.model?.sharedModel.cells ?? [];
  return cells.some(cell => cell.getSource().includes(LOADS));
}

/** Put a cell that loads the extension above all others, and run it. */
export async function enable(panel: NotebookPanel): Promise<void> {
  const notebook = panel.content;
  notebook.model?.sharedModel.insertCell(0, { cell_type: 'code', source: LOADS, metadata: {} });
  const made = notebook.model?.sharedModel.cells[0].id;
  if (made !== undefined) {
    await execute(panel, [made]);
  }
}

/** Make a plain cell a task of this name. */
export function tag(notebook: Notebook, cell: string, task: string): void {
  const found = notebook.model?.sharedModel.cells.find(one => one.id === cell);
  found?.setSource(`%%task ${task}\n${found.getSource()}`);
}

/** The card stands under its task's cell, in the place of the one before, or alone. */
export function putCard(notebook: Notebook, card: ICard): void {
  const widget = notebook.widgets[placeOf(notebook, card.cell)];
  if (!(widget instanceof CodeCell)) {
    return;
  }
  const { outputs } = widget.model;
  const output = { output_type: 'display_data', data: card.bundle, metadata: {} } as IOutput;
  for (let place = 0; place < outputs.length; place += 1) {
    const told = outputs.get(place).data[CARD_MIME] as { task?: string } | undefined;
    if (told?.task === card.task) {
      outputs.set(place, output);
      return;
    }
  }
  outputs.clear();
  outputs.add(output);
}

/** All graphs of the notebook are these from now on. */
export function putGraph(notebook: Notebook, bundle: Bundle): void {
  const output = { output_type: 'display_data', data: bundle, metadata: {} } as IOutput;
  for (const widget of notebook.widgets) {
    const outputs = widget instanceof CodeCell ? widget.model.outputs : undefined;
    for (let place = 0; outputs && place < outputs.length; place += 1) {
      if (GRAPH_MIME in outputs.get(place).data) {
        outputs.set(place, output);
      }
    }
  }
}
