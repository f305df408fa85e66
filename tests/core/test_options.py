"""The option line: what it may say, and where the caret stands when it says something else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phelps_jupyter.core.model import Options, Resources
from phelps_jupyter.core.options import OPTIONS, complete, parse_cell, parse_line, usage
from phelps_jupyter.errors import OptionError

ACCEPTED = [
    ("fit", Options()),
    ("fit   ", Options()),
    ("fit --in a", Options(inputs=("a",))),
    ("fit --in a b c", Options(inputs=("a", "b", "c"))),
    ("fit --in a,b", Options(inputs=("a", "b"))),
    ("fit --in a, b ,c", Options(inputs=("a", "b", "c"))),
    ("fit --in=a", Options(inputs=("a",))),
    ("fit --in=a,b c", Options(inputs=("a", "b", "c"))),
    ("fit --in a a", Options(inputs=("a",))),
    ("fit --in größe", Options(inputs=("größe",))),
    ("fit --out model score", Options(outputs=("model", "score"))),
    ("fit --in a --out b", Options(inputs=("a",), outputs=("b",))),
    ("fit --after load clean", Options(after=("load", "clean"))),
    ("fit --cpus 2", Options(resources=Resources(cpus=2))),
    ("fit --cpus=2", Options(resources=Resources(cpus=2))),
    ("fit --cpus all", Options(resources=Resources(cpus="all"))),
    ("fit --gpus 2", Options(resources=Resources(gpus=2))),
    ("fit --gpus 0", Options(resources=Resources(gpus=0))),
    ("fit --mem 200MB", Options(resources=Resources(memory=200_000_000))),
    ("fit --mem 4GB", Options(resources=Resources(memory=4_000_000_000))),
    ("fit --mem 4gb", Options(resources=Resources(memory=4_000_000_000))),
    ("fit --mem 1.5GB", Options(resources=Resources(memory=1_500_000_000))),
    ("fit --mem 1.1GB", Options(resources=Resources(memory=1_100_000_000))),
    ("fit --mem 10kB", Options(resources=Resources(memory=10_000))),
    ("fit --mem 1TB", Options(resources=Resources(memory=10**12))),
    ("fit --mem 1KiB", Options(resources=Resources(memory=1024))),
    ("fit --mem 512MiB", Options(resources=Resources(memory=512 * 1024**2))),
    ("fit --mem 2GiB", Options(resources=Resources(memory=2 * 1024**3))),
    ("fit --mem 1TiB", Options(resources=Resources(memory=1024**4))),
    ("fit --time 90", Options(resources=Resources(time=90))),
    ("fit --time 90s", Options(resources=Resources(time=90))),
    ("fit --time 0.5s", Options(resources=Resources(time=0.5))),
    ("fit --time 10min", Options(resources=Resources(time=600))),
    ("fit --time 10m", Options(resources=Resources(time=600))),
    ("fit --time 2h", Options(resources=Resources(time=7200))),
    ("fit --time 1d", Options(resources=Resources(time=86400))),
    ("fit --time 1h30m", Options(resources=Resources(time=5400))),
    ("fit --time 1d2h3min4s", Options(resources=Resources(time=93784))),
    ("fit --on gpu", Options(resources=Resources(label="gpu"))),
    ("fit --on box.example.org", Options(resources=Resources(label="box.example.org"))),
    ("fit --cpus 2 --mem 1GB --time 1h --on a", Options(resources=Resources(2, 10**9, 3600, "a"))),
    ("fit --temp", Options(temp=True)),
    ("fit --always", Options(always=True)),
    ("fit --always --in a", Options(always=True, inputs=("a",))),
    ("fit --env HOME LANG", Options(env=("HOME", "LANG"))),
    ("fit --env HOME,LANG", Options(env=("HOME", "LANG"))),
    ("fit --seed 7", Options(seed=7)),
    ("fit --seed 0", Options(seed=0)),
    ("fit --seed none", Options(seed="none")),
    ("fit --isolation engine", Options(isolation="engine")),
    ("fit --isolation fork", Options(isolation="fork")),
    ("fit --retries 3", Options(retries=3)),
    ("fit --retries 0", Options(retries=0)),
    ("fit --reads data/*.csv", Options(reads=("data/*.csv",))),
    ("fit --reads a.csv 'my file.csv' \"b c\"", Options(reads=("a.csv", "my file.csv", "b c"))),
    ("fit --reads my\\ file.csv", Options(reads=("my file.csv",))),
    ("fit --reads one,two.csv", Options(reads=("one,two.csv",))),
    ("fit --reads='a b.csv'", Options(reads=("a b.csv",))),
    ("fit --reads '--odd'", Options(reads=("--odd",))),
    ("fit --reads a\"b c\"d'e f'", Options(reads=("ab cde f",))),
    ("fit --writes out.csv 'plots/*.png' out.csv", Options(writes=("out.csv", "plots/*.png"))),
    ("fit --ttl 1d", Options(ttl=86400)),
    ("fit --ttl 1h30m", Options(ttl=5400)),
    ("fit --uptodate rows", Options(uptodate="rows")),
    ("fit --uptodate count('people') --cpus 1", Options(uptodate="count('people')")),
    ("fit --uptodate 'count(db,  \"people\")>3'", Options(uptodate="count(db, 'people') > 3")),
    ('fit --uptodate=" len( rows )"', Options(uptodate="len(rows)")),
    ('fit --uptodate "a"+"b"', Options(uptodate="'a' + 'b'")),
]

REFUSED = [
    # line (a ^ before the word under which the caret stands), part of the message
    ("^--cpus 2", "no name"),
    ("fit ^--cpu 2", "unknown option --cpu; did you mean --cpus?"),
    ("fit ^--memory 2GB", "did you mean --mem?"),
    ("fit ^--inputs a", "did you mean --in?"),
    ("fit ^--Out a", "did you mean --out?"),
    ("fit ^--cpu=2", "unknown option --cpu; did you mean --cpus?"),
    ("fit ^--q 2", "unknown option --q; there are --in --out"),
    ("fit ^-- a", "unknown option --; there are --in"),
    ("fit ^—cpus 2", "unexpected '—cpus'; did you mean --cpus?"),
    ("fit ^-cpus 2", "unexpected '-cpus'; did you mean --cpus?"),
    ("fit ^cpus=2", "unexpected 'cpus=2'; did you mean --cpus?"),
    ("fit ^model", "unexpected 'model'; a task has one name"),
    ("fit --cpus 2 ^4", "unexpected '4'"),
    ("fit --cpus=2 ^4", "unexpected '4'"),
    ("fit --always ^yes", "unexpected 'yes'"),
    ("fit --always=^yes", "--always takes no value"),
    ("fit --in a --cpus 1 ^--in b", "--in is given twice"),
    ("fit ^--mem", "--mem needs a value: --mem SIZE"),
    ("fit ^--mem --cpus 2", "--mem needs a value: --mem SIZE"),
    ("fit ^--mem=", "--mem needs a value"),
    ("fit ^--in", "--in needs a value: --in NAMES"),
    ("fit ^--in ,", "--in needs a value: --in NAMES"),
    ("fit ^--on ''", "--on needs a value: --on LABEL"),
    ("^my-task", "must be an identifier, 'my-task' is none; try my_task"),
    ("^fit:", "try fit"),
    ("^2fit", "try task_2fit"),
    ("^class-", "try task_class"),
    ("^***", "must be an identifier, '***' is none"),
    ("^class", "can't be a word of Python's: 'class'; try class_"),
    ("fit --in a ^b-c", "an input's name must be an identifier, 'b-c' is none; try b_c"),
    ("fit --in a,^b-c,d", "try b_c"),
    ("fit --in=a,^b.c", "try b_c"),
    ("fit --in a,a,^1", "try task_1"),
    ("fit --out ^lambda", "an output's name can't be a word of Python's"),
    ("fit --after ^a-b", "a task's name must be an identifier"),
    ("fit --cpus ^0", "--cpus 0: must be a whole number, 1 or more, or all"),
    ("fit --cpus ^-1", "--cpus -1: must be a whole number, 1 or more, or all"),
    ("fit --cpus ^1.5", "must be a whole number"),
    ("fit --gpus ^-1", "--gpus -1: must be a whole number, 0 or more"),
    ("fit --gpus ^all", "must be a whole number"),
    ("fit --cpus ^two", "must be a whole number"),
    ("fit --isolation ^none", "--isolation none: must be fork or engine"),
    ("fit --retries ^-1", "--retries -1: must be a whole number, 0 or more"),
    ("fit --retries ^¹", "must be a whole number"),
    ("fit --seed ^-1", "--seed -1: must be a whole number, 0 or more, or none"),
    ("fit --seed ^4294967296", "must be below 2**32"),
    ("fit --mem ^4GBB", "--mem 4GBB: unit must be kB, MB, GB or TB (or KiB, MiB, ..)"),
    ("fit --mem ^4G", "unit must be"),
    ("fit --mem ^4000", "unit must be"),
    ("fit --mem ^0GB", "must be more than nothing"),
    ("fit --mem ^-4GB", "must be a number and a unit"),
    ("fit --mem ^big", "must be a number and a unit"),
    ("fit --mem ^4 GB", "unit must be"),
    ("fit --time ^10mins", "must be like 90s, 10min, 2h, 1d or 1h30m"),
    ("fit --time ^1h30", "must be like"),
    ("fit --time ^30m1h", "must be like"),
    ("fit --time ^0s", "must be more than nothing"),
    ("fit --time ^h", "must be like"),
    ("fit --time 1h ^30m", "unexpected '30m'"),
    ("fit --ttl ^daily", "--ttl daily: must be like 90s, 10min, 2h, 1d or 1h30m"),
    ("fit --uptodate ^count(", "--uptodate count(: must be a Python expression: '(' was never closed"),
    ("fit --uptodate ^'n = 1'", "--uptodate n = 1: must be a Python expression"),
    ("fit --uptodate ^'await n'", "must be a Python expression: 'await' outside function"),
    ("fit --uptodate len(rows) ^> 3", "--uptodate takes one expression: put quotes around it"),
    ("fit ^--uptodate ''", "--uptodate needs a value: --uptodate EXPR"),
    ("fit --uptodate ^' '", "must be a Python expression"),
    ("fit --env ^A-B", "must be the name of an environment variable"),
    ("fit --env HOME ^A=1", "only its name stands here: A"),
    ("fit --env ^=1", "must be the name of an environment variable"),
    ("fit --reads ^'my file.csv", "a quote, ', is opened here and never closed"),
    ('fit --reads a ^"b', 'a quote, ", is opened here'),
    ("fit --reads a^'b", "a quote, ', is opened here"),
    ("fit --reads a^\\", "a backslash is opened here"),
    ("fit ^# a comment", "unexpected '#'"),
]
NOT_YET = ["python", "container", "map", "grid", "split", "check", "when", "variant"]


def outcome(source: str) -> bool:
    """Whether the cell is read, or refused with a place that lies in its line."""
    try:
        return parse_cell(source).name == "fit"
    except OptionError as error:
        return 0 <= error.at < len(error.text)


@pytest.mark.parametrize(("line", "options"), ACCEPTED)
def test_a_line_says_what_it_says(line, options):
    assert parse_line(line) == (line.split()[0], options)


@pytest.mark.parametrize(("marked", "message"), REFUSED)
def test_a_wrong_word_is_named_and_the_caret_stands_under_it(marked, message):
    with pytest.raises(OptionError) as caught:
        parse_line(marked.replace("^", "", 1))
    assert message in caught.value.args[0]
    shown = str(caught.value).splitlines()
    assert shown[-2].strip() == "%%task " + marked.replace("^", "", 1)
    assert shown[-1].index("^") == shown[-2].index("%%task") + len("%%task ") + marked.index("^")
    assert caught.value.line == 1


def test_the_caret_of_a_missing_name_stands_where_the_name_belongs():
    with pytest.raises(OptionError) as caught:
        parse_cell("%%task  \nx = 1")
    assert (caught.value.text, caught.value.at) == ("%%task", len("%%task "))


@pytest.mark.parametrize("name", NOT_YET)
def test_an_option_that_is_not_there_is_unknown(name):
    with pytest.raises(OptionError, match=f"unknown option --{name}"):
        parse_line(f"fit --{name} 1")


@pytest.mark.parametrize(
    "source",
    ["", "\n\n", "x = 1", "%%tasks fit", "%%task?", "# %%task fit", "x = 1\n%%task fit", "%task fit", "%%time"],
)
def test_any_other_cell_is_a_plain_cell(source):
    assert parse_cell(source) is None


def test_the_body_is_the_cell_with_its_magic_line_made_a_comment():
    header = parse_cell("%%task fit --cpus 2\n#| --mem 4GB\nx = 1\n")
    assert header.name == "fit"
    assert header.options.resources == Resources(cpus=2, memory=4_000_000_000)
    assert header.body == "# %%task fit --cpus 2\n#| --mem 4GB\nx = 1\n"


def test_a_cell_may_hold_nothing_but_the_magic_line():
    assert parse_cell("%%task fit").body == "# %%task fit"


def test_blank_lines_and_indentation_before_the_magic_are_kept():
    header = parse_cell("\n  %%task fit\n  x = 1")
    assert (header.name, header.body) == ("fit", "\n  # %%task fit\n  x = 1")


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_line_ends_of_every_system_are_the_same(newline):
    header = parse_cell(newline.join(["%%task fit --in a", "#| --out b", "b = a"]))
    assert header == parse_cell("%%task fit --in a\n#| --out b\nb = a")
    assert (header.options.inputs, header.options.outputs) == (("a",), ("b",))


def test_options_go_on_below_and_other_hash_bar_lines_are_comments():
    source = "%%task fit\n#| --in a b\n#| label: fig-fit\n#|   --cpus 2 --always\nx = 1"
    assert parse_cell(source).options == Options(inputs=("a", "b"), resources=Resources(cpus=2), always=True)


def test_a_list_of_values_may_span_lines_only_by_a_new_option():
    with pytest.raises(OptionError, match="--in is given twice"):
        parse_cell("%%task fit --in a\n#| --in b")


@pytest.mark.parametrize("between", ["", "# a comment", "x = 1"])
def test_options_end_where_the_body_begins(between):
    assert parse_cell(f"%%task fit\n{between}\n#| --cpus 2").options == Options()


def test_an_error_in_a_line_below_points_there():
    with pytest.raises(OptionError) as caught:
        parse_cell("\n%%task fit\n#| label: x\n#| --cpus 2 --mem 4XB")
    assert (caught.value.line, caught.value.text, caught.value.at) == (4, "#| --cpus 2 --mem 4XB", 18)


def test_a_name_that_stands_in_a_line_below_is_missing_in_the_first():
    with pytest.raises(OptionError, match="no name") as caught:
        parse_cell("%%task\n#| --cpus 2")
    assert (caught.value.line, caught.value.at) == (1, len("%%task "))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=6), st.sampled_from([spec.flag for spec in OPTIONS]))))
def test_whatever_is_typed_it_is_read_or_refused_with_its_place(words):
    assert outcome("%%task fit " + " ".join(words))


def test_a_tab_does_not_move_the_caret():
    with pytest.raises(OptionError) as caught:
        parse_cell("%%task fit\t--cpus\t0")
    assert (caught.value.text, caught.value.at) == ("%%task fit --cpus 0", 18)


def test_the_magic_hands_its_lines_over_one_by_one():
    name, options = parse_line("fit --in a", [(2, "#| --cpus 2"), (4, "#| --out b")])
    assert (name, options) == ("fit", Options(inputs=("a",), outputs=("b",), resources=Resources(cpus=2)))


def test_a_line_that_continues_nothing_is_read_from_its_start():
    with pytest.raises(OptionError) as caught:
        parse_line("fit", [(3, "cpus 2")])
    assert (caught.value.line, caught.value.at) == (3, 0)


def test_the_help_has_a_line_for_every_option():
    shown = usage()
    assert [spec.flag for spec in OPTIONS if f"\n  {spec.flag} {spec.metavar}".rstrip() not in shown] == []
    assert [spec.help for spec in OPTIONS if spec.help not in shown] == []


def test_every_option_is_written_once():
    flags = [spec.flag for spec in OPTIONS]
    assert len(set(flags)) == len(flags)


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("%%task ", ()),
        ("%%task fi", ()),
        ("--c", ("--cpus",)),
        ("%%task fit --re", ("--reads", "--retries")),
        ("%%task fit --cpus ", ("all", *(spec.flag for spec in OPTIONS if spec.flag != "--cpus"))),
        ("%%task fit --cpus a", ("all",)),
        ("%%task fit --seed n", ("none",)),
        ("%%task fit --always --a", ("--after",)),
        ("%%task fit --in da", ()),
        ("#| --t", ("--temp", "--time", "--ttl")),
    ],
)
def test_the_tab_key_completes(text, candidates):
    assert complete(text) == candidates
