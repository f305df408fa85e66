/** The reader's language. Set when the extension is activated; until then it is English. */

/** Says a text in the reader's language, with `%1`, `%2`, .. replaced; `%%` is one percent sign. */
export type Say = (text: string, ...args: string[]) => string;

export const english: Say = (text, ...args) =>
  text.replace(/%([%\d])/g, (_, at: string) => (at === '%' ? '%' : (args[Number(at) - 1] ?? '')));

let current = english;

/** All texts are said so from now on. */
export function speak(say: Say): void {
  current = say;
}

export const say: Say = (text, ...args) => current(text, ...args);
