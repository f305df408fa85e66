"""The tables of the index, as SQL. A change of them is a new format."""

from __future__ import annotations

FORMAT = 4

TABLES = (
    """CREATE TABLE records (
        id INTEGER PRIMARY KEY, key TEXT, task TEXT, notebook TEXT, source TEXT, parts TEXT, outputs TEXT, usage TEXT,
        engine TEXT, at REAL, transcript TEXT, left_out TEXT, changed TEXT, reusable INTEGER, seed TEXT, seen TEXT,
        writes TEXT, code TEXT)""",
    "CREATE INDEX records_by_key ON records (key, reusable)",
    "CREATE INDEX records_by_code ON records (code, reusable)",
    "CREATE INDEX records_by_task ON records (notebook, task)",
    # parts, seen: as they were when the record was last used; NULL: as it was made.
    """CREATE TABLE last (
        notebook TEXT, task TEXT, record INTEGER, parts TEXT, seen TEXT, PRIMARY KEY (notebook, task)) WITHOUT ROWID""",
    """CREATE TABLE learned (
        code TEXT PRIMARY KEY, added TEXT, denied TEXT, read TEXT, wrote TEXT, same TEXT) WITHOUT ROWID""",
    """CREATE TABLE ended (
        notebook TEXT, task TEXT, state TEXT, attempts INTEGER, engine TEXT, failure TEXT,
        PRIMARY KEY (notebook, task)) WITHOUT ROWID""",
    "CREATE TABLE memory (code TEXT PRIMARY KEY, nbytes INTEGER) WITHOUT ROWID",
    """CREATE TABLE stamps (
        path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER, digest TEXT) WITHOUT ROWID""",
    "CREATE TABLE cell_sights (lineage TEXT PRIMARY KEY, sets TEXT) WITHOUT ROWID",
    "CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT, beat REAL) WITHOUT ROWID",
    """CREATE TABLE holds (
        notebook TEXT, task TEXT, kind TEXT, record INTEGER, at REAL, told TEXT,
        PRIMARY KEY (notebook, task, kind)) WITHOUT ROWID""",
)

COLUMNS = """records.id, records.key, records.task, records.notebook, source, records.parts, outputs, usage, engine, at,
    transcript, left_out, changed, reusable, seed, records.seen, writes"""

LAST_COLUMNS = COLUMNS.replace("records.parts", "coalesce(last.parts, records.parts)").replace(
    "records.seen", "coalesce(last.seen, records.seen)"
)
"""Of records as they were last used."""
