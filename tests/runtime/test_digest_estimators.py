"""Sparse matrices of scipy and estimators of scikit-learn: which of them are equal for a reader.

A sparse matrix is what it stores: the order of indices and stored zeros can be seen, and change the order of sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from digest_kit import (
    check_different,
    check_same,
    rebuilt,
    sparse,
)
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def csr() -> Any:
    return scipy.sparse.csr_matrix(np.array([[1.0, 0, 2], [0, 0, 3]]))


def asked(matrix: Any) -> Any:
    assert matrix.has_sorted_indices
    assert matrix.has_canonical_format
    return matrix


def shuffled(matrix: Any) -> Any:
    matrix.indices[:2], matrix.data[:2] = matrix.indices[1::-1].copy(), matrix.data[1::-1].copy()
    return matrix


def with_zero(matrix: Any) -> Any:
    matrix.data[0] = 0
    cleared = matrix.copy()
    cleared.eliminate_zeros()
    assert (matrix != cleared).nnz == 0
    return matrix


def fitted(estimator: Any) -> Any:
    points = np.random.default_rng(0).random((40, 3))
    return estimator.fit(points, points[:, 0] > 0.5)


def twice(estimator: Any) -> Any:
    return fitted(clone(estimator)), rebuilt(fitted(clone(estimator)))


SAME: dict[str, tuple[Any, Any]] = {
    "sparse matrix": (sparse(asked=False), sparse(asked=True)),
    "estimator": (LinearRegression().fit([[1], [2]], [1, 2]), LinearRegression().fit([[1], [2]], [1, 2])),
    "asked matrix": (csr(), asked(csr())),
    "fitted forest": twice(RandomForestClassifier(3, random_state=0)),
    "fitted boosting": twice(HistGradientBoostingClassifier(max_iter=3, random_state=0)),
    "fitted vectors": twice(SVC()),
    "fitted pipeline": twice(make_pipeline(StandardScaler(), SVC())),
}

DIFFERENT: dict[str, tuple[Any, Any]] = {
    "sparse matrices": (scipy.sparse.csr_matrix(np.eye(3)), scipy.sparse.csc_matrix(np.eye(3))),
    "estimators": (LinearRegression().fit([[1], [2]], [1, 2]), LinearRegression().fit([[1], [2]], [1, 3])),
    "pipelines": (make_pipeline(StandardScaler()), make_pipeline(StandardScaler(with_mean=False))),
    "kinds of sparse": (csr(), csr().tocoo()),
    "sparse array and matrix": (csr(), scipy.sparse.csr_array(csr())),
    "order of what is stored": (csr(), shuffled(csr())),
    "stored zeros": (csr(), with_zero(csr())),
    "fitted and not": (fitted(SVC()), SVC()),
    "steps of pipelines": (fitted(make_pipeline(StandardScaler(), SVC())), fitted(make_pipeline(SVC()))),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_models_that_no_reader_can_tell_apart_have_one_digest(one, other):
    check_same(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_models_that_a_reader_can_tell_apart_have_two(one, other):
    check_different(one, other)
