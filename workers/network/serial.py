"""A description as JSON, and back: all that is drawn from it is then the same.

It says of each object its class and its attributes, whatever they are, so that a new model, connector or
synapse needs nothing here. Only classes of this package are made from JSON, and no code is run for that.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import math
import zlib
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from workers.network.description import Described, Description
from workers.network.equations import EquationModel, Neuron
from workers.network.synapse_equations import EquationSynapse, Synapse

Json: TypeAlias = Any
D = TypeVar("D", bound=Description)
HOME = "workers.network."
OF_A_RUN = ("_live", "_detached")
SHORT = 8


def to_dict(network: Description) -> dict[str, Json]:
    """Describe a network as JSON.

    Returns
    -------
    dict
        "dt" in ms, and "members": the populations, projections, monitors and inputs by name, each with its
        class and attributes.
    """
    return {"dt": network.dt, "members": {m.name: _member(m) for m in network}}


def from_dict(record: dict[str, Json], kind: Callable[..., D]) -> D:
    """Make a network from what `to_dict` gave.

    Parameters
    ----------
    record : dict
    kind : type of Description
        What to make, such as ``Network``.

    Raises
    ------
    ValueError
        If the network depended on code of the person, such as a function for a probability.
    """
    members = {name: _bare(name, given["class"]) for name, given in record["members"].items()}
    for name, given in record["members"].items():
        attributes = {k: decoded(v, members) for k, v in given["attributes"].items()}
        members[name].__dict__.update(attributes, name=name, _live=None)
    network = kind(dt=record["dt"])
    network.take(members.values())
    return network


def encoded(value: Any) -> Json:
    """Write a value of a description as JSON."""
    if value is None or isinstance(value, (bool, str, int, float, np.number, np.bool_)):
        return value if value is None or isinstance(value, str) else _number(value)
    if isinstance(value, np.ndarray):
        return {"array": _array(value)}
    if isinstance(value, (list, tuple)):
        return _sequence(value)
    if isinstance(value, dict):
        return {"dict": {str(k): encoded(v) for k, v in value.items()}}
    return _object(value)


def _object(value: Any) -> Json:
    if isinstance(value, Described):
        return {"member": value.name}
    if isinstance(value, type) and issubclass(value, EquationModel):
        return {"neuron": value.given}
    if isinstance(value, EquationSynapse):
        return {"synapse": {"given": value.given, "values": encoded(value.values)}}
    if isinstance(value, type):
        return {"type": _name(value)}
    if type(value).__module__.startswith(HOME) or hasattr(value, "__dataclass_fields__"):
        return {"class": _name(type(value)), "attributes": {k: encoded(v) for k, v in vars(value).items()}}
    return {"code": _source(value)}


def decoded(value: Json, members: dict[str, Described]) -> Any:
    """Read what `encoded` wrote."""
    if not isinstance(value, (dict, list)):
        return value
    if isinstance(value, list):
        return [decoded(v, members) for v in value]
    if "class" in value:
        made = object.__new__(_class(value["class"]))
        made.__dict__.update({k: decoded(v, members) for k, v in value["attributes"].items()})
        return made
    ((kind, content),) = value.items()
    return DECODERS[kind](content, members)


def _member(member: Described) -> dict[str, Json]:
    kept = {k: v for k, v in vars(member).items() if k not in OF_A_RUN and k != "name"}
    return {"class": _name(type(member)), "attributes": {k: encoded(v) for k, v in kept.items()}}


def _bare(name: str, kind: str) -> Described:
    made = object.__new__(_class(kind))
    if not isinstance(made, Described):
        raise ValueError(f"{name}: {kind} is no part of a network")
    made.__dict__["name"] = name
    return made


def _number(value: Any) -> Json:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else {"number": repr(number)}


def _sequence(value: list[Any] | tuple[Any, ...]) -> Json:
    items = [encoded(v) for v in value]
    if isinstance(value, list):
        return items
    if len(items) > 1 and all(v is value[0] for v in value):  # one spike train for all neurons
        return {"repeated": [len(items), items[0]]}
    return {"tuple": items} if type(value) is tuple else {"record": [_name(type(value)), items]}


def _array(value: NDArray[Any]) -> Json:
    plain = np.ascontiguousarray(value)
    about: dict[str, Json] = {"dtype": plain.dtype.str, "shape": list(value.shape)}
    if plain.size <= SHORT and plain.dtype.kind in "if" and np.isfinite(plain).all():
        return about | {"values": plain.ravel().tolist()}
    return about | {"zlib": base64.b64encode(zlib.compress(plain.tobytes())).decode()}


def _from_array(about: Json) -> NDArray[Any]:
    dtype = np.dtype(about["dtype"])
    if "values" in about:
        array = np.array(about["values"], dtype)
    else:
        array = np.frombuffer(zlib.decompress(base64.b64decode(about["zlib"])), dtype).copy()
    array = array.reshape(about["shape"])
    array.setflags(write=False)
    return array


def _from_synapse(about: Json, members: dict[str, Described]) -> EquationSynapse:
    made = Synapse(**about["given"])()
    made.values.update(decoded(about["values"], members))
    return made


def _refuse(source: str, members: dict[str, Described]) -> Any:
    raise ValueError(f"the network depends on code that is not rebuilt from its description:\n{source}")


DECODERS: dict[str, Callable[[Any, dict[str, Described]], Any]] = {
    "number": lambda v, _: float(v),
    "array": lambda v, _: _from_array(v),
    "member": lambda v, members: members[v],
    "repeated": lambda v, members: (decoded(v[1], members),) * v[0],
    "tuple": lambda v, members: tuple(decoded(i, members) for i in v),
    "record": lambda v, members: _class(v[0])(*(decoded(i, members) for i in v[1])),
    "dict": lambda v, members: {k: decoded(i, members) for k, i in v.items()},
    "type": lambda v, _: _class(v),
    "neuron": lambda v, _: Neuron(**v),
    "synapse": _from_synapse,
    "code": _refuse,
}


def _name(kind: type) -> str:
    return f"{kind.__module__.removeprefix(HOME)}.{kind.__qualname__}"


def _class(name: str) -> type[Any]:
    module, _, own = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(HOME + module), own)
    except (ImportError, AttributeError):
        found = None
    if not isinstance(found, type):
        raise ValueError(f"the description names the class {name!r}, which this package does not have")
    return found


def _source(value: Any) -> str:
    try:
        return inspect.getsource(value)
    except (OSError, TypeError):
        return f"{type(value).__module__}.{type(value).__qualname__}"
