"""The option line of a task: ``%%task fit --cpus 2``. Knows every option, and how to say what is wrong and where.

Refuses to know the notebook: whether ``--in x`` names something is for the graph to find out.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from phelps_jupyter.core.model import Options, TaskName
from phelps_jupyter.core.words import (
    Line,
    Word,
    expression,
    identifier,
    integer,
    items_of,
    names_of,
    seconds_of,
    size_of,
    variable,
    words_of,
)

MAGIC = "%%task"

_CONTINUATION = re.compile(r"\s*#\|\s*(?=--)")
# numpy's global generator takes no seed beyond this.
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Header:
    """What the first lines of a task cell say."""

    name: TaskName
    options: Options
    body: str
    """The whole cell with its magic line turned into a comment: line numbers are the cell's."""


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option: how it is written, what it does, and how its values become part of Options."""

    flag: str
    metavar: str
    """What follows it, for people; empty: nothing does."""
    group: str
    help: str
    parse: Callable[[Options, tuple[Word, ...]], Options]
    many: bool = False
    """Takes all values up to the next option."""
    choices: tuple[str, ...] = ()
    """Words that stand for a special value, for completion."""


def parse_cell(source: str) -> Header | None:
    """The header of a task cell; None when the cell is no task.

    Raises OptionError, with the place of the word at fault.
    """
    rows = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((index for index, row in enumerate(rows) if row.strip()), 0)
    magic = rows[first].split(maxsplit=1)[:1]
    if magic != [MAGIC]:
        return None
    start = rows[first].index(MAGIC)
    lines = [Line(rows[first].rstrip(), start + len(MAGIC), first + 1)]
    lines += _continuation_lines(rows, first + 1)
    name, options = _parse(lines)
    rows[first] = f"{rows[first][:start]}# {rows[first][start:]}"
    return Header(name, options, "\n".join(rows))


def parse_line(line: str, continuation: Sequence[tuple[int, str]] = ()) -> tuple[TaskName, Options]:
    """Name and options from what follows ``%%task``; ``continuation``: numbers and texts of the ``#| --`` lines.

    Raises OptionError, with the place of the word at fault.
    """
    lines = [Line(f"{MAGIC} {line.strip()}", len(MAGIC), 1)]
    for number, text in continuation:
        match = _CONTINUATION.match(text)
        lines.append(Line(text.rstrip(), match.end() if match else 0, number))
    return _parse(lines)


def usage() -> str:
    """All options, for people."""
    width = max(len(f"{spec.flag} {spec.metavar}") for spec in OPTIONS)
    rows = [f"{MAGIC} NAME [options]", "", "NAME is an identifier, unique in the notebook."]
    for group in dict.fromkeys(spec.group for spec in OPTIONS):
        rows += ["", f"{group}:"]
        rows += [f"  {f'{spec.flag} {spec.metavar}':<{width}}  {spec.help}" for spec in OPTIONS if spec.group == group]
    rows += ["", "Options may go on in lines directly below, each beginning with `#| --`."]
    return "\n".join(rows)


def complete(text: str) -> tuple[str, ...]:
    """What the last word of ``text``, an option line up to the cursor, may become."""
    *before, last = text.split(" ")
    words = [word for word in before if word and word != MAGIC]
    if not words and not last.startswith("-"):
        return ()
    choices = _BY_FLAG[words[-1]].choices if words and words[-1] in _BY_FLAG else ()
    flags = tuple(spec.flag for spec in OPTIONS if spec.flag not in words)
    return tuple(candidate for candidate in choices + flags if candidate.startswith(last))


def _continuation_lines(rows: Sequence[str], first: int) -> list[Line]:
    lines = []
    for index in range(first, len(rows)):
        if not rows[index].lstrip().startswith("#|"):
            break
        if match := _CONTINUATION.match(rows[index]):
            lines.append(Line(rows[index].rstrip(), match.end(), index + 1))
    return lines


def _parse(lines: Sequence[Line]) -> tuple[TaskName, Options]:
    words = [word for line in lines for word in words_of(line)]
    if not words or words[0].is_flag:
        at = words[0].at if words and words[0].line is lines[0] else len(lines[0].text) + 1
        raise lines[0].wrong(f"the task has no name: {MAGIC} NAME [options]", at)
    name = TaskName(identifier("a task's name", words[0]))
    return name, _parse_options(words[1:])


def _parse_options(words: Sequence[Word]) -> Options:
    options = Options()
    seen: set[str] = set()
    rest = list(words)
    while rest:
        flag, *values = _split_equals(rest.pop(0))
        spec = _spec(flag)
        if spec.flag in seen:
            raise flag.wrong(f"{spec.flag} is given twice")
        seen.add(spec.flag)
        while rest and not rest[0].is_flag and (spec.many or (spec.metavar and not values)):
            values.append(rest.pop(0))
        options = spec.parse(options, _checked(spec, flag, tuple(values)))
    return options


def _split_equals(word: Word) -> list[Word]:
    """``--in=a`` is ``--in a``."""
    flag, equals, value = word.raw.partition("=")
    if not (word.is_flag and equals):
        return [word]
    first = Word(flag, flag, word.at, word.line)
    return [first, Word("".join(shlex.split(value)), value, word.at + len(flag) + 1, word.line)]


def _spec(word: Word) -> OptionSpec:
    if word.is_flag and word.text in _BY_FLAG:
        return _BY_FLAG[word.text]
    meant = _closest(word.text)
    if word.is_flag:
        hint = f"did you mean {meant}?" if meant else "there are " + " ".join(_BY_FLAG)
        raise word.wrong(f"unknown option {word.text}; {hint}")
    hint = f"did you mean {meant}?" if meant else "a task has one name, and its options begin with --"
    raise word.wrong(f"unexpected {word.text!r}; {hint}")


def _closest(text: str) -> str:
    """The flag that ``text`` was most probably meant to be, or nothing."""
    stem = text.lstrip("-\N{EN DASH}\N{EM DASH}").partition("=")[0].lower()
    stems = [flag[2:] for flag in _BY_FLAG]
    longer = [known for known in stems if len(stem) > 1 and (known.startswith(stem) or stem.startswith(known))]
    found = longer or difflib.get_close_matches(stem, stems, n=1, cutoff=0.6)
    return f"--{found[0]}" if found else ""


def _checked(spec: OptionSpec, flag: Word, values: tuple[Word, ...]) -> tuple[Word, ...]:
    if values and not spec.metavar:
        raise values[0].wrong(f"{spec.flag} takes no value")
    if spec.metavar and not any(value.text.strip(",") for value in values):
        raise flag.wrong(f"{spec.flag} needs a value: {spec.flag} {spec.metavar}")
    return values


def _parse_in(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, inputs=names_of("an input's name", words))


def _parse_out(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, outputs=names_of("an output's name", words))


def _parse_after(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, after=tuple(TaskName(name) for name in names_of("a task's name", words)))


def _parse_reads(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, reads=tuple(dict.fromkeys(word.text for word in words if word.text)))


def _parse_writes(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, writes=tuple(dict.fromkeys(word.text for word in words if word.text)))


def _parse_cpus(options: Options, words: tuple[Word, ...]) -> Options:
    cpus: int | Literal["all"] = "all" if words[0].text == "all" else integer("--cpus", words[0], 1, "all")
    return replace(options, resources=replace(options.resources, cpus=cpus))


def _parse_mem(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, resources=replace(options.resources, memory=size_of("--mem", words[0])))


def _parse_gpus(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, resources=replace(options.resources, gpus=integer("--gpus", words[0], 0)))


def _parse_time(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, resources=replace(options.resources, time=seconds_of("--time", words[0])))


def _parse_on(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, resources=replace(options.resources, label=words[0].text))


def _parse_temp(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, temp=not words)


def _parse_always(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, always=not words)


def _parse_ttl(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, ttl=seconds_of("--ttl", words[0]))


def _parse_uptodate(options: Options, words: tuple[Word, ...]) -> Options:
    word, *more = words
    if more:
        raise more[0].wrong("--uptodate takes one expression: put quotes around it")
    return replace(options, uptodate=expression("--uptodate", word))


def _parse_env(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, env=tuple(dict.fromkeys(variable(item) for item in items_of(words))))


def _parse_seed(options: Options, words: tuple[Word, ...]) -> Options:
    seed: int | Literal["none"] = "none" if words[0].text == "none" else integer("--seed", words[0], 0, "none")
    if seed != "none" and seed > _LARGEST_SEED:
        raise words[0].wrong(f"--seed {seed}: must be below 2**32, numpy's generator takes no more")
    return replace(options, seed=seed)


def _parse_retries(options: Options, words: tuple[Word, ...]) -> Options:
    return replace(options, retries=integer("--retries", words[0], 0))


def _parse_isolation(options: Options, words: tuple[Word, ...]) -> Options:
    text = words[0].text
    if text not in _ISOLATIONS:
        raise words[0].wrong(f"--isolation {text}: must be fork or engine")
    return replace(options, isolation="engine" if text == "engine" else "fork")


_ISOLATIONS = ("fork", "engine")
_ISOLATION_HELP = "fork: in a fresh process; engine: in the engine's own."

OPTIONS = (
    OptionSpec("--in", "NAMES", "data", "The names it may read; others are an error.", _parse_in, many=True),
    OptionSpec("--out", "NAMES", "data", "The names it leaves behind; each must be bound.", _parse_out, many=True),
    OptionSpec("--after", "TASKS", "data", "Tasks that must be done before it starts.", _parse_after, many=True),
    OptionSpec("--reads", "GLOBS", "data", "Files it reads; a change makes it stale.", _parse_reads, many=True),
    OptionSpec("--writes", "GLOBS", "data", "Files it makes; kept with its result.", _parse_writes, many=True),
    OptionSpec("--temp", "", "data", "Its values go when the last reader of a run is done.", _parse_temp),
    OptionSpec("--cpus", "N", "resources", "CPUs it uses (1); all: a whole host.", _parse_cpus, choices=("all",)),
    OptionSpec("--mem", "SIZE", "resources", "Memory it may use, like 4GB.", _parse_mem),
    OptionSpec("--gpus", "N", "resources", "GPUs it has to itself; 0: it sees none.", _parse_gpus),
    OptionSpec("--time", "DURATION", "resources", "Time it may take, like 90s, 10min or 2h.", _parse_time),
    OptionSpec("--on", "LABEL", "resources", "An engine label or a host name to run on.", _parse_on),
    OptionSpec("--isolation", "KIND", "resources", _ISOLATION_HELP, _parse_isolation, choices=_ISOLATIONS),
    OptionSpec("--always", "", "reuse", "Run it each time, never reuse a result.", _parse_always),
    OptionSpec("--ttl", "DURATION", "reuse", "Run it anew when its result is older than this.", _parse_ttl),
    OptionSpec("--uptodate", "EXPR", "reuse", "Run it anew when its value has changed.", _parse_uptodate, many=True),
    OptionSpec("--env", "VARS", "reuse", "Environment variables it reads: passed, counted.", _parse_env, many=True),
    OptionSpec("--seed", "N", "reuse", "Seed for random and numpy; none: no seed.", _parse_seed, choices=("none",)),
    OptionSpec("--retries", "N", "failure", "How often to try again after a failure (0).", _parse_retries),
)
"""Every option of ``%%task``: shared by its help, by completion and by the documentation."""

_BY_FLAG = {spec.flag: spec for spec in OPTIONS}
