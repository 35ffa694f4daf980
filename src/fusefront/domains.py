"""Domains: the values that a hyper-parameter, or a parameter of a problem, may have.

Fields of dataclasses declare them by annotation: one of the names below, any other type with
constraints of `annotated_types`, a `Literal`, or `bool`. A tuple has the domain of its items. NaN
and infinities are outside of every domain. Beside the constraints, an annotation can name the
range in which the field is tuned (`ranges`).
"""

import dataclasses
import functools
import json
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    cast,
    final,
    get_args,
    get_origin,
    get_type_hints,
)

from annotated_types import (
    BaseMetadata,
    Ge,
    GroupedMetadata,
    Gt,
    Interval,
    Le,
    Lt,
    MinLen,
    Predicate,
)

from .errors import ParameterError
from .ranges import Range

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Finite = Annotated[float, Predicate(math.isfinite)]
PositiveFloat = Annotated[float, Gt(0)]
NonNegativeFloat = Annotated[float, Ge(0)]
Fraction = Annotated[float, Interval(ge=0, le=1)]
PositiveFraction = Annotated[float, Interval(gt=0, le=1)]
ProperFraction = Annotated[float, Interval(ge=0, lt=1)]
Count = Annotated[int, Ge(1)]
CountOrZero = Annotated[int, Ge(0)]
Finites = Annotated[tuple[Finite, ...], MinLen(1)]
NonNegativeFloats = Annotated[tuple[NonNegativeFloat, ...], MinLen(1)]


@final
@dataclass(frozen=True, kw_only=True)
class Domain:
    """The values that an annotation allows.

    Attributes:
        annotation: The annotated type, without forward references.
    """

    annotation: Any

    def __contains__(self, value: object) -> bool:
        from pydantic import ValidationError

        try:
            self._adapter.validate_python(value)
        except ValidationError:
            return False
        return True

    def __str__(self) -> str:
        """Complete the phrase `must be`: `in (0, 1]`, `an integer of at least 1`."""
        return _described(self.annotation)

    def check(self, what: str, value: object, default: object = dataclasses.MISSING) -> None:
        """Raise an error if the value is not in the domain.

        Args:
            what: Name of the parameter with its owner: `ties[keep]`.
            value: The value given.
            default: A value that is allowed, for the advice; none if missing.

        Raises:
            ParameterError: If it is not.
        """
        if value not in self:
            advice = self._advice(what, value, default)
            raise ParameterError(f"`{what}` must be {self}. Found {_written(value)}. {advice}")

    @property
    def limits(self) -> tuple[float, float]:
        """The lower and the upper limit of numbers; infinite where there is none."""
        low, high = -math.inf, math.inf
        for constraint in _constraints(self.annotation):
            match constraint:
                case Gt(gt=limit) | Ge(ge=limit):
                    low = float(limit)  # type: ignore[arg-type] # a number
                case Lt(lt=limit) | Le(le=limit):
                    high = float(limit)  # type: ignore[arg-type] # a number
        return low, high

    @property
    def range(self) -> Range | None:
        """Where `fusefront tune` looks for a value; None if it does not."""
        metadata: Iterable[Any] = getattr(self.annotation, "__metadata__", ())
        return next((item for item in reversed(list(metadata)) if isinstance(item, Range)), None)

    @functools.cached_property
    def _adapter(self) -> "TypeAdapter[Any]":
        # Imported here: listing algorithms must not wait for pydantic.
        from pydantic import ConfigDict, TypeAdapter

        return TypeAdapter(self.annotation, config=ConfigDict(strict=True, allow_inf_nan=False))

    def _advice(self, what: str, value: object, default: object) -> str:
        low, high = self.limits
        fraction = value / 100 if isinstance(value, int | float) and value > 1 else None
        if fraction is not None and low >= 0 and high <= 1 and fraction in self:
            key = what.rpartition("[")[2].rstrip("]")
            return f"The paper's {_written(value)} % is {key}={_written(fraction)}."
        if default is dataclasses.MISSING:
            return "Choose such a value."
        return f"The default is {_written(default)}."


def domains(kind: Any) -> Mapping[str, Domain]:
    """Return the domains that the fields of a dataclass declare, by field.

    Fields whose annotation names only a type, such as `float`, declare none.
    """
    return _domains(cast(Hashable, kind))


@functools.cache
def _domains(kind: Any) -> Mapping[str, Domain]:
    return {
        name: Domain(annotation=annotation)
        for name, annotation in _annotations(kind).items()
        if _declares(annotation)
    }


def check_fields(instance: Any) -> None:
    """Check the fields of a dataclass that declare a domain.

    Raises:
        ParameterError: If a value is outside of its domain.
    """
    kind = type(instance)
    known = domains(kind)
    for field in dataclasses.fields(instance):
        if field.name in known:
            what = f"{kind.__name__}[{field.name}]"
            known[field.name].check(what, getattr(instance, field.name), field.default)


def _annotations(kind: type) -> Mapping[str, Any]:
    fields = dataclasses.fields(kind)
    try:
        resolved = get_type_hints(kind, include_extras=True)
    except NameError:
        # A plug-in may name types that exist only while types are checked. What can be read of its
        # fields still counts; `fusefront check` reports the others.
        return {f.name: f.type for f in fields if not isinstance(f.type, str)}
    return {f.name: resolved[f.name] for f in fields}


def _declares(annotation: Any) -> bool:
    """Return whether an annotation says more than the type."""
    if annotation is bool or get_origin(annotation) is Literal:
        return True
    if get_origin(annotation) is Annotated:
        inner = get_args(annotation)[0]
        whole = get_origin(inner) is not tuple and any(_constraints(annotation))
        return whole or _declares(inner)
    parts = [part for part in get_args(annotation) if part not in (Ellipsis, NoneType)]
    return bool(parts) and all(_declares(part) for part in parts)


def _constraints(annotation: Any) -> Iterator[BaseMetadata]:
    """Yield the constraints of an annotation; groups such as `Interval` one by one."""
    metadata: Iterable[Any] = getattr(annotation, "__metadata__", ())
    for item in metadata:
        if isinstance(item, GroupedMetadata):
            yield from (one for one in item if isinstance(one, BaseMetadata))
        elif isinstance(item, BaseMetadata):
            yield item


def _described(annotation: Any) -> str:
    if annotation is bool:
        return "true or false"
    if get_origin(annotation) is Literal:
        return f"one of {', '.join(map(_written, get_args(annotation)))}"
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if get_origin(kind) is tuple:
        size = "a non-empty list" if any(_constraints(annotation)) else "a list"
        return f"{size}, with each item {_described(get_args(kind)[0])}"
    if kind is not annotation:
        return _numbers(kind, list(_constraints(annotation)))
    names = {NoneType: "none", float: "a number", int: "an integer", str: "a text"}
    parts = get_args(annotation)
    return " or ".join(map(_described, parts)) if parts else names.get(kind, str(kind))


def _numbers(kind: Any, constraints: list[BaseMetadata]) -> str:
    """Describe a type with constraints: an interval, or one limit, and what else must hold."""
    low = next((c for c in constraints if isinstance(c, Gt | Ge)), None)
    high = next((c for c in constraints if isinstance(c, Lt | Le)), None)
    words: list[str] = []
    if low is not None and high is not None:
        start = f"({low.gt}" if isinstance(low, Gt) else f"[{low.ge}"
        words.append(f"in {start}, {f'{high.lt})' if isinstance(high, Lt) else f'{high.le}]'}")
    elif low is not None:
        words.append(f"above {low.gt}" if isinstance(low, Gt) else f"at least {low.ge}")
    elif high is not None:
        words.append(f"below {high.lt}" if isinstance(high, Lt) else f"at most {high.le}")
    elif Predicate(math.isfinite) in constraints:
        return "a finite number"
    words += [str(c) for c in constraints if not isinstance(c, Gt | Ge | Lt | Le)]
    text = " and ".join(words)
    if kind is not int:
        return text
    return f"an integer {text}" if text.startswith("in ") else f"an integer of {text}"


def _written(value: object) -> str:
    """Write a value as users write it; whole numbers without a point.

    >>> _written(20.0), _written((0.5, 1.0)), _written("relu")
    ('20', '[0.5, 1]', '"relu"')
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else repr(value)
