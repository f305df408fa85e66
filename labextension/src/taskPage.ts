/** One task in words: why it is in its state, what it reads and gives, what it wrote, what went wrong. No kernel. */

import { lookOf, GLYPHS, Say, secondsWords, sizeWords, whyOf, wordsOf } from './model';
import { IFailure, ILog, ILook, IWhy, ReadyCell, Scope, ITask } from './protocol';
import { element, section, TaskDetails } from './taskDetails';
import { TaskLog } from './taskLog';

export interface ITaskPageOptions {
  say: Say;
  onRun: (scope: Scope, task: string) => void;
  onCancel: (task: string) => void;
  /** Show its cell; a line of it, from 1, where that is known. */
  onShow: (task: string, line: number | null) => void;
  onSelect: (task: string) => void;
  onWhy: (task: string) => void;
  onLook: (task: string, name: string) => void;
  /** Put a cell beside the task's. */
  onCell: (what: ReadyCell, task: string) => void;
}

function failureWords(failure: IFailure | undefined): string {
  const what = [failure?.type, failure?.message].filter(Boolean).join(': ');
  return failure && failure.line !== null ? `${what} (${failure.line})` : what;
}

export class TaskPage {
  readonly node = element('section', 'phelps-page');
  private _head = element('div');
  private _log: TaskLog;
  private _details: TaskDetails;
  private _shown: ITask | undefined;
  private _told = '';
  private _task = '';

  constructor(private _options: ITaskPageOptions) {
    this.node.setAttribute('aria-label', _options.say('Task'));
    this._log = new TaskLog(_options.say);
    this._details = new TaskDetails(_options);
    this._details.onChange = () => this.show(this._shown);
    this.node.append(this._head, this._log.node);
  }

  show(task: ITask | undefined): void {
    this._shown = task;
    this._details.show(task);
    const told = JSON.stringify([task, task?.open ? Math.floor(Date.now() / 1000) : 0, this._details.told]);
    if (told === this._told) {
      return;
    }
    this._told = told;
    if (task?.name !== this._task) {
      this._task = task?.name ?? '';
      this._log.clear();
    }
    this._log.node.hidden = !task;
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

  /** Why the task is so. */
  why(told: IWhy): void {
    if (this._details.takeWhy(told)) {
      this.show(this._shown);
    }
  }

  /** What a value looks like. */
  look(told: ILook): void {
    if (this._details.takeLook(told)) {
      this.show(this._shown);
    }
  }

  /** The kernel is another one, or begins to tell anew: what was asked for is asked for again. */
  forget(): void {
    this._details.clear();
    this.show(this._shown);
  }

  /** False where some of its output was missed. */
  log(told: ILog): boolean {
    return told.task !== this._task || this._log.take(told.from, told.frames);
  }

  private _parts(task: ITask): HTMLElement[] {
    const { say } = this._options;
    const title = element('h3', `phelps-title phelps-${lookOf(task)}`);
    title.textContent = `${GLYPHS[lookOf(task)]} ${task.name} · ${wordsOf(task, Date.now() / 1000)}`;
    const reasons = task.reasons.map(reason => reason.text);
    const why = whyOf(task);
    const because = why && !reasons.includes(why) && !task.error ? [element('p', '', why)] : [];
    const outputs = task.outputs.map(one =>
      this._details.value(task, one.name, `: ${one.summary}, ${sizeWords(one.bytes)}`)
    );
    return [
      title,
      this._buttons(task),
      ...because,
      ...this._details.reasons(task),
      ...(task.error ? [this._error(task)] : []),
      ...this._needs(task),
      ...section(say('Reads'), this._reads(task)),
      ...section(say('Gives'), outputs),
      ...section(say('Attempts'), this._attempts(task)),
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
    const { say, onRun, onCancel, onShow, onCell } = this._options;
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
    if (task.reads.length) {
      add('inputs', say('Look at the inputs'), () => onCell('inputs', task.name));
    }
    if (task.state === 'failed') {
      add('debug', say('Debug'), () => onCell('debug', task.name));
    }
    return row;
  }

  /** The kernel refuses what is not stored: code, and what no run has read of a plain cell. */
  private _reads(task: ITask): HTMLElement[] {
    const { say } = this._options;
    return task.reads.map(({ name, from }) => this._details.value(task, name, ` ${say('from %1', from)}`));
  }

  /** Where there was more than one: the facts tell of the last. */
  private _attempts(task: ITask): HTMLElement[] {
    const failures = task.failures ?? [];
    const tried = task.history.length > 1 ? task.history : [];
    return tried.map((attempt, place) => {
      const { started_at, ended_at } = attempt;
      const took = started_at === null || ended_at === null ? '' : secondsWords(ended_at - started_at);
      const end = [attempt.end, failureWords(failures[place])].filter(Boolean).join(': ');
      const { say } = this._options;
      const held = attempt.peak_memory ? say('at most %1', sizeWords(attempt.peak_memory)) : '';
      return element('li', '', [say('on %1', attempt.engine), took, held, end].filter(Boolean).join(' · '));
    });
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
    return section(this._options.say('Needs'), items);
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
