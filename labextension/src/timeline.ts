/** The lanes of the engines: each attempt a bar, waiting and handing over before it, the longest path marked; zoomed. */

import { atMostEvery } from './frames';
import { IBar, criticalPath, extentOf, lanesOf, ticksOf } from './lanes';
import { GLYPHS, Look, lookOf, lookWord, secondsWords } from './model';
import { ITask } from './protocol';
import { IViewOptions, View } from './view';

const MARKS = 4;
const STEP = 1.25;
/** Milliseconds: a thousand bars take as long to place as ten frames last. */
const PAUSE = 300;
const MOST = 50;

export class Timeline extends View {
  private _zoom = 1;
  private _bars = new Map<string, Bar>();
  private _tracks = new Map<string, HTMLElement>();
  private _axis = element('phelps-axis');
  private _lanes = element('phelps-lanes');
  private _none = element('phelps-note');
  private _head = element('phelps-zoom');
  private _shape = '';
  private _scaled = '';
  private _follow = atMostEvery(PAUSE, () => this.refresh());
  /** Tasks in the order in which they ran, for the arrow keys. */
  private _sequence: string[] = [];

  constructor(options: IViewOptions) {
    super(options, 'phelps-timeline');
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', options.say('Timeline of engines'));
    this._none.textContent = options.say('Nothing has run in this kernel yet.');
    this._button('zoom-out', '−', options.say('Zoom out'), 1 / STEP);
    this._button('zoom-in', '+', options.say('Zoom in'), STEP);
    this._head.append(options.say('dotted: waits, striped: is handed over, thick line: on the longest path'));
    this.node.append(this._none, this._head, this._axis, this._lanes);
    this.node.addEventListener('wheel', event => this._onWheel(event), { passive: false });
    this.node.addEventListener('keydown', event => this._onKey(event));
  }

  follow(): void {
    this._follow();
  }

  update(): void {
    const { tasks } = this.options.board;
    const { lanes, seconds } = lanesOf(tasks, Date.now() / 1000);
    this._none.hidden = lanes.size > 0;
    [this._head, this._axis, this._lanes].forEach(part => (part.hidden = !lanes.size));
    const shape = [...lanes].map(([engine, bars]) => [engine, ...bars.map(bar => bar.key)].join()).join('\n');
    if (shape !== this._shape) {
      this._shape = shape;
      this._draw(lanes);
    }
    this._scale(extentOf(seconds));
    const path = criticalPath(tasks);
    const all = [...lanes.values()].flat();
    const last = all.filter(bar => bar.isLast).sort((a, b) => a.handed - b.handed);
    this._sequence = last.map(bar => bar.task);
    const first = all.find(bar => bar.isLast && bar.task === this.selected)?.key ?? all[0]?.key;
    for (const bar of all) {
      const task = this.options.board.get(bar.task) as ITask;
      const standing = {
        isCritical: bar.isLast && path.has(bar.task),
        isSelected: bar.task === this.selected,
        isFaint: !this.finds(task),
        isFirst: bar.key === first
      };
      this._bars.get(bar.key)?.show(bar, task, standing);
    }
  }

  /** Bars that are there stay where they are: of a thousand only some are new. */
  private _draw(lanes: Map<string, IBar[]>): void {
    const wanted = new Set([...lanes.values()].flatMap(bars => bars.map(bar => bar.key)));
    for (const [key, bar] of this._bars) {
      if (!wanted.has(key)) {
        bar.remove();
        this._bars.delete(key);
      }
    }
    [...this._tracks.keys()].filter(engine => !lanes.has(engine)).forEach(engine => this._dropLane(engine));
    [...lanes].forEach(([engine, bars], at) => {
      const track = this._tracks.get(engine) ?? this._addLane(engine, at);
      let next: Node | null = null;
      for (const { key, task } of [...bars].reverse()) {
        const bar: Bar = this._bars.get(key) ?? new Bar(this.options, task, track, next);
        this._bars.set(key, bar);
        next = bar.before;
      }
    });
  }

  private _addLane(engine: string, at: number): HTMLElement {
    const lane = element('phelps-lane');
    const name = element('phelps-lane-name');
    name.textContent = engine;
    const track = element('phelps-track');
    lane.append(name, track);
    this._lanes.insertBefore(lane, this._lanes.children[at] ?? null);
    this._tracks.set(engine, track);
    return track;
  }

  private _dropLane(engine: string): void {
    this._tracks.get(engine)?.parentElement?.remove();
    this._tracks.delete(engine);
  }

  /** The places of all bars hang on it. */
  private _scale(extent: number): void {
    const told = `${extent} ${this._zoom}`;
    if (told === this._scaled) {
      return;
    }
    this._scaled = told;
    this._lanes.style.setProperty('--phelps-second', `${100 / extent}%`);
    this._lanes.style.width = this._axis.style.width = `${100 * this._zoom}%`;
    this._axis.replaceChildren(
      ...ticksOf(extent, MARKS * this._zoom).map(tick => {
        const mark = element('phelps-tick');
        mark.textContent = secondsWords(tick);
        mark.style.left = `${(100 * tick) / extent}%`;
        return mark;
      })
    );
  }

  private _button(act: string, text: string, label: string, factor: number): void {
    const button = document.createElement('button');
    button.className = 'phelps-button';
    button.dataset.act = act;
    button.textContent = text;
    button.title = label;
    button.setAttribute('aria-label', label);
    button.addEventListener('click', () => this._zoomBy(factor));
    this._head.append(button, ' ');
  }

  private _onWheel(event: WheelEvent): void {
    if (event.ctrlKey) {
      event.preventDefault();
      this._zoomBy(event.deltaY < 0 ? STEP : 1 / STEP);
    }
  }

  /** What is in the middle stays there. */
  private _zoomBy(factor: number): void {
    const before = this._zoom;
    this._zoom = Math.min(MOST, Math.max(1, this._zoom * factor));
    const middle = this.node.scrollLeft + this.node.clientWidth / 2;
    this.update();
    this.node.scrollLeft = (middle * this._zoom) / before - this.node.clientWidth / 2;
  }

  private _onKey(event: KeyboardEvent): void {
    const tasks = this._sequence;
    const at = tasks.indexOf(this.selected);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tasks.length - 1 };
    const next = tasks[steps[event.key]];
    if (next) {
      event.preventDefault();
      this.options.onSelect(next);
      this.node.querySelector<HTMLElement>('.phelps-span[tabindex="0"]')?.focus();
    } else if (event.key === 'Enter' && this.selected) {
      this.options.onOpen(this.selected);
    } else if (event.key === '+' || event.key === '-') {
      this._zoomBy(event.key === '+' ? STEP : 1 / STEP);
    }
  }
}

interface IStanding {
  isCritical: boolean;
  isSelected: boolean;
  isFaint: boolean;
  isFirst: boolean;
}

/** One attempt: what ran, and before it how long it waited and was handed over. */
class Bar {
  readonly node = document.createElement('button');
  readonly before = element('phelps-before');
  private _told = '';

  constructor(
    private _options: IViewOptions,
    task: string,
    track: HTMLElement,
    next: Node | null
  ) {
    track.insertBefore(this.before, next);
    track.insertBefore(this.node, next);
    this.node.dataset.task = task;
    this.before.append(element('phelps-queued'), element('phelps-handed'));
    this.node.addEventListener('click', () => _options.onSelect(task));
    this.node.addEventListener('dblclick', () => _options.onOpen(task));
  }

  remove(): void {
    this.before.remove();
    this.node.remove();
  }

  show(bar: IBar, task: ITask, standing: IStanding): void {
    const look: Look = bar.isLast ? lookOf(task) : 'failed';
    const told = JSON.stringify([bar, look, standing]);
    if (told === this._told) {
      return;
    }
    this._told = told;
    const classes = ['phelps-span', `phelps-${look}`];
    classes.push(...(standing.isCritical ? ['phelps-critical'] : []), ...(standing.isSelected ? ['phelps-selected'] : []));
    classes.push(...(standing.isFaint ? ['phelps-faint'] : []), ...(bar.isLast ? [] : ['phelps-lost']));
    this.node.className = classes.join(' ');
    this.node.tabIndex = standing.isFirst ? 0 : -1;
    place(this.node, bar.began, bar.to);
    const [queued, handed] = [...this.before.children] as HTMLElement[];
    place(queued, bar.queued, bar.handed);
    place(handed, bar.handed, bar.began);
    this.node.textContent = `${GLYPHS[look]} ${bar.task}${bar.isLast ? '' : ` (${this._options.say(bar.end)})`}`;
    this.node.title = this._words(bar, look, standing.isCritical);
    this.node.setAttribute('aria-label', this.node.title);
  }

  private _words(bar: IBar, look: Look, isCritical: boolean): string {
    const { say } = this._options;
    const parts = [
      `${bar.task}: ${bar.isLast ? lookWord(look) : say(bar.end)}, ${secondsWords(bar.to - bar.began)}`,
      say('waited %1, handed over in %2', secondsWords(bar.waited), secondsWords(bar.began - bar.handed)),
      isCritical ? say('on the longest path') : ''
    ];
    return parts.filter(Boolean).join(', ');
  }
}

function element(name: string): HTMLElement {
  const made = document.createElement('div');
  made.className = name;
  return made;
}

function place(node: HTMLElement, from: number, to: number): void {
  node.style.setProperty('--phelps-from', String(from));
  node.style.setProperty('--phelps-long', String(Math.max(0, to - from)));
}
