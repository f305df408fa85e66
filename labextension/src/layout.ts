/**
 * Where the nodes of a graph stand: in layers, each below all that it needs. Pure: nodes in, places out.
 *
 * A node's place hangs on what comes before it alone, so a leaf that is appended moves nothing. Edges over several layers
 * keep a column free in those between, so that they pass beside nodes and not behind them.
 */

export interface INode {
  name: string;
  /** Names of nodes that it needs; those that are not there are ignored. */
  needs: string[];
}

export interface IPlace {
  layer: number;
  column: number;
}

export interface IEdge {
  from: string;
  to: string;
  /** All places it goes through, its ends included. */
  way: IPlace[];
}

export interface ILayout {
  places: Map<string, IPlace>;
  edges: IEdge[];
  layers: number;
  columns: number;
}

export function layout(nodes: INode[]): ILayout {
  const known = new Map(nodes.map(node => [node.name, node]));
  const taken: Set<number>[] = [];
  const places = new Map<string, IPlace>();
  const edges: IEdge[] = [];

  function claim(layer: number, wish: number): IPlace {
    while (taken.length <= layer) {
      taken.push(new Set());
    }
    let column = Math.max(0, wish);
    // The nearest free column; the right one of two.
    for (let step = 0; taken[layer].has(column); step += 1) {
      const right = wish + Math.ceil((step + 1) / 2);
      const left = wish - Math.ceil((step + 1) / 2);
      column = step % 2 === 0 || left < 0 ? right : left;
    }
    taken[layer].add(column);
    return { layer, column };
  }

  function place(node: INode): void {
    const above = [...new Set(node.needs)].filter(name => known.has(name) && places.has(name));
    const parents = above.map(name => places.get(name) as IPlace);
    const layer = parents.length ? Math.max(...parents.map(parent => parent.layer)) + 1 : 0;
    const columns = parents.map(parent => parent.column);
    const wish = columns.length ? Math.round(columns.reduce((sum, one) => sum + one, 0) / columns.length) : 0;
    const mine = claim(layer, wish);
    places.set(node.name, mine);
    for (const name of above) {
      edges.push({ from: name, to: node.name, way: way(places.get(name) as IPlace, mine) });
    }
  }

  function way(from: IPlace, to: IPlace): IPlace[] {
    const between: IPlace[] = [];
    let column = from.column;
    for (let layer = from.layer + 1; layer < to.layer; layer += 1) {
      // It keeps its column as long as that is free.
      const claimed = claim(layer, column);
      column = claimed.column;
      between.push(claimed);
    }
    return [from, ...between, to];
  }

  for (const node of inOrder(nodes, known)) {
    place(node);
  }
  const columns = Math.max(0, ...taken.map(layer => Math.max(-1, ...layer) + 1));
  return { places, edges, layers: taken.length, columns };
}

/** Each after what it needs, else as they are given. A cycle is cut where it closes. */
export function inOrder(nodes: INode[], known: Map<string, INode>): INode[] {
  const found: INode[] = [];
  const seen = new Set<string>();
  for (const start of nodes) {
    const stack: [INode, number][] = seen.has(start.name) ? [] : [[start, 0]];
    seen.add(start.name);
    while (stack.length) {
      const top = stack[stack.length - 1];
      const next = top[0].needs[top[1]];
      top[1] += 1;
      if (next === undefined) {
        found.push(top[0]);
        stack.pop();
        continue;
      }
      const node = known.get(next);
      if (node && !seen.has(next)) {
        seen.add(next);
        stack.push([node, 0]);
      }
    }
  }
  return found;
}
