"""Brian2 itself: importing it without its side effects, its preferences, and which code it makes."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shlex
import shutil
import signal
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from workers.simulators import compiled

_MSVC_FLAGS = ["/w", "/O2", "/fp:precise"]


def imported() -> Any:
    if "brian2" in sys.modules:
        return sys.modules["brian2"]
    with _undisturbed(), quiet():
        import brian2

        _silence(brian2)
    return brian2


@contextmanager
def quiet() -> Iterator[None]:
    """Brian2 calls what other packages have deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Undo what importing Brian2 does to the process: it logs, and takes over warnings, errors and Ctrl-C."""
    hook, interrupt, disabled = sys.excepthook, signal.getsignal(signal.SIGINT), logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        logging.captureWarnings(False)
        signal.signal(signal.SIGINT, interrupt)
        sys.excepthook = hook


def _silence(brian: Any) -> None:
    """Stop Brian2's log and remove the files that it has begun."""
    logger = brian.BrianLogger
    brian.prefs["logging.file_log"] = False
    brian.prefs["logging.save_script"] = False
    if logger.file_handler is not None:
        logging.getLogger("brian2").removeHandler(logger.file_handler)
        logger.file_handler.close()
        logger.file_handler = None
    for path in filter(None, (logger.tmp_log, logger.tmp_script)):
        Path(path).unlink(missing_ok=True)
    logger.tmp_log = logger.tmp_script = None
    logging.getLogger("brian2").setLevel(logging.ERROR)


def clock_of(brian: Any) -> Any:
    """Make a clock that is quickly shown: Brian2 shows it with each object, in a log that nobody reads."""
    quickly = {**vars(brian.Clock), "__repr__": object.__repr__}
    return type("Clock", (brian.Clock,), quickly)(brian.second, name="steps")


def set_preferences(brian: Any) -> None:
    prefs = brian.prefs
    prefs["codegen.runtime.cython.cache_dir"] = str(_cache(brian.__version__))
    prefs["codegen.cpp.extra_compile_args_gcc"] = _gcc_flags()
    prefs["codegen.cpp.extra_compile_args_msvc"] = _MSVC_FLAGS
    prefs["codegen.loop_invariant_optimisations"] = False  # it reorders arithmetic


@cache
def _gcc_flags() -> list[str]:
    """Say how to compile: exact in the same way everywhere, so no -march=native, no -ffast-math.

    Wider vectors change no bit: -mavx2 makes no one operation of a product and a sum, as -mfma would. The
    folder of what is compiled is named by these flags, as other machines may share the cache.
    """
    return ["-w", "-O3", "-ffp-contract=off", *(["-mavx2"] if _has_avx2() else [])]


def _has_avx2() -> bool:
    information = Path("/proc/cpuinfo")  # of Linux
    if not information.exists():
        return False
    with information.open() as lines:
        return any(line.startswith("flags") and "avx2" in line.split() for line in lines)


def _cache(version: str) -> Path:
    flags = repr((_gcc_flags(), _MSVC_FLAGS, sys.platform, platform.machine()))
    digest = hashlib.blake2b(flags.encode(), digest_size=4).hexdigest()
    python = ".".join(map(str, sys.version_info[:2]))
    return compiled.cache() / f"brian2-{version}-py{python}-{digest}"


def code_class(target: str | None) -> Any:
    """Return the class of Brian2's code objects for a target."""
    from brian2.codegen.runtime.cython_rt import CythonCodeObject
    from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

    compiles = _compiler() and CythonCodeObject.is_available() if target is None else target == "cython"
    return _compiled() if compiles else NumpyCodeObject


@cache
def _compiled() -> Any:
    """Make Brian2's class for Cython take the templates that we have, and its own where we have none."""
    from brian2.codegen.runtime.cython_rt import CythonCodeObject

    ours = CythonCodeObject.templater.derive("workers.simulators.brian2")
    return type("CodeObject", (CythonCodeObject,), {"templater": ours})


def _compiler() -> bool:
    if sys.platform == "win32":
        return True  # found by the trial compilation, not by a path
    command = os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++"
    return shutil.which(shlex.split(command)[0]) is not None
