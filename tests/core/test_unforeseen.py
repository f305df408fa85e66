"""What tasks above a plain cell may do that nobody knows yet."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.model import Cell, CellId
from phelps_jupyter.core.nodes import Learned
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.core.unforeseen import Known, may_bind, may_change, may_make_anew, may_write, whole_code

GIVEN = "rows = [3, 1]"
TASK = "%%task {}\nprint(len(rows))"
READER = "print(rows)"


class Book:
    def __init__(self, *sources: str) -> None:
        notebook = Notebook()
        notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate(sources)], 0.0)
        self.graph = notebook.graph()
        self.last = CellId(str(len(sources) - 1))

    def known(self, *places: int, wrote: str = "") -> Known:
        """What is known once these cells have run."""
        found = {whole_code(self.graph, CellId(str(place))): Learned() for place in places}
        codes = [self.graph.nodes[CellId(str(place))].bindings.code for place in places]
        return found | ({code: Learned(wrote=frozenset({wrote})) for code in codes} if wrote else {})

    def changing(self, *ran: int, names: str = "rows") -> tuple[str, ...]:
        return may_change(self.graph, self.known(*ran), self.last, set(names.split()))

    def binding(self, *ran: int, there: str = "") -> tuple[str, ...]:
        return may_bind(self.graph, self.known(*ran), self.last, set(there.split()))

    def writing(self, *ran: int, wrote: str = "") -> tuple[str, ...]:
        return may_write(self.graph, self.known(*ran, wrote=wrote), self.last)

    def disturbing(self, *ran: int, wrote: str = "", fixed: str = "") -> tuple[str, ...]:
        return may_make_anew(self.graph, self.known(*ran, wrote=wrote), self.last, set(fixed.split()))


def test_a_task_that_never_ran_may_change_what_it_is_given():
    assert Book(GIVEN, TASK.format("a"), READER).changing() == ("a",)


def test_a_task_whose_code_has_run_is_known():
    assert Book(GIVEN, TASK.format("a"), TASK.format("b"), READER).changing(1) == ()


def test_a_task_below_or_without_the_name_changes_nothing():
    assert Book(GIVEN, "%%task a\nx = 1", READER).changing() == ()
    book = Book(GIVEN, READER, TASK.format("a"))
    book.last = CellId("1")
    assert book.changing() == ()


def test_a_task_that_was_given_an_older_object_changes_that_one():
    assert Book(GIVEN, TASK.format("a"), GIVEN, READER).changing() == ()


def test_a_task_with_declared_outputs_changes_nobody_elses_copy():
    assert Book(GIVEN, "%%task a --out n\nn = len(rows)", READER).changing() == ()


def test_a_change_under_another_name_of_the_object_counts():
    book = Book("rows = [1]\nalias = rows", "%%task a\nprint(alias)", READER)
    assert (book.changing(), book.changing(names="rows alias")) == ((), ("a",))


def test_a_task_that_never_ran_may_bind_what_nobody_provides():
    book = Book(TASK.format("a"), "%%task b --out n\nn = 1", "%%task c\nx = 1", READER, "%%task d\ny = 1")
    book.last = CellId("3")
    assert (book.binding(), book.binding(0), book.binding(there="rows")) == (("a", "c"), ("c",), ())


def test_what_is_provided_or_only_passed_on_is_waited_for_by_nobody():
    assert Book(GIVEN, TASK.format("a"), READER).binding() == ()
    book = Book(TASK.format("a"), "import sys\nif sys.argv:\n    rows = 1", READER)
    book.last = CellId("1")
    assert book.binding() == ()


def test_a_task_may_bind_what_another_one_lacks_that_the_cell_rests_on():
    book = Book("%%task a\ninject()", "%%task b\nn = z", "%%task c\nx = 1", "print(n)")
    assert (book.binding(), book.binding(0)) == (("a",), ())


def test_code_is_known_together_with_the_functions_that_it_calls():
    first = Book("def f(x): pass", GIVEN, "%%task a\nf(rows)", READER)
    edited = Book("def f(x): x.clear()", GIVEN, "%%task a\nf(rows)", READER)
    assert may_change(edited.graph, edited.known(2), edited.last, {"rows"}) == ()
    assert may_change(edited.graph, first.known(2), edited.last, {"rows"}) == ("a",)


@pytest.mark.parametrize("look", ["open(name).read()", "glob.glob('*')", "pd.read_csv(path)", "!cat {name}"])
def test_a_look_at_files_hangs_on_tasks_that_never_ran(look: str):
    book = Book("%%task a\nrun()", look)
    assert (book.writing(), book.writing(0), book.writing(0, wrote="f.txt")) == (("a",), (), ("a",))


def test_a_look_through_a_function_counts():
    assert Book("%%task a\nx = 1", "def f(n): return open(n)", "print(f(name))").writing() == ("a",)
    assert Book("%%task a\nx = 1", "y = 2\nprint(y)").writing() == ()


@pytest.mark.parametrize(
    ("source", "looks"),
    [
        ("os.path.exists(p)", True),
        ("Path(p).read_text()", True),
        ("shutil.rmtree(p)", True),
        ("df.to_csv(p)", True),
        ("subprocess.run(args)", True),
        ("df.head()", False),
        ("total = sum(rows)", False),
    ],
)
def test_code_says_whether_it_looks_at_files(source: str, looks: bool):
    assert analyse(source).looks == looks


def test_a_task_that_looks_at_files_runs_again_when_one_above_has_written_them():
    book = Book("%%task a\nrun()", "%%task b\ntext = open(name).read()", "%%task c\nrun()", "print(text)")
    assert (book.disturbing(), book.disturbing(0), book.disturbing(0, wrote="f.txt")) == (("a",), (), ("a",))


def test_a_task_that_is_given_what_another_may_change_runs_again():
    book = Book(GIVEN, TASK.format("a"), "%%task b\ntotal = sum(rows)", TASK.format("c"), "print(total)")
    assert (book.disturbing(), book.disturbing(1), book.disturbing(fixed="rows")) == (("a",), (), ())


@pytest.mark.parametrize("above", ["%%task a --out n\nn = len(rows)", "%%task a\nx = 1"])
def test_who_changes_nobody_elses_copy_makes_nobody_run_again(above: str):
    assert Book(GIVEN, above, "%%task b\ntotal = sum(rows)", "print(total)").disturbing() == ()


def test_a_cell_that_rests_on_no_task_waits_for_none():
    assert Book(GIVEN, TASK.format("a"), READER).disturbing() == ()
