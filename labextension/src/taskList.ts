/** All tasks as a table: state, name, reason, time. Drawn for what is seen alone, so that thousands cost no more. */

import { GLYPHS, lookOf, whyOf, wordsOf } from './model';
import { ITask } from './protocol';
import { IViewOptions, View } from './view';

const ROW = 26;
const SPARE = 10;

export class TaskList extends View {
  private _inner = document.createElement('div');
  private _rows = new Map<string, HTMLElement>();

  constructor(options: IViewOptions) {
    super(options, 'phelps-list');
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'listbox');
    this.node.setAttribute('aria-label', options.say('Tasks'));
    this._inner.className = 'phelps-rows';
    this.node.append(this._inner);
    this.node.addEventListener('scroll', () => this.update());
    this.node.addEventListener('keydown', event => this._onKey(event));
  }

  select(task: string): void {
    const at = this._shown().findIndex(one => one.name === task);
    if (at >= 0) {
      const top = at * ROW;
      if (top < this.node.scrollTop || top + ROW > this.node.scrollTop + this.node.clientHeight) {
        this.node.scrollTop = top - this.node.clientHeight / 2;
      }
    }
    super.select(task);
  }

  update(): void {
    const tasks = this._shown();
    this._inner.style.height = `${tasks.length * ROW}px`;
    const first = Math.max(0, Math.floor(this.node.scrollTop / ROW) - SPARE);
    const last = Math.min(tasks.length, first + Math.ceil((this.node.clientHeight || 600) / ROW) + 2 * SPARE);
    const wanted = new Set<string>();
    const now = Date.now() / 1000;
    for (let at = first; at < last; at += 1) {
      wanted.add(tasks[at].name);
      this._row(tasks[at], at, now);
    }
    for (const [name, row] of [...this._rows]) {
      if (!wanted.has(name)) {
        row.remove();
        this._rows.delete(name);
      }
    }
  }

  private _shown(): ITask[] {
    return this.options.board.tasks.filter(task => this.finds(task));
  }

  private _row(task: ITask, at: number, now: number): void {
    let row = this._rows.get(task.name);
    if (!row) {
      row = document.createElement('div');
      row.setAttribute('role', 'option');
      row.id = `phelps-row-${task.name}`;
      row.dataset.task = task.name;
      row.addEventListener('click', () => this.options.onSelect(task.name));
      row.addEventListener('dblclick', () => this.options.onOpen(task.name));
      this._rows.set(task.name, row);
      this._inner.append(row);
    }
    const look = lookOf(task);
    const selected = task.name === this.selected;
    row.className = `phelps-row phelps-${look}${selected ? ' phelps-selected' : ''}`;
    row.setAttribute('aria-selected', String(selected));
    if (selected) {
      this.node.setAttribute('aria-activedescendant', row.id);
    }
    row.style.top = `${at * ROW}px`;
    const text = `${GLYPHS[look]} ${task.name} · ${wordsOf(task, now)} · ${whyOf(task)}`;
    if (row.textContent !== text) {
      row.textContent = text;
      row.title = text;
    }
  }

  private _onKey(event: KeyboardEvent): void {
    const tasks = this._shown();
    const at = tasks.findIndex(task => task.name === this.selected);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: tasks.length - 1 };
    const next = tasks[steps[event.key]];
    if (next) {
      event.preventDefault();
      this.options.onSelect(next.name);
    } else if (event.key === 'Enter' && this.selected) {
      this.options.onOpen(this.selected);
    }
  }
}
