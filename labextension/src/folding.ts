/** Which groups of very many tasks are open: those that people opened last, and those that a search finds something in. */

import { IGroup, MANY, Shown, fold, groupsOf, shownOf } from './groups';
import { ITask } from './protocol';

export class Folding {
  private _groups: IGroup[] = [];
  private _groupOf = new Map<string, IGroup>();
  /** Keys of groups, the one that was opened last at the end. */
  private _opened: string[] = [];
  private _shown = new Set<string>();

  /** `sections`: cell id -> the heading that it stands below. */
  constructor(private _sections: () => ReadonlyMap<string, string>) {}

  /** These are the tasks now. So few that each has its place are not folded. */
  regroup(tasks: ITask[]): void {
    this._groups = tasks.length <= MANY ? [] : groupsOf(tasks, this._sections());
    this._groupOf.clear();
    for (const group of this._groups) {
      group.tasks.forEach(task => this._groupOf.set(task.name, group));
    }
  }

  get isFolded(): boolean {
    return this._groups.length > 0;
  }

  /** Groups that are drawn task by task, in order. */
  get open(): IGroup[] {
    return this._groups.filter(group => group.tasks.length > 1 && this._shown.has(group.key));
  }

  /** The group that a task is in. */
  of(task: string): IGroup | undefined {
    return this._groupOf.get(task);
  }

  /** Draw this group's tasks; those that were opened first are closed for want of room. */
  unfold(key: string): void {
    this._opened = [...this._opened.filter(one => one !== key), key];
  }

  close(key: string): void {
    this._opened = this._opened.filter(one => one !== key);
    this._shown.delete(key);
  }

  /** Which groups are open now. `finds`: what a search finds; null where there is none. */
  look(finds: ((task: ITask) => boolean) | null): void {
    this._shown = this._room(finds);
  }

  /** What to draw of these tasks. */
  shown(tasks: ITask[]): Shown[] {
    return this.isFolded
      ? fold(this._groups, this._shown)
      : shownOf(tasks);
  }

  private _room(finds: ((task: ITask) => boolean) | null): Set<string> {
    const found = finds ? this._groups.filter(group => group.tasks.some(finds)) : [];
    const byKey = new Map(this._groups.map(group => [group.key, group]));
    const wanted = [...found, ...[...this._opened].reverse().flatMap(key => byKey.get(key) ?? [])];
    const open = new Set<string>();
    let room = MANY - this._groups.length;
    for (const group of wanted) {
      // The first is opened in any case: else nothing could ever be seen of a large one.
      if (!open.has(group.key) && (room >= group.tasks.length || !open.size)) {
        open.add(group.key);
        room -= group.tasks.length;
      }
    }
    return open;
  }
}
