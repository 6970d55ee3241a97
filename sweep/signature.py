"""Whether a method can be called with what it is to be called with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

ANNARCHYS = {
    "measure_time": "the results' `timings` say what each network took",
    "sequential": 'cluster="debug" runs one network after the other in this process',
    "same_seed": "seed= is what all draws depend on; replicates with equal draws are not made",
    "seeds": "seed= is what all draws depend on, with the index of the network",
}


def check_signature(method: Callable[..., Any], names: Iterable[str], options: Iterable[str] = ()) -> None:
    """Check that a method can be called with an index, a network and arguments of these names.

    Parameters
    ----------
    method : callable
    names : iterable of str
    options : iterable of str
        What a name that the method does not take may have been meant for.

    Raises
    ------
    TypeError
        Names the argument that the method does not take, or lacks.
    """
    if not callable(method):
        raise TypeError(f"method is {method!r}; expected a function called as method(idx, net, ...)")
    names = list(names)
    try:
        signature = inspect.signature(method)
    except ValueError:  # some built-in callables do not tell
        return
    try:
        signature.bind(0, None, **dict.fromkeys(names))
    except TypeError as error:
        called = getattr(method, "__name__", repr(method))
        raise TypeError(
            f"method {called}{signature} cannot be called as {called}({', '.join(['idx', 'net', *names])}): "
            f"{error}; give an argument for each name that it takes besides idx and net, and no other"
            + _meant(names, signature, options)
        ) from None


def _meant(names: Iterable[str], signature: inspect.Signature, options: Iterable[str]) -> str:
    """Say which option was meant by the first name that the method does not take."""
    for name in (n for n in names if n not in signature.parameters):
        if name in ANNARCHYS:
            return f". Instead of ANNarchy's {name}: {ANNARCHYS[name]}"
        for near in get_close_matches(name, [*signature.parameters, *options], n=1, cutoff=0.75):
            return f". Did you mean {near}=?"
    return ""
