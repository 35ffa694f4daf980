"""Display names come from the current study: renaming an algorithm computes nothing."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.benchmark.conftest import Command

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run import plan as runner
from fusefront.benchmark.score import scores as loading
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import Study
from fusefront.results.directory.planned import PLANNED

LABELS = ("The soup", "Sobol 4", "AdaMerging")


@pytest.fixture
def copied(directory: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(directory, tmp_path / "copied"))


@pytest.fixture
def labelled(study: Study) -> Study:
    specs = zip(study.algorithms, LABELS, strict=True)
    return replace(study, algorithms=tuple(replace(s, label=label) for s, label in specs))


def parts(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (directory / "parts").iterdir()}


def test_new_names_are_in_every_table_and_nothing_is_computed(
    labelled: Study, copied: Path, fusefront: Command
) -> None:
    before = parts(copied)
    planned = runner.plan(labelled, copied)
    assert planned.finished == {spec.run_id for spec in planned.specs}
    assert not planned.outdated
    results = runner.finish(copied)
    for name in ("runs", "fronts", "points", "traces", "scores", "outcomes"):
        assert set(getattr(results, name)["display_name"]) == set(LABELS), name
    assert parts(copied) == before
    assert "Sobol 4" in fusefront("table", copied).out
    assert "The soup" in fusefront("status", copied).out


def test_the_last_names_hold_also_when_a_study_has_none(
    study: Study, labelled: Study, copied: Path
) -> None:
    runner.plan(labelled, copied)
    added = replace(study, algorithms=(AlgorithmSpec(name="experts"),))
    runner.plan(added, copied)  # says nothing of the others
    assert set(loading.load(copied).runs["display_name"]) == set(LABELS)
    runner.plan(study, copied)
    names = {spec.canonical(ALGORITHMS).display_name for spec in study.algorithms}
    assert set(loading.load(copied).runs["display_name"]) == names


def test_parts_alone_are_called_as_they_ran(study: Study, labelled: Study, copied: Path) -> None:
    runner.plan(labelled, copied)
    (copied / PLANNED).unlink()
    names = {spec.canonical(ALGORITHMS).display_name for spec in study.algorithms}
    assert set(loading.load(copied).runs["display_name"]) == names
