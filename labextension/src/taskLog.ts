/** What one task writes, live: it can be held still, and searched. Knows no kernel. */

import { Say } from './model';
import { IFrame } from './protocol';

/** Pieces of output; each message tells how many of them stand, and what follows. */
export class Pieces {
  private _pieces: string[] = [];

  /** False where a message was missed: then all is to be asked for anew. */
  take(from: number, frames: IFrame[]): boolean {
    if (from > this._pieces.length) {
      return false;
    }
    this._pieces.splice(from, Infinity, ...frames.map(frame => frame.text));
    return true;
  }

  clear(): void {
    this._pieces = [];
  }

  get text(): string {
    return this._pieces.join('');
  }
}

/** A line that is written over is seen as it was written last. */
export function asOnScreen(text: string): string {
  return text.replace(/[^\n]*\r(?=[^\r\n])/g, '');
}

/** The lines that have this in them, whatever its case; a search for nothing finds all. */
export function linesWith(text: string, wanted: string): string[] {
  const lines = text.replace(/\n$/, '').split('\n');
  return text ? lines.filter(line => line.toLowerCase().includes(wanted.toLowerCase())) : [];
}

export class TaskLog {
  readonly node = document.createElement('div');
  private _pieces = new Pieces();
  private _head = document.createElement('div');
  private _hold = document.createElement('button');
  private _search = document.createElement('input');
  private _note = document.createElement('span');
  private _text = document.createElement('pre');
  private _held: string | null = null;

  constructor(private _say: Say) {
    this.node.className = 'phelps-task-log';
    this._head.className = 'phelps-buttons';
    this._hold.className = 'phelps-button';
    this._hold.dataset.act = 'hold';
    this._hold.addEventListener('click', () => this._turn());
    this._search.type = 'search';
    this._search.className = 'phelps-search';
    this._search.placeholder = _say('Search output');
    this._search.setAttribute('aria-label', this._search.placeholder);
    this._search.addEventListener('input', () => this._draw());
    this._note.className = 'phelps-note';
    this._note.setAttribute('role', 'status');
    this._text.className = 'phelps-log';
    this._text.tabIndex = 0;
    this._text.setAttribute('aria-label', _say('Output'));
    this._head.append(this._hold, this._search, this._note);
    this.node.append(this._head, this._text);
    this._draw();
  }

  /** Another task's output, of which nothing is known yet. */
  clear(): void {
    this._pieces.clear();
    this._held = null;
    this._search.value = '';
    this._draw();
  }

  /** False where a message was missed. */
  take(from: number, frames: IFrame[]): boolean {
    const isWhole = this._pieces.take(from, frames);
    this._draw();
    return isWhole;
  }

  private _turn(): void {
    this._held = this._held === null ? asOnScreen(this._pieces.text) : null;
    this._draw();
  }

  private _draw(): void {
    const all = asOnScreen(this._pieces.text);
    const text = this._held ?? all;
    const wanted = this._search.value;
    const found = wanted ? linesWith(text, wanted) : null;
    this._head.hidden = !all && this._held === null;
    this._hold.textContent = this._held === null ? this._say('Pause') : this._say('Go on');
    this._note.textContent = this._words(all, found);
    const shown = found === null ? text : found.join('\n');
    if (this._text.textContent === shown) {
      return;
    }
    const { scrollTop, clientHeight, scrollHeight } = this._text;
    this._text.textContent = shown;
    if (scrollTop + clientHeight >= scrollHeight - 4) {
      this._text.scrollTop = this._text.scrollHeight;
    }
  }

  private _words(all: string, found: string[] | null): string {
    const later = this._held === null || this._held === all ? 0 : lines(all) - lines(this._held);
    const words = [
      found === null ? '' : this._say('%1 lines found', String(found.length)),
      this._held === null ? '' : this._say('paused, %1 lines more', String(Math.max(0, later)))
    ];
    return words.filter(Boolean).join('; ');
  }
}

function lines(text: string): number {
  return text.split('\n').length - 1;
}
