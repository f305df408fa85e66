/** One task in words: why it is in its state, what it reads and gives, what it wrote, what went wrong. No kernel. */

import { lookOf, GLYPHS, Say, secondsWords, sizeWords, whyOf, wordsOf } from './model';
import { IFrame, Scope, ITask } from './protocol';

export interface ITaskPageOptions {
  say: Say;
  onRun: (scope: Scope, task: string) => void;
  onCancel: (task: string) => void;
  /** Show its cell; a line of it, from 1, where that is known. */
  onShow: (task: string, line: number | null) => void;
  onSelect: (task: string) => void;
}

function element(name: string, className = '', text = ''): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

export class TaskPage {
  readonly node = element('section', 'phelps-page');
  private _head = element('div');
  private _log = element('pre', 'phelps-log');
  private _told = '';
  private _task = '';

  constructor(private _options: ITaskPageOptions) {
    this.node.setAttribute('aria-label', _options.say('Task'));
    this._log.tabIndex = 0;
    this._log.setAttribute('aria-label', _options.say('Output'));
    this.node.append(this._head, this._log);
  }

  show(task: ITask | undefined): void {
    const told = JSON.stringify([task, task?.open ? Math.floor(Date.now() / 1000) : 0]);
    if (told === this._told) {
      return;
    }
    this._told = told;
    if (task?.name !== this._task) {
      this._task = task?.name ?? '';
      this._log.textContent = '';
    }
    this._log.hidden = !task;
    this._put(task ? this._parts(task) : []);
  }

  /** What has the keyboard keeps it. */
  private _put(parts: HTMLElement[]): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.act;
    this._head.replaceChildren(...parts);
    if (focused) {
      this._head.querySelector<HTMLElement>(`[data-act="${focused}"]`)?.focus();
    }
  }

  log(task: string, frames: IFrame[]): void {
    if (task !== this._task) {
      return;
    }
    const atEnd = this._log.scrollTop + this._log.clientHeight >= this._log.scrollHeight - 4;
    this._log.textContent = frames.map(frame => frame.text).join('');
    if (atEnd) {
      this._log.scrollTop = this._log.scrollHeight;
    }
  }

  private _parts(task: ITask): HTMLElement[] {
    const { say } = this._options;
    const title = element('h3', `phelps-title phelps-${lookOf(task)}`);
    title.textContent = `${GLYPHS[lookOf(task)]} ${task.name} · ${wordsOf(task, Date.now() / 1000)}`;
    const reasons = task.reasons.map(reason => reason.text);
    const why = whyOf(task);
    const because = why && !reasons.includes(why) && !task.error ? [element('p', '', why)] : [];
    const outputs = task.outputs.map(one => `${one.name}: ${one.summary}, ${sizeWords(one.bytes)}`);
    return [
      title,
      this._buttons(task),
      ...because,
      ...this._list(say('Why'), reasons),
      ...(task.error ? [this._error(task)] : []),
      ...this._needs(task),
      ...this._list(say('Gives'), outputs),
      ...[this._facts(task), ...task.notes].filter(Boolean).map(text => element('p', 'phelps-facts', text))
    ];
  }

  private _facts(task: ITask): string {
    const { say } = this._options;
    const facts = [
      task.engine ? say('on %1', task.engine) : '',
      task.seconds === null ? '' : secondsWords(task.seconds),
      task.peak_memory ? say('at most %1 of memory', sizeWords(task.peak_memory)) : '',
      task.attempts > 1 ? say('%1 attempts', String(task.attempts)) : ''
    ];
    return facts.filter(Boolean).join(' · ');
  }

  private _buttons(task: ITask): HTMLElement {
    const { say, onRun, onCancel, onShow } = this._options;
    const row = element('div', 'phelps-buttons');
    const add = (act: string, label: string, does: () => void): void => {
      const button = element('button', 'phelps-button', label) as HTMLButtonElement;
      button.dataset.act = act;
      button.addEventListener('click', does);
      row.append(button);
    };
    if (task.open) {
      add('cancel', say('Cancel'), () => onCancel(task.name));
    } else {
      add('run', say('Run with what it needs'), () => onRun('needed', task.name));
      add('downstream', say('Run with what follows'), () => onRun('downstream', task.name));
      add('force', say('Force'), () => onRun('force', task.name));
    }
    if (task.state === 'failed' || task.state === 'skipped' || task.state === 'cancelled') {
      add('retry', say('Retry'), () => onRun('retry', task.name));
    }
    add('show', say('Show cell'), () => onShow(task.name, null));
    return row;
  }

  private _list(title: string, lines: string[]): HTMLElement[] {
    return this._items(
      title,
      lines.map(line => element('li', '', line))
    );
  }

  /** Nothing where there is nothing to list. */
  private _items(title: string, items: HTMLElement[]): HTMLElement[] {
    const list = element('ul');
    list.append(...items);
    return items.length ? [element('h4', '', title), list] : [];
  }

  private _needs(task: ITask): HTMLElement[] {
    const items = task.needs.map(need => {
      const item = element('li');
      const link = element('button', 'phelps-link', need.task);
      link.dataset.act = `need ${need.task}`;
      link.addEventListener('click', () => this._options.onSelect(need.task));
      item.append(link, ` ${need.names.join(', ')}`);
      return item;
    });
    return this._items(this._options.say('Needs'), items);
  }

  private _error(task: ITask): HTMLElement {
    const { error } = task;
    const block = element('div', 'phelps-error');
    const line = error?.line ?? null;
    const what = [error?.type, error?.message].filter(Boolean).join(': ');
    block.append(element('p', '', what));
    if (error?.evidence && !error.message.includes(error.evidence)) {
      block.append(element('p', '', error.evidence));
    }
    const label = line === null ? this._options.say('Show cell') : this._options.say('Show line %1', `${line}`);
    const button = element('button', 'phelps-link', label);
    button.dataset.act = 'line';
    button.addEventListener('click', () => this._options.onShow(task.name, line));
    block.append(button);
    return block;
  }
}
