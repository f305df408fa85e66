/** A graph of tasks as plain SVG: nodes, edges, groups, a selection, the keyboard. Knows no kernel and no notebook. */

import { edgeWords } from './edgeWords';
import { Folding } from './folding';
import { Direction, Geometry } from './geometry';
import { GraphNode, make } from './graphNode';
import { IGroup, Shown, shownOf } from './groups';
import { IEdge, layout } from './layout';
import { near } from './neighbourhood';
import { groupFace, taskFace } from './nodeFace';
import { ITask } from './protocol';
import { IViewOptions, View } from './view';

/** A graph that is wider is scrolled: names must stay legible. */
const SMALLEST = 0.6;

export class GraphView extends View {
  private _svg: SVGElement;
  private _note = document.createElement('div');
  private _drawn = new Map<string, GraphNode>();
  private _shown = new Map<string, Shown>();
  private _folding: Folding;
  private _boardShape = -1;
  private _shape = '';
  private _order: string[] = [];
  /** The node that the keyboard was on last, where that is a group. */
  private _atGroup = '';
  private _direction: Direction = 'down';
  private _isNear = false;

  constructor(options: IViewOptions) {
    super(options, 'phelps-graph');
    this._folding = new Folding(options.sections ?? (() => new Map()));
    this._note.className = 'phelps-note';
    this._svg = make('svg', { role: 'group', 'aria-label': options.say('Graph of tasks') });
    this.node.append(this._note, this._svg);
    this.node.addEventListener('keydown', event => this._onKey(event));
  }

  set direction(direction: Direction) {
    this._direction = direction;
    this.refresh();
  }

  get direction(): Direction {
    return this._direction;
  }

  /** Draw only what is near the selected task. */
  set isNear(isNear: boolean) {
    this._isNear = isNear;
    this.refresh();
  }

  get isNear(): boolean {
    return this._isNear;
  }

  select(task: string): void {
    const isNew = task !== this.selected;
    const group = this._folding.of(task);
    if (isNew && group) {
      this._folding.unfold(group.key);
    }
    this._atGroup = '';
    super.select(task);
    if (isNew) {
      this._drawn.get(task)?.group.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
    }
  }

  update(): void {
    const { board } = this.options;
    if (board.shape !== this._boardShape) {
      this._boardShape = board.shape;
      this._folding.regroup(board.tasks);
    }
    this._folding.look(this.filter ? task => this.finds(board.get(task.name) ?? task) : null);
    const centre = this._isNear && board.get(this.selected) ? this.selected : '';
    const shape = [this._direction, board.shape, centre, ...this._folding.open.map(group => group.key)].join('\n');
    if (shape !== this._shape) {
      this._shape = shape;
      this._draw(centre ? shownOf(near(board.tasks, centre)) : this._folding.shown(board.tasks), centre);
    }
    const now = Date.now() / 1000;
    const first = [this._atGroup, this.selected].find(name => this._drawn.has(name)) ?? this._order[0];
    for (const shown of this._shown.values()) {
      this._fill(shown, first, now);
    }
  }

  private _draw(shown: Shown[], centre: string): void {
    const focused = this._focused();
    this._svg.replaceChildren();
    this._drawn.clear();
    this._shown = new Map(shown.map(one => [one.name, one]));
    const laid = layout(shown);
    const geometry = new Geometry(this._direction);
    this._order = [...laid.places.keys()];
    const [width, height] = geometry.size(laid);
    this._svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    // Fit to width, but never larger than life.
    this._svg.setAttribute('style', `width:100%;max-width:${width}px;min-width:${width * SMALLEST}px`);
    laid.edges.forEach(edge => this._edge(edge, geometry.line(edge.way)));
    for (const [name, place] of laid.places) {
      const node = new GraphNode(name, 'group' in (this._shown.get(name) as Shown), geometry.corner(place), this._svg);
      node.group.addEventListener('click', () => this._choose(name));
      node.group.addEventListener('dblclick', () => this._open(name));
      this._drawn.set(name, node);
    }
    this._tellShown(shown, centre);
    this._refocus(focused);
  }

  private _focused(): string {
    const focused = document.activeElement;
    return [...this._drawn.values()].find(node => node.group === focused)?.name ?? '';
  }

  /** What had the keyboard keeps it; if it is folded, its group has it. */
  private _refocus(name: string): void {
    const node = this._drawn.get(name) ?? this._drawn.get(this._folding.of(name)?.key ?? '');
    node?.group.setAttribute('tabindex', '-1');
    node?.group.focus();
  }

  private _tellShown(shown: Shown[], centre: string): void {
    const { board, say } = this.options;
    const counts = [String(shown.length), String(board.tasks.length)];
    this._note.replaceChildren(centre ? say('%1 of %2 tasks: what is near %3', ...counts, centre) : '');
    if (this._folding.isFolded && !centre) {
      this._tellFolding(shown);
    }
  }

  /** How many groups there are, and buttons that fold those that are open. */
  private _tellFolding(shown: Shown[]): void {
    const { board, say } = this.options;
    const folded = shown.filter(one => 'group' in one).length;
    this._note.append(
      say('%1 tasks, %2 groups folded: a click or Enter opens one', String(board.tasks.length), String(folded))
    );
    for (const group of this._folding.open) {
      const button = document.createElement('button');
      button.className = 'phelps-button phelps-fold';
      button.textContent = `▾ ${group.title}`;
      button.setAttribute('aria-expanded', 'true');
      button.setAttribute('aria-label', say('Fold %1', group.title));
      button.addEventListener('click', () => this._close(group));
      this._note.append(' ', button);
    }
  }

  private _edge(edge: IEdge, line: string): void {
    const [from, to] = [this._shown.get(edge.from), this._shown.get(edge.to)];
    const need = to && 'task' in to ? to.task.needs.find(one => one.task === edge.from) : undefined;
    const path = make('path', { class: `phelps-edge${need?.via ? ' phelps-via' : ''}`, d: line }, this._svg);
    if (need && from && 'task' in from) {
      const title = make('title', {}, path);
      // Sizes are known when it is looked at, not when it is drawn.
      path.addEventListener('pointerenter', () => {
        title.textContent = edgeWords(need, this.options.board.get(from.name) ?? from.task, this.options.say);
      });
    }
  }

  private _fill(shown: Shown, first: string, now: number): void {
    const { board, say } = this.options;
    const tasks = ('task' in shown ? [shown.task] : shown.group.tasks).flatMap(task => board.get(task.name) ?? []);
    if (!tasks.length) {
      return;
    }
    const face = 'task' in shown ? taskFace(tasks[0], now) : groupFace(shown.group.title, tasks, say);
    const isFaint = this.filter !== '' && !tasks.some((task: ITask) => this.finds(task));
    const { name } = shown;
    this._drawn.get(name)?.show(face, { isFaint, isFirst: name === first, isSelected: name === this.selected });
  }

  private _choose(name: string): void {
    const shown = this._shown.get(name);
    if (shown && 'group' in shown) {
      this._unfold(shown.group);
    } else {
      this.options.onSelect(name);
    }
  }

  private _open(name: string): void {
    if (this._shown.has(name) && !this._drawn.get(name)?.isGroup) {
      this.options.onOpen(name);
    }
  }

  private _unfold(group: IGroup): void {
    this._folding.unfold(group.key);
    this.update();
    this._drawn.get(group.tasks[0].name)?.group.focus();
  }

  private _close(group: IGroup): void {
    this._folding.close(group.key);
    this.update();
    this._drawn.get(group.key)?.group.focus();
  }

  private _onKey(event: KeyboardEvent): void {
    const group = (event.target as Element | null)?.closest<SVGElement>('g[data-task], g[data-group]');
    const name = group?.dataset.task ?? group?.dataset.group;
    if (name && this._act(name, event.key)) {
      event.preventDefault();
    }
  }

  /** What a key does on a node; whether it does anything. */
  private _act(name: string, key: string): boolean {
    const group = this._folding.of(name);
    if (key === 'Enter' || key === ' ') {
      this._choose(name);
      if (key === 'Enter') {
        this._open(name);
      }
    } else if (key === 'Escape' && group && this._drawn.has(name)) {
      this._close(group);
    } else {
      return this._go(this._next(name, key));
    }
    return true;
  }

  /** A task is selected by going there; a group is only reached. */
  private _go(name: string | undefined): boolean {
    if (!name) {
      return false;
    }
    if (this._drawn.get(name)?.isGroup) {
      this._atGroup = name;
      this.update();
    } else {
      this.options.onSelect(name);
    }
    this._drawn.get(name)?.group.focus();
    return true;
  }

  /** Along the edges, or to the next node in order. */
  private _next(name: string, key: string): string | undefined {
    const [back, on] = this._direction === 'down' ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
    const [before, after] = this._direction === 'down' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    const at = this._order.indexOf(name);
    switch (key) {
      case back:
        return this._shown.get(name)?.needs.find(one => this._drawn.has(one));
      case on:
        return this._order.find(one => this._shown.get(one)?.needs.includes(name));
      case before:
        return this._order[at - 1];
      case after:
        return this._order[at + 1];
      case 'Home':
        return this._order[0];
      case 'End':
        return this._order[this._order.length - 1];
      default:
        return undefined;
    }
  }
}
