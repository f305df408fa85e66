/** The question that comes before a plain cell becomes a task: its name, with what it would read and give. */

import { InputDialog } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { tag } from './notebook';
import { IProposal } from './protocol';

export async function ask(trans: TranslationBundle, panel: NotebookPanel, proposal: IProposal): Promise<void> {
  const listed = (names: string[]): string => names.join(', ') || trans.__('nothing');
  const answer = await InputDialog.getText({
    title: trans.__('Tag cell as task'),
    label: trans.__('It reads %1 and gives %2. Name:', listed(proposal.reads), listed(proposal.gives)),
    text: proposal.name,
    pattern: '[A-Za-z_][A-Za-z0-9_]*',
    required: true,
    okLabel: trans.__('Tag')
  });
  if (answer.button.accept && answer.value) {
    tag(panel.content, proposal.cell, answer.value);
  }
}
