/** The engines in a strip of the panel: hosts with their cpus and memory, and what each engine runs. Knows no kernel. */

import { Say, sizeWords } from './model';
import { IEngine } from './protocol';

export interface IEngineStripOptions {
  say: Say;
  onSelect: (task: string) => void;
  /** Show the list of clusters; null where there is none. */
  clusters: () => (() => void) | null;
}

export interface IHost {
  name: string;
  cpus: number;
  memory: number;
  engines: IEngine[];
}

/** By host, in the order in which engines are told. */
export function hostsOf(engines: IEngine[]): IHost[] {
  const hosts = new Map<string, IHost>();
  for (const engine of engines) {
    const { host: name, cpus, memory } = engine;
    const host = hosts.get(name) ?? { name, cpus, memory, engines: [] };
    host.engines.push(engine);
    hosts.set(name, host);
  }
  return [...hosts.values()];
}

export class EngineStrip {
  readonly node = document.createElement('details');
  private _summary = document.createElement('summary');
  private _hosts = document.createElement('div');
  private _clusters = document.createElement('button');
  private _told = '';

  constructor(private _options: IEngineStripOptions) {
    this.node.className = 'phelps-engines';
    this._clusters.className = 'phelps-link';
    this._clusters.dataset.act = 'clusters';
    this._clusters.textContent = _options.say('Clusters of IPython Parallel');
    this._clusters.addEventListener('click', () => _options.clusters()?.());
    this.node.append(this._summary, this._hosts, this._clusters);
  }

  show(engines: IEngine[]): void {
    this._clusters.hidden = this._options.clusters() === null;
    const told = JSON.stringify(engines);
    if (told === this._told) {
      return;
    }
    this._told = told;
    const hosts = hostsOf(engines);
    this._summary.textContent = this._words(engines, hosts.length);
    const focused = this._hosts.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.engine
      : undefined;
    this._hosts.replaceChildren(...hosts.map(host => this._host(host)));
    if (focused !== undefined) {
      this._hosts.querySelector<HTMLElement>(`[data-engine="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  private _words(engines: IEngine[], hosts: number): string {
    const { say } = this._options;
    const busy = engines.filter(engine => engine.task !== null).length;
    if (!engines.length) {
      return say('Engines: none; the first task starts them');
    }
    const [all, at] = [String(engines.length), String(busy)];
    return hosts === 1
      ? say('Engines: %1 on one host, %2 busy', all, at)
      : say('Engines: %1 on %2 hosts, %3 busy', all, String(hosts), at);
  }

  private _host(host: IHost): HTMLElement {
    const { say } = this._options;
    const row = document.createElement('div');
    row.className = 'phelps-host';
    const name = document.createElement('div');
    name.className = 'phelps-host-name';
    name.textContent = say('%1: %2 cpus, %3', host.name, String(host.cpus), sizeWords(host.memory));
    row.append(name, ...host.engines.map(engine => this._engine(engine)));
    return row;
  }

  private _engine(engine: IEngine): HTMLElement {
    const { say, onSelect } = this._options;
    const { task } = engine;
    const made = document.createElement('button');
    made.className = `phelps-engine${task === null ? '' : ' phelps-running'}`;
    made.dataset.engine = engine.engine;
    made.textContent = `${engine.engine}: ${task === null ? say('idle') : `▶ ${task}`}`;
    made.title = [...engine.labels, task ?? ''].filter(Boolean).join(', ');
    made.disabled = task === null;
    made.addEventListener('click', () => onSelect(task ?? ''));
    return made;
  }
}
