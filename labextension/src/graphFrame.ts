/** A graph with a line above it: of live tasks, or of those that were saved. Knows no kernel and no notebook. */

import { GraphView } from './graphView';
import { Board, Say, summaryOf } from './model';
import { ITask, PROTO } from './protocol';

export interface IGraphData {
  tasks?: ITask[];
  /** How many tasks there are besides. */
  more?: number;
}

export class GraphFrame {
  readonly node = document.createElement('div');
  private _status = document.createElement('div');
  private _saved = new Board();
  private _more = 0;
  private _view: GraphView | null = null;
  private _shown: Board | null = null;
  private _selected = '';

  constructor(
    private _say: Say,
    private _onSelect: (task: string) => void,
    private _onOpen: (task: string) => void
  ) {
    this.node.className = 'phelps-graph-output';
    this._status.className = 'phelps-status';
    this.node.append(this._status);
  }

  set saved(data: IGraphData) {
    this._more = data.more ?? 0;
    this._saved.apply({ type: 'snapshot', proto: PROTO, rev: 0, tasks: data.tasks ?? [] });
  }

  /** Draw the tasks of this board; those that were saved where it knows none. */
  show(live: Board | undefined): void {
    const isLive = live !== undefined && live.isKnown;
    const board = isLive ? live : this._saved;
    if (this._shown !== board || this._view === null) {
      this._view?.node.remove();
      this._shown = board;
      this._view = new GraphView({
        board,
        say: this._say,
        onSelect: task => this._select(task),
        onOpen: this._onOpen
      });
      this._view.select(this._selected);
      this.node.append(this._view.node);
    }
    this._status.textContent = this._words(board, isLive);
    this._view.update();
  }

  private _select(task: string): void {
    this._selected = task;
    this._view?.select(task);
    this._onSelect(task);
  }

  private _words(board: Board, isLive: boolean): string {
    const words = summaryOf(board.tasks) || this._say('There are no tasks.');
    if (isLive) {
      return words;
    }
    const more = this._more ? `, ${this._say('%1 more', String(this._more))}` : '';
    return this._say('As it was when it was saved: %1', words + more);
  }
}
