/** Tells who can't see the screen which tasks have ended, also where the panel is not shown. */

import { IDisposable } from '@lumino/disposable';

import { say } from './language';
import { Board, Look, lookOf, lookWord } from './model';

/** Milliseconds in which news are gathered: each is heard to its end. */
const PAUSE = 1000;
const NAMED = 3;
const TOLD = new Set<Look>(['failed', 'done', 'reused', 'cancelled']);

export interface IEnd {
  task: string;
  look: Look;
}

/** `fit failed. load, clean done.`; of many their number. */
export function announcement(ends: IEnd[]): string {
  const byLook = new Map<Look, string[]>();
  for (const { task, look } of ends) {
    byLook.set(look, [...(byLook.get(look) ?? []), task]);
  }
  return [...TOLD]
    .flatMap(look => {
      const tasks = byLook.get(look) ?? [];
      const named = tasks.length > NAMED ? say('%1 tasks', String(tasks.length)) : tasks.join(', ');
      return tasks.length ? [`${named} ${lookWord(look)}.`] : [];
    })
    .join(' ');
}

export class Announcer implements IDisposable {
  readonly node = document.createElement('div');
  private _open = new Set<string>();
  private _ends: IEnd[] = [];
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _unlisten: () => void;
  private _isDisposed = false;

  /** `isHeard`: whether these tasks are those of the notebook in front. */
  constructor(
    private _board: Board,
    private _isHeard: () => boolean
  ) {
    this.node.className = 'phelps-heard';
    this.node.setAttribute('role', 'log');
    this.node.setAttribute('aria-live', 'polite');
    document.body.append(this.node);
    this._unlisten = _board.listen(changed => this._onBoard(changed));
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._unlisten();
    this.node.remove();
  }

  private _onBoard(changed: ReadonlySet<string>): void {
    for (const name of changed) {
      const task = this._board.get(name);
      if (task?.open) {
        this._open.add(name);
      } else if (this._open.delete(name) && task && TOLD.has(lookOf(task))) {
        this._ends.push({ task: name, look: lookOf(task) });
      }
    }
    if (this._ends.length && this._timer === undefined) {
      this._timer = setTimeout(() => this._tell(), PAUSE);
    }
  }

  private _tell(): void {
    this._timer = undefined;
    const ends = this._ends.splice(0);
    if (this._isHeard()) {
      this.node.textContent = announcement(ends);
    }
  }
}
