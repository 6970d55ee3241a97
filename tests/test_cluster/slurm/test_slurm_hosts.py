"""A real Slurm whose two nodes have addresses of their own, in network namespaces."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import xarray as xr
from faults import on_all_workers
from ports import listening
from slurm_site import Site, call, running, skip_without_slurm, until

from cluster.batch import pilots
from cluster.batch.cluster import close_kept
from sweep import dispatch, parallel_run, slurm
from sweep.store.damage import check

HERE = "swnode0"  # the end, here, of the link to the first node


class Hosts(Site):
    """Nodes n1 and n2, each in a namespace of its own, which reach this one and not each other."""

    address = "10.213.0.1"

    def address_of(self, name: str) -> str:
        return f"10.213.{self.names.index(name)}.2"

    def entry(self, name: str) -> list[str]:
        # Not "ip netns exec", which mounts another /sys.
        return ["nsenter", f"--net=/run/netns/{self.namespace(name)}"]

    def namespace(self, name: str) -> str:
        return f"sweep-{name}"

    def link(self) -> None:
        self.unlink()
        for i, name in enumerate(self.names):
            space, here, there = self.namespace(name), f"swnode{i}", f"swhost{i}"
            call("ip", "netns", "add", space)
            call("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", space)
            call("ip", "address", "add", f"10.213.{i}.1/24", "dev", here)
            call("ip", "link", "set", here, "up")
            call("ip", "-n", space, "address", "add", f"{self.address_of(name)}/24", "dev", there)
            for device in ("lo", there):
                call("ip", "-n", space, "link", "set", device, "up")
            call("ip", "-n", space, "route", "add", "default", "via", f"10.213.{i}.1")

    def unlink(self) -> None:
        for i, name in enumerate(self.names):
            for thing in (["link", f"swnode{i}"], ["netns", self.namespace(name)]):
                with contextlib.suppress(AssertionError):
                    call("ip", thing[0], "delete", thing[1])

    def listening(self, name: str) -> list[tuple[str, int]]:
        """List the addresses at which a node's jobs listen."""
        pids = {process.pid for process in self.processes(name)}
        sockets = call(
            *self.entry(name), "ss", "--tcp", "--listening", "--numeric", "--processes", "--no-header"
        )
        lines = [
            line for line in sockets.splitlines() if pids & set(map(int, re.findall(r"pid=(\d+)", line)))
        ]
        local = [line.split()[3].rsplit(":", 1) for line in lines]
        return [(host, int(port)) for host, port in local]

    def cut(self, name: str, state: str) -> None:
        """Set the link to a node "down" or "up"."""
        call("ip", "link", "set", f"swnode{self.names.index(name)}", state)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    skip_without_slurm()
    if not (shutil.which("ip") and shutil.which("nsenter")):
        pytest.skip("no ip or nsenter; Debian has them in iproute2 and util-linux")
    made = Hosts(tmp_path_factory.mktemp("hosts"))
    try:
        made.link()
    except AssertionError as error:
        made.unlink()
        pytest.skip(f"network namespaces cannot be made here: {error}")
    try:
        with running(made):
            yield made
    finally:
        made.unlink()


def there(**other: Any) -> Any:
    given = {"jobs": 2, "cores": 2, "memory": "500MB", "walltime": "00:10:00", "interface": HERE}
    return slurm(**given | other)


def where(idx: int, net: Any) -> tuple[int, str]:
    time.sleep(0.05)
    return idx, os.environ["SLURMD_NODENAME"]


KNOCK = """
import sys
sys.path.insert(0, sys.argv[1])
from ports import refuses_strangers
print([refuses_strangers((host, int(port))) for host, port in (a.split(":") for a in sys.argv[2:])])
"""


@pytest.fixture
def _all_workers(hosts: Hosts, tmp_path: Path) -> None:
    """Have all workers there."""
    (tmp_path / "workers").mkdir()
    assert [node for node, _ in on_all_workers(there(), tmp_path / "workers", 4)] == ["n1", "n1", "n2", "n2"]


@pytest.mark.usefixtures("_all_workers")
def test_every_port_refuses_strangers_on_other_hosts(hosts: Hosts) -> None:
    scheduler = listening(psutil.Process().children(recursive=True))
    workers = {name: hosts.listening(name) for name in hosts.names}
    assert {host for host, _ in scheduler} == {hosts.address}
    for name in hosts.names:
        assert {host for host, _ in workers[name]} == {hosts.address_of(name)}

    def refused(entry: list[str], ports: list[tuple[str, int]]) -> str:
        addresses = [f"{host}:{port}" for host, port in ports]
        tests = str(Path(__file__).parents[2])
        return call(*entry, sys.executable, "-c", KNOCK, tests, *addresses).strip()

    assert refused(hosts.entry("n1"), scheduler + workers["n1"]) == "[True, True, True]"
    assert refused([], workers["n1"] + workers["n2"]) == "[True, True, True, True]"


@pytest.mark.usefixtures("_all_workers")
def test_a_link_that_is_cut_loses_a_node_and_no_network(hosts: Hosts, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    begun.touch()

    def method(idx: int, net: Any) -> tuple[int, str]:
        with begun.open("a") as file:
            file.write("x")
        return where(idx, net)

    def cut() -> None:
        until(lambda: len(begun.read_text()) > 100)
        hosts.cut("n2", "down")

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        results = list(parallel_run(method, number=300, cluster=there()))
    finally:
        thread.join()
        hosts.cut("n2", "up")
    close_kept()
    assert [idx for idx, _ in results] == list(range(300))
    assert {node for _, node in results} == {"n1", "n2"}
    hosts.await_idle()


@pytest.mark.usefixtures("_all_workers")
def test_a_node_that_hangs_does_not_hold_the_sweep(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All processes of a node's job are stopped: nothing ends, no connection breaks, nobody answers."""
    monkeypatch.setattr(dispatch, "LATE", 1.0)
    stopped = hosts.processes("n2")
    assert len(stopped) > 4
    begun = tmp_path / "begun"
    begun.touch()

    def method(idx: int, net: Any) -> tuple[int, str]:
        with begun.open("a") as file:
            file.write(f"{idx} {os.environ['SLURMD_NODENAME']}\n")
        if os.environ["SLURMD_NODENAME"] == "n2":
            time.sleep(600)
        return where(idx, net)

    def lines(node: str) -> set[str]:
        return {line.split()[0] for line in begun.read_text().splitlines() if line.endswith(node)}

    def stop() -> None:
        until(lambda: len(lines("n2")) == 2)
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        results = parallel_run(method, number=60, cluster=there(), store=tmp_path / "s.zarr")
    finally:
        thread.join()
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
    close_kept()  # the workers there have not heard that what they run has been run
    assert list(results) == [(i, "n1") for i in range(60)]
    assert len(lines("n2")) == 2
    assert lines("n2") < lines("n1")


@pytest.mark.usefixtures("_all_workers")
def test_a_slow_node_does_not_hold_the_sweep(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was given last runs on the other node too, and comes too late or is ended with the sweep."""
    monkeypatch.setattr(dispatch, "LATE", 1.0)
    begun, store = tmp_path / "begun", tmp_path / "s.zarr"

    def method(idx: int, net: Any) -> tuple[int, float]:
        slow = os.environ.get("SLURMD_NODENAME") == "n2"
        with begun.open("a") as stream:
            stream.write("x" if slow else "")
        time.sleep(4.0 if slow else 0.01)
        return idx, float(net.rng.random())

    def sweep_of(number: int, cluster: Any) -> list[Any]:
        at = None if cluster == "debug" else store
        return list(parallel_run(method, number=number, seed=4, cluster=cluster, store=at))

    expected = sweep_of(110, "debug")
    assert sweep_of(100, there()) == expected[:100]
    assert begun.read_text()
    assert sweep_of(110, there()) == expected
    stored = xr.open_dataset(store, engine="zarr").network.values.tolist()
    assert sorted(stored) == [*range(110)]
    assert check(store) == []


def test_an_interface_that_nodes_do_not_reach(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pilots, "VAIN", 0)  # one job says it
    close_kept()
    with pytest.raises(
        RuntimeError, match=r"does not reach the scheduler at tls://127\.0\.0\.1:\d+.*interface="
    ):
        parallel_run(where, number=4, cluster=there(jobs=1, interface="lo"))
    until(lambda: not hosts.jobs())
