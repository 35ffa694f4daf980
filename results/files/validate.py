"""Rules that the values of a table must keep, checked whenever one is read.

The writers keep them, too: see `Record`. A file that breaks one was changed or made by hand, and
reading on would end in an error that does not name it, or in a wrong number.
"""

import json
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from .record import RUN_ID, STATUSES

_OBJECTS: Final = ("parameters", "versions", "labels")
"""Columns of JSON objects as text."""
_COUNTS: Final = (
    *("seed", "root_seed", "point", "n", "units", "budget_units", "labelled_examples"),
    *("unlabelled_examples", "validation_evaluations", "gradient_steps", "model_builds"),
)
"""Columns of integers that are not negative."""


def broken_rule(table: pa.Table) -> str:
    """Return the first rule that a row of the table breaks, or an empty text.

    Args:
        table: Any table of fusefront, or a part.
    """
    names = frozenset(table.column_names)
    if "run_id" in names:
        found = _first(table, "run_id", pc.match_substring_regex(table["run_id"], RUN_ID))
        if found is not None:
            return f"{found!r} as a `run_id`"
    if "status" in names:
        found = _first(table, "status", pc.is_in(table["status"], pa.array(STATUSES)))
        if found is not None:
            return f"{found!r} as a `status`"
    for name in _COUNTS:
        if name in names and (least := pc.min(table[name]).as_py()) is not None and least < 0:
            return f"{least} as `{name}`"
    for name in _OBJECTS:
        if name in names:
            for text in table[name].unique().to_pylist():
                if not _is_object(text):
                    return f"a `{name}` that is not a JSON object"
    return _broken_preference(table) if names & {"preference", "points"} else ""


def _first(table: pa.Table, name: str, good: pa.ChunkedArray) -> str | None:
    if pc.all(good).as_py() is not False:
        return None
    return str(table[name].filter(pc.invert(good))[0].as_py())[:60]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _broken_preference(table: pa.Table) -> str:
    if "preference" in table.column_names:
        column = table["preference"]
    else:
        column = pc.struct_field(pc.list_flatten(table["points"]), "preference")
    values = pc.list_flatten(column)
    good = pc.and_(pc.is_finite(values), pc.greater_equal(values, 0.0))
    return "" if pc.all(good).as_py() is not False else "a preference that is not in the simplex"
