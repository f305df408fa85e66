"""A kernel as a front end has it, and the first result in it."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import KernelManager

from benchmarks.engines.tools.book import Book

HANG = 100.0


def first_result(cluster: str, book: Book, folder: Path) -> float:
    """Seconds from loading the extension into a kernel that stands ready to the end of the notebook."""
    shutil.rmtree(folder / ".phelps", ignore_errors=True)
    with tempfile.TemporaryDirectory() as sockets:
        manager = KernelManager(kernel_name="python3", transport="ipc", connection_file=f"{sockets}/kernel.json")
        manager.start_kernel(cwd=str(folder))
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=HANG)
            begun = time.time()
            for source in ("%load_ext phelps_jupyter", f"%config Phelps.cluster = {cluster!r}", *book.cells.values()):
                told = client.execute(source, reply=True, timeout=HANG)
                if told["content"]["status"] != "ok":
                    raise RuntimeError(f"{source}: {told['content']['evalue']}")
            return time.time() - begun
        finally:
            client.stop_channels()
            manager.shutdown_kernel()
            manager.cleanup_resources()
