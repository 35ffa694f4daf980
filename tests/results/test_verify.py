"""Verification names every damaged, unknown or newer file and its fix, and changes nothing."""

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from fusefront.errors import StoreError, UnknownNameError
from fusefront.results.archive import archive
from fusefront.results.archive.archive import FILES, pack
from fusefront.results.archive.zip_file import pack_single
from fusefront.results.directory.compaction import compact
from fusefront.results.directory.parts import write_part, write_problem
from fusefront.results.directory.snapshot import Snapshot
from fusefront.results.files import parquet
from fusefront.results.files.parquet import write_table
from fusefront.results.files.record import ProblemFacts, Record
from fusefront.results.files.schema import SCHEMA_VERSION, TABLES, from_frame
from fusefront.results.load import read
from fusefront.results.results import Results
from fusefront.results.verify import Fault, verify

MakeRecord = Callable[..., Record]
PART = "parts/two-digits-ties-1.parquet"
PROBLEM = "problems/two-digits.parquet"

PACKED = (*FILES, "outcomes")
"""Tables of the archives here: their runs have outcomes, and no milestones."""


@pytest.fixture
def whole(run_directory: Path, make_scores: Callable[..., pd.DataFrame]) -> Path:
    """A run directory with all files that `fusefront run` writes."""
    results = read(run_directory)
    scored = results.with_frames(scores=make_scores({("two-digits", "TIES", 0): 0.5}, results))
    compact(run_directory, scored, Snapshot(run_directory).part_files)
    shutil.copytree(run_directory / "parts", run_directory / "superseded")
    _plan(run_directory, [f"two-digits-{a}-{s}" for a in ("ties", "average") for s in range(3)])
    (run_directory / "study.toml").write_text("seeds = 3\n")
    return run_directory


def _plan(directory: Path, run_ids: list[str], problem: str = "two-digits") -> None:
    rows = [[run_id, problem, "any", int(run_id[-1])] for run_id in run_ids]
    (directory / "planned.json").write_text(json.dumps(rows))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _other_table(path: Path) -> None:
    write_table(path, TABLES["outcomes"].empty_table(), name="outcomes")


def _content(directory: Path) -> dict[str, bytes]:
    paths = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in paths}


def _one(directory: Path) -> Fault:
    """Return the only fault, after checking that verification changes nothing."""
    before = _content(directory)
    files, faults = verify(directory)
    assert _content(directory) == before
    assert len(faults) == 1, faults
    assert files > 1
    return faults[0]


def test_whole_results_have_no_fault(whole: Path) -> None:
    assert verify(whole) == (6 + 6 + 1 + 8 + 2, [])


@pytest.mark.parametrize("damage", [_cut, _flip, _empty, _other_table])
@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        (PART, "verify DIRECTORY --repair`, which renames the file"),
        (PROBLEM, "verify DIRECTORY --repair`, which renames the file"),
        ("superseded/two-digits-ties-1.parquet", "delete it"),
        ("tables/fronts.parquet", "compacts the parts again"),
        ("tables/scores.parquet", "compacts the parts again"),
    ],
)
def test_a_damaged_file_is_the_only_fault(
    whole: Path, damage: Callable[[Path], None], file: str, remedy: str
) -> None:
    damage(whole / file)
    fault = _one(whole)
    assert fault.file == file
    assert remedy in fault.remedy
    assert "\n" not in str(fault)


def test_every_damaged_file_is_named_at_once(whole: Path) -> None:
    for file in (PART, PROBLEM, "tables/runs.parquet"):
        _cut(whole / file)
    assert sorted(fault.file for fault in verify(whole).faults) == [
        PART,
        PROBLEM,
        "tables/runs.parquet",
    ]


def test_another_runs_row_is_a_fault(whole: Path) -> None:
    (whole / PART).write_bytes((whole / "parts/two-digits-ties-0.parquet").read_bytes())
    assert "another run's row (two-digits-ties-0)" in _one(whole).found


def test_a_run_that_was_not_planned_is_a_fault(whole: Path, make_record: MakeRecord) -> None:
    write_part(whole, make_record("magmax"))
    fault = _one(whole)
    assert fault.file == "parts/two-digits-magmax-0.parquet"
    assert fault.found == "a run that is not in `planned.json`"
    assert "moves the file to `outdated/`" in fault.remedy


def test_a_row_of_another_seed_than_planned_is_a_fault(
    whole: Path, make_record: MakeRecord
) -> None:
    write_part(whole, replace(make_record(seed=1), seed=2))
    assert "another run's row (two-digits, seed 2)" in _one(whole).found


def test_renamed_algorithms_are_no_fault(whole: Path) -> None:
    assert verify(whole).faults == []  # the names of the list are not those of the rows
    assert set(read(whole).runs["display_name"]) == {"any"}


def test_results_without_a_list_of_runs_may_have_any(whole: Path, make_record: MakeRecord) -> None:
    (whole / "planned.json").unlink()
    write_part(whole, make_record("magmax"))
    assert verify(whole).faults == []


@pytest.mark.parametrize("text", ["[[", "3", '[["a"]]'])
def test_a_damaged_list_is_the_only_fault(whole: Path, text: str) -> None:
    (whole / "planned.json").write_text(text)
    assert _one(whole).file == "planned.json"


def test_a_damaged_study_is_named(whole: Path) -> None:
    (whole / "study.toml").write_text("seeds = [")
    assert _one(whole).file == "study.toml"


def test_a_run_of_another_problem_hash_is_named(whole: Path, make_record: MakeRecord) -> None:
    write_part(whole, replace(make_record(seed=1), problem_hash="cd" * 32))
    fault = _one(whole)
    assert fault.file == PART
    assert fault.found == ("problem hash cdcdcdcd of `two-digits`, abababab in the problem table")


def test_a_run_without_its_data_has_no_hash_to_compare(
    whole: Path, make_record: MakeRecord
) -> None:
    write_part(whole, replace(make_record(seed=1, status="skipped"), problem_hash="unavailable"))
    assert verify(whole).faults == []


def test_a_missing_problem_table_is_named_once(whole: Path) -> None:
    (whole / PROBLEM).unlink()
    assert _one(whole).file == PROBLEM


def test_the_table_of_another_problem_is_a_fault(
    whole: Path, make_facts: Callable[..., ProblemFacts]
) -> None:
    path = write_problem(whole, make_facts("other"))
    path.replace(whole / PROBLEM)
    assert _one(whole).found == "the table of other"


def test_tables_with_rows_of_other_runs_are_foreign(whole: Path) -> None:
    (whole / PART).unlink()
    names = {fault.file for fault in verify(whole).faults}
    assert names == {
        f"tables/{name}.parquet" for name in ("parts", "runs", "fronts", "points", "traces")
    }


def test_a_newer_schema_asks_for_an_upgrade(
    whole: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(parquet, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        write_part(whole, make_record(seed=1))
    fault = _one(whole)
    assert fault.found == f"schema version {SCHEMA_VERSION + 1}"
    assert "pip install --upgrade fusefront" in fault.remedy


def test_what_no_command_reads_is_passed_over(whole: Path) -> None:
    (whole / "parts" / ".x.parquet.01.tmp").write_bytes(b"half")
    (whole / "parts" / "x.parquet.damaged").write_bytes(b"half")
    (whole / "notes.txt").write_text("mine")
    assert verify(whole).faults == []


@pytest.mark.parametrize("name", PACKED)
def test_a_damaged_file_of_an_archive_is_named(tmp_path: Path, results: Results, name: str) -> None:
    pack(results, tmp_path / "archive", note="")
    assert verify(tmp_path / "archive") == (len(PACKED) + 1, [])
    _flip(tmp_path / "archive" / f"{name}.parquet")
    fault = _one(tmp_path / "archive")
    assert fault.file == f"{name}.parquet"
    assert "sha256" in fault.found


def test_tables_of_an_archive_with_forged_hashes_are_checked(
    tmp_path: Path, results: Results
) -> None:
    other = results.with_frames(fronts=results.fronts.assign(run_id="someone-else"))
    pack(other, tmp_path / "archive", note="")
    fault = _one(tmp_path / "archive")
    assert (fault.file, fault.found) == (
        "fronts.parquet",
        "rows of 1 unknown runs (someone-else)",
    )


@pytest.mark.parametrize("text", ["{", '{"files": {}}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, results: Results, text: str) -> None:
    manifest = pack(results, tmp_path / "archive", note="")
    manifest.write_text(text)
    assert verify(tmp_path / "archive").faults[0].file == "manifest.json"


def test_an_archive_of_a_newer_schema_asks_for_an_upgrade(
    tmp_path: Path, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(archive, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        pack(results, tmp_path / "archive", note="")
        pack_single(results, tmp_path / "results.zip", note="")
    for name, file in (("archive", "manifest.json"), ("results.zip", "results.zip")):
        (fault,) = verify(tmp_path / name).faults
        assert fault.file == file
        assert fault.found == f"schema version {SCHEMA_VERSION + 1}"
        assert "pip install --upgrade" in fault.remedy


def test_a_file_that_the_manifest_does_not_name_is_a_fault(
    tmp_path: Path, results: Results
) -> None:
    pack(results, tmp_path / "archive", note="")
    write_table(
        tmp_path / "archive" / "scores.parquet", from_frame(results.scores, "scores"), name="scores"
    )
    assert _one(tmp_path / "archive").file == "scores.parquet"


def test_a_single_file_is_verified_entry_by_entry(tmp_path: Path, results: Results) -> None:
    path = pack_single(results, tmp_path / "results.zip", note="")
    assert verify(path) == (len(PACKED) + 1, [])
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as entries:
        data[entries.getinfo("points.parquet").header_offset + 80] ^= 1
    path.write_bytes(data)
    (fault,) = verify(path).faults
    assert fault.file == "points.parquet"
    path.write_bytes(b"no zip")
    (fault,) = verify(path).faults
    assert fault.file == "results.zip"
    assert fault.found.startswith("a file that is not an intact zip")


def test_folders_of_tables_are_verified(whole: Path) -> None:
    assert verify(whole / "tables") == (8, [])
    _cut(whole / "tables" / "points.parquet")
    assert _one(whole / "tables").file == "points.parquet"


def test_what_is_no_results_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must be a run directory"):
        verify(tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean `default`"):
        verify("defalt!")
    assert verify("default!").faults == []
