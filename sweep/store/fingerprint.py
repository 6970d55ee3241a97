"""What a method is, so that a changed one is noticed: its code, and the values it takes from around it."""

from __future__ import annotations

import ast
import dis
import functools
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from sweep.store.identity import digest_of, number_of, stable_repr
from workers.edited import is_installed
from workers.network import Described, Description
from workers.network.serial import to_dict

SHORT = 60
Record = dict[str, Any]


def method_record(method: Callable[..., Any]) -> Record:
    """Describe a method as JSON.

    Returns
    -------
    dict
        "name"; "source" as text, where it can be had; "code", digests of it, of which one that is equal shows
        that nothing has changed; and "values": what the code takes from around it, and its defaults, by name.
    """
    function = _function(method)
    if function is None:
        return {"name": stable_repr(method), "source": "", "code": {}, "values": _state_of(method)}
    values = {
        name: _value(value, {id(function)})
        for name, value in sorted(_taken(function), key=lambda taken: taken[0])
    }
    return {
        "name": function.__qualname__,
        "source": source_of(function),
        "code": _code(function),
        "values": values | _state_of(method),
    }


def method_differences(old: Record, new: Record) -> Iterator[str]:
    """Say in words in what two methods differ."""
    if not _same_code(old["code"], new["code"]):
        yield f"the method {new['name']} has changed"
    before, now = old["values"], new["values"]
    for name in sorted(before.keys() | now.keys()):
        was, is_ = before.get(name), now.get(name)
        if was is None or is_ is None:
            if _same_code(old["code"], new["code"]):
                yield f"the method {new['name']} {'no longer' if is_ is None else 'newly'} uses {name}"
        elif not _same_value(was, is_):
            how = f"was {was['text']}, is {is_['text']}" if was["text"] != is_["text"] else "has changed"
            yield f"{name}, which the method {new['name']} uses, {how}"


def source_of(method: Any) -> str:
    """Return the source of a function or class as text; empty where there is none."""
    try:
        return textwrap.dedent(inspect.getsource(method))
    except (OSError, TypeError):
        return ""


def _function(method: Any) -> FunctionType | None:
    while isinstance(method, functools.partial):
        method = method.func
    method = inspect.unwrap(method)
    if isinstance(method, MethodType):
        method = method.__func__
    if not isinstance(method, FunctionType) and not inspect.isbuiltin(method):
        method = inspect.getattr_static(type(method), "__call__", None)
    return method if isinstance(method, FunctionType) else None


def _state_of(method: Any) -> Record:
    """Describe what is bound to a method: arguments of a partial, the object of a bound method."""
    if isinstance(method, functools.partial):
        given = {**{str(i): v for i, v in enumerate(method.args)}, **method.keywords}
        return {f"argument {k}": _value(v, set()) for k, v in given.items()} | _state_of(method.func)
    if isinstance(method, MethodType):
        return {"self": _value(method.__self__, set())}
    if isinstance(method, FunctionType) or inspect.isbuiltin(method):
        return {}
    return {"self": _value(method, set())}


def _taken(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Find the variables from around a function, and its defaults; of the person's modules what it uses."""
    around = {"LOAD_GLOBAL": function.__globals__, "LOAD_NAME": function.__globals__}
    around["LOAD_DEREF"] = dict(_closure(function))
    for how, name, attribute in {*_read_in(function.__code__)}:
        if name not in around[how]:
            continue
        value = around[how][name]
        if isinstance(value, ModuleType) and hasattr(value, attribute) and not is_installed(value.__name__):
            name, value = f"{name}.{attribute}", getattr(value, attribute)
        yield name, value
    for name, parameter in inspect.signature(function, follow_wrapped=False).parameters.items():
        if parameter.default is not parameter.empty:
            yield f"default of {name}", parameter.default


def _closure(function: FunctionType) -> Iterator[tuple[str, Any]]:
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not yet assigned
            continue


def _read_in(code: CodeType) -> Iterator[tuple[str, str, str]]:
    """Find how code reads what is around it: by which step, which name, and which attribute of it at once."""
    steps = [step for step in dis.get_instructions(code) if step.opname != "CACHE"]
    for place, step in enumerate(steps):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"):
            after = steps[place + 1]  # code ends with a return
            taken = after.argval if after.opname in ("LOAD_ATTR", "LOAD_METHOD") else ""
            yield step.opname, str(step.argval), str(taken)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _read_in(constant)


def _value(value: Any, seen: set[int]) -> Record:
    """Describe a value: a digest, and a short text for people."""
    if isinstance(value, ModuleType):
        return _described("module", value.__name__)
    if isinstance(value, Described):
        return _described("member", f"{type(value).__name__} {value.name}")  # compared with its network
    if isinstance(value, Description):
        return _described("network", stable_repr(to_dict(value)))
    if isinstance(value, (FunctionType, type)):
        return _of_code(value, seen)
    number = number_of(value)
    if number is not None:
        return _described("number", repr(number), repr(value))
    return _described("value", digest_of(value).hex(), stable_repr(value))


def _of_code(value: FunctionType | type, seen: set[int]) -> Record:
    """Describe a function or a class: those that are installed by their names, the person's by their code."""
    name = f"{value.__module__}.{value.__qualname__}"
    if id(value) in seen or is_installed(value.__module__):
        return _described("name", name)
    seen.add(id(value))
    if isinstance(value, type):
        return _described("class", _tree(source_of(value)) or name, name)
    below = {n: _value(v, seen)["digest"] for n, v in sorted(_taken(value), key=lambda taken: taken[0])}
    return _described("function", stable_repr(below), name) | {"code": _code(value)}


def _described(kind: str, content: str, text: str | None = None) -> Record:
    shown = content if text is None else text
    digest = hashlib.blake2b(f"{kind} {content}".encode(), digest_size=16).hexdigest()
    return {"digest": digest, "text": shown if len(shown) <= SHORT else shown[: SHORT - 3] + "..."}


def _code(function: FunctionType) -> Record:
    tree = "" if function.__name__ == "<lambda>" else _tree(source_of(function))  # a line has more than it
    compiled = stable_repr((sys.version_info[:2], _plain(function.__code__)))
    return {"tree": tree and _hash(tree), "compiled": _hash(compiled)}


def _tree(source: str) -> str:
    """Return what a source means to Python, whatever its comments and line breaks."""
    try:
        return ast.dump(ast.parse(source)) if source else ""
    except SyntaxError:
        return ""


def _plain(code: CodeType) -> tuple[Any, ...]:
    constants = [_plain(c) if isinstance(c, CodeType) else (type(c).__name__, c) for c in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_flags


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _same_code(old: Record, new: Record) -> bool:
    return old == new or any(old.get(k) and old.get(k) == new.get(k) for k in ("tree", "compiled"))


def _same_value(old: Record, new: Record) -> bool:
    return old["digest"] == new["digest"] and _same_code(old.get("code", {}), new.get("code", {}))
