import { expect, test, vi } from 'vitest';

import { EngineStrip } from '../src/engineStrip';
import { IEngine } from '../src/protocol';

const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);
const engine = (name: string, host: string, task: string | null = null): IEngine => ({
  engine: name,
  host,
  cpus: 4,
  memory: 8e9,
  labels: ['gpu'],
  task
});

test('hosts tell their size, and engines what they run', () => {
  const onSelect = vi.fn();
  const strip = new EngineStrip({ say, onSelect, clusters: () => null });
  strip.show([engine('0', 'box', 'fit'), engine('1', 'far'), engine('2', 'box')]);
  expect(strip.node.querySelector('summary')!.textContent).toBe('Engines: 3 on 2 hosts, 1 busy');
  const hosts = [...strip.node.querySelectorAll('.phelps-host')].map(host =>
    [...host.children].map(child => child.textContent)
  );
  expect(hosts).toEqual([
    ['box: 4 cpus, 8.00 GB', '0: ▶ fit', '2: idle'],
    ['far: 4 cpus, 8.00 GB', '1: idle']
  ]);
  strip.show([engine('0', 'box', 'fit')]);
  expect(strip.node.querySelector('summary')!.textContent).toBe('Engines: 1 on one host, 1 busy');
  strip.node.querySelector<HTMLElement>('[data-engine="0"]')!.click();
  expect(onSelect).toHaveBeenCalledWith('fit');
});

test('the list of clusters is led to where there is one', () => {
  const lead = vi.fn();
  const strip = new EngineStrip({ say, onSelect: vi.fn(), clusters: () => lead });
  strip.show([]);
  const link = strip.node.querySelector<HTMLElement>('[data-act=clusters]')!;
  expect(link.hidden).toBe(false);
  link.click();
  expect(lead).toHaveBeenCalledOnce();
  const alone = new EngineStrip({ say, onSelect: vi.fn(), clusters: () => null });
  alone.show([]);
  expect(alone.node.querySelector<HTMLElement>('[data-act=clusters]')!.hidden).toBe(true);
  expect(alone.node.textContent).toContain('none; the first task starts them');
});
