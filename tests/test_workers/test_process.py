"""Real child processes, and every way in which a network can end one."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import psutil
import pytest

from workers.edited import versions
from workers.launch import environment
from workers.live import Network
from workers.outcome import Failure, Outcome
from workers.parcel import key_of, label_of, pack, unpack
from workers.part import outcomes_of
from workers.process import Child, InterruptedTask, UnfitWorker, child_of_this_thread, run_task, stop_children
from workers.task import Job, Task
from workers.values import decode

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no child imports this module

SEED = 7
CULPRIT = 2


def packed(method: Callable[..., Any], path: tuple[str, ...] = ()) -> bytes:
    return pack(Job(method, (Network(),), "nest", SEED, path))


def task(number: int, **given: Any) -> Task:
    return Task(tuple(range(number)), (given,) * number)


def run(
    child: Child, method: Callable[..., Any], number: int = 5, timeout: float | None = 20.0
) -> list[Outcome]:
    blob = packed(method)
    return list(child.run(key_of(blob), blob, task(number), timeout, SEED))


def value(outcome: Outcome) -> Any:
    assert outcome.value is not None, outcome.failure
    return decode(outcome.value.structure, outcome.value.leaves)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def await_that(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    made = Child()
    yield made
    made.close()


def method_that(act: Callable[[], Any]) -> Callable[..., Any]:
    def method(index: int, network: object) -> int:
        if index == CULPRIT:
            act()
        return index * 10

    return method


def segfault() -> None:
    ctypes.string_at(0)


def deaf_sleep() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    ctypes.CDLL(None).sleep(60)


def leave_a_copy_that_holds_the_socket() -> None:
    if os.fork() == 0:
        os.setsid()  # out of the reach of our signals
        time.sleep(3)
        os._exit(0)
    os._exit(4)


def leave_a_helper() -> None:
    subprocess.Popen(["sleep", "3"], close_fds=False)
    os.kill(os.getpid(), signal.SIGHUP)


ENDS = [
    (lambda: 1 / 0, "exception", "ZeroDivisionError"),
    (lambda: sys.exit(1), "exception", "SystemExit"),
    (lambda: os._exit(3), "crash", "exit code 3"),
    (segfault, "crash", "SIGSEGV"),
    (lambda: os.kill(os.getpid(), signal.SIGKILL), "crash", "SIGKILL"),
    (os.abort, "crash", "SIGABRT"),
    (lambda: os.closerange(3, 100), "crash", "exit code 1"),
    (leave_a_copy_that_holds_the_socket, "crash", "exit code 4"),
    (leave_a_helper, "crash", "SIGHUP"),
]


@pytest.mark.parametrize(("act", "kind", "error"), ENDS)
def test_one_network_fails_and_the_others_finish(
    child: Child, act: Callable[[], Any], kind: str, error: str
) -> None:
    outcomes = run(child, method_that(act))
    assert [o.index for o in outcomes] == [0, 1, 2, 3, 4]
    assert [value(o) for o in outcomes if o.failure is None] == [0, 10, 30, 40]
    failure = outcomes[CULPRIT].failure
    assert failure is not None
    assert (failure.index, failure.seed, failure.kind, failure.error) == (CULPRIT, SEED, kind, error)


@pytest.mark.parametrize("act", [lambda: time.sleep(60), deaf_sleep])
def test_a_hang_is_ended_at_the_time_limit(child: Child, act: Callable[[], Any]) -> None:
    start = time.monotonic()
    outcomes = run(child, method_that(act), timeout=0.5)
    assert time.monotonic() - start < 4
    assert [o.index for o in outcomes if o.failure is None] == [0, 1, 3, 4]
    failure = outcomes[CULPRIT].failure
    assert failure is not None
    assert (failure.kind, failure.error) == ("timeout", "TimeoutError")
    assert "longer than 0.5 s" in failure.message


def test_a_crash_or_a_hang_says_where_it_was(child: Child) -> None:
    for act in (segfault, lambda: time.sleep(60)):
        failure = run(child, method_that(act), timeout=0.5)[CULPRIT].failure
        assert failure is not None
        assert "test_process.py" in failure.traceback


def test_the_limit_is_for_each_network_and_not_for_opening_the_job(child: Child, tmp_path: Path) -> None:
    (tmp_path / "slow_to_import.py").write_text(
        "import time; time.sleep(0.8)\ndef method(i, n): time.sleep(.2)\n"
    )
    blob = packed_from(tmp_path, "slow_to_import")
    outcomes = list(child.run(key_of(blob), blob, task(5), 0.6, SEED))
    assert [o.failure for o in outcomes] == [None] * 5


def packed_from(folder: Path, module: str) -> bytes:
    """Pack the function `method` of a module that only the child process imports."""
    code = (
        "import importlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "from workers.live import Network; from workers.parcel import pack; from workers.task import Job\n"
        "method = importlib.import_module(sys.argv[2]).method\n"
        "job = Job(method, (Network(),), 'nest', 7, (sys.argv[1],))\n"
        "sys.stdout.buffer.write(pack(job))"
    )
    command = [sys.executable, "-c", code, str(folder), module]
    return subprocess.run(command, env=environment({}), stdout=subprocess.PIPE, check=True).stdout


def test_a_worker_where_a_job_cannot_be_opened_is_unfit_for_it(child: Child, tmp_path: Path) -> None:
    (tmp_path / "picky.py").write_text(
        "import sys\nif '-c' not in sys.argv: raise KeyError('no')\nmethod = print\n"
    )
    text = (tmp_path / "picky.py").read_text().replace("method = print", "def method(i, n): return i")
    (tmp_path / "picky.py").write_text(text)
    blob = packed_from(tmp_path, "picky")
    with pytest.raises(UnfitWorker, match=r"(?s)^Traceback .* line 2, in <module>\n.*KeyError: 'no'"):
        list(child.run(key_of(blob), blob, task(3), 5.0, SEED))
    assert [value(o) for o in run(child, lambda i, n: i)] == list(range(5))


def test_a_worker_whose_processes_never_get_ready_is_unfit(child: Child, tmp_path: Path) -> None:
    (tmp_path / "deadly.py").write_text(
        "import os, sys\ndef method(i, n): return i\n'-c' in sys.argv or os._exit(9)\n"
    )
    blob = packed_from(tmp_path, "deadly")
    with pytest.raises(UnfitWorker, match=r"exit code 9: .*, 2 times before it was ready"):
        list(child.run(key_of(blob), blob, task(3), 5.0, SEED))


def test_a_worker_that_can_start_no_process_is_unfit(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/python")
    with pytest.raises(UnfitWorker, match=r"no process can be started: .*No such file.*: '/no/python'"):
        run(child, lambda i, n: i)
    monkeypatch.undo()
    assert [value(o) for o in run(child, lambda i, n: i)] == list(range(5))


def test_the_process_is_kept_between_tasks(child: Child) -> None:
    pids = {value(o) for _ in range(3) for o in run(child, lambda i, n: os.getpid())}
    assert pids == {child.pid}


def test_an_end_between_two_tasks_is_no_networks_fault(child: Child) -> None:
    run(child, lambda i, n: i)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    assert [o.failure for o in run(child, lambda i, n: i)] == [None] * 5


def test_what_a_method_prints_does_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    def method(index: int, network: object) -> int:
        print("to the output")
        os.write(2, b"to the errors\n")
        sys.stdout.flush()
        return index

    child = Child()  # started while the output is captured
    assert [value(o) for o in run(child, method, 2)] == [0, 1]
    child.close()
    captured = capfd.readouterr()
    assert captured.out.count("to the output") == captured.err.count("to the errors") == 2


def test_a_method_that_forks_runs_on_once(child: Child) -> None:
    def method(index: int, network: object) -> int:
        os.fork()
        return index

    assert [value(o) for o in run(child, method)] == list(range(5))


def test_large_values_pass(child: Child) -> None:
    outcomes = run(child, lambda i, n: "x" * 5_000_000, 3)
    assert [len(value(o)) for o in outcomes] == [5_000_000] * 3


def test_parameters_of_a_class_that_nobody_can_import(child: Child) -> None:
    class Local:
        pass

    blob = packed(lambda i, n, given: 1 / 0)
    outcomes = list(child.run(key_of(blob), blob, task(2, given=Local()), None, SEED))
    assert [o.failure.error for o in outcomes if o.failure] == ["ZeroDivisionError"] * 2


def test_relative_paths_are_the_clients(
    child: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert value(run(child, lambda i, n: str(Path.cwd()), 1)[0]) == str(tmp_path)


def test_surroundings(child: Child) -> None:
    def method(index: int, network: object) -> list[str]:
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        return [os.environ["PYNEST_QUIET"], os.environ["OMP_NUM_THREADS"], str(ignored)]

    assert value(run(child, method, 1)[0]) == ["1", "1", "True"]


def test_kill_ends_a_running_task_at_once(child: Child) -> None:
    run(child, lambda i, n: i)
    killer = threading.Timer(0.3, stop_children)
    killer.start()
    start = time.monotonic()
    with pytest.raises(InterruptedTask):
        run(child, lambda i, n: time.sleep(60), timeout=None)
    assert time.monotonic() - start < 2
    killer.join()
    assert [o.failure for o in run(child, lambda i, n: i)] == [None] * 5


def test_a_task_given_up_half_way_leaves_nothing_running(child: Child) -> None:
    blob = packed(lambda i, n: time.sleep(60 * i))
    outcomes = child.run(key_of(blob), blob, task(2), None, SEED)
    next(outcomes)
    pid = child.pid
    outcomes.close()
    assert pid is not None
    assert not alive(pid)


def test_run_task_uses_the_threads_own_child() -> None:
    def method(index: int, network: object) -> int:
        return os.getpid()

    blob = packed(method)
    pids = [value(o) for _ in range(2) for o in outcomes_of(run_task(blob, key_of(blob), task(2), None).part)]
    assert set(pids) == {child_of_this_thread().pid}
    child_of_this_thread().close()
    assert not alive(pids[0])


def test_label() -> None:
    blob = pack(Job(len, (), "nest", 2**80, ("/a", "")))
    assert label_of(blob) == (2**80, ("/a", str(Path.cwd())), str(Path.cwd()), 1, versions())
    assert unpack(blob).method is len


OWNER = """
import os, sys, time
from workers.live import Network
from workers.parcel import key_of, pack
from workers.part import outcomes_of
from workers.process import Child
from workers.task import Job, Task
def method(index, network):
    print(os.getpid(), flush=True)
    time.sleep(60)
blob = pack(Job(method, (Network(),), "nest", 1))
list(Child().run(key_of(blob), blob, Task((0,), ({},)), None, 1))
"""


def test_the_child_dies_with_its_worker() -> None:
    command = [sys.executable, "-c", OWNER]
    with subprocess.Popen(command, env=environment({}), stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert alive(pid)
        owner.kill()
    assert await_that(lambda: not alive(pid))


def test_failure_is_exported_with_its_parameters(child: Child) -> None:
    blob = packed(lambda i, n, rate: os._exit(1))
    (outcome,) = child.run(key_of(blob), blob, task(1, rate=3.0), None, SEED)
    assert isinstance(outcome.failure, Failure)
    assert outcome.failure.parameters == {"rate": 3.0}
