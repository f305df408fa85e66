/** Marks on the cells of a notebook: a badge on each task's cell, a shadow on those that are stale, running or failed. */

import { Cell } from '@jupyterlab/cells';
import { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';

import { Link } from './comm';
import { GLYPHS, lookOf, whyOf, wordsOf } from './model';
import { ITask } from './protocol';

const EVERY = 1000;

export class Badges implements IDisposable {
  private _unlisten: () => void;
  private _timer: ReturnType<typeof setInterval>;
  private _isDisposed = false;
  private _scheduled = false;
  private _isShown = true;

  constructor(
    private _panel: NotebookPanel,
    private _link: Link,
    private _onClick: (task: string) => void
  ) {
    this._unlisten = _link.board.listen(() => this._schedule());
    _panel.content.modelContentChanged.connect(this._schedule, this);
    // Running tasks tell how long they have been.
    this._timer = setInterval(() => {
      if (_link.board.open.length) {
        this._schedule();
      }
    }, EVERY);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  set isShown(shown: boolean) {
    this._isShown = shown;
    this._schedule();
  }

  dispose(): void {
    this._isDisposed = true;
    clearInterval(this._timer);
    this._unlisten();
    this._panel.content.modelContentChanged.disconnect(this._schedule, this);
  }

  private _schedule(): void {
    if (!this._scheduled) {
      this._scheduled = true;
      requestAnimationFrame(() => {
        this._scheduled = false;
        if (!this._isDisposed) {
          this._update(this._panel.content);
        }
      });
    }
  }

  private _update(notebook: Notebook): void {
    const { board } = this._link;
    const stale = new Map(board.staleCells.map(cell => [cell.cell_id, cell.reason]));
    const now = Date.now() / 1000;
    for (const cell of notebook.widgets) {
      const id = cell.model.id;
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
