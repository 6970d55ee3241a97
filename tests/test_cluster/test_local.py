"""A real scheduler, real workers and their children, and how they end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import psutil
import pytest
from distributed import KilledWorker
from ports import listening, refuses_strangers
from slurm_site import runs, until

import cluster
from cluster.local import LocalPool
from cluster.pool import Handle, Pool, Running
from workers.launch import command, environment
from workers.live import Network
from workers.outcome import Outcome
from workers.parcel import pack
from workers.part import outcomes_of
from workers.process import InterruptedTask
from workers.task import Job, Task
from workers.values import decode

cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalPool]:
    made = cluster.connect(None, 2)
    assert isinstance(made, LocalPool)
    yield made
    made.close()


def job(method: Callable[..., Any]) -> bytes:
    return pack(Job(method, (Network(),), "nest", 1))


def collect(pool: Pool, running: list[Any], seconds: float = 120.0) -> list[Outcome]:
    end, outcomes = time.monotonic() + seconds, []
    while running:
        assert time.monotonic() < end, "the tasks did not finish"
        for done in pool.wait(running):
            running.remove(done)
            outcomes += outcomes_of(done.result().part)
    return outcomes


def run(pool: Pool, method: Callable[..., Any], tasks: int = 4, each: int = 3) -> list[Any]:
    handle = pool.load(job(method))
    chunks = [tuple(range(t * each, (t + 1) * each)) for t in range(tasks)]
    outcomes = collect(pool, [pool.submit(handle, Task(c, ({},) * each), None) for c in chunks])
    pool.unload(handle)
    outcomes.sort(key=lambda o: o.index)
    return [o.failure or decode(o.value.structure, o.value.leaves) for o in outcomes if o.value or o.failure]


def family(pid: int) -> list[psutil.Process]:
    return [p for p in psutil.Process(pid).children(recursive=True) if runs(p)]


def nodes(role: str) -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if f"cluster.node {role}" in " ".join(p.cmdline())]


def await_end(processes: list[psutil.Process]) -> None:
    """Wait until none runs."""
    until(lambda: not any(runs(p) for p in processes))


def test_all_workers_run_networks(pool: LocalPool) -> None:
    offset = 100

    def method(index: int, net: object) -> tuple[int, int]:
        time.sleep(0.05)
        return index + offset, os.getppid()

    values = run(pool, method)
    assert [v[0] for v in values] == list(range(100, 112))
    assert len({v[1] for v in values}) == pool.workers == 2


def test_a_crash_costs_one_network(pool: LocalPool) -> None:
    values = run(pool, lambda i, net: os.kill(os.getpid(), signal.SIGSEGV) if i == 5 else i)
    assert values.pop(5).error == "SIGSEGV"
    assert values == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_the_time_limit_arrives(pool: LocalPool) -> None:
    handle = pool.load(job(lambda i, net: time.sleep(60)))
    (outcome,) = collect(pool, [pool.submit(handle, Task((0,), ({},)), 0.3)])
    assert outcome.failure is not None
    assert outcome.failure.kind == "timeout"


def test_loading_twice_is_one_job(pool: LocalPool) -> None:
    blob = job(lambda i, net: i)
    assert pool.load(blob) == pool.load(blob)


def test_large_jobs_are_no_large_graphs(pool: LocalPool) -> None:
    data = b"x" * 20_000_000
    assert run(pool, lambda i, net: len(data)) == [len(data)] * 12


def test_parameters_of_a_class_of_the_script(pool: LocalPool) -> None:
    class Local:
        value = 3

    handle = pool.load(job(lambda i, net, given: given.value / i))
    outcomes = collect(pool, [pool.submit(handle, Task((0, 1), ({"given": Local()},) * 2), None)])
    assert outcomes[0].failure is not None
    assert "Local object" in outcomes[0].failure.parameters["given"]
    assert outcomes[1].failure is None


def test_a_killed_worker_loses_what_it_ran_and_no_more(pool: LocalPool, tmp_path: Path) -> None:
    flag = tmp_path / "killed"

    def method(index: int, net: object) -> int:
        if index == 4 and not flag.exists():
            flag.touch()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        return index

    blob = pool.load(job(lambda i, net: i))  # must be known to the new worker too
    handle = pool.load(job(method))
    tasks = [pool.submit(handle, Task((i, i + 1), ({}, {})), None) for i in range(0, 12, 2)]
    with pytest.raises(KilledWorker):
        collect(pool, [tasks.pop(2)])
    assert len(collect(pool, tasks)) == 10  # a task that waits for its turn is not lost
    await_workers(pool, 2)
    assert len(collect(pool, [pool.submit(blob, Task((i,), ({},)), None) for i in range(6)])) == 6


def await_workers(pool: Pool, number: int) -> None:
    until(lambda: pool.workers == number, 60)


def test_a_network_that_kills_every_worker_is_given_up(pool: LocalPool) -> None:
    def method(index: int, net: object) -> None:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)

    handle = pool.load(job(method))
    with pytest.raises(KilledWorker):
        collect(pool, [pool.submit(handle, Task((0,), ({},)), None)])
    await_workers(pool, 2)
    assert run(pool, lambda i, net: i) == list(range(12))


def endless(pool: LocalPool, folder: Path, number: int) -> tuple[Handle, list[Running]]:
    """Submit tasks that do not end, and wait until two of them run."""

    def method(index: int, net: object) -> None:
        (folder / f"{index}").touch()
        time.sleep(3600)

    handle = pool.load(job(method))
    running = [pool.submit(handle, Task((i,), ({},)), None) for i in range(number)]
    until(lambda: len([*folder.iterdir()]) == 2)
    return handle, running


def test_interrupt_stops_what_runs_and_what_waits(pool: LocalPool, tmp_path: Path) -> None:
    _, running = endless(pool, tmp_path, 8)
    assert pool.wait(running) == []
    pool.interrupt()
    ended: set[Any] = set()
    until(lambda: ended.update(pool.wait(running)) or len(ended) == 8)
    assert run(pool, lambda i, net: i) == list(range(12))


def test_what_still_runs_of_a_job_that_is_unloaded_is_ended(pool: LocalPool, tmp_path: Path) -> None:
    handle, running = endless(pool, tmp_path, 2)
    for late in running:
        pool.cancel(late)
    pool.unload(handle)
    assert run(pool, lambda i, net: i) == list(range(12))


def test_a_child_stopped_outside_of_an_interrupt_is_an_error(pool: LocalPool, tmp_path: Path) -> None:
    from workers.process import stop_children

    def method(index: int, net: object) -> None:
        (tmp_path / "begun").touch()
        time.sleep(3600)

    handle = pool.load(job(method))
    running = pool.submit(handle, Task((0,), ({},)), None)
    until((tmp_path / "begun").exists)
    pool.client.run(stop_children)
    with pytest.raises(InterruptedTask):
        collect(pool, [running])


def test_every_port_asks_for_credentials(pool: LocalPool) -> None:
    run(pool, lambda i, net: i)
    ports = listening(family(os.getpid()))
    assert len(ports) == 3  # the scheduler's and two workers'
    assert {host for host, _ in ports} == {"127.0.0.1"}
    assert all(refuses_strangers(port) for port in ports)
    context = pool.client.security.get_connection_args("client")["ssl_context"]
    for port in ports:  # who has them is heard
        with socket.create_connection(port, timeout=30) as plain, context.wrap_socket(plain) as stream:
            assert stream.recv(8)


def test_the_credentials_are_private(pool: LocalPool) -> None:
    assert pool._folder.stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in pool._folder.glob("*.pem")} == {0o600}


def test_the_terminals_interrupt_does_not_reach_the_cluster(pool: LocalPool) -> None:
    members = family(os.getpid())
    assert os.getsid(0) not in {os.getsid(p.pid) for p in members if "cluster.node" in " ".join(p.cmdline())}
    groups = {os.getpgid(p.pid) for p in members}
    assert os.getpgid(0) not in groups


def test_a_client_of_somebody_else_is_taken(pool: LocalPool) -> None:
    taken = cluster.connect(pool.client)
    assert run(taken, lambda i, net: i) == list(range(12))
    taken.close()
    assert pool.workers == 2


def test_an_address_is_taken(pool: LocalPool) -> None:
    security = pool.client.security
    found = {
        "distributed.comm.tls.ca-file": security.tls_ca_file,
        "distributed.comm.tls.client.key": security.tls_client_key,
        "distributed.comm.tls.client.cert": security.tls_client_cert,
    }
    with dask.config.set(found):
        taken = cluster.connect(pool.client.scheduler.address)
        assert run(taken, lambda i, net: i) == list(range(12))
        taken.close()
    assert pool.workers == 2


def test_workers_without_this_package_are_refused(pool: LocalPool, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_nothing(*arguments: object) -> None:
        raise ModuleNotFoundError("No module named 'workers'")

    monkeypatch.setattr(pool.client, "run", run_nothing)
    with pytest.raises(RuntimeError, match="cannot import this package"):
        cluster.connect(pool.client)


def test_a_nanny_listens_with_tls_only_and_restarts_its_worker(pool: LocalPool, tmp_path: Path) -> None:
    nanny = subprocess.Popen(
        command("cluster.node", "nanny", str(os.getpid()), str(tmp_path), "nanny"),
        env=pool._keeper._environment,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert nanny.stdin is not None
    with nanny.stdin as stream:
        stream.write(pool.client.scheduler.address.encode() + b"\n")
    await_workers(pool, 3)
    ports = listening([psutil.Process(nanny.pid), *family(nanny.pid)])
    assert len(ports) == 2
    assert all(refuses_strangers(port) for port in ports)
    worker = next(p for p in family(nanny.pid) if listening([p]))
    worker.kill()
    await_workers(pool, 2)
    await_workers(pool, 3)
    members = family(nanny.pid)
    nanny.kill()
    nanny.wait()
    await_end(members)
    await_workers(pool, 2)


def test_the_pool_is_kept_for_the_next_call(pool: LocalPool) -> None:
    assert cluster.connect(cluster.local(2)) is pool


def test_not_used_after_a_fork(pool: LocalPool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pool.usable
    monkeypatch.setattr(pool, "_owner", -1)
    assert not pool.usable
    pool.close()  # does nothing in the copy
    monkeypatch.undo()
    assert pool.usable


@pytest.mark.parametrize(
    ("module", "error"),
    [("raise SystemExit", "did not start"), ("import time; time.sleep(60)", "within 1.0 s")],
)
def test_a_scheduler_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, error: str
) -> None:
    (tmp_path / "distributed.py").write_text(module)
    monkeypatch.setattr(sys.modules["cluster.own_pool"], "PATIENCE", 1.0)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = family(os.getpid())
    with pytest.raises(RuntimeError, match=error):
        LocalPool(1)
    assert len(family(os.getpid())) <= len(before)
    assert not list(tmp_path.glob("sweep-*"))


SCRIPT = """
import os, sys, time
from cluster import connect
from workers.live import Network
from workers.parcel import pack
from workers.part import outcomes_of
from workers.task import Job, Task
scale = 10
pool = connect(None, 2)
handle = pool.load(pack(Job(lambda i, net: i * scale, (Network(),), "nest", 1, tuple(sys.path))))
running = [pool.submit(handle, Task((i, i + 1), ({}, {})), None) for i in (0, 2)]
outcomes = []
while running:
    for done in pool.wait(running):
        running.remove(done)
        outcomes += outcomes_of(done.result().part)
print(sorted(o.value.leaves["result"] for o in outcomes), pool._folder, flush=True)
if "stay" in sys.argv:
    time.sleep(60)
if "fail" in sys.argv:
    1 / 0
"""


@contextlib.contextmanager
def script(tmp_path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("workers.py", "cluster.py", "distributed.py"):
        (elsewhere / name).write_text("raise SystemExit('a stranger was imported')")
    (tmp_path / "scripts").mkdir()
    file = tmp_path / "scripts" / "script.py"
    file.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(file), *arguments],
        cwd=elsewhere,
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


@pytest.mark.parametrize(("argument", "code"), [("end", 0), ("fail", 1)])
def test_a_script_without_a_main_guard(tmp_path: Path, argument: str, code: int) -> None:
    with script(tmp_path, argument) as process:
        output, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert output.startswith("[0, 10, 20, 30] ")
    assert not errors or argument == "fail"
    folder = output.split("] ")[1].strip()
    assert not Path(folder).exists()
    assert not [p for p in psutil.process_iter(["cmdline"]) if folder in (p.info["cmdline"] or [])]


def test_everything_ends_with_a_client_killed(tmp_path: Path) -> None:
    with script(tmp_path, "stay") as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().split("] ")[1].strip())
        members = family(process.pid)
        assert folder.exists()
        assert len(members) == 5
        process.kill()
        await_end(members)
    until(lambda: not folder.exists())


def test_nothing_is_left_behind_and_a_dead_cluster_is_replaced() -> None:
    """The last of this module, for it closes the pool that the others use."""
    kept = cluster.connect(None, 2)
    assert isinstance(kept, LocalPool)
    other = cluster.connect(None, 1)
    assert isinstance(other, LocalPool)
    assert not kept.usable
    assert not kept._folder.exists()
    assert run(other, lambda i, net: i) == list(range(12))
    (scheduler,) = nodes("scheduler")
    members = family(os.getpid())
    scheduler.kill()
    await_end(members)
    with pytest.raises(RuntimeError, match="scheduler has ended"):
        collect(other, [other.submit(cluster.Handle("any"), Task((0,), ({},)), None)])
    third = cluster.connect(None, 1)
    assert isinstance(third, LocalPool)
    assert third is not other
    assert not other._folder.exists()
    assert run(third, lambda i, net: i) == list(range(12))
    members = family(os.getpid())
    third.close()
    await_end(members)
    assert family(os.getpid()) == []
    assert not list(Path(tempfile.gettempdir()).glob(f"{third._folder.name}*"))
