"""A real Grid Engine of one node on this host, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import psutil
import pytest
from slurm_site import free_ports, until

PROGRAMS = ("sge_qmaster", "sge_execd", "qsub", "qstat", "qdel", "qconf")
DEBIANS = Path("/usr/share/gridengine")
BOOTSTRAP = """
admin_user none
default_domain none
ignore_fqdn false
spooling_method berkeleydb
spooling_lib libspoolb
spooling_params {folder}/spooldb
binary_path /usr/sbin
qmaster_spool_dir {folder}/qmaster
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
"""
PARALLEL = """pe_name smp
slots 99
user_lists NONE
xuser_lists NONE
start_proc_args NONE
stop_proc_args NONE
allocation_rule $pe_slots
control_slaves FALSE
job_is_first_task TRUE
urgency_slots min
accounting_summary FALSE
qsort_args NONE
"""


class SgeSite:
    """The daemons of a Grid Engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "SGE_ROOT": str(folder),
            "SGE_CELL": "default",
            **dict(zip(("SGE_QMASTER_PORT", "SGE_EXECD_PORT"), map(str, free_ports(2)), strict=True)),
        }
        for name in ("spooldb", "qmaster/job_scripts", "execd", "default/common"):
            (folder / name).mkdir(parents=True)
        for name in ("bin", "lib", "util", "utilbin"):
            (folder / name).symlink_to(Path("/var/lib/gridengine") / name)
        common = folder / "default" / "common"
        (common / "bootstrap").write_text(BOOTSTRAP.format(folder=folder))
        (common / "act_qmaster").write_text("localhost\n")
        (common / "host_aliases").write_text(f"localhost {os.uname().nodename}\n")

    def start(self) -> None:
        self.initialise()
        self.call("sge_qmaster")
        until(lambda: self.answers("qconf", "-sh"))
        self.call("qconf", "-as", "localhost")
        self.give("-Ap", PARALLEL)
        self.give(
            "-Aq",
            self.changed(
                "-sq", qname="all.q", hostlist="localhost", slots="4", pe_list="smp", load_thresholds="NONE"
            ),
        )
        soon = {"schedule_interval": "0:0:1", "flush_submit_sec": "1", "flush_finish_sec": "1"}
        self.give("-Msconf", self.changed("-ssconf", **soon))
        self.call("sge_execd")
        until(lambda: "lx-" in self.call("qhost").splitlines()[-1])

    def initialise(self) -> None:
        """Make the data base, as Debian's scripts/init_cluster does."""
        tools = Path("/usr/lib/gridengine")
        self.call(str(tools / "spoolinit"), "berkeleydb", "libspoolb", str(self.folder / "spooldb"), "init")
        text = (DEBIANS / "default-configuration").read_text()
        text = text.replace("/var/spool/gridengine/execd", str(self.folder / "execd")).replace(
            "1000\n", "0\n"
        )
        (self.folder / "configuration").write_text(text)
        defaults = str(tools / "spooldefaults")
        self.call(defaults, "configuration", str(self.folder / "configuration"))
        self.call(defaults, "complexes", str(DEBIANS / "util/resources/centry"))
        self.call(defaults, "usersets", str(DEBIANS / "util/resources/usersets"))
        self.call(defaults, "managers", "root")

    def changed(self, option: str, **values: str) -> str:
        """Return a configuration with other values."""
        lines = self.call("qconf", option).splitlines()
        named = [[*line.split(None, 1), ""][:2] for line in lines]
        return "\n".join(f"{name} {values.get(name, value)}" for name, value in named) + "\n"

    def give(self, option: str, text: str) -> None:
        """Give qconf a file."""
        file = self.folder / "given"
        file.write_text(text)
        self.call("qconf", option, str(file))

    def call(self, *command: str) -> str:
        environment = {**os.environ, **self.environment, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout} {done.stderr}"
        return done.stdout

    def answers(self, *command: str) -> bool:
        try:
            return bool(self.call(*command))
        except AssertionError:
            return False

    def jobs(self) -> list[str]:
        """List the jobs."""
        return [line.split()[0] for line in self.call("qstat").splitlines()[2:]]

    def cancel_all(self) -> None:
        if self.jobs():
            self.call("qdel", "-f", *self.jobs())
        until(lambda: not self.jobs())

    def stop(self) -> None:
        with contextlib.suppress(AssertionError, TimeoutError):
            self.cancel_all()
        files = (self.folder / "execd/localhost/execd.pid", self.folder / "qmaster/qmaster.pid")
        pids = [int(file.read_text()) for file in files if file.exists()]
        daemons = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
        for process in daemons:
            process.terminate()
        for process in psutil.wait_procs(daemons, 1)[1]:
            process.kill()


def skip_without_sge() -> None:
    missing = [p for p in PROGRAMS if shutil.which(p, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if missing or not DEBIANS.exists():
        pytest.skip(f"no {', '.join(missing)}; Debian has them in gridengine-master -exec -client")
    if os.geteuid() != 0:
        pytest.skip("a Grid Engine of one's own needs root")
