"""What a network is made of: named objects that refer to each other by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar, cast

D = TypeVar("D", bound="Described")


class Described:
    """A population, a projection or a monitor: part of the description that is open when it is made.

    Parameters
    ----------
    kind : str
        What its name is derived from if it is given none.
    name : str, optional
        Its name. What is drawn for an object depends on its name, and networks find it by its name.
    """

    name: str
    changeable: ClassVar[tuple[str, ...]] = ()  # what may be set before the network is compiled
    _live: Any = None
    _detached = False  # unpickled with a method: a picture of an object of the base network

    def __init__(self, kind: str, name: str | None) -> None:
        self.name = current().join(self, kind, name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and "name" in self.__dict__:
            self._check_change(name)
        object.__setattr__(self, name, value)

    def _check_change(self, name: str) -> None:
        """Refuse a change that nothing would come of."""
        if name not in self.changeable:
            known = ", ".join(self.changeable) or "nothing"
            raise AttributeError(f"{self!r}: {name} cannot be set; what can be set is: {known}")
        if self._detached:
            raise AttributeError(
                f"{self!r} is the base network's; set {name} of this network's own: net.get(...).{name} = ..."
            )
        if self._live is not None:
            raise RuntimeError(
                f"{self!r}: its network is compiled; set {name} before the first simulate() or compile()"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_live": None, "_detached": True}

    def clone(self: D) -> D:
        """Return a copy that is not yet part of any network."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _live=None, _detached=False)
        return twin

    def relink(self, members: Mapping[str, Described]) -> None:
        """Refer to these members instead of others of the same names."""

    def missing(self, members: Mapping[str, Described]) -> list[str]:
        """Name what this object needs and `members` lack."""
        return []


class Description:
    """An ordered collection of populations, projections and monitors.

    Used as a context it takes in what is made inside::

        with Network() as net:
            pop = Population(100, Izhikevich)

    Parameters
    ----------
    dt : float, optional
        The length of a step in ms.
    """

    def __init__(self, dt: float = 1.0) -> None:
        self._members: dict[str, Described] = {}
        self._of: dict[type[Described], list[Any]] = {}
        self.dt = dt

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name != "dt":
            raise AttributeError(
                f"{type(self).__name__}: {name} cannot be set; what can be set is dt. Values of a population "
                f"are its own: net.get(population).{name} = ..."
            )
        object.__setattr__(self, name, value)

    @property
    def dt(self) -> float:
        """The length of a step in ms."""
        return self._dt

    @dt.setter
    def dt(self, dt: float) -> None:
        self._not_compiled("dt")
        if isinstance(dt, bool) or not isinstance(dt, (int, float)) or not 0 < dt < float("inf"):
            raise ValueError(f"dt={dt!r}: expected a positive number of ms")
        self._dt = float(dt)

    def __enter__(self) -> Self:
        _open.set((*_open.get(), self))
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        *before, _ = _open.get()
        _open.set(tuple(before))

    def __contains__(self, obj: Described) -> bool:
        mine = self._members.get(obj.name)
        return mine is not None and type(mine) is type(obj)

    def __iter__(self) -> Iterator[Described]:
        return iter(self._members.values())

    def __len__(self) -> int:
        return len(self._members)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A method pickled together with a network refers to the same objects; the network gets its own.
        self.__dict__.update(state)
        members, self._members, self._of = self._members, {}, {}
        self.take(members.values())

    def join(self, obj: Described, kind: str, name: str | None) -> str:
        """Take in a new object and return its name, derived from `kind` if `name` is None."""
        self._not_compiled("a new object")
        if name is None:
            name, count = kind, 1
            while name in self._members:
                count += 1
                name = f"{kind}#{count}"
        elif name in self._members:
            raise ValueError(f"the name {name!r} is taken by {self._members[name]!r}; give another")
        self._members[name] = obj
        self._of.clear()
        return name

    def _not_compiled(self, what: str) -> None:
        """Raise if the description can no longer be changed."""

    def take(self, objects: Iterable[Described]) -> None:
        """Add copies of objects of another description."""
        for obj in objects:
            if not isinstance(obj, Described):
                raise TypeError(f"add: {obj!r} is neither a population, a projection nor a monitor")
            self._members.setdefault(obj.name, obj.clone())
        self._of.clear()
        for member in self._members.values():
            member.relink(self._members)

    def get(self, obj: D) -> D:
        """Return this network's own copy of an object, found by its name.

        Raises
        ------
        KeyError
            If this network has no such object.
        """
        if not isinstance(obj, Described):
            raise TypeError(f"get: {obj!r} is neither a population, a projection nor a monitor")
        if obj not in self:
            raise KeyError(
                f"{obj!r} is not in this network, which has {', '.join(self._members) or 'nothing'}; "
                "put it there with add([...]), or with Network(everything=True)"
            )
        return cast("D", self._members[obj.name])

    def of(self, kind: type[D]) -> list[D]:
        """List the members of one class, in the order in which they were added."""
        if kind not in self._of:  # which are asked for many times in each network
            self._of[kind] = [m for m in self._members.values() if isinstance(m, kind)]
        return self._of[kind].copy()


_base = Description()
# Methods of networks that run as one take turns: what one of them has open is not open for another.
_open: ContextVar[tuple[Description, ...]] = ContextVar("open", default=(_base,))


def base() -> Description:
    """Return the base network, which objects made at module level join."""
    return _base


def current() -> Description:
    """Return the description that new objects join."""
    return _open.get()[-1]


def setup(dt: float = 1.0) -> None:
    """Set the length of a step of the base network.

    Parameters
    ----------
    dt : float
        In ms.
    """
    _base.dt = dt


def clear() -> None:
    """Empty the base network and set its dt to 1 ms, as at the start of a script.

    In a notebook this belongs at the head of the cell that builds the network: a cell that is run twice would
    otherwise make every object twice.
    """
    _base.__init__()  # type: ignore[misc]
