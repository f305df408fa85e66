/** What all ways to look at the tasks have in common: whom they tell of choices, a selection, and a search. */

import { Board, lookOf, lookWord, Say } from './model';
import { ITask } from './protocol';

export interface IViewOptions {
  board: Board;
  say: Say;
  onSelect: (task: string) => void;
  onOpen: (task: string) => void;
  /** Cell id -> the heading that it stands below, where that is known. */
  sections?: () => ReadonlyMap<string, string>;
}

export abstract class View {
  readonly node = document.createElement('div');
  protected selected = '';
  private _filter = '';

  constructor(
    protected options: IViewOptions,
    name: string
  ) {
    this.node.className = name;
  }

  get filter(): string {
    return this._filter;
  }

  set filter(text: string) {
    this._filter = text.trim().toLowerCase();
    this.refresh();
  }

  select(task: string): void {
    this.selected = task;
    this.refresh();
  }

  /** A view that nobody sees is drawn when it is shown. */
  protected refresh(): void {
    if (this.node.isConnected) {
      this.update();
    }
  }

  /** What the kernel tells is another thing now. Who draws much may take its time. */
  follow(): void {
    this.update();
  }

  /** Draw what has changed. */
  abstract update(): void;

  /** Whether the search finds it, by name or state; one for nothing finds all. */
  protected finds(task: ITask): boolean {
    return `${task.name} ${lookOf(task)} ${lookWord(lookOf(task))}`.toLowerCase().includes(this._filter);
  }
}
