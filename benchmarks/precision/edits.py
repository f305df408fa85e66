"""The edits, one act each. Which steps an edit concerns is not written here: `answers.py` finds out by a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.precision.pipeline import base, by_program, looked_up, wrapped
from benchmarks.precision.project import Edit, File, Project, Step

_LOOP = """\
kept = []
for _row in rows:
    if is_large(_row):
        kept.append(_row)
"""


def all_edits() -> tuple[Edit, ...]:
    """The matrix's rows, in order."""
    return (
        *_cosmetic(),
        *_of_files(),
        *_of_blocks(),
        *_of_modules(),
        *_of_indirect_code(),
        *_of_steps(),
        *_of_the_whole(),
        *_in_place(),
    )


def _edit(name: str, title: str, after: Project) -> Edit:
    return Edit(name, title, after, base())


def _cosmetic() -> Iterator[Edit]:
    project = base()
    yield _edit("nothing", "nothing at all", project)
    yield _edit("comment", "a comment in a step", project.in_step("kept", "kept =", "# Only those that count.\nkept ="))
    wrapped = project.in_step(
        "kept", "[row for row in rows if is_large(row)]", "[\n    row for row in rows if is_large(row)\n]"
    )
    yield _edit("reformat", "a step reformatted", wrapped)
    yield _edit("quotes", "other quotes in a step", project.in_step("rows", '"data"', "'data'"))
    yield _edit("docstring", "a helper's docstring", project.in_block("sifting", "for much", "for a lot"))
    yield _edit(
        "helper-comment", "a comment in a helper", project.in_block("sifting", "> LIMIT", "> LIMIT  # strictly")
    )
    commented = project.in_file("features.py", "OFFSET = 3", "# Found by trying.\nOFFSET = 3")
    yield _edit("module-comment", "a comment in a module", commented)
    swapped = project.in_block(
        "reading", "import csv\nfrom pathlib import Path", "from pathlib import Path\nimport csv"
    )
    yield _edit("import-order", "imports in another order", swapped)


def _of_files() -> Iterator[Edit]:
    project = base()
    yield Edit("touch", "a data file touched", project, project, touched=("data/counts.csv",))
    yield Edit("touch-module", "a module touched", project, project, touched=("features.py",))
    yield _edit("file-content", "a data file's content", project.in_file("data/counts.csv", "cleo,31", "cleo,33"))
    later = project.in_file("data/counts.csv", "dora,25", "dora,26")
    yield Edit("time-kept", "a data file's content, not its time", later, project, timeless=("data/counts.csv",))
    program = by_program()
    read = program.in_file("data/counts.csv", "cleo,31", "cleo,33")
    yield Edit("program", "a file that a program reads", read, program)
    yield _edit("file-equal", "a data file, read as the same rows", project.in_file("data/counts.csv", "ada", '"ada"'))
    added = replace(project, files=(*project.files, File("data/third.csv", "jan,21\n")))
    yield _edit("file-added", "a file more in a folder", added)
    yield _edit("module-data", "a file that a module reads", project.in_file("weights.json", "1.2345", "2.3456"))


def _of_blocks() -> Iterator[Edit]:
    project = base()
    yield _edit("helper-logic", "a helper's logic", project.in_block("sifting", "> LIMIT", "> 2 + LIMIT"))
    yield _edit("helper-unused", "a helper that no step calls", project.in_block("sifting", "< 3", "< 4"))
    yield _edit("equal-value", "a constant written otherwise", project.in_block("limits", "10", "2 * 5"))
    yield _edit("new-value", "a constant's value", project.in_block("limits", "10", "15"))
    yield _edit("same-result", "a constant's value, without effect", project.in_block("limits", "10", "11"))
    yield _edit("method", "a method's code", project.in_block("writing", "{self.name}: ", "{self.name} = "))
    yield _edit("rng-seed", "the seed of a draw", project.in_block("modelling", "SEED = 7", "SEED = 8"))


def _of_modules() -> Iterator[Edit]:
    project = base()
    yield _edit("module-constant", "a module's constant", project.in_file("features.py", "OFFSET = 3", "OFFSET = 4"))
    yield _edit(
        "nested-helper", "a helper's helper", project.in_file("features.py", "scaled(value) **", "scaled(value + 1) **")
    )
    yield _edit(
        "second-module", "a module that a module imports", project.in_file("scales.py", "value / 4", "value / 5")
    )
    yield _edit("default", "a default argument", project.in_file("features.py", "power=2", "power=3"))
    yield _edit(
        "module-unused", "a function of a module that no step calls", project.in_file("features.py", "% 7", "% 9")
    )
    upgraded = project.upgraded("tinystats", "1.1", "sum(values) / len(values)", "sum(values) / len(values) + 1")
    yield _edit("package", "another version of a package", upgraded)
    yield _edit(
        "package-unused", "another version of an unused package", project.upgraded("bystander", "2.0", "1", "2")
    )


def _of_indirect_code() -> Iterator[Edit]:
    project = wrapped()
    yield Edit(
        "closure", "the value a closure holds", project.in_block("writing", "rounding(2)", "rounding(3)"), project
    )
    yield Edit("decorator", "a decorator's logic", project.in_block("writing", ".upper()", ".title()"), project)
    project = looked_up()
    yield Edit("table", "a function in a table", project.in_block("sifting", "> LIMIT", "> 2 + LIMIT"), project)
    found = project.in_file("features.py", "scaled(value) **", "scaled(value + 1) **")
    yield Edit("getattr", "a module's function, by getattr", found, project)
    missed = project.in_file("features.py", "% 7", "% 9")
    yield Edit("getattr-unused", "another function of that module", missed, project)


def _of_steps() -> Iterator[Edit]:
    project = base()
    yield _edit("logic", "a step's logic", project.in_step("audit", "len(_numbers)", "len(_numbers) + 1"))
    yield _edit("rewritten", "a step rewritten, same result", project.in_step("kept", project.step("kept").body, _LOOP))
    renamed = project.with_step("audit", lambda step: replace(step, body=step.body.replace("_numbers", "_counts")))
    yield _edit("renamed-local", "a local name", renamed)
    labelled = project.with_step("kept", lambda step: replace(step, label="sift"))
    yield _edit("renamed-step", "the name of a step", labelled)
    yield _edit("resources", "a resource option", project.with_step("model", lambda step: replace(step, cpus=2)))


def _of_the_whole() -> Iterator[Edit]:
    project = base()
    rows, kept, tally, model, audit, report = project.steps
    yield _edit("moved", "a step moved", replace(project, steps=(rows, audit, kept, tally, model, report)))
    largest = Step("largest", ("kept",), "largest = max(row[1] for row in kept)\n", "int")
    yield _edit("step-added", "a step more", replace(project, steps=(*project.steps, largest)))
    yield _edit("step-removed", "a step less", replace(project, steps=(rows, kept, model, audit, report)))
    changed = project.in_block("limits", "10", "15")
    yield Edit("undone", "an edit, run, and undone", project, project, via=changed)


def _in_place() -> Iterator[Edit]:
    project = base()
    own = project.in_step("kept", "is_large(row)]\n", "is_large(row)]\nkept.reverse()\n")
    yield _edit("in-place-own", "a result changed in place", own)
    given = project.in_step("audit", "_numbers = [", "rows.reverse()\n_numbers = [")
    yield Edit("in-place-input", "an input changed in place", given, project, hidden=frozenset({"rows"}))
    appended = project.in_step("audit", "_numbers = [", 'rows.append(["all", 100])\n_numbers = [')
    last = Step("last", ("rows",), "last = rows[-1]\n", "list")
    before = replace(appended, steps=(*appended.steps, last))
    after = before.in_step("audit", "100", "101")
    yield Edit("in-place-below", "the same, read by a later step", after, before, hidden=frozenset({"rows"}))
