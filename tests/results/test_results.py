from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.results.conftest import results_of

from fusefront.errors import StoreError
from fusefront.results.directory.compaction import COMPACTED, compact
from fusefront.results.directory.snapshot import Snapshot
from fusefront.results.files.record import Record, unpack_outcomes
from fusefront.results.files.schema import TABLES, record_table
from fusefront.results.load import read
from fusefront.results.results import Results

MakeRecord = Callable[..., Record]


def _assert_same(one: Results, other: Results, names: tuple[str, ...] = tuple(TABLES)) -> None:
    for name in names:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def test_the_frames_have_the_columns_of_the_schema(results: Results) -> None:
    for name, schema in TABLES.items():
        assert list(getattr(results, name).columns) == schema.names


def test_every_row_of_a_run_is_found_in_the_long_tables(results: Results) -> None:
    own = results.fronts[results.fronts["run_id"] == "two-digits-ties-0"]
    assert own["objective"].tolist() == [0.1, 0.8, 0.5, 0.4, 0.9, 0.05]
    assert own["task"].tolist() == ["task_0", "task_1"] * 3
    assert np.stack(own["preference"].to_list())[::2].tolist() == [[1, 0], [0.5, 0.5], [0, 1]]
    assert (len(results.points), len(results.traces), len(results.outcomes)) == (18, 18, 18)
    packed = results.outcomes.iloc[1]
    assert unpack_outcomes(packed["packed"], packed["n"]).tolist() == [False] * 2 + [True] * 8


def test_rows_are_sorted_for_any_order_of_the_parts(make_record: MakeRecord) -> None:
    records = [make_record("ties", "b"), make_record("ties", "a", 1), make_record("average", "b")]
    parts = [record_table(record) for record in records]
    first, *others = (results_of(list(order)) for order in permutations(parts))
    assert first.runs["run_id"].tolist() == ["a-ties-1", "b-average-0", "b-ties-0"]
    assert first.fronts["run_id"].unique().tolist() == first.runs["run_id"].tolist()
    for other in others:
        _assert_same(first, other)


def test_failed_and_skipped_runs_are_rows(make_record: MakeRecord) -> None:
    parts = [
        record_table(make_record(seed=i, status=s)) for i, s in enumerate(("failed", "skipped"))
    ]
    results = results_of(parts)
    assert results.runs["status"].tolist() == ["failed", "skipped"]
    assert results.runs["error_message"].iloc[0] == "no\nluck"
    assert results.runs["reason"].iloc[1] == "needs labelled data"
    assert results.fronts.empty


def test_no_runs_give_empty_frames_of_the_same_types(results: Results) -> None:
    nothing = results_of([])
    for name in TABLES:
        assert getattr(nothing, name).dtypes.equals(getattr(results, name).dtypes)


def test_scores_are_empty_until_they_are_given(
    results: Results, make_scores: Callable[..., pd.DataFrame]
) -> None:
    assert results.scores.empty
    scored = results.with_frames(scores=make_scores({("two-digits", "TIES", 0): 0.5}, results))
    assert scored.scores["value"].tolist() == [0.5]
    assert scored.scores.dtypes.equals(results.scores.dtypes)
    assert results.scores.empty


def test_old_column_name_of_runs_is_deprecated(results: Results) -> None:
    for frame in (results.runs, results.runs[results.runs["seed"] == 0]):
        with pytest.warns(DeprecationWarning, match="`study_seed` of `runs` is now .*`root_seed`"):
            old = frame["study_seed"]
        assert old.equals(frame["root_seed"])
    with pytest.raises(KeyError):
        results.runs["no_such_column"]


def test_compacted_tables_read_back_the_same(
    run_directory: Path, results: Results, make_scores: Callable[..., pd.DataFrame]
) -> None:
    scored = results.with_frames(scores=make_scores({("two-digits", "TIES", 0): np.nan}, results))
    _assert_same(
        scored, read(compact(run_directory, scored, Snapshot(run_directory).part_files)), COMPACTED
    )


def test_a_damaged_table_is_named(run_directory: Path, results: Results) -> None:
    folder = compact(run_directory, results, Snapshot(run_directory).part_files)
    (folder / "fronts.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=r"tables/fronts.parquet` must be an intact table"):
        read(folder)


def test_directory_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Found neither"):
        read(tmp_path)
