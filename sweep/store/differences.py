"""In what two descriptions of networks differ, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workers.network.models import Model
from workers.network.serial import DECODERS

Record = dict[str, Any]
KINDS = {"population", "projection", "monitor"}


def network_differences(old: Record, new: Record) -> Iterator[str]:
    """Say in what two networks, as `to_dict` gives them, differ."""
    if old["dt"] != new["dt"]:
        yield f"dt was {old['dt']} ms, is {new['dt']} ms"
    before, now = old["members"], new["members"]
    for name in [*before, *(n for n in now if n not in before)]:
        if name not in now:
            yield f"{_kind(before[name])} {name} is no longer in the network"
        elif name not in before:
            yield f"{_kind(now[name])} {name} is new in the network"
        else:
            yield from (f"{_kind(now[name])} {name}: {d}" for d in _members(before[name], now[name]))
    if before.keys() == now.keys() and [*before] != [*now]:
        yield "the order of the populations, projections and monitors is another"


def _members(old: Record, new: Record) -> Iterator[str]:
    if old["class"] != new["class"]:
        yield f"was a {old['class']}, is a {new['class']}"
        return
    before, now = old["attributes"], new["attributes"]
    if before.get("model") != now.get("model"):
        yield f"the model was {shown(before.get('model'))}, is {shown(now.get('model'))}"
        return
    defaults = _defaults(now.get("model"))
    for name in sorted((before.keys() | now.keys()) - {"_values"}):
        if before.get(name) != now.get(name):
            yield _changed(name.removeprefix("given_").strip("_"), before.get(name), now.get(name))
    was, is_ = (defaults | a.get("_values", {}).get("dict", {}) for a in (before, now))
    for name in sorted(was.keys() | is_.keys()):
        if was.get(name) != is_.get(name):
            yield _changed(f"parameter {name}", was.get(name), is_.get(name))


def _changed(what: str, old: Any, new: Any) -> str:
    was, is_ = shown(old), shown(new)
    return f"{what} was {was}, is {is_ if is_ != was else 'another ' + is_.removeprefix('an ')}"


def _kind(member: Record) -> str:
    module, _, own = str(member["class"]).rpartition(".")
    return module if module in KINDS else own


def _defaults(model: Any) -> Record:
    """Give the defaults of a model, so that one that is given and one that is not are the same."""
    if not isinstance(model, dict) or "type" not in model:
        return {}
    try:
        kind = DECODERS["type"](model["type"], {})
    except ValueError:  # a model that this version does not have
        return {}
    settable = kind.settable() if issubclass(kind, Model) else {}
    return {name: quantity.default for name, quantity in settable.items()}


def shown(value: Any) -> str:
    """Write a value of a description for a message."""
    if not isinstance(value, (dict, list)):
        return "not given" if value is None else str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if "class" in value:
        inside = ", ".join(f"{k}={shown(v)}" for k, v in value["attributes"].items())
        return f"{value['class'].rpartition('.')[2]}({inside})"
    return _short(*next(iter(value.items())))


def _short(kind: str, content: Any) -> str:
    if kind == "array":
        return str(content.get("values", f"an array of shape {tuple(content['shape'])}"))
    if kind == "type":
        return str(content).rpartition(".")[2]
    if kind == "tuple" and len(content) <= 8:
        return f"({', '.join(map(shown, content))})"
    return {"number": str(content), "member": str(content), "code": "a function"}.get(kind, f"a {kind}")
