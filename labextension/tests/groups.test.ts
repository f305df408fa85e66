import { describe, expect, test } from 'vitest';

import fixture from '../fixtures/protocol.json';
import { Folding } from '../src/folding';
import { MANY, fold, groupsOf, stemOf } from '../src/groups';
import { groupFace, taskFace } from '../src/nodeFace';
import { ITask } from '../src/protocol';
import { ITold, sectionsOf } from '../src/sections';

const base = fixture.snapshot.tasks[0] as unknown as ITask;
const NONE = new Map<string, string>();
const say = (text: string, ...args: string[]): string => text.replace(/%(\d)/g, (_, at) => args[Number(at) - 1]);

function task(name: string, ...needs: string[]): ITask {
  return { ...base, name, cell_id: `cell-${name}`, needs: needs.map(one => ({ task: one, names: ['x'], via: false })) };
}

const chain = (count: number, stem = 't'): ITask[] =>
  Array.from({ length: count }, (_, at) => task(`${stem}${at}`, ...(at ? [`${stem}${at - 1}`] : [])));

describe('groups', () => {
  test('names that differ in their end have a stem in common', () => {
    expect(['fit_12', 'fit_b', 'fit3', 'fit', 'load_all_3', '_a', '_7'].map(stemOf)).toEqual([
      'fit',
      'fit',
      'fit',
      'fit',
      'load',
      '_a',
      '_7'
    ]);
  });

  test('tasks below a heading are a group, and those above the first one too', () => {
    const tasks = ['a', 'b', 'c'].map(name => task(name));
    const sections = new Map([
      ['cell-b', 'Fit'],
      ['cell-c', 'Fit']
    ]);
    expect(groupsOf(tasks, sections).map(group => [group.title, group.tasks.length])).toEqual([
      ['a', 1],
      ['Fit', 2]
    ]);
  });

  test('without headings stems are groups', () => {
    const tasks = Array.from({ length: 40 }, (_, at) => [task(`load_${at}`), task(`fit_${at}`, `load_${at}`)]).flat();
    expect(groupsOf(tasks, NONE).map(group => [group.title, group.tasks.length])).toEqual([
      ['load', 40],
      ['fit', 40]
    ]);
  });

  test('a large group is cut in pieces, in order', () => {
    const groups = groupsOf([...chain(120), task('other')], NONE);
    expect(groups.map(group => group.title)).toEqual(['t0 – t39', 't40 – t79', 't80 – t119', 'other']);
  });

  test('tasks that have nothing in common are grouped as they follow one another', () => {
    const names = Array.from({ length: 500 }, (_, at) => task(`${'abcdefghij'[at % 10]}${at}x`));
    const groups = groupsOf(names, NONE);
    expect(groups.length).toBe(10);
    expect(groups.flatMap(group => group.tasks)).toEqual(names);
    expect(new Set(groups.map(group => group.key)).size).toBe(10);
  });

  test('a folded group needs what its tasks need from outside', () => {
    const tasks = [task('a'), task('m_1', 'a'), task('m_2', 'm_1'), task('z', 'm_2')];
    const groups = groupsOf(tasks, NONE);
    expect(fold(groups, new Set()).map(one => [one.name, one.needs])).toEqual([
      ['a', []],
      ['group m', ['a']],
      ['z', ['group m']]
    ]);
    expect(fold(groups, new Set(['group m'])).map(one => one.name)).toEqual(['a', 'm_1', 'm_2', 'z']);
  });

  test('headings are those of the nearest markdown cell above that has one', () => {
    const cell = (id: string, cell_type: string, source: string): ITold => ({ id, cell_type, getSource: () => source });
    const cells = [
      cell('c0', 'code', '# no heading'),
      cell('m1', 'markdown', 'words\n\n## Load ##\nmore'),
      cell('c1', 'code', ''),
      cell('m2', 'markdown', 'only words'),
      cell('c2', 'code', '')
    ];
    expect(sectionsOf(cells)).toEqual(
      new Map([
        ['c1', 'Load'],
        ['c2', 'Load']
      ])
    );
  });
});

describe('folding', () => {
  const tasks = chain(MANY + 100);
  const opened = (folding: Folding): string[] => folding.open.map(group => group.title);

  function folded(): Folding {
    const folding = new Folding(() => NONE);
    folding.regroup(tasks);
    folding.look(null);
    return folding;
  }

  test('few tasks are not folded', () => {
    const folding = new Folding(() => NONE);
    folding.regroup(chain(MANY));
    expect(folding.isFolded).toBe(false);
    expect(folding.shown(chain(3)).map(one => one.name)).toEqual(['t0', 't1', 't2']);
  });

  test('a group is opened and closed', () => {
    const folding = folded();
    expect(folding.shown(tasks).length).toBe(8);
    folding.unfold(folding.of('t60')!.key);
    folding.look(null);
    expect(opened(folding)).toEqual(['t50 – t99']);
    expect(folding.shown(tasks).length).toBe(7 + 50);
    folding.close(folding.of('t60')!.key);
    expect(folding.shown(tasks).length).toBe(8);
  });

  test('what was opened first is closed where there is no room for all', () => {
    const folding = folded();
    const keys = [0, 50, 100, 150, 200, 250].map(at => folding.of(`t${at}`)!.key);
    keys.forEach(key => folding.unfold(key));
    folding.look(null);
    expect(opened(folding)).toEqual(['t50 – t99', 't100 – t149', 't150 – t199', 't200 – t249', 't250 – t299']);
    expect(folding.shown(tasks).length).toBeLessThanOrEqual(MANY);
  });

  test('a search opens what it finds, and its end closes it again', () => {
    const folding = folded();
    folding.look(one => one.name === 't333');
    expect(opened(folding)).toEqual(['t300 – t349']);
    folding.look(null);
    expect(opened(folding)).toEqual([]);
  });
});

describe('what a node says', () => {
  test('a group tells counts, looks like what people care for most, and how much has ended', () => {
    const failed = { ...task('m_1'), state: 'failed', verdict: 'stale' } as ITask;
    const running = { ...task('m_2'), state: 'running', open: true } as ITask;
    const face = groupFace('m', [task('m_0'), failed, running], say);
    expect(face).toMatchObject({ look: 'failed', name: '▸ ✗ m', words: '1 failed, 1 running, 1 done' });
    expect(face.share).toBeCloseTo(2 / 3);
    expect(face.title).toContain('m (3 tasks)');
    expect(groupFace('m', [task('m_0')], say).share).toBe(0);
  });

  test('a task tells its state and what it gives', () => {
    expect(taskFace(task('load'), 10)).toMatchObject({ look: 'done', name: '✓ load', words: 'done 1.0 s · out', share: 0 });
  });
});
