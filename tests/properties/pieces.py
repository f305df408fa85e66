"""The pieces of code that notebooks by chance are made of. How they are filled in is told in ``snippets.py``.

One-line pieces first, one a line; then those of several lines, parted by empty ones.
"""

from __future__ import annotations


def _pieces(lines: str, blocks: str) -> tuple[str, ...]:
    return (*lines.strip().splitlines(), *blocks.strip().split("\n\n"))


INTEGERS = _pieces(
    """
<I> = <n>
<I> = <i> + <n>
<i> += <n>
<I> = len(<x>) + <n>
<I> = <f>(<n>)
<I> = <f>(<i>)
<I> = sum(x * <i> for x in <x>)
<I> = eval('<i> + <n>')
exec('<I> = <i> + <n>')
exec('<I>=' + '<n>')
if <i> > 99: print(nothing)
globals()['<I>'] = <n>
<i>, <i2> = <i2>, <i>
<I>, *<X> = [<n>, <n2>, *<x2>]
<I> = <m>.get('k', <n>)
<I> = <p>.n + <n>
<I> = <p>.bump(<n>).n
<I> = <c>(<n>).bump(<n2>).n
<I> = int(<v>.sum()) + <n>
<I> = int(<d>['u'].sum())
<I> = <t>['first'](<n>)
<I> = <l>.scale(<n>)
<I> = <r>(<i>)
del <-i>
print(f'{<i>:>3}|{<i> + <n>}')
print(*(f'{x}-{<i>}' for x in <x>))
assert <n>, <i>
<b>()
<I> = int(open('out_1.txt').read())
<I> = int(open(f'data/{<s>}.txt').read())
<S> = 'one'
<S> = 'two' if <i> > <n> else 'one'
<L> = __import__('lib')
import lib
from lib import scale
from lib import *
""",
    """
if (<I> := <i2> + <n>) > 6:
    print('big', <I>)

if <i2> > <n>:
    <i> = <n2>

if <i> > <n>:
    del <i>

try:
    print(<i>)
except NameError:
    print('none')

if <i2> > <n>:
    <i> = <n2>
else:
    <i> += 1

for n in range(<n>):
    <i> += n

while <i> < <n>:
    <i> += 2

try:
    <I> = <m>['none']
except KeyError as error:
    <I> = <n>

match <i2>:
    case 1 | 2:
        <I> = <n>
    case _:
        <I> = <n2>

_hidden = <n>
<I> = _hidden + <i>

def bump():
    global <i>
    <i> += <n>
bump()

with open('out_<n>.txt', 'w') as out:
    out.write(str(<i> + <n2>))

from pathlib import Path
Path('out_1.txt').write_text(str(<i>))

with open(f'out_{<i> % 3}.txt', 'w') as out:
    out.write(str(<i> + <n>))

with open(f'out_{<i> % 3}.txt') as out:
    <I> = int(out.read())

import os
if os.path.exists('out_1.txt'):
    os.remove('out_1.txt')

from pathlib import Path
<I> = int(Path('data/one.txt').read_text()) + <n>

with open('data/two.txt') as source:
    <I> = int(source.read())

from pathlib import Path
<I> = sum(int(path.read_text()) for path in sorted(Path('data').glob('*.txt')))

from pathlib import Path
Path('out_1.txt').write_text(Path('out_1.txt').read_text() + '<n>')

import glob
<I> = len(glob.glob('data/*.txt'))

import os
<I> = <n> if os.path.exists('data/three.txt') else <n2>
""",
)

LISTS = _pieces(
    """
<X> = [<n>, <n2>, <n3>]
<X> = [x + <i> for x in range(<n>)]
<X> = [x * <n> for x in <x2> if x > <i>]
<X> = list(<x2>)
<X> = <x2>
<X> = <X2> = [<n>, <n2>]
<X> = <x2> + [<i>]
<X> = sorted(<x2>, key=lambda x: (x + <i>) % <n>)
<x>.append(<n>)
<x>.append(<i>)
<x>.extend([<n>, <i>])
<x> += [<n>]
<x>[0] = <n>
<x>[0] += <i>
del <x>[0]
<x>[:] = [<n>, <n2>]
<x>.sort()
<I> = <x>.pop(0)
print(<x>.pop())
[<x>.append(n) for n in range(<n>)]
<x>.insert(0, <n>)
<u>(<x>)
<g>(<n>)
<I> = <x>.pop()
<X> = list(map(<f>, [<n>, <n2>]))
<X> = list(map(<f>, <x2>))
exec('<x>.append(<n>)')
<X> = list(map(<x2>.append, [<n>]))
""",
    """
for n in <x2>:
    <i> += n

<x>.reverse()
print(<x>[0])

for x in <x>[:]:
    if x > <n>:
        <x>.remove(x)

with open('data/one.txt') as source:
    <x>.extend(int(line) for line in source)

def outer():
    globals()['<i>'] = <n>
outer()

for x in range(<n>):
    <x>.append(x)

if <i> > <n>:
    <x>.append(<n2>)

def push(items, n=<n>):
    items.append(n)

def fill(items):
    items[0] = <n>
fill(<x>)

import heapq
heapq.heapify(<x>)

def grow(n):
    <x>.append(n + <i>)
""",
)

DICTS = _pieces(
    """
<M> = {'k': <n>, 'j': <i>}
<M> = {str(x): x + <n> for x in <x>}
<M> = <m2>
<M> = dict(<m2>, k=<n>)
<m>['k'] = <n>
<m>['j'] = <i>
<m>.update(z=<n>)
<m>.setdefault('s', <n>)
<m>.pop('k', None)
<m>['c'] = <m>.get('c', 0) + <n>
<M> = {**<m2>, 'n': <n>}
<m> |= {'o': <n>}
""",
    """
if 'k' in <m>:
    del <m>['k']
""",
)

ARRAYS = _pieces(
    """
<V> = <v2>
<V> = <v2> * <n>
<v>[0] = <n>
<v> += <i>
<v>[<v> > <n>] = 0
<v>.sort()
<v>.fill(<n>)
<d>['z'] = <d>['u'] * <n>
<d>.loc[0, 'u'] = <n>
<D> = <d2>[<d2>['u'] > <n>].copy()
<D> = <d2>.query('u > @<i>').copy()
<D> = <d2>.assign(y=<n>)
<D> = <d2>
<d>.rename(columns={'w': 'u2'}, inplace=True)
""",
    """
import numpy as np
<V> = np.arange(<n>) + <i>

import numpy as np
<V> = np.array([<n>, <n2>, <n3>])

import pandas as pd
<D> = pd.DataFrame({'u': [<n>, <n2>, <n3>], 'w': [1, 2, 3]})
""",
)

FUNCTIONS = _pieces(
    """
<F> = lambda x: x * <i> + <n>
<F> = lambda x: <f2>(x) - <n>
<F> = <f2>
<T> = {'first': <f>}
<T> = {'first': lambda x: x + <i>, 'next': <f>}
<t>['first'] = <f>
<F> = <l>.scale
<c>.step = <n>
<P> = <c>(<n>)
<P> = <c>(<i>)
<P> = <p2>
<p>.bump(<n>)
<p>.n = <n>
<p>.n += <i>
print(isinstance(<p>, <c>))
""",
    """
def <F>(x):
    return x + <n>

def <F>(x):
    return x * <i> + <n>

def <F>(x, y=<n>):
    return x + y

def <F>(x, y=<i>):
    return x - y

def <F>(x):
    return <f2>(x) + <n>

def <F>(x):
    def inner(y):
        return y + <i>
    return inner(x) * <n>

def <F>(x):
    return <n> if x <= 0 else <F>(x - 1) + <n2>

def <F>(x):
    return sum(<x>) + x

def <F>(x):
    return <m>.get('k', 0) + x

def make(n):
    def inner(x):
        return x + n
    return inner
<F> = make(<n>)

import functools
<F> = functools.partial(lambda x, y: x - y, <n>)

import functools
@functools.lru_cache
def <F>(x):
    return x * 2 + <n>

import functools
def deco(function):
    @functools.wraps(function)
    def wrapped(x):
        return function(x) + <n>
    return wrapped

@<k>
def <F>(x):
    return x * <n>

def <F>(x):
    return <l>.scale(x) + <n>

def <F>(x):
    return <c>(x).bump(<n>).n

class <C>:
    def __init__(self, n):
        self.n = n
    def bump(self, k=<n>):
        self.n += k
        return self
    def __repr__(self):
        return f'<C>({self.n})'

class <C>:
    step = <n>
    def __init__(self, n):
        self.n = n * <i>
    def bump(self, k):
        self.n += k + self.step
        return self
    def __repr__(self):
        return f'<C>:{self.n}'

class <C>(<c2>):
    def bump(self, k=2):
        self.n += <n>
        return super().bump(k)

import dataclasses
@dataclasses.dataclass
class <C>:
    n: int = <n>
    def bump(self, k):
        self.n += <f>(k)
        return self

def make():
    n = 0
    def inner(x):
        nonlocal n
        n += 1
        return x + n
    return inner
<F> = make()

def <F>(x, seen=[]):
    seen.append(x)
    return len(seen) + x

def <F>(x):
    <F>.calls += 1
    return x + <F>.calls
<F>.calls = 0
""",
)

# Known to be shown wrongly, written only if PHELPS_GAPS is set. The gap is told above each piece.
GAPS = _pieces(
    "",
    """
# a cache of results that hang on a global: it does not cross a border
import functools
@functools.lru_cache
def <F>(x):
    return x + <i>

""",
)
