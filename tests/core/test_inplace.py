"""Names whose objects a cell may change in place."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.bindings import analyse


def words(text: str) -> set[str]:
    return set(text.split())


# source, changes
CHANGES = [
    ("xs.append(2)", "xs"),
    ("xs = []\nxs.append(2)", ""),
    ("df['y'] = 1", "df"),
    ("df.loc[0, 'a'] = 1", "df"),
    ("x.a.b = 1", "x"),
    ("x[i] += 1", "x"),
    ("x += [1]", "x"),
    ("del x[i]", "x"),
    ("for x.a in xs:\n    pass", "x"),
    ("with f() as x.a: pass", "x"),
    ("x[0], y = 1, 2", "x"),
    ("f().x = 1", ""),
    ("xs.sort()", "xs"),
    ("df.head()", ""),
    ("df.drop(columns='a', inplace=True)", "df"),
    ("df.fillna(0, inplace=True)", "df"),
    ("df.fillna(0, inplace=False)", ""),
    ("y = df.dropna(inplace=flag)", "df"),
    ("y = df.assign(a=1)", ""),
    ("f(x).append(1)", ""),
    ("f()(x)", ""),
    ("model.fit(X)", "model"),
    ("Z = scaler.fit_transform(X)", "scaler"),
    ("v = rng.random()", "rng"),
    ("v = stack.pop()", "stack"),
    ("v = next(it)", "it"),
    ("random.shuffle(xs)", "random xs"),
    ("heappush(heap.rows, 1)", "heap"),
    ("next(iter(xs))", ""),
    ("np.add(a, b, out=c)", "c np"),
    ("np.add(a, b, out=f())", "np"),
    ("await queue.put(1)", "queue"),
    ("[xs.append(i) for i in ys]", "xs"),
    ("b = a\nb.append(1)", "a"),
    ("b = c = a\nb += [1]", "a"),
    ("b = a\nb += [1]\nb.append(2)", "a"),
    ("b = a\na = []\nb.append(1)", "a"),
    ("b = a\nb = []\nb.append(1)", ""),
    ("b = a[:2]\nb[:] = 7", "a"),
    ("b = a.rows\nb = []\nb.append(1)", ""),
    ("b = a if c else d\nb.append(1)", "a d"),
    ("b = a or d\nb.append(1)", "a d"),
    ("b, c = a, d\nc.append(1)", "d"),
    ("b, c = a\nc.append(1)", "a"),
    ("b, *c = a, d, e\nc.append(1)", ""),
    ("if c:\n    b = a\nelse:\n    b = []\nb.append(1)", "a"),
    ("if c:\n    b = a.x\nelse:\n    b = d.x\nb.append(1)", "a d"),
    ("for row in rows:\n    row['x'] = 1", "rows"),
    ("for k, row in enumerate(rows.values()):\n    row.append(1)", "rows"),
    ("for a, b in zip(xs, ys):\n    a.append(b)", "xs ys"),
    ("for a in f(xs):\n    a.append(1)", ""),
    ("for a in [x, y]:\n    a.append(1)", "x y"),
    ("(b := a).append(1)\nb.append(1)", "a"),
    ("if c:\n    xs.append(1)", "xs"),
    ("def add(r):\n    rows.append(r)\nadd(1)", "rows"),
    ("def add(r):\n    rows.append(r)", ""),
    ("rows = []\ndef add(r):\n    rows.append(r)\nadd(1)", ""),
    ("def add(r):\n    r.append(1)\nadd(rows)", ""),
    ("def add():\n    b = rows\n    b.append(1)\nadd()", "rows"),
    ("button.on(lambda: None)\n[b.pop() for b in bs]", "button"),
    ("class A:\n    rows.append(1)", "rows"),
    ("class A:\n    b = rows\n    b.append(1)", "rows"),
    ("class A:\n    b = 1\n    b.append(1)", ""),
]


@pytest.mark.parametrize(("source", "changes"), CHANGES)
def test_names_that_may_be_changed_in_place(source: str, changes: str) -> None:
    assert analyse(source).changes == words(changes)
