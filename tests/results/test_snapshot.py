import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusefront.errors import StoreError
from fusefront.results.directory import parts as store
from fusefront.results.directory import snapshot as snapshot
from fusefront.results.directory.compaction import CompactedTables, compact, discard_damaged
from fusefront.results.directory.parts import part_ids, part_path, write_part, write_problem
from fusefront.results.directory.snapshot import Snapshot
from fusefront.results.files.parquet import DamagedFileError
from fusefront.results.files.record import ProblemFacts, Record
from fusefront.results.files.schema import TABLES
from fusefront.results.results import Results

MakeRecord = Callable[..., Record]
SCORER = "the code of today"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The run ids of parts that were opened."""
    found: list[str] = []
    read = store.read_part

    def reads(path: Path) -> object:
        found.append(path.stem)
        return read(path)

    monkeypatch.setattr(snapshot, "read_part", reads)
    return found


@pytest.fixture
def directory(run_directory: Path, make_scores: Callable[..., pd.DataFrame]) -> Path:
    """Six runs, compacted, one of them with a score."""
    before = Snapshot(run_directory)
    results = before.results()
    results = results.with_frames(scores=make_scores({("two-digits", "TIES", 0): np.nan}, results))
    compact(run_directory, results, before.part_files, scorer=SCORER)
    return run_directory


def _plain(directory: Path) -> Results:
    """Return the results from the parts alone."""
    tables = directory / "tables"
    hidden = tables.rename(directory / "hidden")
    try:
        results = Snapshot(directory).results()
        for name in TABLES:
            results.arrow(name)
        return results
    finally:
        hidden.rename(tables)


def _assert_as_plain(directory: Path) -> None:
    fast, plain = Snapshot(directory).results(), _plain(directory)
    for name in TABLES:
        assert fast.arrow(name).to_pylist() == plain.arrow(name).to_pylist(), name
        assert fast.arrow(name).equals(plain.arrow(name)), name


def test_compacted_parts_are_not_opened(directory: Path, opened: list[str]) -> None:
    results = Snapshot(directory).results()
    assert [len(results.arrow(name)) for name in ("runs", "fronts", "points")] == [6, 36, 18]
    assert opened == []
    _assert_as_plain(directory)
    assert len(opened) == 6


def test_a_new_part_alone_is_opened(
    directory: Path, make_record: MakeRecord, opened: list[str]
) -> None:
    write_part(directory, make_record("magmax", seed=4))
    write_part(directory, make_record("magmax", "a-problem", status="failed"))
    assert len(Snapshot(directory).runs) == 8
    assert sorted(opened) == ["a-problem-magmax-0", "two-digits-magmax-4"]
    _assert_as_plain(directory)


def test_a_part_written_again_is_opened_again(
    directory: Path, make_record: MakeRecord, opened: list[str]
) -> None:
    write_part(directory, make_record(seed=1, objectives=[[0.25, 0.5]]))
    fronts = Snapshot(directory).results().fronts
    assert fronts.query("run_id == 'two-digits-ties-1'")["objective"].tolist() == [0.25, 0.5]
    assert opened == ["two-digits-ties-1"]
    _assert_as_plain(directory)


def test_rows_of_a_part_that_went_are_gone(directory: Path, opened: list[str]) -> None:
    part_path(directory, "two-digits-ties-1").unlink()
    assert len(Snapshot(directory).runs) == 5
    assert opened == []
    _assert_as_plain(directory)


def test_names_are_those_of_the_last_plan(directory: Path) -> None:
    row = '["two-digits-ties-1", "two-digits", "TIES of today", 1]'
    (directory / "planned.json").write_text(f"[{row}]")
    results = Snapshot(directory).results()
    for name in ("runs", "fronts", "points", "traces", "outcomes"):
        frame = getattr(results, name)
        own = frame["run_id"] == "two-digits-ties-1"
        assert set(frame.loc[own, "display_name"]) == {"TIES of today"}
        assert set(frame.loc[~own, "display_name"]) == {"TIES", "AVERAGE"}


def test_scores_are_kept_of_the_same_scorer_and_the_same_parts(
    directory: Path, make_record: MakeRecord
) -> None:
    assert Snapshot(directory).scores(SCORER)["run_id"].to_pylist() == ["two-digits-ties-0"]
    assert len(Snapshot(directory).scores("other code")) == 0
    write_part(directory, make_record(objectives=[[0.1, 0.1]]))
    assert len(Snapshot(directory).scores(SCORER)) == 0


def test_a_copy_is_read_from_its_parts(directory: Path, opened: list[str]) -> None:
    for path in (directory / "parts").iterdir():
        path.write_bytes(path.read_bytes())  # as many bytes, at another time
    _assert_as_plain(directory)
    assert len(opened) == 12


def test_tables_of_two_compactions_are_not_mixed(directory: Path, opened: list[str]) -> None:
    path = directory / "tables" / "points.parquet"
    path.write_bytes(path.read_bytes())
    with pytest.raises(DamagedFileError, match="tables of another compaction"):
        CompactedTables(directory)
    _assert_as_plain(directory)
    assert len(opened) == 12


def test_open_tables_stay_those_of_one_compaction(directory: Path, make_record: MakeRecord) -> None:
    results, plain = Snapshot(directory).results(), _plain(directory)
    write_part(directory, make_record(seed=1, objectives=[[0.25, 0.5]]))
    again = Snapshot(directory)
    compact(directory, again.results(), again.part_files)
    for name in ("runs", "fronts", "points", "traces"):
        assert results.arrow(name).equals(plain.arrow(name))


def test_a_damaged_table_is_named_and_taken_out_of_use(directory: Path, opened: list[str]) -> None:
    path = directory / "tables" / "fronts.parquet"
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    stat = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(StoreError, match=r"fronts.parquet` must be an intact table.*Delete `"):
        _ = Snapshot(directory).results().fronts
    discard_damaged(directory)
    opened.clear()
    assert len(Snapshot(directory).results().fronts) == 36
    assert len(opened) == 6


def test_every_damaged_part_is_reported_and_the_others_are_read(
    directory: Path, make_record: MakeRecord
) -> None:
    for seed in (0, 1):
        write_part(directory, make_record(seed=seed)).write_bytes(b"PAR1")
    found = Snapshot(directory)
    assert sorted(found.damaged) == ["two-digits-ties-0", "two-digits-ties-1"]
    assert len(found.runs) == 4
    with pytest.raises(StoreError, match=r"ties-0.parquet`, `parts/two-digits-ties-1.parquet`"):
        found.results()


def test_a_directory_that_is_not_there_has_no_parts(tmp_path: Path) -> None:
    assert len(Snapshot(tmp_path / "nowhere").runs) == 0
    assert len(Snapshot(tmp_path / "nowhere").part_files) == 0


@pytest.mark.parametrize("seed", range(3))
def test_tables_match_the_parts_after_any_changes(
    tmp_path: Path, make_record: MakeRecord, make_facts: Callable[..., ProblemFacts], seed: int
) -> None:
    choose = random.Random(seed)
    write_problem(tmp_path, make_facts())
    compact(tmp_path, Snapshot(tmp_path).results(), Snapshot(tmp_path).part_files)
    for _ in range(25):
        what = choose.choice(["write", "write", "write", "remove", "rename", "compact"])
        there = part_ids(tmp_path)
        if what == "write":
            status = choose.choice(["done", "done", "failed", "skipped"])
            name, number = choose.choice(["ties", "average"]), choose.randrange(4)
            front = [[choose.random(), choose.random()] for _ in range(choose.randint(1, 3))]
            write_part(tmp_path, make_record(name, seed=number, status=status, objectives=front))
        elif what == "remove" and there:
            part_path(tmp_path, choose.choice(there)).unlink()
        elif what == "rename" and there:
            row = [choose.choice(there), "two-digits", f"name {choose.random()}", 0]
            (tmp_path / "planned.json").write_text(json.dumps([row]))
        elif what == "compact":
            found = Snapshot(tmp_path)
            compact(tmp_path, found.results(), found.part_files)
        _assert_as_plain(tmp_path)
