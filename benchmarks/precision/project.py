"""A small project as data: what a tool's adapter writes down in the tool's own way. Knows no tool, touches no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Block:
    """Code that stands above the steps. ``users``: the steps that need it, where each step is a script of its own."""

    name: str
    source: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its body binds the value that has the step's name, a list, a dict or a number.

    ``files``: the folders whose files the body opens. ``modules``: the project's files that it reaches by imports.
    ``includes``: the functions and constants that it uses directly. Only tools that ask for a declaration are told.
    """

    name: str
    inputs: tuple[str, ...]
    body: str
    kind: str
    files: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    label: str = ""
    cpus: int = 1

    @property
    def title(self) -> str:
        """What the tool calls the step, where that is not the name of its value."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class File:
    """A file of the project: data, or a module."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution of one module."""

    name: str
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class Project:
    """All of it, the blocks and steps in the order in which they are written down."""

    blocks: tuple[Block, ...]
    steps: tuple[Step, ...]
    files: tuple[File, ...]
    packages: tuple[Package, ...]

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def in_step(self, name: str, old: str, new: str) -> Project:
        """With a text in the body of a step replaced."""
        return self.with_step(name, lambda step: replace(step, body=_swap(step.body, old, new)))

    def with_step(self, name: str, change: Callable[[Step], Step]) -> Project:
        return replace(self, steps=tuple(change(step) if step.name == name else step for step in self.steps))

    def in_block(self, name: str, old: str, new: str) -> Project:
        """With a text in a block replaced."""
        blocks = [
            replace(block, source=_swap(block.source, old, new)) if block.name == name else block
            for block in self.blocks
        ]
        return replace(self, blocks=tuple(blocks))

    def in_file(self, path: str, old: str, new: str) -> Project:
        """With a text in a file replaced."""
        files = [replace(file, text=_swap(file.text, old, new)) if file.path == path else file for file in self.files]
        return replace(self, files=tuple(files))

    def upgraded(self, name: str, version: str, old: str, new: str) -> Project:
        """With another version of a package installed."""
        packages = [
            replace(package, version=version, source=_swap(package.source, old, new))
            if package.name == name
            else package
            for package in self.packages
        ]
        return replace(self, packages=tuple(packages))


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the project.

    ``via``: a state in between that is run too (an edit that is undone). ``touched``: files whose time alone changes.
    ``timeless``: files whose content changes and whose time doesn't, as with `cp -p`. ``hidden``: steps whose value
    can't be asked for at the end, because a later step changes it in place.
    """

    name: str
    title: str
    after: Project
    before: Project
    via: Project | None = None
    touched: tuple[str, ...] = ()
    timeless: tuple[str, ...] = ()
    hidden: frozenset[str] = field(default_factory=frozenset)


def _swap(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"an edit must fit once: {old!r} is {text.count(old)} times in {text!r}")
    return text.replace(old, new)
