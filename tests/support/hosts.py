"""Hosts for tests, on one machine: each with a network, a name, processes and a boot of its own, and engines on it.

A folder is hidden from each of them: for all they can tell it lies on another machine. Needs root.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipyparallel as ipp
import psutil
import pytest

TOOLS = ("ip", "unshare", "nsenter")

needed = pytest.mark.skipif(
    os.getuid() != 0 or any(shutil.which(tool) is None for tool in TOOLS),
    reason=f"hosts in namespaces need root, and {', '.join(TOOLS)}",
)

BEGIN = """
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount --bind {boot} /proc/sys/kernel/random/boot_id
mount -t tmpfs tmpfs {hidden}
ip link set lo up
hostname {name}
exec sleep infinity
"""


class Network:
    """A bridge in the test's own network, with hosts at it; each of them is told to have its own way there."""

    def __init__(self, root: Path, hidden: Path) -> None:
        self.root = root
        self.hidden = hidden
        self._tag = secrets.token_hex(3)
        self._net = f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(250)}"
        self.address = f"{self._net}.1"
        self.hosts: list[Host] = []
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "addr", "add", f"{self.address}/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")

    @property
    def bridge(self) -> str:
        return f"phb{self._tag}"

    def host(self) -> Host:
        number = len(self.hosts) + 1
        host = Host(self, f"far{number}", f"{self._tag}{number}", f"{self._net}.{number + 1}", self.hidden)
        self.hosts.append(host)
        return host

    def add_host(self) -> Host:
        """With an engine."""
        host = self.host()
        host.start_engine(str(self.root / "profile" / "security" / "ipcontroller-far-engine.json"))
        return host

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        run("ip", "link", "del", self.bridge)


def far_cluster(network: Network, near: int, far: int) -> Iterator[Any]:
    """A cluster with so many engines here, and one on each of so many hosts that do not see the hidden folder."""
    cluster = ipp.Cluster(
        profile_dir=str(network.root / "profile"),
        cluster_id="far",
        load_profile=False,
        log_level=40,
        controller_ip=network.address,
        controller_location=network.address,
        controller_args=["--nodb", "--HeartMonitor.period=500"],
    )
    cluster.start_controller_sync()
    if near:
        cluster.start_engines_sync(n=near)
    with cluster.connect_client_sync() as client:
        for _ in range(far):
            network.add_host()
        client.wait_for_engines(near + far, timeout=60)
    yield cluster
    cluster.stop_cluster_sync()


class Host:
    """One that sees all of this machine but the hidden folder."""

    def __init__(self, network: Network, name: str, tag: str, address: str, hidden: Path) -> None:
        self.name = name
        self.address = address
        self.temporary = network.root / f"{name}-tmp"
        self.temporary.mkdir()
        boot = network.root / f"{name}-boot"
        boot.write_text(f"{uuid.uuid4()}\n")
        self._space, self.link = f"phn{tag}", f"phv{tag}"
        run("ip", "netns", "add", self._space)
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self._space)
        run("ip", "link", "set", self.link, "master", network.bridge, "up")
        run("ip", "-n", self._space, "addr", "add", f"{address}/24", "dev", "eth0")
        run("ip", "-n", self._space, "link", "set", "eth0", "up")
        begin = BEGIN.format(boot=boot, hidden=hidden, name=name)
        inside = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", begin]
        self._begun = subprocess.Popen(["ip", "netns", "exec", self._space, *inside])
        self._first = _child_of(self._begun.pid)
        self._engines: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A process there."""
        enter = ["nsenter", "-t", str(self._first), "--net", "--uts", "--pid", "--mount", "--"]
        environment = os.environ | {"TMPDIR": str(self.temporary)}
        process = subprocess.Popen([*enter, *command], env=environment, cwd="/", stderr=subprocess.DEVNULL)
        self._engines.append(process)
        return process

    def start_engine(self, connection: str) -> None:
        self.start(sys.executable, "-m", "ipyparallel.engine", f"--file={connection}", "--log-level=40")

    def cut(self, other: Host) -> None:
        """From now on it does not reach the other one, nor is it told so."""
        run("ip", "-n", self._space, "route", "add", "blackhole", other.address)

    def heal(self, other: Host) -> None:
        run("ip", "-n", self._space, "route", "del", "blackhole", other.address)

    def crash(self) -> None:
        """All of its processes die at once, and its network with them."""
        run("ip", "link", "set", self.link, "down")
        self._begun.kill()
        self._begun.wait()

    def kill_depot(self) -> None:
        """What gives its values ends, and nothing else."""
        mine = str(self.temporary)
        found = [one for one in psutil.process_iter(["cmdline"]) if mine in " ".join(one.info["cmdline"] or ())]
        for one in found:
            if "import far_depot" in " ".join(one.info["cmdline"]):
                one.kill()

    def values(self) -> list[Path]:
        """The objects that it keeps."""
        return [path for path in self.temporary.glob("phelps-*/values-*/objects/??/*") if path.is_file()]

    def close(self) -> None:
        self._begun.kill()
        self._begun.wait()
        for engine in self._engines:
            engine.wait()
        run("ip", "netns", "del", self._space)
        subprocess.run(["ip", "link", "del", self.link], stderr=subprocess.DEVNULL, check=False)


def run(*command: str) -> None:
    subprocess.run(command, check=True)


def _child_of(pid: int) -> int:
    """The first process of the host, once that is set up."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while True:
        for child in children.read_text().split():
            if Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"sleep\0"):
                return int(child)
