"""The project that the edits change: counts are read, sifted, fed to a model and told. Knows nothing of edits."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.precision.project import Block, File, Package, Project, Step

READING = """\
import csv
from pathlib import Path
"""

LIMITS = """\
LIMIT = 10
"""

SIFTING = '''\
def is_large(row):
    """Whether a row counts for much."""
    return row[1] > LIMIT


def is_small(row):
    """Whether a row counts for little. (No step calls it.)"""
    return row[1] < 3
'''

MODELLING = """\
import random

import features

SEED = 7
"""

STATISTICS = """\
import tinystats
"""

WRITING = '''\
DIGITS = 2


def short(number):
    return round(number, DIGITS)


class Line:
    """A line of the report."""

    def __init__(self, name, number):
        self.name = name
        self.number = number

    def text(self):
        return f"{self.name}: {self.number}"
'''

WRAPPED = """\
def rounding(digits):
    def rounded(number):
        return round(number, digits)

    return rounded


short = rounding(2)


def shouting(function):
    def shouted(text):
        return function(text).upper()

    return shouted


@shouting
def heading(text):
    return f"the {text}"
"""

TABLE = """

TESTS = {"large": is_large}
"""

FEATURES = '''\
"""What the model is made of."""

import json
from pathlib import Path

import scales

OFFSET = 3
WEIGHTS = json.loads(Path(__file__).with_name("weights.json").read_text())


def fit(values, power=2):
    """A model of some values."""
    return {"slope": sum(_term(value, power) for value in values) + OFFSET, "weight": WEIGHTS["model"]}


def _term(value, power):
    return scales.scaled(value) ** power


def residue(values):
    """No step calls it."""
    return sum(values) % 7
'''

SCALES = '''\
"""Scales of measurement."""


def scaled(value):
    """In units of the scale."""
    return value / 4
'''

TINYSTATS = '''\
"""Means."""


def mean(values):
    """The arithmetic mean."""
    return sum(values) / len(values)
'''

ROWS = """\
rows = []
for _path in sorted(Path("data").glob("*.csv")):
    with _path.open(newline="") as _lines:
        rows += [[name, int(count)] for name, count in csv.reader(_lines)]
"""

KEPT = """\
kept = [row for row in rows if is_large(row)]
"""

TALLY = """\
tally = len(kept)
"""

MODEL = """\
random.seed(SEED)
_sample = random.sample(sorted(row[1] for row in kept), 4)
model = features.fit(sorted(_sample))
"""

AUDIT = """\
_numbers = [row[1] for row in rows]
audit = {"mean": tinystats.mean(_numbers), "count": len(_numbers)}
"""

ROWS_BY_PROGRAM = """\
_command = ["cat", "data/counts.csv", "data/more.csv"]
_read = subprocess.run(_command, capture_output=True, text=True, check=True).stdout
rows = [[name, int(count)] for name, count in csv.reader(_read.splitlines())]
"""

REPORT = """\
_found = {**model, **audit}
report = [Line(name, short(_found[name])).text() for name in sorted(_found)]
"""

COUNTS = "ada,12\nbert,4\ncleo,31\ndora,25\nemil,8\n"
MORE_COUNTS = "fritz,17\ngina,2\nhugo,48\nida,14\n"


def base() -> Project:
    """The project before any edit."""
    return Project(
        blocks=(
            Block("reading", READING, ("rows",)),
            Block("limits", LIMITS, ("kept",)),
            Block("sifting", SIFTING, ("kept",)),
            Block("modelling", MODELLING, ("model",)),
            Block("statistics", STATISTICS, ("audit",)),
            Block("writing", WRITING, ("report",)),
        ),
        steps=(
            Step("rows", (), ROWS, "list", files=("data",)),
            Step("kept", ("rows",), KEPT, "list", includes=("is_large", "LIMIT")),
            Step("tally", ("kept",), TALLY, "int"),
            Step(
                "model",
                ("kept",),
                MODEL,
                "dict",
                modules=("features.py", "scales.py", "weights.json"),
                includes=("features.fit", "SEED"),
            ),
            Step("audit", ("rows",), AUDIT, "dict"),
            Step("report", ("model", "audit"), REPORT, "list", includes=("Line.text", "short", "DIGITS")),
        ),
        files=(
            File("data/counts.csv", COUNTS),
            File("data/more.csv", MORE_COUNTS),
            File("features.py", FEATURES),
            File("scales.py", SCALES),
            File("weights.json", '{"model": 1.2345, "other": 9}\n'),
        ),
        packages=(
            Package("tinystats", "1.0", TINYSTATS),
            Package("bystander", "1.0", "NUMBER = 1\n"),
        ),
    )


def wrapped() -> Project:
    """The same, with functions that other functions have made: a closure and a decorated one."""
    project = base()
    report = project.in_step("report", "Line(name", "Line(heading(name)").step("report")
    blocks = [replace(one, source=f"{one.source}\n\n{WRAPPED}") for one in project.blocks if one.name == "writing"]
    changed = project.with_step("report", lambda _: replace(report, includes=("Line.text", "rounding", "shouting")))
    return replace(changed, blocks=(*project.blocks[:-1], *blocks))


def looked_up() -> Project:
    """The same, with functions that are found by a text: in a table, and in a module."""
    project = base().in_step("kept", "is_large(row)", 'TESTS["large"](row)')
    project = project.in_step("model", "features.fit(", 'getattr(features, "fit")(')
    return project.in_block("sifting", "row[1] < 3\n", f"row[1] < 3\n{TABLE}")


def by_program() -> Project:
    """The same, with a file that another program reads."""
    project = base().in_block("reading", "import csv\n", "import csv\nimport subprocess\n")
    return project.with_step("rows", lambda step: replace(step, body=ROWS_BY_PROGRAM))
