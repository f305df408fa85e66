"""Paths as a cell's code says them: which texts may be files that it reads, and which it writes. Knows no file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from phelps_jupyter.core.walk import Walk

_LONGEST = 255


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WRITING = _words(
    """
    copy copy2 copyfile dump imsave imwrite mimsave move save save_model save_npz savefig savetxt savez savez_compressed
    sink_csv sink_parquet to_csv to_excel to_feather to_file to_gbq to_hdf to_html to_json to_latex to_markdown
    to_netcdf to_orc to_parquet to_pickle to_stata to_xml to_zarr tofile urlretrieve write_bytes write_csv write_excel
    write_feather write_html write_image write_ipc write_json write_parquet write_table write_text
    """
)
"""Functions and methods that write to a path which they are given, or which they are called on."""
_LOOKING = _words(
    """
    File access call connect exists from_file fromfile genfromtxt getmtime getsize glob iglob is_dir is_file isdir
    isfile iterdir listdir load load_dataset load_model loadtxt lstat memmap open open_dataset parse read rglob run
    run_line_magic run_path samefile scandir stat system walk
    """
)
"""Functions and methods that read or look for files, whatever path they are given."""
_READING = ("read_", "scan_", "imread", "remove", "rename", "unlink", "rmtree", "rmdir")
"""So do those that begin like this; and who takes a file away must not do so before others have read it."""
_COPYING = _words("copy copy2 copyfile move")
"""They read the first path, and write the second."""
_SHELLS = _words("system getoutput run_cell_magic check_call check_output Popen")

_TOUCHING = _LOOKING | WRITING | _SHELLS


def normal(path: str) -> str:
    """A relative path without ``./`` and doubled slashes."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def note_text(walk: Walk, text: str) -> None:
    """A text of the code: perhaps a path."""
    if _may_be_path(text):
        walk.texts.add(normal(text))


def note_import(walk: Walk, module: str) -> None:
    """A module that is imported may be a file that another cell writes."""
    place = module.replace(".", "/")
    walk.texts |= {f"{place}.py", f"{place}/__init__.py"}


def note_call(walk: Walk, node: ast.Call, name: str) -> None:
    """A call of a function or a method of this name: perhaps it writes a file, or reads one."""
    if name in _TOUCHING or name.startswith(_READING):
        walk.looks = True
    if name == "open" and any(_is_writing_mode(text) for text in _texts(node)):
        _made(walk, [text for text in _texts(node) if not _is_mode(text)])
    elif name in WRITING:
        _made(walk, list(_texts(node))[1 if name in _COPYING else 0 :])
    elif name in _SHELLS:
        _note_command(walk, list(_texts(node)))


def _note_command(walk: Walk, texts: list[str]) -> None:
    if texts[:1] == ["writefile"]:
        _made(walk, texts[1].split()[-1:])
        return
    words = [word for text in texts for word in text.replace(">", " > ").split()]
    for before, word in zip(["", *words], words, strict=False):
        if before == ">":
            _made(walk, [word])
        else:
            note_text(walk, word)


def _made(walk: Walk, texts: list[str]) -> None:
    walk.files.update(normal(text) for text in texts if _may_be_path(text))


def _texts(node: ast.Call) -> Iterator[str]:
    """The literal texts of a call: its arguments', and those of ``Path("..")`` that it is called on."""
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
        yield from _texts(function.value)
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
        elif isinstance(argument, ast.Call):
            yield from _texts(argument)


def _may_be_path(text: str) -> bool:
    return 2 < len(text) <= _LONGEST and "\n" not in text and ("." in text or "/" in text)


def _is_mode(text: str) -> bool:
    return 0 < len(text) <= 4 and not set(text) - set("rwaxbt+U")


def _is_writing_mode(text: str) -> bool:
    return _is_mode(text) and not set(text).isdisjoint("wax+")
