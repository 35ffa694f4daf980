from collections.abc import Callable
from pathlib import Path

from fusefront.results.directory.parts import write_part
from fusefront.results.directory.planned import PlannedRun, count_statuses
from fusefront.results.directory.snapshot import Snapshot
from fusefront.results.files.record import Record

MakeRecord = Callable[..., Record]
PLANNED = [PlannedRun(f"two-digits-ties-{i}", "two-digits", "TIES", i) for i in range(5)]


def test_every_planned_run_is_counted_once(tmp_path: Path, make_record: MakeRecord) -> None:
    for seed, word in enumerate(("done", "done", "failed", "skipped")):
        write_part(tmp_path, make_record(seed=seed, status=word))
    (row,) = count_statuses(Snapshot(tmp_path), PLANNED).to_dict("records")
    assert row == {
        "problem": "two-digits",
        "display_name": "TIES",
        "done": 2,
        "failed": 1,
        "skipped": 1,
        "missing": 1,
        "reasons": "ValueError: no; needs labelled data",
    }


def test_damaged_part_counts_as_missing_with_a_reason(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    write_part(tmp_path, make_record()).write_bytes(b"PAR1")
    (row,) = count_statuses(Snapshot(tmp_path), PLANNED).to_dict("records")
    assert (row["done"], row["missing"]) == (0, 5)
    assert "two-digits-ties-0.parquet: a damaged file" in row["reasons"]


def test_rows_come_in_the_order_of_the_plan(tmp_path: Path) -> None:
    plan = [("r1", "b", "Z", 0), ("r2", "a", "Y", 0), ("r3", "b", "Z", 1)]
    frame = count_statuses(Snapshot(tmp_path / "not-there"), plan)
    assert frame[["problem", "display_name", "missing"]].to_numpy().tolist() == [
        ["b", "Z", 2],
        ["a", "Y", 1],
    ]


def test_parts_that_are_not_planned_do_not_count(run_directory: Path) -> None:
    assert count_statuses(Snapshot(run_directory), PLANNED)["done"].sum() == 3


def test_no_plan_gives_no_rows(tmp_path: Path) -> None:
    assert count_statuses(Snapshot(tmp_path), []).empty
