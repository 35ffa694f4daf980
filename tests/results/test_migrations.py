"""Results of every schema version can be read; each version wrote its own sample in `samples`."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.specs import problems

import fusefront
from fusefront.results.files.parquet import read_table
from fusefront.results.files.schema import SCHEMA_VERSION, STORED
from fusefront.results.load import read
from fusefront.results.results import Results

SAMPLES = Path(__file__).parent / "samples"
OLDER = [f"schema-{version}" for version in range(1, SCHEMA_VERSION)]


@pytest.fixture(params=OLDER)
def sample(request: pytest.FixtureRequest) -> Path:
    return SAMPLES / str(request.param)


def test_every_older_version_has_a_sample() -> None:
    assert sorted(path.name for path in SAMPLES.glob("schema-*")) == OLDER


@pytest.mark.parametrize("folder", [".", "tables"])
def test_older_sample_reads_in_the_current_schema(sample: Path, folder: str) -> None:
    results = read(sample / folder)
    assert list(results.runs.columns) == STORED["runs"].names
    assert set(results.runs["status"]) == {"done"}
    assert len(results.fronts) == 11 * 2 * 2


def test_parts_and_tables_of_a_sample_agree(sample: Path) -> None:
    parts, tables = read(sample), read(sample / "tables")
    for name in ("runs", "fronts", "points", "traces", "problems"):
        pd.testing.assert_frame_equal(_table(parts, name), _table(tables, name))


def test_inputs_cost_one_pass_before_version_2() -> None:
    assert (read(SAMPLES / "schema-1").runs["inference_passes"] == 1).all()


@pytest.mark.parametrize("version", [1, 2])
def test_root_seed_was_called_study_seed_before_version_3(version: int) -> None:
    sample = SAMPLES / f"schema-{version}"
    stored = pq.read_table(sample / "tables" / "runs.parquet")
    assert stored.column("study_seed").to_pylist() == read(sample).runs["root_seed"].tolist()


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("folder", [".", "tables"])
def test_nothing_was_measured_on_validation_before_version_4(version: int, folder: str) -> None:
    results = read(SAMPLES / f"schema-{version}" / folder)
    new = ["validation_value", "validation_loss", "own_value", "own_loss", "own_objective"]
    assert results.fronts[new].isna().all(axis=None)
    assert results.points["anchor"].isna().all()
    assert results.runs["delivery"].isna().all()
    assert results.milestones.empty


@pytest.mark.parametrize("folder", [".", "tables"])
def test_version_4_measured_validation_but_not_the_predictions(folder: str) -> None:
    results = read(SAMPLES / "schema-4" / folder)
    assert results.fronts["validation_value"].notna().all()
    assert not results.milestones.empty
    assert results.fronts[["calibration_error", "agreement"]].isna().all(axis=None)


def test_reading_alters_nothing_on_disk(sample: Path) -> None:
    before = {path: path.read_bytes() for path in sample.rglob("*.parquet")}
    read(sample)
    assert {path: path.read_bytes() for path in sample.rglob("*.parquet")} == before


def test_run_resumes_in_a_directory_of_an_older_version(sample: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(sample, tmp_path / "run")
    study = fusefront.Study(
        problems=problems("analytic-quadratic"),
        algorithms=tuple(fusefront.AlgorithmSpec(name=n) for n in ("pretrained", "experts")),
        seeds=1,
        budget=100,
    )
    results = fusefront.run(study, directory)
    assert len(results.runs) >= 2
    assert (results.runs["inference_passes"] == 1).all()
    for path in (directory / "tables").glob("*.parquet"):
        read_table(path, name=path.stem, schema=STORED[path.stem])


def _table(results: Results, name: str) -> pd.DataFrame:
    found = getattr(results, name)
    assert isinstance(found, pd.DataFrame)
    return found
