"""A folder with a project in it, as one tool's user has it. Writes, runs and reads; decides nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.precision.project import Project

HANG = 300
# Ordinary projects are older than their last run.
AGE = 3600.0

_STEPLOG = '''\
"""Tells the benchmark which steps ran, and what came out. To the project it is an installed package."""

import json
import os


def ran(step):
    """Note that the body of a step is executed."""
    with open(os.environ["PRECISION_RAN"], "a") as log:
        log.write(step + "\\n")


def show(**values):
    """Note what the user sees at the end."""
    with open(os.environ["PRECISION_SHOWN"], "w") as shown:
        json.dump(values, shown)
'''


class BrokenRun(Exception):
    """A tool's command ended badly; the message holds its last words."""


class Sandbox:
    """`project/` (the user's folder), `site-packages/` (what is installed), and two logs that no tool watches."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "user" / "project"
        self.site = root / "env" / "lib" / "python3" / "site-packages"
        self._ran, self._shown = root / "log" / "ran", root / "log" / "shown"
        self._saved = root / "saved"
        self._written: frozenset[Path] = frozenset()
        self._saved_written: frozenset[Path] = frozenset()
        for folder in (self.folder, self.site, self._ran.parent, root / "home"):
            folder.mkdir(parents=True)

    @property
    def environment(self) -> dict[str, str]:
        """For every command: this interpreter, the sandbox's packages, no settings of whoever runs the benchmark."""
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE") if name in os.environ}
        return kept | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": str(self.root / "home"),
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(self.site)]),
            # Edits follow each other faster than a .pyc file can tell.
            "PYTHONDONTWRITEBYTECODE": "1",
            "PRECISION_RAN": str(self._ran),
            "PRECISION_SHOWN": str(self._shown),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.root / "home" / "dvc"),
        }

    def write(self, project: Project, files: Mapping[str, str], age: float = 0.0) -> None:
        """Bring the folder to this state; a file that stays the same isn't touched, one that is gone is deleted."""
        wanted = {self.folder / file.path: file.text for file in project.files}
        wanted |= {self.folder / path: text for path, text in files.items()}
        wanted |= {self.site / "steplog.py": _STEPLOG, **_metadata(self.site, "steplog", "1.0")}
        for package in project.packages:
            wanted |= {self.site / f"{package.name}.py": f'__version__ = "{package.version}"\n\n\n{package.source}'}
            wanted |= _metadata(self.site, package.name, package.version)
        for path in self._written - wanted.keys():
            path.unlink()
        for path, text in wanted.items():
            if not path.exists() or path.read_text() != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                self.touch(path, age)
        self._written = frozenset(wanted)
        for folder in self.site.glob("*.dist-info"):
            if not any(folder.iterdir()):
                folder.rmdir()

    def touch(self, path: str | Path, age: float = 0.0) -> None:
        """Give a file the time of now, or an older one."""
        then = time.time() - age
        os.utime(self.folder / path, (then, then))

    def time(self, path: str) -> int:
        """When a file was changed, in nanoseconds."""
        return (self.folder / path).stat().st_mtime_ns

    def set_time(self, path: str, time_ns: int) -> None:
        os.utime(self.folder / path, ns=(time_ns, time_ns))

    def save(self) -> None:
        """Keep the user's folder as it is now."""
        shutil.copytree(self.folder, self._saved, symlinks=True)
        shutil.copytree(self.site, self._saved.with_suffix(".site"))
        self._saved_written = self._written

    def restore(self) -> None:
        """Have it again as it was kept, times included."""
        for kept, place in ((self._saved, self.folder), (self._saved.with_suffix(".site"), self.site)):
            shutil.rmtree(place)
            shutil.copytree(kept, place, symlinks=True)
        self._written = self._saved_written

    def call(self, *command: str) -> str:
        """Run a command in the project's folder, and give back its stdout. Errors: BrokenRun."""
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=HANG,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BrokenRun(f"{' '.join(command)}: no end after {HANG} s") from None
        if done.returncode:
            raise BrokenRun(f"{' '.join(command)}: exit code {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
        return done.stdout

    def forget_logs(self) -> None:
        for log in (self._ran, self._shown):
            log.unlink(missing_ok=True)

    def ran(self) -> tuple[str, ...]:
        """The steps whose bodies were executed since the logs were forgotten, each as often as it was."""
        return tuple(self._ran.read_text().split()) if self._ran.exists() else ()

    def shown(self) -> dict[str, object]:
        """What `steplog.show` was given."""
        values: dict[str, object] = json.loads(self._shown.read_text())
        return values


def _metadata(site: Path, name: str, version: str) -> dict[Path, str]:
    folder = site / f"{name}-{version}.dist-info"
    return {
        folder / "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        folder
        / "RECORD": f"{name}.py,,\n{folder.name}/METADATA,,\n{folder.name}/RECORD,,\n{folder.name}/top_level.txt,,\n",
        folder / "top_level.txt": f"{name}\n",
    }
