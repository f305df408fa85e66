"""What is true of digests of all values: sharing, sets, depth, and that nothing takes for ever."""

from __future__ import annotations

import collections
import pickle
from typing import Any

import numpy as np
import pytest
from digest_kit import Frozen, Numbers, Plain, frame
from sklearn.linear_model import LinearRegression

from phelps_jupyter.runtime.digests import digest, digest_bytes


def test_a_pickled_copy_has_the_same_digest():
    value = [frame(), Plain(a=np.arange(3)), {"b": (1, [2])}, LinearRegression()]
    assert digest(pickle.loads(pickle.dumps(value))) == digest(value)


def test_bytes_have_their_own_digest_as_a_buffer():
    assert digest_bytes(b"abc") == digest_bytes(memoryview(b"abc")) == "06b05ab6733a618578af5f94892f3950"


def nested(kind, depth):
    value = kind()
    for _ in range(depth):
        value = kind([value])
    return value


@pytest.mark.parametrize("kind", [list, tuple, collections.deque, Numbers])
def test_depth_is_no_fault(kind):
    assert digest(nested(kind, 10_000)).digest != digest(nested(kind, 10_001)).digest


@pytest.mark.parametrize("seed", [(), ([1],)], ids=["immutable", "mutable"])
def test_tuples_that_hold_one_tuple_twice_are_walked_once(seed):
    value: Any = seed
    for _ in range(100):
        value = (value, value)
    assert not digest(value).opaque


def test_long_immutable_values_are_digested_in_pieces():
    rows = tuple([number] for number in range(60_000))
    assert digest((rows, [1])) != digest((rows, [2]))


def test_long_values_in_many_lists_are_digested_in_pieces():
    assert digest([[number] for number in range(120_000)]) == digest([[number] for number in range(120_000)])


class Vertex:
    def __init__(self, name):
        self.name = name
        self.near = set()


def ring(order):
    vertices = [Vertex(name) for name in range(400)]
    for at in order:
        vertices[at].near = {vertices[at - 1], vertices[(at + 1) % 400], vertices[at]}
    return vertices


def test_graphs_of_sets_have_digests():
    assert digest(ring(range(400))) == digest(ring(reversed(range(400))))


def test_sets_of_graphs_have_digests():
    assert digest(set(ring(range(400)))) == digest(set(ring(range(400))))


def test_instances_with_ever_other_attributes_have_digests():
    assert not digest([Plain(**{f"a{number}": number}) for number in range(200)]).opaque


def test_sets_of_sets_of_objects_have_digests():
    assert not digest({frozenset({frozenset({Frozen(1), Vertex(2)})}), Vertex({Vertex(3)})}).opaque


def test_a_set_of_long_chains_has_a_digest():
    first = last = Plain()
    for _ in range(500):
        last.next = Plain()
        last = last.next
    assert not digest({first, Plain(a=1)}).opaque


@pytest.mark.parametrize("count", [3, 12])
def test_classes_that_all_know_one_another_end(count):
    classes = [type(f"C{i}", (), {}) for i in range(count)]
    for each in classes:
        each.all = classes
    assert not digest(classes).opaque


def test_classes_that_lead_to_ever_more_classes_end():
    last = type("C", (), {"end": 1})
    for _ in range(500):
        last = type("C", (), {"next": last})
    assert not digest(last).opaque
