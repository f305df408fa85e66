/** The list of clusters that IPython Parallel's own extension shows, where that is installed. */

import { JupyterFrontEnd } from '@jupyterlab/application';

const LIST = 'ipp-cluster-launcher';

/** Returns who tells how to show the list; null where there is none. */
export function clustersIn(app: JupyterFrontEnd): () => (() => void) | null {
  return () => {
    const isThere = [...app.shell.widgets('left')].some(widget => widget.id === LIST);
    return isThere ? () => app.shell.activateById(LIST) : null;
  };
}
