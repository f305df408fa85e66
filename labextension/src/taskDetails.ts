/** What the kernel tells of one task when it is asked: what changed, and what its values look like. Knows no kernel. */

import { Say } from './model';
import { IEvidence, ILook, ITask, IWhy } from './protocol';

export interface ITaskDetailsOptions {
  say: Say;
  /** Ask for the lines that changed. */
  onWhy: (task: string) => void;
  /** Ask for a first look at a value. */
  onLook: (task: string, name: string) => void;
}

export function element(name: string, className = '', text = ''): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Of one task at a time. What is told for another one, or for an earlier state, is left out. */
export class TaskDetails {
  private _task = '';
  private _state = '';
  private _why: IWhy | null = null;
  private _looks = new Map<string, ILook | null>();

  constructor(private _options: ITaskDetailsOptions) {}

  /** The task is this now; asks why, where its verdict or its run is another one. */
  show(task: ITask | undefined): void {
    const state = stateOf(task);
    if (this._state === state) {
      return;
    }
    this.clear();
    this._task = task ? task.name : '';
    this._state = state;
    if (task && !task.open && task.verdict !== null) {
      this._options.onWhy(task.name);
    }
  }

  /** Nothing is known any more. */
  clear(): void {
    this._task = '';
    this._state = '';
    this._why = null;
    this._looks.clear();
  }

  /** Returns whether it is of the task that is shown. */
  takeWhy(told: IWhy): boolean {
    const isOurs = told.task === this._task;
    this._why = isOurs ? told : this._why;
    return isOurs;
  }

  takeLook(told: ILook): boolean {
    const isOurs = told.task === this._task && this._looks.has(told.name);
    if (isOurs) {
      this._looks.set(told.name, told);
    }
    return isOurs;
  }

  /** What changes when something is told. */
  get told(): unknown {
    return [this._why, [...this._looks]];
  }

  /** Each reason with the lines that changed; those of the snapshot until they are told. */
  reasons(task: ITask): HTMLElement[] {
    const { say } = this._options;
    const why = this._why;
    if (!why) {
      return section(
        say('Why'),
        task.reasons.map(reason => element('li', '', reason.text))
      );
    }
    return [
      ...section(
        say('Why'),
        why.told.map(one => evidence(one))
      ),
      ...section(
        say('Why it ran'),
        why.ran.map(one => evidence(one))
      ),
      ...(why.note ? [element('p', 'phelps-facts', why.note)] : [])
    ];
  }

  /** A name with a button that opens a look at its value, and the look. */
  value(task: ITask, name: string, words: string): HTMLElement {
    const item = element('li');
    const isOpen = this._looks.has(name);
    const button = element('button', 'phelps-link', name) as HTMLButtonElement;
    button.dataset.act = `look ${name}`;
    button.title = this._options.say('Look at the value');
    button.setAttribute('aria-expanded', String(isOpen));
    button.addEventListener('click', () => this._turn(task, name));
    item.append(button, words);
    if (isOpen) {
      item.append(this._look(this._looks.get(name) ?? null));
    }
    return item;
  }

  private _turn(task: ITask, name: string): void {
    if (this._looks.delete(name)) {
      this._changed();
      return;
    }
    this._looks.set(name, null);
    this._changed();
    this._options.onLook(task.name, name);
  }

  /** Set by the page: draws anew. */
  onChange: () => void = () => undefined;

  private _changed(): void {
    this.onChange();
  }

  private _look(look: ILook | null): HTMLElement {
    if (!look) {
      return element('p', 'phelps-facts', this._options.say('Looking…'));
    }
    if (look.table) {
      return table(look.table.columns, look.table.rows);
    }
    if (look.png) {
      const image = element('img', 'phelps-look') as HTMLImageElement;
      image.src = `data:image/png;base64,${look.png}`;
      image.alt = this._options.say('Picture of %1', look.name);
      return image;
    }
    return look.text === undefined
      ? element('p', 'phelps-facts', look.refused ?? '')
      : element('pre', 'phelps-look', look.text);
  }
}

/** Another one wherever what is told of it may be another. */
function stateOf(task: ITask | undefined): string {
  return task ? JSON.stringify([task.name, task.state, task.verdict, task.reasons, task.ended_at, task.outputs]) : '';
}

/** Nothing where there is nothing to list. */
export function section(title: string, items: HTMLElement[]): HTMLElement[] {
  const list = element('ul');
  list.append(...items);
  return items.length ? [element('h4', '', title), list] : [];
}

function evidence(told: IEvidence): HTMLElement {
  const { reason, difference, because } = told;
  const item = element('li', '', reason.place && !reason.text.includes(reason.place) ? `${reason.text} (${reason.place})` : reason.text);
  if (difference.length) {
    const lines = element('pre', 'phelps-diff');
    lines.append(
      ...difference.map(line => {
        const kind = line.startsWith('+') ? 'phelps-added' : line.startsWith('-') ? 'phelps-removed' : '';
        return element('span', kind, `${line}\n`);
      })
    );
    item.append(lines);
  }
  item.append(...because.map(cause => element('p', 'phelps-facts', cause)));
  return item;
}

function table(columns: string[], rows: string[][]): HTMLElement {
  const made = element('table', 'phelps-look');
  const line = (texts: string[], name: string): HTMLElement => {
    const row = element('tr');
    row.append(...texts.map(text => element(name, '', text)));
    return row;
  };
  const [head, body] = [element('thead'), element('tbody')];
  head.append(line(columns, 'th'));
  body.append(...rows.map(row => line(row, 'td')));
  made.append(head, body);
  return made;
}
