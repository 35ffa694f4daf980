"""Merged and split directories are complete, can be resumed, and leave their sources unchanged."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tests.benchmark.conftest import Command

import fusefront as ff
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark import merge_split
from fusefront.benchmark.merge_split import merge, split
from fusefront.benchmark.study.file import read_study
from fusefront.benchmark.study.study import Study
from fusefront.errors import IntegrityError, StoreError, StudyError
from fusefront.results.archive.archive import pack
from fusefront.results.archive.zip_file import pack_single
from fusefront.results.directory.parts import OUTDATED
from fusefront.results.directory.planned import read_planned
from fusefront.results.load import read
from fusefront.results.verify import verify

P, Q = "analytic-quadratic", "analytic-quadratic[angle=60.0]"
NAMES = ("experts", "rewarded-soup")


def _study(problems: Sequence[str], algorithms: Sequence[str], seeds: int = 1) -> Study:
    return Study.of(problems=problems, algorithms=algorithms, seeds=seeds, budget=100)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`all` = P, Q x two merges x two seeds; `p` and `q` its halves, `one` a run of P."""
    root = tmp_path_factory.mktemp("made")
    ff.run(_study([P, Q], NAMES, 2), root / "all")
    split(root / "all", root / "p", problems=[P])
    split(root / "all", root / "q", problems=[Q])
    split(root / "all", root / "one", problems=[P], algorithms=["experts"], seeds=[0])
    return root


def _content(directory: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def _ids(directory: Path) -> set[str]:
    return {path.stem for path in (directory / "parts").iterdir()}


def test_halves_merge_to_the_full_study_and_can_be_resumed(made: Path, tmp_path: Path) -> None:
    before = _content(made)
    found = merge([made / "p", made / "q"], tmp_path / "merged")
    assert _content(made) == before
    assert found == (8, [])
    assert _ids(tmp_path / "merged") == _ids(made / "all")
    assert read_study(tmp_path / "merged" / "study.toml", ALGORITHMS) == read_study(
        made / "all" / "study.toml", ALGORITHMS
    )
    assert read_planned(tmp_path / "merged") == read_planned(made / "all")
    assert verify(tmp_path / "merged").faults == []
    pd.testing.assert_frame_equal(ff.load(tmp_path / "merged").fronts, ff.load(made / "all").fronts)
    started = read(tmp_path / "merged").runs["started"]
    again = ff.run(_study([P, Q], NAMES, 2), tmp_path / "merged")
    pd.testing.assert_series_equal(again.runs["started"], started)
    assert not (tmp_path / "merged" / OUTDATED[0]).exists()


def test_an_incomplete_merge_reports_the_number_of_missing_runs(made: Path, tmp_path: Path) -> None:
    runs, notes = merge([made / "one", made / "q"], tmp_path / "merged")
    assert (runs, len(read_planned(tmp_path / "merged"))) == (5, 8)
    assert len(notes) == 1
    assert notes[0].startswith("3 runs of the study are missing")


def test_archives_and_single_files_are_merged(made: Path, tmp_path: Path) -> None:
    pack(read(made / "p"), tmp_path / "archive", note="")
    pack_single(read(made / "q"), tmp_path / "q.zip", note="")
    runs, notes = merge([tmp_path / "archive", tmp_path / "q.zip"], tmp_path / "merged")
    assert runs == 8
    assert len(notes) == 1
    assert notes[0].startswith("no `study.toml` was written: no source has a `study.toml`.")
    assert not (tmp_path / "merged" / "study.toml").exists()
    assert len(read_planned(tmp_path / "merged")) == 8
    assert verify(tmp_path / "merged").faults == []
    runs, notes = merge([tmp_path / "q.zip", made / "all"], tmp_path / "of-one-study")
    assert (runs, notes) == (8, [])


def test_runs_that_the_study_does_not_have_today_leave_it_out(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ALGORITHMS["rewarded-soup"].load(), "version", 2)
    runs, notes = merge([made / "p", made / "q"], tmp_path / "merged")
    assert runs == 8
    assert notes[0].startswith("no `study.toml` was written: 4 runs, such as")
    assert verify(tmp_path / "merged").faults == []


def test_other_settings_are_refused_and_nothing_is_written(made: Path, tmp_path: Path) -> None:
    ff.run(replace(_study([Q], ["experts"]), budget=200), tmp_path / "other")
    with pytest.raises(StudyError, match="`budget_units` must be the same"):
        merge([made / "p", tmp_path / "other"], tmp_path / "merged")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_an_output_with_something_in_it_is_left_alone(made: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="must be new or empty"):
        merge([made / "p"], tmp_path)
    with pytest.raises(StoreError, match="must be new or empty"):
        split(made / "p", tmp_path / "mine.txt")
    with pytest.raises(StoreError, match="must not be inside"):
        merge([made / "p"], made / "p" / "merged")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_an_empty_output_is_taken(made: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert merge([made / "one"], tmp_path / "empty").runs == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, StoreError, MemoryError])
def test_an_end_in_the_middle_leaves_nothing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def fails(*_: object) -> None:
        raise error("in the middle")

    monkeypatch.setattr(merge_split, "finish", fails)
    with pytest.raises(error):
        merge([made / "one"], tmp_path / "merged")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_source_is_named(made: Path, tmp_path: Path) -> None:
    merge([made / "one"], tmp_path / "copy")
    part = min((tmp_path / "copy" / "parts").iterdir())
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(StoreError, match=part.name):
        merge([tmp_path / "copy"], tmp_path / "merged")
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(IntegrityError, match=r"x\.zip"):
        merge([tmp_path / "x.zip"], tmp_path / "merged")


def test_a_split_has_its_own_study_and_merges_back(made: Path, tmp_path: Path) -> None:
    runs, notes = split(
        made / "all", tmp_path / "few", problems=[Q], algorithms=["experts"], seeds=[0]
    )
    assert (runs, notes) == (1, [])
    study = read_study(tmp_path / "few" / "study.toml", ALGORITHMS)
    assert study == _study([Q], ["experts"]).canonical(ALGORITHMS)
    assert verify(tmp_path / "few").faults == []
    merge([made / "p", made / "q"], tmp_path / "merged")
    for file in ("study.toml", "planned.json", "tables/scores.parquet"):
        assert (tmp_path / "merged" / file).read_bytes() == (made / "all" / file).read_bytes()


def test_seeds_that_do_not_form_a_study_omit_the_study_file(made: Path, tmp_path: Path) -> None:
    runs, notes = split(made / "all", tmp_path / "later", seeds=[1])
    assert runs == 4
    assert notes[0].startswith("no `study.toml` was written: the seeds of a study are 0, 1, 2")
    assert {row[3] for row in read_planned(tmp_path / "later")} == {1}


def test_the_commands_report_what_they_wrote(
    fusefront: Command, made: Path, tmp_path: Path
) -> None:
    told = fusefront("merge", made / "one", made / "q", "-o", tmp_path / "merged")
    assert (told.status, told.err) == (0, "")
    assert told.out.splitlines()[0] == f"{tmp_path / 'merged'}: 5 runs"
    assert told.out.splitlines()[1].startswith("note: 3 runs of the study are missing")
    told = fusefront("split", made / "all", "-a", "expert", "-o", tmp_path / "few")
    assert (told.status, told.out) == (2, "")
    assert "Found `expert`. Did you mean `experts`" in told.err
    told = fusefront("split", made / "all", "--seeds", "0,x", "-o", tmp_path / "few")
    assert "`--seeds` must be numbers, such as `0,1`. Found `0,x`" in told.err
    told = fusefront("split", made / "all", "--seeds", "1, 0", "-o", tmp_path / "few")
    assert (told.status, told.out) == (0, f"{tmp_path / 'few'}: 8 runs\n")


def test_verify_reports_to_scripts_and_people(
    fusefront: Command, made: Path, tmp_path: Path
) -> None:
    told = fusefront("verify", made / "all")
    assert told.status == 0
    assert told.out.endswith("files are intact\n")
    merge([made / "one"], tmp_path / "copy")
    part = min((tmp_path / "copy" / "parts").iterdir())
    part.write_bytes(part.read_bytes()[:100])
    told = fusefront("verify", tmp_path / "copy")
    assert told.status == 1
    assert told.out.splitlines()[0].startswith(f"BAD  parts/{part.name}: a damaged file")
    found = json.loads(fusefront("verify", tmp_path / "copy", "--json").out)
    assert [fault["file"] for fault in found["faults"]] == [f"parts/{part.name}"]


def test_single_files_are_packed_shown_and_unpacked(
    fusefront: Command, made: Path, tmp_path: Path
) -> None:
    single = tmp_path / "results.zip"
    assert fusefront("data", "pack", made / "all", "-o", single).out == f"{single}\n"
    assert fusefront("table", single).out == fusefront("table", made / "all").out
    assert fusefront("data", "unpack", single, "-o", tmp_path / "run").status == 0
    assert _ids(tmp_path / "run") == _ids(made / "all")
    pd.testing.assert_frame_equal(ff.load(single).scores, ff.load(made / "all").scores)


def test_tables_are_exported_with_their_scores(
    fusefront: Command, made: Path, tmp_path: Path
) -> None:
    told = fusefront("export", made / "all", "--table", "scores", "-o", tmp_path / "out")
    assert (told.status, told.out) == (0, f"{tmp_path / 'out'}\n")
    (path,) = (tmp_path / "out").iterdir()
    assert len(pd.read_csv(path)) == len(ff.load(made / "all").scores) > 0
    told = fusefront("export", made / "all", "--format", "iohanalyzer", "-o", tmp_path / "curves")
    assert {path.name for path in (tmp_path / "curves").iterdir()} == set(NAMES)


def test_an_interrupted_merge_leaves_nothing(made: Path, tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
sys.argv = ["fusefront", "merge", {str(made / "one")!r}, "-o", {str(tmp_path / "merged")!r}]
from fusefront.benchmark import merge_split
from fusefront.benchmark.cli import main
merge_split.finish = lambda *_: os.kill(os.getpid(), signal.SIGINT)
main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stderr == "interrupted; nothing was written\n"
    assert list(tmp_path.iterdir()) == []
