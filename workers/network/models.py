"""What a model of neurons is: its parameters, its state, what can be recorded of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import cleandoc
from math import inf
from typing import Any, ClassVar

from workers.network.distributions import Distribution
from workers.network.values import Value, highest, lowest, per_neuron, shown


@dataclass(frozen=True)
class Quantity:
    """A parameter or a state variable of a model.

    Attributes
    ----------
    default : float
    unit : str
        Empty for a number without dimension.
    least, most : float
        The least and the greatest value that make sense.
    positive : bool
        Whether `least` itself is excluded.
    """

    default: float
    unit: str = ""
    least: float = -inf
    positive: bool = False
    most: float = inf

    def check(self, owner: str, name: str, value: Value) -> Value:
        """Return the value, or say why it makes no sense."""
        low, random = lowest(value), isinstance(value, Distribution)
        # A distribution may have no end; what is drawn is checked then.
        if -inf < low < self.least or (self.positive and low == self.least and not random):
            sign = ">" if self.positive else ">="
            raise ValueError(
                f"{owner}: {name}={shown(value)}; expected {sign} {self.least:g} {self.unit}".rstrip()
            )
        if self.most < inf and self.most < highest(value) < inf:
            raise ValueError(
                f"{owner}: {name}={shown(value, highest)}; expected <= {self.most:g} {self.unit}".rstrip()
            )
        return value


def positive(default: float, unit: str) -> Quantity:
    """Make a quantity that must be above zero."""
    return Quantity(default, unit, 0.0, positive=True)


def documented(doc: str | None, parameters: Mapping[str, Quantity], state: Mapping[str, Quantity]) -> str:
    """Add to what is said of a model the section of its parameters, with units and defaults."""
    said = [f"{n} : {q.default:g} {q.unit}".rstrip() for n, q in parameters.items()]
    said += [f"{n} : {q.default:g} {q.unit}".rstrip() + "\n    At the start." for n, q in state.items()]
    text = cleandoc(doc or "")
    if not said or "\nParameters\n" in text:
        return text
    return "\n".join([text, "", "Parameters", "----------", *said])


class GivenOnce:
    """What has its values from when it is made, and none set afterwards."""

    def __setattr__(self, name: str, value: Any) -> None:
        if "values" in self.__dict__:
            kind = type(self).__name__
            raise AttributeError(
                f"{kind}: {name} cannot be set once it is made; give it then: {kind}({name}=...)"
            )
        object.__setattr__(self, name, value)


class Model(GivenOnce):
    """A model of a neuron, and the values given to its parameters.

    Parameters
    ----------
    **values
        Parameters and initial states by name: a number, an array with a value for each neuron, or a
        distribution. What is not given has the model's default.

    Raises
    ------
    AttributeError
        If the model has no such parameter or state.
    """

    parameters: ClassVar[dict[str, Quantity]] = {}
    state: ClassVar[dict[str, Quantity]] = {}
    recordable: ClassVar[dict[str, str]] = {}
    """What a Monitor can record besides "spike", with units."""
    weight_unit: ClassVar[str] = ""
    _settable: ClassVar[dict[str, Quantity]] = {}

    def __init_subclass__(cls) -> None:
        cls.__doc__ = documented(cls.__doc__, cls.parameters, cls.state)
        cls._settable = {**cls.parameters, **cls.state}

    def __init__(self, **values: Any) -> None:
        for name in values:
            self.check_name(name)
        self.values = values

    @classmethod
    def settable(cls) -> dict[str, Quantity]:
        """All that can be set: parameters and state."""
        return cls._settable

    @classmethod
    def check_name(cls, name: str) -> None:
        """Raise if the model has neither a parameter nor a state of this name."""
        if name not in cls.settable():
            known = ", ".join(cls.settable())
            raise AttributeError(f"{cls.__name__} has no parameter {name!r}; it has: {known}")

    @classmethod
    def parse(cls, owner: str, name: str, given: Any, geometry: tuple[int, ...]) -> Any:
        """Check a value given to a population of this model."""
        cls.check_name(name)
        return cls.settable()[name].check(owner, name, per_neuron(owner, name, given, geometry))
