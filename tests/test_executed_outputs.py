"""What stands in an executed notebook."""

from __future__ import annotations

from nbformat.v4 import new_output

from phelps_jupyter.faces.headless import joined_streams


def test_adjacent_pieces_of_a_stream_are_one():
    pieces = [("stdout", "6"), ("stdout", "\n"), ("stderr", "!"), ("stdout", "a"), ("stdout", "b")]
    outputs = [new_output("stream", name=name, text=text) for name, text in pieces]
    shown = new_output("display_data", data={"text/plain": "x"})
    found = joined_streams([*outputs, shown, new_output("stream", name="stdout", text="c")])
    told = [(one.name, one.text) if one.output_type == "stream" else "shown" for one in found]
    assert told == [("stdout", "6\n"), ("stderr", "!"), ("stdout", "ab"), "shown", ("stdout", "c")]
