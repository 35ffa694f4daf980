"""Entries of registries, and fields that entries set."""

import importlib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, TypeVar, final

T = TypeVar("T")

_BOUND: Final = "fusefront.bound"
"""Key in a field's metadata, which is shared with other libraries."""
_PACKAGE: Final = __name__.rpartition(".")[0]
NONE: Final[Mapping[str, Any]] = MappingProxyType({})
"""No values: an immutable default of arguments."""


def bound(default: Any = MISSING, *, among: Mapping[str, object] = NONE) -> Any:
    """Declare a dataclass field that catalogue entries set, and users never see.

    Several entries can then share one class. A bound field is not a hyper-parameter: it is not
    accepted in brackets, not listed by `fusefront info`, and not part of a run's identity, which
    already has the entry's name.

    Args:
        default: Value where an entry does not bind the field.
        among: The object that each allowed value selects; `fusefront info` prints its docstring.

    >>> from dataclasses import fields
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Descent:
    ...     solver: str = bound()
    ...     steps: int = 100
    >>> [f.name for f in fields(Descent) if not is_bound(f)]
    ['steps']
    """
    return field(default=default, metadata={_BOUND: among})


def is_bound(attribute: "Field[Any]") -> bool:
    """Return whether a dataclass field was declared with `bound`."""
    return _BOUND in attribute.metadata


def bound_choices(attribute: "Field[Any]") -> Mapping[str, object]:
    """Return the object that each value of a bound field selects; empty if any is allowed."""
    choices: Mapping[str, object] = attribute.metadata.get(_BOUND, NONE)
    return choices


@final
@dataclass(frozen=True, kw_only=True)
class Origin:
    """How the defaults of an algorithm's hyper-parameters were found.

    Attributes:
        how: `nothing to choose`; `paper`, the values of the paper or of its authors' code; `tuned`
            on problems; or `unstated`.
        problems: The problems on which they were tuned.
        trials: Number of settings that were tried; 0 if it was not recorded.

    >>> print(Origin(how="tuned", problems=("smoke-left-negated",), trials=16))
    tuned on smoke-left-negated, 16 trials
    """

    how: Literal["nothing to choose", "paper", "tuned", "unstated"]
    problems: tuple[str, ...] = ()
    trials: int = 0

    def __str__(self) -> str:
        if self.how != "tuned":
            return self.how
        trials = f", {self.trials} trials" if self.trials else ""
        return f"tuned on {' and '.join(self.problems)}{trials}"


FIXED: Final = Origin(how="nothing to choose")
PAPER: Final = Origin(how="paper")
UNSTATED: Final = Origin(how="unstated")


def tuned(*problems: str, trials: int = 0) -> Origin:
    """Return the origin of defaults that were tuned on these problems."""
    return Origin(how="tuned", problems=problems, trials=trials)


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[T]):
    """A registered object and its description, which is known without importing it.

    Attributes:
        target: The object itself, or `module:attribute` inside fusefront.
        arguments: If given, the target is a function that returns the object for these arguments.
        bound: Values of the fields that were declared with `bound`.
        defaults: Defaults that differ from those of the class, by hyper-parameter.
        origin: How the defaults were found; `fusefront info` and lists show it.
        added: Hyper-parameters that were added after the first release, with a default that keeps
            the results of before. A run's id leaves them out while they have their default.
        file: The local file that registered the object, so that another process can load it again;
            None if it is installed.
    """

    name: str
    target: T | str
    summary: str
    source: str
    labels: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, Any] | None = None
    bound: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = UNSTATED
    added: Collection[str] = ()
    file: Path | None = None

    def load(self) -> T:
        """Return the registered object, importing it if necessary."""
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        loaded: Any = getattr(importlib.import_module(f"{_PACKAGE}.{module}"), attribute)
        found: T = loaded if self.arguments is None else loaded(**self.arguments)
        return found

    def make(self, **parameters: Any) -> Any:
        """Call the registered class with these parameters and those that the entry sets."""
        thing: Any = self.load()
        return thing(**{**self.defaults, **parameters, **self.bound})
