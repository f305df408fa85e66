import { describe, expect, test } from 'vitest';

import fixture from '../fixtures/layout.json';
import { INode, IPlace, layout } from '../src/layout';

const chain = (length: number): INode[] =>
  Array.from({ length }, (_, at) => ({ name: `t${at}`, needs: at ? [`t${at - 1}`] : [] }));

/** Each task needs up to three before it; the same graph for the same seed. */
function random(count: number, seed: number): INode[] {
  let state = seed;
  const next = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state % below;
  };
  return Array.from({ length: count }, (_, at) => ({
    name: `t${at}`,
    needs: at ? [...new Set(Array.from({ length: next(4) }, () => `t${Math.max(0, at - 1 - next(8))}`))] : []
  }));
}

describe('layout', () => {
  test('a chain is one column', () => {
    const { places, layers, columns } = layout(chain(5));
    expect([layers, columns]).toEqual([5, 1]);
    expect(places.get('t4')).toEqual({ layer: 4, column: 0 });
  });

  test('each node stands below all that it needs', () => {
    const nodes = random(300, 7);
    const { places } = layout(nodes);
    for (const node of nodes) {
      for (const need of node.needs) {
        expect(places.get(node.name)!.layer).toBeGreaterThan(places.get(need)!.layer);
      }
    }
  });

  test('no two nodes and no passing edge share a place', () => {
    const nodes = random(300, 11);
    const { places, edges } = layout(nodes);
    const taken = [...places.values()].map(place => `${place.layer} ${place.column}`);
    for (const edge of edges) {
      taken.push(...edge.way.slice(1, -1).map(place => `${place.layer} ${place.column}`));
    }
    expect(new Set(taken).size).toBe(taken.length);
  });

  test('no edge leaves the picture', () => {
    const { edges, layers, columns } = layout(random(300, 3));
    for (const place of edges.flatMap(edge => edge.way)) {
      expect(place.layer).toBeLessThan(layers);
      expect(place.column).toBeLessThan(columns);
      expect(place.column).toBeGreaterThanOrEqual(0);
    }
  });

  test('a leaf that is appended moves nobody', () => {
    const nodes = random(200, 5);
    const before = layout(nodes).places;
    const after = layout([...nodes, { name: 'leaf', needs: ['t3', 't150'] }]).places;
    for (const [name, place] of before) {
      expect(after.get(name)).toEqual(place);
    }
  });

  test('what is needed and not there is ignored, and a cycle is cut', () => {
    const { places } = layout([
      { name: 'a', needs: ['b', 'nowhere'] },
      { name: 'b', needs: ['a'] }
    ]);
    expect([...places.keys()].sort()).toEqual(['a', 'b']);
  });

  test('an empty graph has no layers', () => {
    expect(layout([])).toEqual({ places: new Map(), edges: [], layers: 0, columns: 0 });
  });

  test('five thousand nodes in a chain do not overflow', () => {
    expect(layout(chain(5000)).layers).toBe(5000);
  });
});

describe('the kernel lays graphs out alike', () => {
  test.each(Object.entries(fixture))('%s', (_, told) => {
    const nodes = Object.entries(told.needs).map(([name, needs]) => ({ name, needs: needs as string[] }));
    const made = layout(nodes);
    const flat = (place: IPlace): number[] => [place.layer, place.column];
    expect(Object.fromEntries([...made.places].map(([name, place]) => [name, flat(place)]))).toEqual(told.places);
    expect(made.edges.map(edge => [edge.from, edge.to, ...edge.way.map(flat)])).toEqual(told.edges);
    expect([made.layers, made.columns]).toEqual(told.size);
  });
});
