"""Starts supervisors, reads what they wrote, and ends them. Knows the files of an attempt's folder, not their content.

Standard library alone: it is loaded by itself where an engine runs, and all that crosses is bytes and tuples.

An attempt's folder: ``order``, ``note.json``, ``owner.json`` (written here); ``frames``, ``pid``, ``outcome`` (by the
supervisor; the last appears whole); ``cancel`` (its presence asks the supervisor to end the body); ``log``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import NamedTuple

PROGRAM = (
    "import sys; sys.path.insert(0, {runtime!r}); from phelps_jupyter.runtime import supervisor; "
    "sys.path.remove({runtime!r}); sys.exit(supervisor.main(sys.argv[1:]))"
)
PORTION = 4 << 20
OURS = ("IPP_CLUSTER_ID", "IPP_PROFILE_DIR", "IPP_CONNECTION_INFO")


class Files(NamedTuple):
    """What is written into a new attempt's folder."""

    order: bytes
    note: str
    owner: str


class Reading(NamedTuple):
    """News of one attempt. ``frames`` are whole lines; ``outcome`` comes with the last; ``gone``: none will come."""

    started: bool
    frames: bytes
    outcome: bytes
    gone: str


_supervisors: dict[str, subprocess.Popen[bytes]] = {}


def start(folder: str, files: Files, runtime: str, environment: dict[str, str | None], tied: bool) -> None:
    """Start the supervisor of a new attempt in ``folder``. ``tied``: it ends when this process does."""
    os.makedirs(folder, mode=0o700)
    for name, content in (
        ("order", files.order),
        ("note.json", files.note.encode()),
        ("owner.json", files.owner.encode()),
    ):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    command = [sys.executable, "-c", PROGRAM.format(runtime=runtime), folder]
    with open(os.path.join(folder, "log"), "wb") as log:
        _supervisors[folder] = subprocess.Popen(
            command + ([str(os.getpid())] if tied else []),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=_environment(environment),
            start_new_session=True,
        )


def read(folder: str, offset: int) -> Reading:
    """News of an attempt since ``offset`` in its frames."""
    # The order matters: what was written before the outcome is seen with it, and before the process ended, after that.
    ended = _ended(folder)
    outcome = _content(os.path.join(folder, "outcome"))
    frames, more = _lines(os.path.join(folder, "frames"), offset)
    started = os.path.exists(os.path.join(folder, "pid"))
    if more or not (outcome or ended is not None):
        return Reading(started, frames, b"", "")
    if outcome:
        _reap(folder)
        return Reading(started, frames, outcome, "")
    return Reading(started, frames, b"", _story(folder, ended or 0))


def cancel(folder: str) -> None:
    """Ask the supervisor to end the body."""
    with suppress(FileNotFoundError), open(os.path.join(folder, "cancel"), "wb"):
        pass


def stop(folders: list[str]) -> None:
    """End attempts at once, without an outcome; returns when their processes are gone."""
    supervisors = [(folder, _supervisors.pop(folder)) for folder in folders if folder in _supervisors]
    for _, supervisor in supervisors:
        supervisor.terminate()
    for folder, supervisor in supervisors:
        try:
            supervisor.wait(5)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()
            _kill_body(folder)


def _environment(changes: dict[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**os.environ, **dict.fromkeys(OURS), **changes}
    return {name: value for name, value in merged.items() if value is not None} | {"PYTHONHASHSEED": "0"}


def _ended(folder: str) -> int | None:
    supervisor = _supervisors.get(folder)
    return -signal.SIGKILL if supervisor is None else supervisor.poll()


def _reap(folder: str) -> None:
    supervisor = _supervisors.pop(folder, None)
    if supervisor is not None:
        # Writing the outcome is the last thing it does.
        supervisor.wait()


def _story(folder: str, code: int) -> str:
    """The supervisor ended without an outcome: end the body, and tell what is known."""
    _kill_body(folder)
    _supervisors.pop(folder, None)
    log = _content(os.path.join(folder, "log")).decode("utf-8", "replace").strip()
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the supervisor of the attempt ended by {how}" + (f":\n{log[-2000:]}" if log else "")


def _kill_body(folder: str) -> None:
    written = _content(os.path.join(folder, "pid"))
    if not written:
        return
    body = json.loads(written)["body"]
    # The body leads its group. A group without its leader can't lend its number to a new process.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(body, signal.SIGKILL)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _lines(path: str, offset: int) -> tuple[bytes, bool]:
    """Whole lines from ``offset`` on, a portion at a time, and whether there are more."""
    with suppress(FileNotFoundError), open(path, "rb") as file:
        file.seek(offset)
        data = file.read(PORTION)
        while data and b"\n" not in data:
            further = file.read(PORTION)
            if not further:
                return b"", False
            data += further
        whole = data[: data.rfind(b"\n") + 1]
        return whole, bool(whole) and offset + len(whole) < os.fstat(file.fileno()).st_size
    return b"", False
