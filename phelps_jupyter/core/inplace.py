"""Which calls change an object in place, by the names of methods and functions. A guess, and no more: digests decide.

Knows no types: `append` is a list's, whatever it is called on.
"""

from __future__ import annotations

import ast


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


READ_ONLY = _words(
    """
    abs agg aggregate all any apply assign astype capitalize casefold center close copy corr count cov cumsum
    decode describe diff display dot draw dropna duplicated encode endswith equals evaluate exists explain
    fillna filter find flush format get get_params getvalue groupby head hist index info isdigit isdir isfile
    isin isna isnull items iterrows itertuples join keys lower lstrip max mean median melt memory_usage merge min
    mkdir mode most_common nlargest notna nsmallest nunique pivot pivot_table plot predict predict_proba
    print quantile query read_text read_bytes rename replace resample rolling round rsplit rstrip sample save
    savefig score select select_dtypes shift show size sort_index sort_values split splitlines startswith std
    strip sum summary swapcase tail text title to_clipboard to_csv to_dict to_excel to_feather to_frame to_hdf
    to_html to_json to_latex to_list to_markdown to_numpy to_parquet to_pickle to_records to_series to_sql
    to_stata to_string to_xarray tobytes tofile tolist transform transpose unique upper value_counts values var
    view where with_columns write_csv write_html write_image write_json write_parquet write_text write_bytes zfill
    """
)
"""Methods that only read their object, though they often stand alone as a statement."""

CHANGING = _words(
    """
    pop popitem popleft setdefault fit fit_transform fit_predict partial_fit send
    random integers normal uniform standard_normal choice choices permutation permuted randint randn rand randrange
    gauss exponential poisson binomial gamma lognormal multivariate_normal getrandbits __setitem__ __delitem__
    """
)
"""Methods that change their object even where their result is used: they take out, fit or draw."""

CHANGING_FIRST = _words(
    """
    next setattr delattr heappush heappop heapify heapreplace heappushpop insort insort_left insort_right shuffle
    copyto fill_diagonal putmask place
    """
)
"""Functions that change their first argument."""

FLUENT = frozenset({"fit", "copy", "clone", "set_params"})
"""Methods that give their own object, or one like it."""

WRAPPERS = _words(
    """
    partial partialmethod lru_cache cache cached wraps map filter vectorize frompyfunc njit jit delayed memoize
    singledispatch compose staticmethod classmethod property cached_property defaultdict
    """
)
"""Functions whose result holds the functions that they are given."""

PARTS = frozenset({"items", "values", "itertuples"})
"""Methods that give parts of their object."""

GATHERERS = frozenset({"enumerate", "zip", "reversed", "sorted", "list", "tuple", "iter"})
"""Functions that give the parts of their arguments."""


def root(node: ast.expr) -> ast.Name | None:
    """The name at the start of ``x.a[i].b``; None where it starts with something else."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def changed_alone(node: ast.expr) -> ast.Name | None:
    """The name whose object a call changes, when it stands alone as a statement."""
    if isinstance(node, ast.Await):
        node = node.value
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        node = node.elt
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr in READ_ONLY:
        return None
    return root(node.func.value)


def wraps(name: str) -> bool:
    """Whether what a call of this name gives holds the functions it is given: a class by its spelling, or a wrapper."""
    return name in WRAPPERS or name[:1].isupper()
