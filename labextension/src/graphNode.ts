/** One node of the graph: a box with a name, a state and a bar. Knows no layout, and no task. */

import { IFace } from './nodeFace';

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
    readonly isGroup: boolean,
    corner: [number, number],
    parent: Element
  ) {
    this.group = make('g', { role: 'button', transform: `translate(${corner.join()})` }, parent);
    this.group.dataset[isGroup ? 'group' : 'task'] = name;
  }

  /** Draw it, where anything that it shows is another. */
  show(face: IFace, standing: IStanding): void {
    const told = JSON.stringify([face, standing]);
    if (told === this._told) {
      return;
    }
    this._told = told;
    this._stand(face, standing);
    this.group.replaceChildren();
    if (this.isGroup) {
      make('rect', { x: 5, y: -5, width: WIDTH - 10, height: HEIGHT, rx: 5 }, this.group);
    }
    make('rect', { class: 'phelps-box', width: WIDTH, height: HEIGHT, rx: 5 }, this.group);
    if (face.share > 0) {
      make('rect', { class: 'phelps-bar', y: HEIGHT - 4, width: WIDTH * face.share, height: 4 }, this.group);
    }
    this._text(19, 'phelps-name', face.name, LONG + 2);
    this._text(36, 'phelps-words', face.words, LONG + 6);
    make('title', {}, this.group).textContent = face.title;
  }

  private _stand(face: IFace, standing: IStanding): void {
    const names = ['phelps-node', `phelps-${face.look}`];
    names.push(...(standing.isSelected ? ['phelps-selected'] : []), ...(standing.isFaint ? ['phelps-faint'] : []));
    this.group.setAttribute('class', names.join(' '));
    this.group.setAttribute('tabindex', standing.isFirst ? '0' : '-1');
    this.group.setAttribute('aria-label', face.label);
    if (this.isGroup) {
      this.group.setAttribute('aria-expanded', 'false');
    } else {
      this.group.setAttribute('aria-pressed', String(standing.isSelected));
    }
  }

  private _text(y: number, name: string, text: string, length: number): void {
    const short = text.length > length ? `${text.slice(0, length - 1)}…` : text;
    make('text', { x: 10, y, class: name }, this.group).textContent = short;
  }
}
