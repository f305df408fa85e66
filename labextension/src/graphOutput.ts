/**
 * What stands below `%phelps graph`: the graph as it is now where a kernel tells, else as it was when it was saved.
 *
 * It is saved with the notebook, so it is drawn with or without a kernel, trusted or not, and made of our own data alone.
 */

import { IRenderMime } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

import { BoardOf } from './card';
import { inFrames } from './frames';
import { GraphFrame, IGraphData } from './graphFrame';
import { Say } from './model';

export const GRAPH_MIME = 'application/vnd.phelps.graph+json';

export interface IGraphOutputOptions {
  /** The tasks of the notebook that a node stands in. */
  boardOf: BoardOf;
  say: Say;
  onSelect: (task: string) => void;
  onOpen: (task: string) => void;
}

class GraphOutput extends Widget implements IRenderMime.IRenderer {
  private _frame: GraphFrame;
  private _unlisten: () => void = () => undefined;
  private _schedule = inFrames(
    () => this._update(),
    () => this.isDisposed
  );

  constructor(private _options: IGraphOutputOptions) {
    super();
    this._frame = new GraphFrame(_options.say, _options.onSelect, _options.onOpen);
    this.node.append(this._frame.node);
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._frame.saved = (model.data[GRAPH_MIME] ?? {}) as IGraphData;
    this._update();
    return Promise.resolve();
  }

  protected onAfterAttach(): void {
    this._unlisten = this._options.boardOf(this.node)?.listen(() => this._schedule()) ?? (() => undefined);
    this._update();
  }

  protected onBeforeDetach(): void {
    this._unlisten();
  }

  dispose(): void {
    this._unlisten();
    super.dispose();
  }

  private _update(): void {
    this._frame.show(this.isAttached ? this._options.boardOf(this.node) : undefined);
  }
}

export function graphFactory(options: IGraphOutputOptions): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [GRAPH_MIME],
    defaultRank: -20,
    createRenderer: () => new GraphOutput(options)
  };
}
