/** Marks on the cells of a notebook: a badge on each task's cell, a shadow on those that are stale, running or failed. */

import { Cell } from '@jupyterlab/cells';
import { CellList, INotebookModel, Notebook, NotebookPanel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';

import { Link } from './comm';
import { inFrames } from './frames';
import { GLYPHS, lookOf, whyOf, wordsOf } from './model';
import { ITask } from './protocol';

const EVERY = 1000;

export class Badges implements IDisposable {
  private _unlisten: () => void;
  private _timer: ReturnType<typeof setInterval>;
  private _isDisposed = false;
  private _isShown = true;
  /** Where what has changed is not known, each cell is looked at. */
  private _isAll = true;
  private _changed = new Set<string>();
  private _byId = new Map<string, Cell>();
  private _cells: CellList | null = null;
  private _ask = inFrames(
    () => this._update(),
    () => this._isDisposed
  );

  constructor(
    private _panel: NotebookPanel,
    private _link: Link,
    private _onClick: (task: string) => void
  ) {
    this._unlisten = _link.board.listen((changed, shape) => this._onBoard(changed, shape));
    _panel.content.modelChanged.connect(this._watch, this);
    this._watch();
    // Running tasks tell how long they have been.
    this._timer = setInterval(() => {
      if (_link.board.open.length) {
        _link.board.open.forEach(task => this._changed.add(task.name));
        this._ask();
      }
    }, EVERY);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  set isShown(shown: boolean) {
    this._isShown = shown;
    this._askAll();
  }

  dispose(): void {
    this._isDisposed = true;
    clearInterval(this._timer);
    this._unlisten();
    this._panel.content.modelChanged.disconnect(this._watch, this);
    this._cells?.changed.disconnect(this._askAll, this);
  }

  /** Cells that have moved are other widgets now. */
  private _watch(): void {
    this._cells?.changed.disconnect(this._askAll, this);
    const model: INotebookModel | null = this._panel.content.model;
    this._cells = model?.cells ?? null;
    this._cells?.changed.connect(this._askAll, this);
    this._askAll();
  }

  private _onBoard(changed: ReadonlySet<string>, isAll: boolean): void {
    changed.forEach(task => this._changed.add(task));
    this._isAll = this._isAll || isAll;
    this._ask();
  }

  private _askAll(): void {
    this._isAll = true;
    this._ask();
  }

  private _update(): void {
    const now = Date.now() / 1000;
    if (this._isAll) {
      this._updateAll(this._panel.content, now);
    } else {
      for (const name of this._changed) {
        const task = this._link.board.get(name);
        const cell = task && this._byId.get(task.cell_id);
        if (cell && this._isShown) {
          this._mark(cell, task, now);
        }
      }
    }
    this._isAll = false;
    this._changed.clear();
  }

  private _updateAll(notebook: Notebook, now: number): void {
    const { board } = this._link;
    const stale = new Map(board.staleCells.map(cell => [cell.cell_id, cell.reason]));
    this._byId = new Map(notebook.widgets.map(cell => [cell.model.id, cell]));
    for (const [id, cell] of this._byId) {
      const task = this._isShown ? board.ofCell(id) : undefined;
      if (task) {
        this._mark(cell, task, now);
      } else {
        this._unmark(cell, this._isShown ? stale.get(id) : undefined);
      }
    }
  }

  private _mark(cell: Cell, task: ITask, now: number): void {
    const look = lookOf(task);
    if (cell.node.dataset.phelps !== look) {
      cell.node.dataset.phelps = look;
    }
    let badge = badgeOf(cell);
    if (!badge) {
      cell.addClass('phelps-tagged');
      badge = document.createElement('button');
      badge.className = 'phelps-badge';
      badge.addEventListener('click', event => {
        event.stopPropagation();
        this._onClick(badge?.dataset.task ?? '');
      });
      cell.node.appendChild(badge);
    }
    const text = `${GLYPHS[look]} ${task.name} · ${wordsOf(task, now)}`;
    if (badge.textContent !== text) {
      badge.textContent = text;
    }
    const title = [whyOf(task), task.engine, outputsOf(task)].filter(Boolean).join('\n');
    if (badge.title !== title) {
      badge.title = title;
      badge.setAttribute('aria-label', `${task.name}: ${wordsOf(task, now)}. ${title}`);
    }
    badge.dataset.task = task.name;
  }

  private _unmark(cell: Cell, reason: string | undefined): void {
    badgeOf(cell)?.remove();
    cell.removeClass('phelps-tagged');
    if (reason === undefined) {
      delete cell.node.dataset.phelps;
    } else {
      cell.node.dataset.phelps = 'stale';
    }
  }
}

function badgeOf(cell: Cell): HTMLButtonElement | null {
  return cell.node.querySelector<HTMLButtonElement>(':scope > .phelps-badge');
}

function outputsOf(task: ITask): string {
  return task.outputs.map(version => `${version.name}: ${version.summary}`).join('\n');
}
