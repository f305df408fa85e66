/** A graph of tasks as plain SVG: nodes, edges, a selection, the keyboard. Knows no kernel and no notebook. */

import { GraphNode, HEIGHT, WIDTH, make } from './graphNode';
import { IPlace, layout } from './layout';
import { sizeWords } from './model';
import { INeed, ITask } from './protocol';
import { IViewOptions, View } from './view';

export type Direction = 'down' | 'right';

const GAP_ACROSS = 22;
const GAP_ALONG = 40;
const MARGIN = 12;
const MANY = 300;

export class GraphView extends View {
  private _svg: SVGElement;
  private _note: HTMLElement;
  private _drawn = new Map<string, GraphNode>();
  private _shape = '';
  private _order: string[] = [];
  private _direction: Direction = 'down';

  constructor(options: IViewOptions) {
    super(options, 'phelps-graph');
    this._note = document.createElement('div');
    this._note.className = 'phelps-note';
    this._svg = make('svg', { role: 'group', 'aria-label': options.say('Graph of tasks') });
    this.node.append(this._note, this._svg);
    this.node.addEventListener('keydown', event => this._onKey(event));
  }

  set direction(direction: Direction) {
    this._direction = direction;
    this._shape = '';
    this.update();
  }

  get direction(): Direction {
    return this._direction;
  }

  select(task: string): void {
    super.select(task);
    const group = this._drawn.get(task)?.group;
    group?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  }

  update(): void {
    const tasks = this._visible();
    const shape = JSON.stringify([this._direction, tasks.map(task => [task.name, task.needs])]);
    if (shape !== this._shape) {
      this._shape = shape;
      this._draw(tasks);
    }
    const now = Date.now() / 1000;
    for (const task of tasks) {
      this._fill(task, now);
    }
  }

  /** Of very many tasks those around the selected one. */
  private _visible(): ITask[] {
    const tasks = this.options.board.tasks;
    this._note.textContent = '';
    if (tasks.length <= MANY) {
      return tasks;
    }
    const near = neighbourhood(tasks, this.selected || tasks[0].name);
    this._note.textContent = this.options.say(
      '%1 tasks: these are the ones around %2; the list has all',
      String(tasks.length),
      this.selected || tasks[0].name
    );
    return tasks.filter(task => near.has(task.name)).slice(0, MANY);
  }

  private _draw(tasks: ITask[]): void {
    this._svg.replaceChildren();
    this._drawn.clear();
    const nodes = tasks.map(task => ({ name: task.name, needs: task.needs.map(need => need.task) }));
    const { places, edges, layers, columns } = layout(nodes);
    this._order = [...places.keys()];
    const [across, along] = this._direction === 'down' ? [columns, layers] : [layers, columns];
    const width = 2 * MARGIN + across * (WIDTH + this._gapX) - this._gapX;
    const height = 2 * MARGIN + along * (HEIGHT + this._gapY) - this._gapY;
    this._svg.setAttribute('viewBox', `0 0 ${Math.max(width, 1)} ${Math.max(height, 1)}`);
    // Fit to width, but never larger than life.
    this._svg.setAttribute('style', `width:100%;max-width:${Math.max(width, 1)}px`);
    const byName = new Map(tasks.map(task => [task.name, task]));
    for (const edge of edges) {
      const need = byName.get(edge.to)?.needs.find(one => one.task === edge.from);
      this._edge(edge.way, need, byName.get(edge.from));
    }
    for (const [name, place] of places) {
      this._group(name, place);
    }
  }

  private get _gapX(): number {
    return this._direction === 'down' ? GAP_ACROSS : GAP_ALONG;
  }

  private get _gapY(): number {
    return this._direction === 'down' ? GAP_ALONG : GAP_ACROSS;
  }

  private _corner(place: IPlace): [number, number] {
    const [x, y] = this._direction === 'down' ? [place.column, place.layer] : [place.layer, place.column];
    return [MARGIN + x * (WIDTH + this._gapX), MARGIN + y * (HEIGHT + this._gapY)];
  }

  private _edge(way: IPlace[], need: INeed | undefined, from: ITask | undefined): void {
    const points = way.map(place => this._corner(place));
    const down = this._direction === 'down';
    const steps: string[] = [];
    points.forEach(([x, y], index) => {
      const [inX, inY] = down ? [x + WIDTH / 2, y] : [x, y + HEIGHT / 2];
      const [outX, outY] = down ? [x + WIDTH / 2, y + HEIGHT] : [x + WIDTH, y + HEIGHT / 2];
      if (index > 0) {
        const [px, py] = this._out(points[index - 1]);
        const [c1, c2] = down
          ? [`${px},${(py + inY) / 2}`, `${inX},${(py + inY) / 2}`]
          : [`${(px + inX) / 2},${py}`, `${(px + inX) / 2},${inY}`];
        steps.push(`C${c1} ${c2} ${inX},${inY}`);
        // Through a layer that it only passes.
        steps.push(index < points.length - 1 ? `L${outX},${outY}` : '');
      } else {
        steps.push(`M${outX},${outY}`);
      }
    });
    const path = make('path', { class: `phelps-edge${need?.via ? ' phelps-via' : ''}`, d: steps.join('') }, this._svg);
    const title = make('title', {}, path);
    title.textContent = this._edgeWords(need, from);
  }

  private _out([x, y]: [number, number]): [number, number] {
    return this._direction === 'down' ? [x + WIDTH / 2, y + HEIGHT] : [x + WIDTH, y + HEIGHT / 2];
  }

  private _edgeWords(need: INeed | undefined, from: ITask | undefined): string {
    if (!need || !from) {
      return '';
    }
    if (need.via) {
      return this.options.say('by way of plain cells');
    }
    const sizes = new Map(from.outputs.map(version => [version.name, version.bytes]));
    const told = need.names.map(name => (sizes.has(name) ? `${name} (${sizeWords(sizes.get(name) as number)})` : name));
    return told.join(', ') || this.options.say('comes after it');
  }

  private _group(name: string, place: IPlace): void {
    const node = new GraphNode(name, this._corner(place), this._svg);
    node.group.addEventListener('click', () => this._choose(name));
    node.group.addEventListener('dblclick', () => this.options.onOpen(name));
    this._drawn.set(name, node);
  }

  private _fill(task: ITask, now: number): void {
    const isFaint = !this.finds(task);
    const isFirst = (this._drawn.has(this.selected) ? this.selected : this._order[0]) === task.name;
    const standing = { isFaint, isFirst, isSelected: this.selected === task.name };
    this._drawn.get(task.name)?.show(task, standing, now);
  }

  private _choose(task: string): void {
    this.options.onSelect(task);
  }

  private _onKey(event: KeyboardEvent): void {
    const target = event.target as Element | null;
    const name = target?.closest<SVGElement>('g[data-task]')?.dataset.task;
    if (!name) {
      return;
    }
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this._choose(name);
      if (event.key === 'Enter') {
        this.options.onOpen(name);
      }
      return;
    }
    const next = this._next(name, event.key);
    if (next) {
      event.preventDefault();
      this._choose(next);
      this._drawn.get(next)?.group.focus();
    }
  }

  /** Along the edges, or to the next node in order. */
  private _next(name: string, key: string): string | undefined {
    const [back, on] = this._direction === 'down' ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
    const [before, after] = this._direction === 'down' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    const task = this.options.board.get(name);
    const at = this._order.indexOf(name);
    switch (key) {
      case back:
        return task?.needs.map(need => need.task).find(one => this._drawn.has(one));
      case on:
        return this._order.find(one => this.options.board.get(one)?.needs.some(need => need.task === name));
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

/** A task, and all within some steps of it. */
export function neighbourhood(tasks: ITask[], centre: string, steps = 3): Set<string> {
  const near = new Map<string, string[]>();
  for (const task of tasks) {
    for (const need of task.needs) {
      near.set(task.name, [...(near.get(task.name) ?? []), need.task]);
      near.set(need.task, [...(near.get(need.task) ?? []), task.name]);
    }
  }
  const found = new Set([centre]);
  let edge = [centre];
  for (let step = 0; step < steps && found.size < MANY; step += 1) {
    edge = edge.flatMap(name => near.get(name) ?? []).filter(name => !found.has(name));
    edge.forEach(name => found.add(name));
  }
  return found;
}
