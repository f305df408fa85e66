"""Records as rows of the index, and back. Knows JSON and the order of columns, no database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from phelps_jupyter.core.model import (
    Digest,
    Failure,
    FailureKind,
    Key,
    Part,
    PartKind,
    Record,
    Seen,
    TaskName,
    Usage,
    Version,
)

Row = tuple[Any, ...]


def to_row(record: Record) -> Row:
    """A record as a row of the table, in the order of its columns, without its number."""
    parts, seen = parts_and_seen(record)
    return (
        text(record.key),
        text(record.task),
        text(record.notebook),
        text(record.source),
        parts,
        json.dumps([_version_as_list(v) for v in record.outputs]),
        json.dumps(astuple(record.usage)),
        text(record.engine),
        record.at,
        record.transcript,
        json.dumps(dict(record.left_out)),
        json.dumps(record.changed),
        int(record.reusable),
        record.seed,
        seen,
        json.dumps(record.writes),
    )


def code_of(record: Record) -> Digest:
    """The digest of the body that made the record."""
    codes = (part.digest for part in record.parts if (part.kind, part.name) == (PartKind.CODE, ""))
    return next(codes, Digest(""))


def parts_and_seen(record: Record) -> tuple[str, str]:
    """The two columns that tell what a record rests on."""
    parts = [(p.kind, p.name, p.digest, p.detail, p.origin, p.source) for p in record.parts]
    return json.dumps(parts), json.dumps(_seen_as_lists(record.seen))


Known = dict[tuple[str, ...], Part]
"""Parts by their columns: a notebook's records share most of theirs, and to make one takes longer than to find it."""

_KINDS = {kind.value: kind for kind in PartKind}


def from_row(row: Row, known: Known | None = None) -> Record:
    """The record of a row. ``known``: the parts met so far."""
    number, key, task, notebook, source, parts, outputs, usage, engine, at, *rest = row
    transcript, left_out, changed, reusable, seed, seen, writes = rest
    return Record(
        key=Key(string(key)),
        task=TaskName(string(task)),
        notebook=string(notebook),
        source=string(source),
        parts=_parts(json.loads(parts), {} if known is None else known),
        outputs=tuple(_version(*each) for each in json.loads(outputs)),
        usage=Usage(*json.loads(usage)),
        engine=string(engine),
        at=at,
        transcript=transcript,
        left_out=json.loads(left_out),
        changed=tuple(json.loads(changed)),
        reusable=bool(reusable),
        seed=seed,
        seen=_seen(json.loads(seen)),
        writes=tuple(json.loads(writes)),
        number=number,
    )


def _version_as_list(version: Version) -> list[object]:
    told = [version.name, version.digest, version.size, version.summary, version.identity, version.opaque]
    return [*told, version.modules, dict(version.members)]


def _version(
    name: str, digest: str, size: int, summary: str, identity: str, opaque: str, modules: list[str], members: Any
) -> Version:
    return Version(name, Digest(digest), size, summary, identity, opaque, tuple(modules), members)


def _parts(told: list[list[str]], known: Known) -> tuple[Part, ...]:
    found = []
    for each in told:
        place = tuple(each)
        part = known.get(place)
        if part is None:
            part = known[place] = Part(_KINDS[each[0]], *each[1:])  # type: ignore[arg-type]  # Digest is a str
        found.append(part)
    return tuple(found)


def _seen_as_lists(seen: Seen) -> list[object]:
    conditions = conditions_as_lists(seen.conditions)
    files = [[file.kind, file.name, file.digest] for file in seen.files]
    return [conditions, files, sorted(seen.kept), seen.unwatched, seen.torn]


def _seen(told: list[Any]) -> Seen:
    conditions, files, kept, unwatched, torn = told
    return Seen(conditions_of(conditions), conditions_of(files), frozenset(kept), tuple(unwatched), tuple(torn))


def conditions_as_lists(conditions: Iterable[Part]) -> list[list[str]]:
    return [[part.kind, part.name, part.digest, "", part.origin] for part in conditions]


def conditions_of(told: Iterable[list[str]]) -> tuple[Part, ...]:
    return tuple(Part(_KINDS[kind], name, Digest(digest), *rest) for kind, name, digest, *rest in told)


def text(value: str) -> str | bytes:
    """SQLite takes no lone surrogates; a file name that isn't UTF-8 has some."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode(errors="surrogatepass")
    return value


def string(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="surrogatepass")


def failure_of(told: list[Any]) -> Failure:
    kind, message, name, line, traceback, evidence, *rest = told
    curve = tuple((seconds, held) for points in rest for seconds, held in points)
    return Failure(FailureKind(kind), message, name, line, traceback, evidence, curve)
