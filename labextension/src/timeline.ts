/** When the tasks ran, engine by engine: bars on lanes, the path that took longest marked. */

import { GLYPHS, lookOf, secondsWords } from './model';
import { ITask } from './protocol';
import { IViewOptions, View } from './view';

export interface IBar {
  task: string;
  /** Seconds since the first one began. */
  from: number;
  to: number;
}

export interface ILanes {
  lanes: Map<string, IBar[]>;
  seconds: number;
}

/** The last attempts of all tasks that ran, by engine. `now`: seconds since the epoch. */
export function lanesOf(tasks: ITask[], now: number): ILanes {
  const ran = tasks.filter(task => task.started_at !== null && task.engine);
  const begin = Math.min(...ran.map(task => task.started_at as number));
  const lanes = new Map<string, IBar[]>();
  for (const task of ran) {
    const from = (task.started_at as number) - begin;
    const to = Math.max(from, (task.ended_at ?? now) - begin);
    const engine = task.engine as string;
    lanes.set(engine, [...(lanes.get(engine) ?? []), { task: task.name, from, to }]);
  }
  const ends = [...lanes.values()].flat().map(bar => bar.to);
  return { lanes: new Map([...lanes].sort(([a], [b]) => a.localeCompare(b))), seconds: Math.max(0, ...ends) };
}

/** Names of the tasks on the path through the graph that took longest. */
export function criticalPath(tasks: ITask[]): Set<string> {
  const byName = new Map(tasks.map(task => [task.name, task]));
  const ends = new Map<string, number>();
  const before = new Map<string, string>();
  const visit = (task: ITask): number => {
    const known = ends.get(task.name);
    if (known !== undefined) {
      return known;
    }
    // A cycle ends here.
    ends.set(task.name, 0);
    let longest = 0;
    for (const need of task.needs) {
      const above = byName.get(need.task);
      const end = above ? visit(above) : 0;
      if (above && end > longest) {
        longest = end;
        before.set(task.name, above.name);
      }
    }
    const end = longest + (task.seconds ?? 0);
    ends.set(task.name, end);
    return end;
  };
  tasks.forEach(visit);
  const path = new Set<string>();
  let at = [...ends].reduce((best, one) => (one[1] > best[1] ? one : best), ['', 0] as [string, number])[0];
  while (at) {
    path.add(at);
    at = before.get(at) ?? '';
  }
  return path;
}

export class Timeline extends View {
  private _zoom = 1;
  /** What the Tab key comes to. */
  private _first = '';

  constructor(options: IViewOptions) {
    super(options, 'phelps-timeline');
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', options.say('Timeline of engines'));
    this.node.addEventListener('wheel', event => this._onWheel(event), { passive: false });
    this.node.addEventListener('keydown', event => this._onKey(event));
  }

  update(): void {
    const { tasks } = this.options.board;
    const { lanes, seconds } = lanesOf(tasks, Date.now() / 1000);
    const focused = this.node.contains(document.activeElement);
    if (!lanes.size) {
      this.node.textContent = this.options.say('Nothing has run in this kernel yet.');
      return;
    }
    const path = criticalPath(tasks);
    const axis = document.createElement('div');
    axis.className = 'phelps-axis';
    axis.textContent = secondsWords(seconds);
    const shown = [...lanes.values()].flat().some(bar => bar.task === this.selected);
    this._first = shown ? this.selected : [...lanes.values()][0][0].task;
    this.node.replaceChildren(axis, ...[...lanes].map(([engine, bars]) => this._lane(engine, bars, seconds, path)));
    if (focused) {
      this.node.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    }
  }

  private _lane(engine: string, bars: IBar[], seconds: number, path: Set<string>): HTMLElement {
    const lane = document.createElement('div');
    lane.className = 'phelps-lane';
    const name = document.createElement('div');
    name.className = 'phelps-lane-name';
    name.textContent = engine;
    const track = document.createElement('div');
    track.className = 'phelps-track';
    track.style.width = `${100 * this._zoom}%`;
    track.append(...bars.map(bar => this._bar(bar, seconds || 1, path.has(bar.task))));
    lane.append(name, track);
    return lane;
  }

  private _bar(bar: IBar, seconds: number, critical: boolean): HTMLElement {
    const task = this.options.board.get(bar.task) as ITask;
    const look = lookOf(task);
    const made = document.createElement('button');
    const classes = ['phelps-span', `phelps-${look}`];
    classes.push(...(critical ? ['phelps-critical'] : []), ...(bar.task === this.selected ? ['phelps-selected'] : []));
    classes.push(...(this.finds(task) ? [] : ['phelps-faint']));
    made.className = classes.join(' ');
    made.dataset.task = bar.task;
    made.style.left = `${(100 * bar.from) / seconds}%`;
    made.style.width = `max(3px, ${(100 * (bar.to - bar.from)) / seconds}%)`;
    made.textContent = `${GLYPHS[look]} ${bar.task}`;
    const mark = critical ? `, ${this.options.say('on the longest path')}` : '';
    made.title = `${bar.task}: ${look}, ${secondsWords(bar.to - bar.from)}${mark}`;
    made.setAttribute('aria-label', made.title);
    made.tabIndex = bar.task === this._first ? 0 : -1;
    made.addEventListener('click', () => this.options.onSelect(bar.task));
    return made;
  }

  private _onWheel(event: WheelEvent): void {
    if (event.ctrlKey) {
      event.preventDefault();
      this._zoomBy(event.deltaY < 0 ? 1.25 : 0.8);
    }
  }

  private _zoomBy(factor: number): void {
    this._zoom = Math.min(50, Math.max(1, this._zoom * factor));
    this.update();
  }

  private _onKey(event: KeyboardEvent): void {
    const spans = [...this.node.querySelectorAll<HTMLElement>('.phelps-span')];
    const at = spans.findIndex(span => span.dataset.task === this.selected);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: spans.length - 1 };
    const next = spans[steps[event.key]]?.dataset.task;
    if (next) {
      event.preventDefault();
      this.options.onSelect(next);
    } else if (event.key === 'Enter' && this.selected) {
      this.options.onOpen(this.selected);
    } else if (event.key === '+' || event.key === '-') {
      this._zoomBy(event.key === '+' ? 1.25 : 0.8);
    }
  }
}
