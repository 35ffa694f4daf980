from pathlib import Path

import pandas as pd
import pytest
from tests.specs import problems

import fusefront
from fusefront.errors import StoreError
from fusefront.results.archive.archive import FILES, pack
from fusefront.results.load import read, read_archive
from fusefront.results.merge import unpack
from fusefront.results.results import Results

STUDY = fusefront.Study(
    problems=problems("analytic-quadratic"),
    algorithms=tuple(fusefront.AlgorithmSpec(name=name) for name in ("pretrained", "experts")),
    seeds=2,
    budget=100,
)


def test_an_unpacked_archive_reads_as_what_was_packed(tmp_path: Path, results: Results) -> None:
    pack(results, tmp_path / "archive", note="")
    unpack(read_archive(tmp_path / "archive"), tmp_path / "run")
    again = read(tmp_path / "run")
    for name in (*FILES, "outcomes"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(results, name))


def test_outcomes_are_kept_where_they_are_there(tmp_path: Path, results: Results) -> None:
    again = read(unpack(results, tmp_path / "run"))
    pd.testing.assert_frame_equal(again.outcomes, results.outcomes)


def test_run_resumes_from_unpacked_results(tmp_path: Path) -> None:
    first = fusefront.run(STUDY, tmp_path / "first")
    pack(first, tmp_path / "archive", note="")
    unpack(read_archive(tmp_path / "archive"), tmp_path / "run")
    started = first.runs.set_index("run_id")["started"]
    again = fusefront.run(STUDY, tmp_path / "run").runs.set_index("run_id")["started"]
    pd.testing.assert_series_equal(again, started)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, results: Results) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="must be new or empty"):
        unpack(results, folder)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
