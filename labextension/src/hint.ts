/** What a notebook without tasks is told: the steps to the first one, those that are done marked. */

import { say } from './language';

export interface IHintOptions {
  /** Load the extension in the notebook in front; null where it is loaded, or there is no notebook. */
  enable: () => (() => void) | null;
}

export class Hint {
  readonly node = document.createElement('div');
  private _steps = document.createElement('div');
  private _button = document.createElement('button');

  constructor(private _options: IHintOptions) {
    this.node.className = 'phelps-hint';
    this._button.className = 'phelps-button';
    this._button.dataset.act = 'enable';
    this._button.textContent = say('Enable Phelps in this notebook');
    this._button.addEventListener('click', () => this._options.enable()?.());
    this.node.append(this._steps, this._button);
  }

  /** `isLinked`: whether the kernel has loaded the extension. */
  show(isLinked: boolean): void {
    const steps = [
      say('1. Run a cell with %load_ext phelps_jupyter.'),
      say('2. Write %%%%task NAME above a slow cell and run it: it runs beside the notebook.'),
      say('3. Come back here: the graph fills, and only what is stale runs again.')
    ];
    const text = steps.map((step, at) => (isLinked && at === 0 ? `✓ ${step}` : step)).join('\n');
    if (this._steps.textContent !== text) {
      this._steps.textContent = text;
    }
    this._button.hidden = isLinked || this._options.enable() === null;
  }
}
