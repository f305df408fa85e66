"""What runs again after an edit, and why: through the public command, on real kernels."""

from __future__ import annotations

import json
import shutil

import pytest

pytestmark = pytest.mark.notebook

PIPELINE = {
    "helpers": "FACTOR = 2\ndef scaled(x):\n    return [i * FACTOR for i in x]\n\ndef other(x):\n    return sum(x)",
    "load": "%%task load\nraw = [3, 1, None, 2]\nprint('loaded')",
    "clean": "%%task clean\nrows = [r for r in raw if r is not None]",
    "scale": "%%task scale\nbig = scaled(rows)\nbig",
    "total": "%%task total\nn = other(rows)",
    "show": "print(big, n)",
}


@pytest.fixture
def ran_once(book):
    notebook = book(**PIPELINE)
    first = notebook.run()
    assert first.code == 0, first.stderr
    assert first.ran() == ["load", "clean", "scale", "total"]
    return notebook


def test_the_second_run_executes_no_body(ran_once):
    second = ran_once.run()
    assert (second.code, second.ran()) == (0, [])
    assert {task["state"] for task in second.report["tasks"]} == {"reused"}


def test_a_reused_result_is_shown_as_it_was(ran_once):
    out = ran_once.folder / "out.ipynb"
    ran_once.run("-o", str(out))
    outputs = ran_once.outputs(out)
    assert outputs["load"][-1]["text"] == "loaded\n"
    assert outputs["scale"][-1]["data"]["text/plain"] == "[6, 2, 4]"
    assert outputs["show"][0]["text"] == "[6, 2, 4] 6\n"


def test_a_comment_reruns_nothing(ran_once):
    ran_once.edit("clean", "rows =", "# only what is there\nrows =")
    assert ran_once.run().ran() == []


def test_an_equal_value_reruns_only_its_task(ran_once):
    ran_once.edit("clean", "if r is not None", "if r")
    again = ran_once.run()
    assert again.ran() == ["clean"]
    assert again.why("clean") == ["its code changed"]


def test_a_changed_helper_reruns_exactly_its_users(ran_once):
    ran_once.edit("helpers", "i * FACTOR", "i * FACTOR + 1")
    again = ran_once.run()
    assert again.ran() == ["scale"]
    assert again.why("scale") == ["`scaled` in cell 1 changed"]


def test_a_changed_global_of_a_helper_reruns_its_users(ran_once):
    ran_once.edit("helpers", "FACTOR = 2", "FACTOR = 5")
    again = ran_once.run()
    assert again.ran() == ["scale"]
    assert again.why("scale") == ["input `FACTOR` changed (2 -> 5)"]


def test_an_undone_edit_brings_the_old_result_back(ran_once):
    ran_once.edit("load", "[3, 1, None, 2]", "[9]")
    ran_once.run()
    ran_once.edit("load", "[9]", "[3, 1, None, 2]")
    assert ran_once.run().ran() == []


def test_a_renamed_task_still_finds_its_result(ran_once):
    ran_once.edit("clean", "%%task clean", "%%task tidy")
    assert [task["verdict"] for task in ran_once.plan().report["tasks"]] == ["fresh"] * 4
    assert ran_once.run().ran() == []


def test_another_notebook_with_equal_tasks_shares_their_results(ran_once):
    shutil.copy(ran_once.path, ran_once.folder / "other.ipynb")
    planned = json.loads(ran_once.command("plan", "other.ipynb", "--json").stdout)
    assert [task["verdict"] for task in planned["tasks"]] == ["fresh"] * 4
    told = ran_once.command("run", "other.ipynb", "--json", "--cluster", "none").stdout
    assert [task["state"] for task in json.loads(told)["tasks"]] == ["reused"] * 4


def test_an_input_without_digest_that_a_task_changes_is_made_anew_for_it(book):
    notebook = book(
        make="%%task make\nimport itertools\npair = [itertools.count(), []]",
        change="%%task change\npair[1].append(1)\nn = len(pair[1])",
    )
    notebook.run()
    again = notebook.run("change")
    assert (again.ran(), again.summary("change", "n")) == (["make", "change"], "1")
    assert again.why("make") == ["output `pair` has no digest ([0]: itertools.count): used, not reused"]


def test_forced_tasks_run_though_they_are_fresh(ran_once):
    again = ran_once.run("clean", "--force")
    assert again.ran() == ["clean"]


def test_plan_needs_no_kernel_and_tells_what_would_run(ran_once):
    ran_once.edit("clean", "if r is not None", "if r")
    plan = ran_once.plan()
    assert {name: task["verdict"] for name, task in plan.tasks.items()} == {
        "load": "fresh",
        "clean": "stale",
        "scale": "undecided",
        "total": "undecided",
    }
    assert plan.why("clean") == ["its code changed"]


def test_plan_finds_fresh_what_was_reused_though_cells_above_give_equal_values_by_other_code(book):
    notebook = book(
        set="import os\nos.environ['RATE'] = '7'\ns = 1 + 1",
        leave="with open('d.csv', 'w') as file:\n    count = file.write('1' * s)",
        load="%%task load\nraw = [s]",
        between="y = [*raw, s]",
        fit="%%task fit --env RATE\nm = y + [len(open('d.csv').read())]",
    )
    assert notebook.run().ran() == ["load", "fit"]
    notebook.edit("set", "1 + 1", "2")
    assert notebook.plan().tasks["fit"]["verdict"] == "undecided"
    assert notebook.run().ran() == []
    notebook.edit("set", "s = 2", "s = 1 + 1")
    assert notebook.plan().tasks["fit"]["verdict"] == "fresh"
    notebook.edit("set", "1 + 1", "2")
    notebook.edit("load", "[s]", "[s + 0]")
    assert notebook.run().ran() == ["load"]
    planned = notebook.plan()
    assert (planned.why("load"), planned.why("fit")) == ([], [])
    assert json.loads(notebook.command("status", notebook.path.name, "--json").stdout)["tasks"][1]["verdict"] == "fresh"
    notebook.edit("set", "s = 2", "s = 3")
    assert notebook.plan().tasks["fit"]["verdict"] == "undecided"


def test_plan_after_a_finished_run_finds_all_fresh(ran_once):
    assert {task["verdict"] for task in ran_once.plan().report["tasks"]} == {"fresh"}


def test_why_shows_the_changed_line(ran_once):
    ran_once.edit("clean", "if r is not None", "if r")
    told = ran_once.command("why", "book.ipynb", "clean").stdout
    assert "-rows = [r for r in raw if r is not None]" in told
    assert "+rows = [r for r in raw if r]" in told


def test_a_declared_file_reruns_its_reader(book):
    notebook = book(read="%%task read --reads 'data/*.txt'\ntext = open('data/a.txt').read()")
    data = notebook.folder / "data"
    data.mkdir()
    (data / "a.txt").write_text("one")
    notebook.run()
    assert notebook.run().ran() == []
    (data / "a.txt").write_text("two")
    again = notebook.run()
    assert again.ran() == ["read"]
    assert again.why("read") == ["file data/a.txt changed"]


def test_a_result_without_a_file_that_is_declared_is_not_reused(book):
    notebook = book(t="%%task t\nn = open('made.txt', 'w').write('1')")
    notebook.run()
    notebook.edit("t", "task t", "task t --writes '*.txt'")
    assert notebook.plan().tasks["t"]["verdict"] == "fresh"
    assert notebook.run().ran() == []
    notebook.edit("t", "*.txt", "o.txt")
    assert notebook.plan().why("t") == ["its result has no file that `--writes o.txt` names"]
    again = notebook.run()
    assert (again.code, again.why("t")) == (1, ["its result has no file that `--writes o.txt` names"])
    assert again.tasks["t"]["error"]["message"] == "--writes o.txt: the body ended without making it"


def test_a_missing_declared_file_fails_before_the_body_runs(book):
    ran = book(read="%%task read --reads nothing.csv\nx = 1").run()
    assert (ran.code, ran.ran()) == (1, [])
    assert ran.tasks["read"]["error"]["kind"] == "declaration"
    assert "--reads nothing.csv" in ran.tasks["read"]["error"]["message"]


def test_an_edited_project_module_reruns_what_reaches_the_edit(book):
    notebook = book(
        imports="import tools",
        uses="%%task uses\na = tools.used(1)",
        spares="%%task spares\nb = tools.spared(1)",
    )
    module = notebook.folder / "tools.py"
    module.write_text("def used(x):\n    return x + 1\n\ndef spared(x):\n    return x + 2\n")
    notebook.run()
    module.write_text("def used(x):\n    return x + 10\n\ndef spared(x):\n    return x + 2\n")
    again = notebook.run()
    assert again.ran() == ["uses"]
    assert again.why("uses") == ["module `tools` changed"]


def test_a_declared_environment_variable_counts(book, monkeypatch):
    notebook = book(say="%%task say --env PHELPS_SAMPLE\nimport os\nword = os.environ['PHELPS_SAMPLE']")
    monkeypatch.setenv("PHELPS_SAMPLE", "one")
    notebook.run()
    monkeypatch.setenv("PHELPS_SAMPLE", "two")
    assert notebook.run().why("say") == ["environment variable PHELPS_SAMPLE changed"]


def test_parameters_reach_the_notebook_and_count(book):
    notebook = book(a="n = 1", t="%%task t\nm = n * 10", p="print(m)")
    notebook.run()
    out = notebook.folder / "out.ipynb"
    again = notebook.run("-p", "n=7", "-o", str(out))
    assert again.ran() == []
    assert notebook.outputs(out)["p"][0]["text"] == "10\n"


def test_equal_keys_are_computed_once(book):
    ran = book(a="%%task a\nx = [1, 2]", b="%%task b\nx = [1, 2]").run()
    assert sorted(task["state"] for task in ran.report["tasks"]) == ["done", "reused"]


def test_what_was_set_before_the_extension_was_loaded_counts(book):
    notebook = book(
        early="import os\nos.environ['PHELPS_MODE'] = '1'",
        load="%load_ext phelps_jupyter",
        t="%%task t\nimport os\ny = os.environ['PHELPS_MODE']",
    )
    notebook.run()
    notebook.edit("early", "'1'", "'2'")
    assert notebook.run().why("t")[0].startswith("the environment changed")


def test_which_inputs_are_one_object_counts(book):
    notebook = book(a="a = [1]\nb = a", t="%%task t\na.append(2)\nn = len(b)")
    assert notebook.run().summary("t", "n") == "2"
    notebook.edit("a", "b = a", "b = list(a)")
    assert notebook.run().summary("t", "n") == "1"


def test_a_plan_does_not_know_what_a_writer_that_never_ran_will_leave(book):
    notebook = book(w="%%task w\nn = open('o.txt', 'w').write('1')", r="%%task r\ntext = open('o.txt').read()")
    notebook.run()
    notebook.edit("w", "%%task w\n", "%%task w2\n")
    assert [task["verdict"] for task in notebook.plan().report["tasks"]] == ["fresh", "fresh"]
    notebook.edit("w", "'1'", "'2'")
    assert [task["verdict"] for task in notebook.plan().report["tasks"]] == ["stale", "undecided"]
    assert notebook.run().ran() == ["w2", "r"]


def test_a_builtin_that_a_cell_above_comes_to_bind_is_news_to_a_plan(book):
    notebook = book(k="k = 1", t="%%task t\nn = sum([2, 3])")
    notebook.run()
    notebook.edit("k", "k = 1", "sum = len")
    told = notebook.plan().tasks["t"]
    assert (told["verdict"], [reason["text"] for reason in told["reasons"]]) == ("stale", ["input `sum` is new to it"])
    assert notebook.run().summary("t", "n") == "2"
