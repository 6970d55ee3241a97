"""Code that Brian2 has made, kept for networks of other sizes and values.

Brian2 analyses and translates the code of an object whenever the object is made, which takes as long as some
twenty small networks take to run. The result depends on names and types only: sizes and values are in the
namespace in which it runs, and that is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np

Call = Callable[[], object]

_made: dict[Hashable, Any] = {}


def ready(runner: Any) -> Call:
    """What runs, once, the code of something that Brian2 would run in every step."""
    runner.update_abstract_code({})
    variables = {**runner.group.variables, **getattr(runner, "variables", {})}
    key = (runner.codeobj_class, runner.template, runner.name, runner.abstract_code, _declared(variables))
    if key not in _made:
        _made[key] = _without_values(runner.create_default_code_object({}), variables)
    return _call(_with_values(_made[key], runner.group, variables))


def _declared(variables: Mapping[str, Any]) -> Hashable:
    """All that code may depend on: names and types of variables, and whose they are."""
    return tuple((name, type(v).__name__, *_type(v)) for name, v in variables.items())


def _type(variable: Any) -> tuple[Hashable, ...]:
    owner = getattr(variable, "owner", None)
    if owner is None:
        return ()  # a queue of spikes, for one
    return owner.name, variable.name, str(variable.dtype), variable.scalar, variable.constant


def _without_values(code: Any, variables: Mapping[str, Any]) -> Any:
    """Let go of the network for which it was made."""
    kept = _copied(code)
    kept.owner, kept.namespace, kept.nonconstant_values = None, {}, []
    kept.variables = {name: None if name in variables else v for name, v in code.variables.items()}
    return kept


def _with_values(kept: Any, group: Any, variables: Mapping[str, Any]) -> Any:
    code = _copied(kept)
    code.owner = group
    code.variables = {name: variables.get(name, v) for name, v in kept.variables.items()}
    code.namespace = {"_owner": group, "logical_not": np.logical_not}  # as Brian2 does it
    code.variables_to_namespace()
    return code


def _copied(code: Any) -> Any:
    twin = object.__new__(type(code))  # copy.copy() would turn its functions into names
    twin.__dict__.update(code.__dict__)
    return twin


def _call(code: Any) -> Call:
    """Call what is compiled without what Brian2 does around it."""
    main = getattr(code.compiled_code["run"], "main", None)
    return code if main is None or code.nonconstant_values else partial(main, code.namespace)
