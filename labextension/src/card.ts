/**
 * The card under a task's cell. It is saved with the notebook, so it is drawn with or without a kernel, trusted or not;
 * what the kernel says of the task now stands in the place of its first line.
 */

import { IRenderMime, renderHTML, renderText } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

import { liveLine } from './liveLine';
import { Board, lookOf } from './model';

const SECOND = 1000;

export const CARD_MIME = 'application/vnd.phelps.task+json';

interface ICardData {
  task?: string;
  state?: string | null;
}

export type BoardOf = (node: HTMLElement) => Board | undefined;

class Card extends Widget implements IRenderMime.IRenderer {
  private _live = document.createElement('div');
  private _host = document.createElement('div');
  private _data: ICardData = {};
  private _timer: ReturnType<typeof setInterval> | undefined;
  private _unlisten: () => void = () => undefined;

  constructor(
    private _options: IRenderMime.IRendererOptions,
    private _boardOf: BoardOf
  ) {
    super();
    this.addClass('phelps-card-output');
    this._live.className = 'phelps-live';
    this._live.hidden = true;
    this.node.append(this._live, this._host);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._data = (model.data[CARD_MIME] ?? {}) as ICardData;
    const html = model.data['text/html'];
    const { sanitizer, resolver, linkHandler, latexTypesetter } = this._options;
    if (html !== undefined) {
      await renderHTML({
        host: this._host,
        source: text(html),
        // It is text of the notebook: whoever wrote it may have written anything.
        trusted: false,
        sanitizer,
        resolver,
        linkHandler,
        shouldTypeset: false,
        latexTypesetter
      });
    } else {
      await renderText({ host: this._host, source: text(model.data['text/plain'] ?? ''), sanitizer });
    }
    this._update();
  }

  protected onAfterAttach(): void {
    const board = this._boardOf(this.node);
    this._unlisten = board?.listen(changed => {
      if (this._data.task && changed.has(this._data.task)) {
        this._update();
      }
    }) ?? (() => undefined);
    this._update();
  }

  protected onBeforeDetach(): void {
    this._unlisten();
    this._tick(false);
  }

  dispose(): void {
    this._unlisten();
    this._tick(false);
    super.dispose();
  }

  /** Where the kernel knows better than the card, that stands in the place of its first line. */
  private _update(): void {
    const task = this.isAttached && this._data.task ? this._boardOf(this.node)?.get(this._data.task) : undefined;
    const line = liveLine(task, this._data.state, Date.now() / 1000);
    this._live.hidden = !line;
    if (this._live.textContent !== line) {
      this._live.textContent = line;
    }
    this._live.className = task ? `phelps-live phelps-${lookOf(task)}` : 'phelps-live';
    this._host.classList.toggle('phelps-overtaken', line !== '');
    this._tick(task?.open ?? false);
  }

  /** Seconds go on while it runs. */
  private _tick(isOpen: boolean): void {
    if (!isOpen) {
      clearInterval(this._timer);
      this._timer = undefined;
    } else {
      this._timer ??= setInterval(() => this._update(), SECOND);
    }
  }
}

function text(piece: unknown): string {
  return Array.isArray(piece) ? piece.join('') : String(piece);
}

/** ``boardOf``: the tasks of the notebook that a node stands in. */
export function cardFactory(boardOf: BoardOf): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [CARD_MIME],
    defaultRank: -20,
    createRenderer: options => new Card(options, boardOf)
  };
}
