"""Which part of a project's modules a task reaches, and of which versions of installed ones. Reads no file by itself.

A module is cut into its top-level statements. Reached are the statements that bind a name that is asked for, those
that bind what these read, and every statement that is there for its effect.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

import xxhash

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.model import Bindings, Digest, Part, PartKind


@dataclass(frozen=True, slots=True)
class ProjectModule:
    """A module of the project, as it is on disk."""

    source: str
    is_package: bool


@dataclass(frozen=True, slots=True)
class InstalledModule:
    """A module of an installed distribution."""

    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class AbsentModule:
    """No module: nothing on the path has this name."""


Find = Callable[[str], ProjectModule | InstalledModule | AbsentModule | None]
"""What a dotted module name stands for; None: the standard library, or no source of its own."""

ABSENT = Digest("absent")
"""Digest of a module that is looked for (``try: import fast``) and is not there."""

Wanted = tuple[str, str | None]
"""A module and one attribute of it; None: all of it."""


def module_parts(wanted: Iterable[Wanted], find: Find) -> tuple[Part, ...]:
    """The parts of a key that these modules and attributes stand for, closed over the project's own imports."""
    reach: dict[str, set[str] | None] = {}
    versions: dict[str, str] = {}
    absent: dict[str, None] = {}
    stack = [place for one in wanted for place in _with_parents(one)]
    while stack:
        name, attribute = stack.pop()
        match find(name):
            case InstalledModule(distribution, version):
                versions[distribution] = version
            case ProjectModule() as module:
                if _widen(reach, name, attribute):
                    stack += _imports_of(name, module, attribute, find)
            case AbsentModule():
                absent[name] = None
            case None:
                if attribute:
                    # A folder without ``__init__.py`` has no source of its own; what lies in it has.
                    stack.append((f"{name}.{attribute}", None))
            case other:
                assert_never(other)
    parts = [_version_part(name, version) for name, version in versions.items()]
    parts += [Part(PartKind.MODULE, name, ABSENT, origin=f"{_REACH}*") for name in absent]
    return tuple(parts + [_project_part(name, attributes, find) for name, attributes in reach.items()])


def _with_parents(wanted: Wanted) -> Iterator[Wanted]:
    """Importing ``a.b`` runs ``a`` as well: what it does for its effect counts."""
    name, attribute = wanted
    yield name, attribute
    while "." in name:
        name = name.rpartition(".")[0]
        yield name, ""


def _widen(reach: dict[str, set[str] | None], name: str, attribute: str | None) -> bool:
    """Whether this reaches further into the module than before."""
    reached = reach.get(name, set())
    if reached is None or (name in reach and attribute in reached):
        return False
    reach[name] = None if attribute is None else reached | {attribute}
    return True


def _imports_of(name: str, module: ProjectModule, attribute: str | None, find: Find) -> list[Wanted]:
    statements = _reached(_statements(module.source), None if attribute is None else {attribute})
    found = [place for statement in statements for place in imported(statement.tree, name, module.is_package)]
    if attribute and not any(attribute in statement.bindings.writes for statement in statements):
        # Not bound in the package: a submodule of it.
        found.append((f"{name}.{attribute}", None))
    return [place for one in found for place in _with_parents(_resolved(one, find))]


def _resolved(wanted: Wanted, find: Find) -> Wanted:
    """``from package import submodule`` asks for the submodule."""
    name, attribute = wanted
    if attribute and find(f"{name}.{attribute}") is not None and isinstance(find(name), ProjectModule):
        return f"{name}.{attribute}", None
    return wanted


def imported(tree: ast.AST, module: str = "", is_package: bool = False) -> list[Wanted]:
    """The modules and attributes that a piece of code imports, at any depth, by absolute names."""
    found: list[Wanted] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(name, None) for alias in node.names for name in _at_hand(alias)]
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node.level, node.module or "", module, is_package)
            found += [(source, None if alias.name == "*" else alias.name) for alias in node.names]
        elif isinstance(node, ast.Call):
            found += [(name, None) for name in _called_for(node, module, is_package)]
    return found


def _at_hand(alias: ast.alias) -> Iterator[str]:
    """``import a.b`` binds ``a``: all of ``a`` is at hand as well as all of ``a.b``."""
    name = alias.name
    yield name
    while alias.asname is None and "." in name:
        name = name.rpartition(".")[0]
        yield name


_IMPORTERS = frozenset({"import_module", "__import__"})


def _called_for(call: ast.Call, module: str, is_package: bool) -> Iterator[str]:
    """The module that ``importlib.import_module("m")`` or ``__import__("m")`` asks for, where it is a literal."""
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    literals = [node.value for node in call.args[:1] if isinstance(node, ast.Constant)]
    if called in _IMPORTERS and literals and isinstance(literals[0], str):
        name = literals[0].lstrip(".")
        yield _absolute(len(literals[0]) - len(name), name, module, is_package)


def _absolute(level: int, name: str, module: str, is_package: bool) -> str:
    if not level:
        return name
    steps = level - 1 if is_package else level
    base = module.split(".")
    return ".".join([*base[: len(base) - steps], *([name] if name else [])])


@dataclass(frozen=True, slots=True)
class _Statement:
    tree: ast.stmt
    bindings: Bindings

    @property
    def needs(self) -> frozenset[str]:
        """What it reads, at once or when what it defines is used."""
        return self.bindings.reads.union(*self.bindings.deferred.values())

    @property
    def has_effect(self) -> bool:
        """It counts whatever is asked for: it acts on things that others bind, or binds names that can't be known."""
        if self.bindings.binds_unknown:
            return True
        if isinstance(self.tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
            return False
        acts = any(isinstance(node, ast.Expr) for node in ast.walk(self.tree))
        return acts or not self.bindings.writes or bool(self.bindings.changes)

    @property
    def decorators(self) -> frozenset[str]:
        """The names that its decorators are reached through: one of them may note down what it decorates."""
        if not isinstance(self.tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return frozenset()
        return frozenset(
            node.id for deco in self.tree.decorator_list for node in ast.walk(deco) if isinstance(node, ast.Name)
        )


@lru_cache(maxsize=256)
def _statements(source: str) -> tuple[_Statement, ...]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        # Importing it will fail in the task and say so; any change of it counts.
        return (
            _Statement(
                ast.Expr(ast.Constant(source), lineno=1),
                Bindings(code=Digest(xxhash.xxh3_128_hexdigest(source.encode()))),
            ),
        )
    # A constant that stands alone is a docstring, or a note on what stands above it.
    body = [one for one in tree.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    return tuple(_Statement(statement, analyse(ast.unparse(statement))) for statement in body)


def _reached(statements: tuple[_Statement, ...], names: set[str] | None) -> list[_Statement]:
    if names is None:
        return list(statements)
    chosen = _always_reached(statements)
    # A module that has it answers for every name that is not there.
    wanted = (names | {"__getattr__"}).union(*(statements[place].needs for place in chosen))
    grown = True
    while grown:
        grown = False
        for place, statement in enumerate(statements):
            bound = statement.bindings.writes | statement.bindings.changes
            if place not in chosen and not wanted.isdisjoint(bound):
                chosen.add(place)
                wanted |= statement.needs
                grown = True
    return [statements[place] for place in sorted(chosen)]


def _always_reached(statements: tuple[_Statement, ...]) -> set[int]:
    """What is there for its effect; and what the project's own decorators decorate, by whom it may be registered."""
    foreign = {name for statement in statements if _is_foreign(statement.tree) for name in statement.bindings.writes}
    return {
        place
        for place, statement in enumerate(statements)
        if statement.has_effect or not statement.decorators <= foreign
    }


def _is_foreign(tree: ast.stmt) -> bool:
    """An import that does not say that it is from the same package."""
    return isinstance(tree, ast.Import) or (isinstance(tree, ast.ImportFrom) and not tree.level)


def _project_part(name: str, attributes: set[str] | None, find: Find) -> Part:
    digest = project_digest(name, attributes, find)
    assert digest is not None
    return Part(
        PartKind.MODULE, name, digest, origin=f"{_REACH}{'*' if attributes is None else ','.join(sorted(attributes))}"
    )


_REACH = "reach:"


def reach_of(part: Part) -> set[str] | None:
    """The attributes that a module's part stands for; None: all of the module."""
    listed = part.origin.removeprefix(_REACH)
    return None if listed == "*" else set(listed.split(","))


def project_digest(name: str, attributes: set[str] | None, find: Find) -> Digest | None:
    """Digest of what of a project's module these attributes reach; None when it is no module of the project."""
    module = find(name)
    if not isinstance(module, ProjectModule):
        return None
    state = xxhash.xxh3_128()
    for statement in _reached(_statements(module.source), attributes):
        state.update(statement.bindings.code.encode())
    return Digest(state.hexdigest())


def project_lines(name: str, attributes: set[str] | None, find: Find) -> tuple[tuple[int, str], ...]:
    """The lines of a project's module that these attributes reach, each with its number (from 1)."""
    module = find(name)
    if not isinstance(module, ProjectModule):
        return ()
    lines = module.source.splitlines()
    found: dict[int, str] = {}
    for statement in _reached(_statements(module.source), attributes):
        first = first_line(statement.tree)
        last = statement.tree.end_lineno or len(lines)
        found.update((number, lines[number - 1]) for number in range(first, last + 1))
    return tuple(sorted(found.items()))


def first_line(statement: ast.stmt) -> int:
    """The first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def widest(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Each part once, and none for some of a module where another one stands for all of it."""
    listed = list(parts)
    whole = {part.name for part in listed if _is_whole(part)}
    kept = (part for part in listed if part.kind is not PartKind.MODULE or part.name not in whole or _is_whole(part))
    return tuple(dict.fromkeys(kept))


def _is_whole(part: Part) -> bool:
    return part.kind is PartKind.MODULE and reach_of(part) is None


def version_digest(version: str) -> Digest:
    """Digest of a version's text."""
    return Digest(xxhash.xxh3_128_hexdigest(version.encode()))


def _version_part(distribution: str, version: str) -> Part:
    return Part(PartKind.VERSION, distribution, version_digest(version), detail=version)
