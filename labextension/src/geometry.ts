/** Places of a layout as points of a drawing, downwards or to the right. Pure. */

import { HEIGHT, WIDTH } from './graphNode';
import { ILayout, IPlace } from './layout';

export type Direction = 'down' | 'right';
export type Point = [number, number];

const GAP_ACROSS = 22;
const GAP_ALONG = 40;
const MARGIN = 12;

export class Geometry {
  private _down: boolean;
  private _gaps: Point;

  constructor(direction: Direction) {
    this._down = direction === 'down';
    this._gaps = this._down ? [GAP_ACROSS, GAP_ALONG] : [GAP_ALONG, GAP_ACROSS];
  }

  /** Width and height of all of it. */
  size({ layers, columns }: ILayout): Point {
    const [across, along] = this._down ? [columns, layers] : [layers, columns];
    const width = 2 * MARGIN + across * (WIDTH + this._gaps[0]) - this._gaps[0];
    const height = 2 * MARGIN + along * (HEIGHT + this._gaps[1]) - this._gaps[1];
    return [Math.max(width, 1), Math.max(height, 1)];
  }

  /** The upper left of a node. */
  corner(place: IPlace): Point {
    const [x, y] = this._down ? [place.column, place.layer] : [place.layer, place.column];
    return [MARGIN + x * (WIDTH + this._gaps[0]), MARGIN + y * (HEIGHT + this._gaps[1])];
  }

  /** The line of an edge, as an SVG path says it. */
  line(way: IPlace[]): string {
    const points = way.map(place => this.corner(place));
    const steps = [`M${this._out(points[0])}`];
    for (let at = 1; at < points.length; at += 1) {
      const [outX, outY] = this._out(points[at - 1]);
      const [inX, inY] = this._in(points[at]);
      const [midX, midY] = [(outX + inX) / 2, (outY + inY) / 2];
      steps.push(this._down ? `C${outX},${midY} ${inX},${midY}` : `C${midX},${outY} ${midX},${inY}`, ` ${inX},${inY}`);
      // Through a layer that it only passes.
      steps.push(at < points.length - 1 ? `L${this._out(points[at])}` : '');
    }
    return steps.join('');
  }

  private _in([x, y]: Point): Point {
    return this._down ? [x + WIDTH / 2, y] : [x, y + HEIGHT / 2];
  }

  private _out([x, y]: Point): Point {
    return this._down ? [x + WIDTH / 2, y + HEIGHT] : [x + WIDTH, y + HEIGHT / 2];
  }
}
