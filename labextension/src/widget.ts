/** The live graph as a widget, for front ends without the extension: built into the package, shown by anywidget. */

import { GraphFrame } from './graphFrame';
import { english } from './language';
import { Board } from './model';
import { FromKernel } from './protocol';

interface IModel {
  send(content: unknown): void;
  on(event: 'msg:custom', listener: (message: FromKernel) => void): void;
  off(event: 'msg:custom', listener: (message: FromKernel) => void): void;
}

/** Draw it into a node. Returns how to end that. */
function render({ model, el }: { model: IModel; el: HTMLElement }): () => void {
  const board = new Board();
  const nothing = (): void => undefined;
  const frame = new GraphFrame(english, nothing, nothing);
  frame.saved = {};
  // JupyterLab has colours of its own; other front ends get ours.
  el.classList.add('phelps-widget');
  el.classList.toggle('phelps-bare', !getComputedStyle(el).getPropertyValue('--jp-layout-color1'));
  el.append(frame.node);
  const hear = (message: FromKernel): void => {
    if (board.apply(message) === 'gap') {
      model.send({ type: 'resync' });
    }
  };
  const unlisten = board.listen(() => frame.show(board));
  model.on('msg:custom', hear);
  model.send({ type: 'resync' });
  return () => {
    unlisten();
    model.off('msg:custom', hear);
  };
}

export default { render };
