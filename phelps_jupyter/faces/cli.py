"""The ``phelps`` command: the same words as ``%phelps``. Human text goes to stderr, ``--json`` to stdout.

What a command takes to show itself it imports itself: a plan with nothing to tell is there before rich is loaded.
"""

from __future__ import annotations

import ast
import gc
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from phelps_jupyter import __version__
from phelps_jupyter.core.model import TaskName
from phelps_jupyter.errors import DeclarationError, PhelpsError, StoreError
from phelps_jupyter.faces.desk import Desk

FAILED, USAGE = 1, 2


class _Commands(click.Group):
    """Turns our errors into one message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PhelpsError as error:
            click.echo(f"phelps: {error}", err=True)
            sys.exit(USAGE if isinstance(error, DeclarationError | StoreError) else FAILED)


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="phelps")
def main() -> None:
    """Run the tasks of a notebook, and only those that are stale."""


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")(command)
    command = click.option("--store", type=click.Path(path_type=Path), help="Folder of the store [.phelps beside NB].")(
        command
    )
    return click.argument("notebook", type=click.Path(path_type=Path))(command)


@main.command()
@_shared
@click.argument("tasks", nargs=-1)
@click.option("--force", is_flag=True, help="Run the tasks also where they are fresh.")
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="Set a parameter (papermill's convention).")
@click.option("-o", "output", type=click.Path(path_type=Path), metavar="OUT.ipynb", help="Write the executed notebook.")
@click.option("--inplace", is_flag=True, help="Write the outputs into NB itself.")
@click.option("--cluster", default="local", metavar="local[:N] | none", help="Where tasks run.", show_default=True)
def run(
    notebook: Path,
    tasks: tuple[str, ...],
    force: bool,
    parameters: tuple[str, ...],
    output: Path | None,
    inplace: bool,
    cluster: str,
    store: Path | None,
    as_json: bool,
) -> None:
    """Run NOTEBOOK headless: all plain cells in order, and the tasks that are stale (or TASKS and what they need)."""
    from rich.console import Console

    _spare_a_grammar()
    from phelps_jupyter.faces.running import run_notebook
    from phelps_jupyter.faces.settings import parse_cluster
    from phelps_jupyter.faces.telling import forecast_json

    parse_cluster(cluster)
    desk = Desk(notebook, store)
    targets = _known(desk, tasks)
    if force:
        _check_force(desk, targets)
    predicted = forecast_json(desk)
    desk.close()
    console = Console(stderr=True, highlight=False)
    report = run_notebook(desk.path, desk.folder, cluster, targets or None, force, _values(parameters), console)
    target = notebook if inplace else output
    if target is not None:
        report.write(target)
    if as_json:
        click.echo(json.dumps(report.as_json(str(notebook)) | {"forecast": predicted}))
    sys.exit(0 if report.ok else FAILED)


def _check_force(desk: Desk, tasks: Sequence[str]) -> None:
    from phelps_jupyter.faces.holding import check_force

    check_force(desk.index, desk.name, [TaskName(task) for task in tasks or desk.graph.tasks])


@main.command()
@_shared
def plan(notebook: Path, store: Path | None, as_json: bool) -> None:
    """What would run, and why. Needs no kernel and starts nothing."""
    desk = _look(notebook, store)
    if as_json:
        _print_json(desk, notebook)
    else:
        _print_plan(desk)
    desk.close()


def _print_plan(desk: Desk) -> None:
    fresh = desk.fresh()
    judged = {} if fresh is not None else desk.judge.all()
    if all(judgement.verdict == "fresh" for judgement in judged.values()):
        count = len(judged) if fresh is None else fresh
        click.echo(f"nothing to run: {count} of {count} tasks are fresh")
        return
    from rich.console import Console

    from phelps_jupyter.faces.tables import plan_table

    Console().print(plan_table(judged, desk.seconds))


def _print_json(desk: Desk, notebook: Path) -> None:
    from phelps_jupyter.faces.telling import desk_json

    click.echo(json.dumps(desk_json(desk, str(notebook))))


def _look(notebook: Path, store: Path | None) -> Desk:
    # What a look makes lives as long as the process: to search it for garbage takes a third of the time.
    gc.disable()
    return Desk(notebook, store)


@main.command()
@_shared
def status(notebook: Path, store: Path | None, as_json: bool) -> None:
    """Every task: verdict, reason, time, outputs. Exit code 1 when the last run of a task failed."""
    from rich.console import Console

    from phelps_jupyter.faces.tables import status_table
    from phelps_jupyter.faces.telling import views

    desk = _look(notebook, store)
    found = views(desk)
    if as_json:
        _print_json(desk, notebook)
    else:
        Console().print(status_table(found, desk.judge.all()))
    desk.close()
    sys.exit(FAILED if any(view.state == "failed" for view in found) else 0)


@main.command()
@_shared
@click.argument("task")
def why(notebook: Path, task: str, store: Path | None, as_json: bool) -> None:
    """Each reason for the state of TASK: what changed, where, and what it goes back to."""
    from rich.console import Console

    from phelps_jupyter.faces.tables import why_text
    from phelps_jupyter.faces.telling import views, why_json

    desk = _look(notebook, store)
    _known(desk, (task,))
    found = views(desk)
    view = next(view for view in found if view.name == task)
    if as_json:
        click.echo(json.dumps(why_json(desk, view.name)))
    else:
        places = {one.name: f"cell {one.place}" for one in found}
        # Lines of code are not to be broken.
        Console().print(why_text(desk.judge.explain(view.name), view, places), soft_wrap=True)
    desk.close()


def _act(act: str, help_text: str) -> None:
    """Make a command of something to be done with a task's last result."""

    @main.command(act, help=help_text)
    @_shared
    @click.argument("task")
    def command(notebook: Path, task: str, store: Path | None, as_json: bool) -> None:
        from phelps_jupyter.faces.holding import ACTS
        from phelps_jupyter.faces.telling import why_json

        desk = Desk(notebook, store)
        (name,) = _known(desk, (task,))
        told = ACTS[act](desk.judge, TaskName(name))
        desk.close()
        click.echo(told, err=as_json)
        if as_json:
            desk = Desk(notebook, store)
            click.echo(json.dumps(why_json(desk, TaskName(name))))
            desk.close()


_act("accept", "Keep the last result of TASK in spite of what changed, until anything changes further.")
_act("freeze", "Keep the last result of TASK whatever changes, until unfreeze.")
_act("unfreeze", "Judge TASK by what it rests on again.")
_act("forget", "Drop the results of TASK, as if it had never run.")


def _known(desk: Desk, tasks: Sequence[str]) -> tuple[str, ...]:
    known = list(desk.graph.tasks)
    for task in tasks:
        if task not in known:
            desk.close()
            raise DeclarationError(
                f"there is no task {task!r} in {desk.path.name}; there are {', '.join(known) or 'none'}"
            )
    return tuple(tasks)


def _spare_a_grammar() -> None:
    """Where JupyterLab is installed, jsonschema compiles a grammar of IRIs on import, for longer than a run takes.

    A notebook's schema has no IRIs, and jsonschema does without the library.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: not to be imported


def _values(parameters: Sequence[str]) -> dict[str, object]:
    """``name=value`` pairs; a value that is no Python literal is text."""
    values: dict[str, object] = {}
    for parameter in parameters:
        name, equals, text = parameter.partition("=")
        if not equals or not name.isidentifier():
            raise DeclarationError(f"-p {parameter}: must be name=value, with a Python name")
        try:
            values[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values[name] = text
    return values
