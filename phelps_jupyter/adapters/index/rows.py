"""Records as rows of the index, and back. Knows JSON and the order of columns, no database."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import Any

from phelps_jupyter.core.model import Failure, FailureKind, Key, Part, PartKind, Record, TaskName, Usage, Version

Row = tuple[Any, ...]


def to_row(record: Record) -> Row:
    """A record as a row of the table, in the order of its columns, without the id."""
    return (
        text(record.key),
        text(record.task),
        text(record.notebook),
        text(record.source),
        json.dumps([(part.kind, part.name, part.digest, part.detail, part.origin) for part in record.parts]),
        json.dumps([(v.name, v.digest, v.size, v.summary, v.identity, v.opaque, v.modules) for v in record.outputs]),
        json.dumps(astuple(record.usage)),
        text(record.engine),
        record.at,
        record.transcript,
        json.dumps(dict(record.left_out)),
        json.dumps(record.changed),
        int(record.reusable),
        record.seed,
    )


def from_row(row: Row) -> Record:
    """The record of a row."""
    key, task, notebook, source, parts, outputs, usage, engine, at, transcript, left_out, changed, reusable, seed = row
    return Record(
        key=Key(string(key)),
        task=TaskName(string(task)),
        notebook=string(notebook),
        source=string(source),
        parts=tuple(Part(PartKind(kind), *rest) for kind, *rest in json.loads(parts)),
        outputs=tuple(Version(*each[:6], *map(tuple, each[6:])) for each in json.loads(outputs)),
        usage=Usage(*json.loads(usage)),
        engine=string(engine),
        at=at,
        transcript=transcript,
        left_out=json.loads(left_out),
        changed=tuple(json.loads(changed)),
        reusable=bool(reusable),
        seed=seed,
    )


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
    kind, *rest = told
    return Failure(FailureKind(kind), *rest)
