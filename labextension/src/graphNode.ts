/** One node of the graph: a box with the task's name, its state and its outputs. Knows no layout. */

import { GLYPHS, Look, lookOf, whyOf, wordsOf } from './model';
import { ITask } from './protocol';

export const WIDTH = 168;
export const HEIGHT = 46;

const SVG = 'http://www.w3.org/2000/svg';
const LONG = 20;

export function make(name: string, attributes: Record<string, string | number>, parent?: Element): SVGElement {
  const element = document.createElementNS(SVG, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, String(value));
  }
  parent?.appendChild(element);
  return element;
}

/** How the view has it: pale where a search leaves it out, reached by Tab where it is the first. */
export interface IStanding {
  isFaint: boolean;
  isFirst: boolean;
  isSelected: boolean;
}

export class GraphNode {
  readonly group: SVGElement;
  private _told = '';

  constructor(
    readonly name: string,
    corner: [number, number],
    parent: Element
  ) {
    this.group = make('g', { role: 'button', transform: `translate(${corner.join()})` }, parent);
    this.group.dataset.task = name;
  }

  /** Draw it, where anything that it shows is another. `now`: seconds since the epoch. */
  show(task: ITask, standing: IStanding, now: number): void {
    const look = lookOf(task);
    const words = wordsOf(task, now);
    const why = whyOf(task);
    const told = JSON.stringify([look, words, why, standing, task.outputs, task.progress, task.engine]);
    if (told === this._told) {
      return;
    }
    this._told = told;
    this._stand(look, standing, `${task.name}: ${words}. ${why}`);
    this.group.replaceChildren();
    make('rect', { width: WIDTH, height: HEIGHT, rx: 5 }, this.group);
    const share = shareOf(task);
    if (share > 0) {
      make('rect', { class: 'phelps-bar', y: HEIGHT - 4, width: WIDTH * share, height: 4 }, this.group);
    }
    const outputs = task.outputs.map(version => version.name).join(', ');
    this._text(19, 'phelps-name', `${GLYPHS[look]} ${task.name}`, LONG + 2);
    this._text(36, 'phelps-words', outputs ? `${words} · ${outputs}` : words, LONG + 6);
    make('title', {}, this.group).textContent = [task.name, words, why, task.engine ?? ''].filter(Boolean).join('\n');
  }

  private _stand(look: Look, standing: IStanding, label: string): void {
    const names = ['phelps-node', `phelps-${look}`];
    names.push(...(standing.isSelected ? ['phelps-selected'] : []), ...(standing.isFaint ? ['phelps-faint'] : []));
    this.group.setAttribute('class', names.join(' '));
    this.group.setAttribute('tabindex', standing.isFirst ? '0' : '-1');
    this.group.setAttribute('aria-label', label);
    this.group.setAttribute('aria-pressed', String(standing.isSelected));
  }

  private _text(y: number, name: string, text: string, length: number): void {
    const short = text.length > length ? `${text.slice(0, length - 1)}…` : text;
    make('text', { x: 10, y, class: name }, this.group).textContent = short;
  }
}

function shareOf(task: ITask): number {
  const { progress } = task;
  return task.open && progress?.total ? Math.min(1, progress.done / progress.total) : 0;
}
