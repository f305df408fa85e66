/** What goes along an edge of the graph, in words. Pure. */

import { Say, sizeWords } from './model';
import { INeed, ITask } from './protocol';

/** `x (1.2 MB), y`; `need`: of the edge's end, `from`: its begin. */
export function edgeWords(need: INeed, from: ITask, say: Say): string {
  if (need.via) {
    return say('by way of plain cells');
  }
  const sizes = new Map(from.outputs.map(version => [version.name, version.bytes]));
  const told = need.names.map(name => (sizes.has(name) ? `${name} (${sizeWords(sizes.get(name) as number)})` : name));
  return told.join(', ') || say('comes after it');
}
