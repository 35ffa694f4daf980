"""Cost metrics depend only on the row of the run."""

import numpy as np
import pytest

from fusefront.entry import Entry
from fusefront.errors import ParameterError
from fusefront.metrics import METRICS
from fusefront.metrics.base import Metric

costs = pytest.mark.parametrize(
    "entry", METRICS.select({"kind": "cost"}), ids=lambda entry: entry.name
)
NONE = np.empty((0, 2))


def column(entry: Entry[Metric]) -> str:
    return entry.name.replace("-", "_")


@costs
def test_reads_the_column_of_its_name(entry: Entry[Metric]) -> None:
    assert entry.load()(NONE, run={column(entry): np.int64(3), "other": 5}) == 3.0


@costs
@pytest.mark.parametrize("row", [{}, {"value": None}, {"value": float("nan")}])
def test_is_none_where_the_run_has_no_number(entry: Entry[Metric], row: dict[str, object]) -> None:
    run = {column(entry): value for value in row.values()}
    assert entry.load()(NONE, run=run) is None


@costs
def test_text_is_refused(entry: Entry[Metric]) -> None:
    with pytest.raises(ParameterError, match=column(entry)):
        entry.load()(NONE, run={column(entry): "lots"})
