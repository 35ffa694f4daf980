"""Raw values of a column, checked one by one before anything is hashed, encoded or split."""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from ...errors import IntegrityError
from .tables import Column


class Place(NamedTuple):
    """A source and one of its columns, as errors name them."""

    source: str
    column: str

    def refuse(self, row: int, must: str, found: object, fix: str) -> NoReturn:
        """Raise the error about the value of a row; rows are counted from 1 in the message."""
        shown = found if isinstance(found, _Shown) else _Shown(_short(found))
        raise IntegrityError(
            f"Column `{self.column}` of `{self.source}` must contain {must}. "
            f"Found {shown} in row {row + 1}. {fix}."
        )


class _Shown(str):
    """Text that is printed as it is, without quotes."""


_LONGEST: Final = 60

_MISSING: Final = _Shown("a missing value")


def texts(column: Column, place: Place) -> list[str]:
    """Return a column of texts; an empty text is a text, a missing one is not.

    Raises:
        IntegrityError: If a value is missing or is not a text.
    """
    found = _list(column)
    for row, value in enumerate(found):
        if value is None:
            place.refuse(row, "texts", _MISSING, "Leave the row out")
        if not isinstance(value, str):
            place.refuse(row, "texts", value, "Save the column as text")
    return found


def classes(column: Column, place: Place) -> list[str]:
    """Return a column of classes as texts: names, and whole numbers without a fraction.

    The text of a number is the same in every format, so that the name `2` and the number 2 cannot
    be distinguished. Whether it is a name or an index depends on the names that are declared.

    Raises:
        IntegrityError: If a value is missing, empty, or neither a name nor a whole number.
    """
    found = []
    for row, value in enumerate(_list(column)):
        if value is None or (isinstance(value, float) and math.isnan(value)):
            place.refuse(row, _CLASSES, _MISSING, "Leave the row out")
        if isinstance(value, str) and value.strip():
            found.append(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            found.append(str(value))
        elif isinstance(value, float) and value.is_integer():
            found.append(str(int(value)))
        else:
            place.refuse(row, _CLASSES, value, "Correct the row, or leave it out")
    return found


_CLASSES: Final = "class names or whole numbers"


def numbers(column: Column, place: Place, *, as_json: bool) -> NDArray[Any]:
    """Return a column of numbers or nested lists `(n, ...)`: int64 if all are whole, else float32.

    Args:
        column: Numbers, or lists of one shape.
        place: Named in errors.
        as_json: Whether cells are texts that hold JSON, as in CSV.

    Raises:
        IntegrityError: If a value is missing, not finite, not a number, or of the wrong shape.
    """
    fast = None if isinstance(column, list) or as_json else _dense(column)
    found = _checked(_list(column), place, as_json=as_json) if fast is None else fast
    whole = np.issubdtype(found.dtype, np.integer)
    return np.ascontiguousarray(found.astype(np.int64 if whole else np.float32))


def _dense(column: pa.ChunkedArray) -> NDArray[Any] | None:
    """Return the values of a clean column without making Python objects; None if it is not clean.

    The slow path then finds the row that is to blame.
    """
    array: Any = column.combine_chunks()
    shape = [len(array)]
    while (
        pa.types.is_list(array.type)
        or pa.types.is_large_list(array.type)
        or (pa.types.is_fixed_size_list(array.type))
    ):
        lengths = pyarrow.compute.unique(pyarrow.compute.list_value_length(array))
        if array.null_count or len(lengths) != 1:
            return None
        shape.append(lengths[0].as_py())
        array = array.flatten()
    known = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    if not known or array.null_count:
        return None
    values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return values.reshape(shape) if _fits(values) else None


def _fits(values: NDArray[Any]) -> bool:
    """Return whether the numbers are finite as float32, or fit in int64."""
    if np.issubdtype(values.dtype, np.floating):
        with np.errstate(over="ignore"):
            return bool(np.isfinite(values.astype(np.float32)).all())
    return values.dtype != np.uint64 or not (values > np.iinfo(np.int64).max).any()


def _checked(values: Sequence[Any], place: Place, *, as_json: bool) -> NDArray[Any]:
    flat: list[float] = []
    first: tuple[int, ...] | None = None
    for row, given in enumerate(values):
        value = _parsed(given, row, place) if as_json and given is not None else given
        leaves = list(_leaves(value))
        for leaf in leaves:
            _check_number(leaf, row, place)
        shape = _shape(value)
        first = shape if row == 0 else first
        if shape is None or shape != first:
            found = _Shown(
                "lists of unequal lengths" if shape is None else f"{shape} after {first}"
            )
            place.refuse(row, "numbers of one shape", found, "Make all rows of one shape")
        flat += leaves
    whole = all(isinstance(number, int) and not isinstance(number, bool) for number in flat)
    return np.array(flat, np.int64 if whole else np.float64).reshape(len(values), *(first or ()))


_NUMBERS: Final = "finite numbers in the range of float32 or int64, or lists of them"


def _parsed(cell: str, row: int, place: Place) -> Any:
    try:
        return json.loads(cell)
    except ValueError:
        place.refuse(row, _NUMBERS, cell, "Write a number, or lists as JSON writes them")


def _shape(value: Any) -> tuple[int, ...] | None:
    """Return the shape of nested lists; None if they are not rectangular."""
    if not isinstance(value, list):
        return ()
    inside = {_shape(part) for part in value}
    if len(inside) > 1 or None in inside:
        return None
    return (len(value), *(inside.pop() or () if inside else ()))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _check_number(value: Any, row: int, place: Place) -> None:
    if value is None:
        place.refuse(row, _NUMBERS, _MISSING, "Leave the row out")
    if not isinstance(value, int | float):
        place.refuse(row, _NUMBERS, value, "Save the column as numbers")
    limit = 2**63 - 1 if isinstance(value, int) else float(np.finfo(np.float32).max)
    if not -limit <= value <= limit:  # NaN compares as false
        place.refuse(row, _NUMBERS, value, "Leave the row out")


def _list(column: Column) -> list[Any]:
    found: list[Any] = column if isinstance(column, list) else column.to_pylist()
    return found


def _short(found: object) -> str:
    shown = repr(found)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]} ..."
