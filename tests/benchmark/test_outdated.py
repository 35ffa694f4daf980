"""Outdated runs: every reason is reported by name."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.benchmark.conftest import Command
from tests.specs import problems

from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.run.one_run import make_record
from fusefront.benchmark.run.outdated import explain
from fusefront.benchmark.study import study as study_module
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import RunSpec, Study
from fusefront.registry import Registry
from fusefront.results.directory.parts import part_path, write_part
from fusefront.results.files.record import UNAVAILABLE

HASHES = {"smoke-all": "aaaaaaaa1", "smoke-left-right": "bbbbbbbb2"}
STUDY = Study(
    problems=problems(*HASHES),
    algorithms=(AlgorithmSpec(name="toy"), AlgorithmSpec(name="toy", parameters={"rate": 0.7})),
    seeds=2,
)
FILE_CHANGED = "the plug-in file `mine.py`, or a file that it imports, changed"
PLUGIN = """
@ALGORITHMS.register("mine")
@dataclass(frozen=True, kw_only=True)
class Mine(Algorithm):
    steps: int = 1

    def fit(self, view, *, generator):
        return zeros(view)
"""


def registry(version: int = 1, **defaults: Any) -> Registry[Any]:
    """One algorithm, `toy`, with these fields."""
    fields = [(name, type(value), value) for name, value in defaults.items()]
    toy = dataclasses.make_dataclass("Toy", fields, frozen=True, kw_only=True)
    toy.version = version  # type: ignore[attr-defined]
    registry: Registry[Any] = Registry("algorithm", {})
    registry.register("toy")(toy)
    return registry


NOW = registry(steps=10, rate=0.5)


def parts(
    directory: Path, study: Study, algorithms: Registry[Any], hashes: dict[str, str]
) -> list[Path]:
    """Parts of all runs of a study."""
    return [
        write_part(directory, record(spec, hashes[spec.problem.name]))
        for spec in study.canonical(algorithms).expand(algorithms, hashes)
    ]


def record(spec: RunSpec, problem_hash: str) -> Any:
    return make_record(spec, problem_hash, {"status": "done", "started": "now"})


def explained(
    directory: Path,
    *,
    study: Study = STUDY,
    algorithms: Registry[Any] = NOW,
    hashes: dict[str, str] = HASHES,
) -> dict[str, int]:
    """Explain why runs of this study, with these algorithms and hashes, are outdated."""
    wanted = STUDY.canonical(NOW).expand(NOW, HASHES)
    there = parts(directory, study, algorithms, hashes)
    others = [path for path in there if path.stem not in {spec.run_id for spec in wanted}]
    return explain(others, wanted, HASHES, NOW)


def test_runs_of_the_study_have_no_reason(tmp_path: Path) -> None:
    assert explained(tmp_path) == {}


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        (registry(steps=8, rate=0.5), "the default of `steps` changed from 8 to 10"),
        (registry(rate=0.5), "parameter `steps` is new (10)"),
        (registry(steps=10, rate=0.5, cap=3), "parameter `cap` was removed (3)"),
        (registry(7, steps=10, rate=0.5), "version changed from 7 to 1"),
    ],
)
def test_change_of_an_algorithm_is_reported(
    tmp_path: Path, old: Registry[Any], expected: str
) -> None:
    assert explained(tmp_path, algorithms=old) == {f"`toy`: {expected}": 8}


def test_only_runs_with_the_default_are_outdated_by_a_new_default(tmp_path: Path) -> None:
    found = explained(tmp_path, algorithms=registry(steps=10, rate=0.6))
    assert found == {"`toy`: the default of `rate` changed from 0.6 to 0.5": 4}


def test_two_changes_are_both_reported(tmp_path: Path) -> None:
    found = explained(tmp_path, algorithms=registry(3, steps=8, rate=0.5))
    expected = (
        "`toy`: the default of `steps` changed from 8 to 10; `toy`: version changed from 3 to 1"
    )
    assert found == {expected: 8}


def test_change_of_a_problem_is_reported(tmp_path: Path) -> None:
    found = explained(tmp_path, hashes=HASHES | {"smoke-all": "cccccccc3"})
    change = "its data or experts changed (hash from cccccccc to aaaaaaaa)"
    assert found == {f"`smoke-all`: {change}": 4}


def test_data_that_became_available_is_reported(tmp_path: Path) -> None:
    found = explained(tmp_path, hashes=HASHES | {"smoke-all": UNAVAILABLE})
    assert found == {"`smoke-all`: its data is available now": 4}


def test_another_protocol_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_module, "PROTOCOL_VERSION", 9)
    monkeypatch.setattr("fusefront.benchmark.run.one_run.PROTOCOL_VERSION", 9)
    there = parts(tmp_path, STUDY, NOW, HASHES)
    monkeypatch.undo()
    wanted = STUDY.canonical(NOW).expand(NOW, HASHES)
    found = explain(there, wanted, HASHES, NOW)
    version = study_module.PROTOCOL_VERSION
    assert found == {f"protocol version changed from 9 to {version}": 8}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seeds": 3}, {"seed 2 is no longer in the study": 4}),
        ({"root_seed": 5}, {"`root_seed` of the study changed from 5 to 0": 8}),
        ({"budget": 7}, {"`budget` of the study changed from 7 to 100000": 8}),
        (
            {"problems": problems("smoke-all", "digits-all")},
            {"`digits-all` is no longer in the study": 4},
        ),
        (
            {"algorithms": (AlgorithmSpec(name="toy", parameters={"steps": 3, "rate": 0.7}),)},
            {"`toy` with steps=3 is no longer in the study": 4},
        ),
    ],
)
def test_settings_removed_from_the_study_are_reported(
    tmp_path: Path, changes: dict[str, Any], expected: dict[str, int]
) -> None:
    study = dataclasses.replace(STUDY, **changes)
    found = explained(tmp_path, study=study, hashes=HASHES | {"digits-all": "d"})
    assert found == expected


def test_change_of_a_plug_in_is_reported(plugins: Callable[[str], Path], tmp_path: Path) -> None:
    path = plugins(PLUGIN)
    spec = AlgorithmSpec.parse(f"{path}:Mine", ALGORITHMS)
    study = Study(problems=problems("smoke-all"), algorithms=(spec,)).canonical(ALGORITHMS)
    there = parts(tmp_path / "runs", study, ALGORITHMS, HASHES)
    plugins(PLUGIN + "# changed\n")
    wanted = study.expand(ALGORITHMS, HASHES)
    assert not {spec.run_id for spec in wanted} & {path.stem for path in there}
    assert explain(there, wanted, HASHES, ALGORITHMS) == {FILE_CHANGED: 3}


def test_the_run_command_reports_why_it_moves_runs_aside(
    fusefront: Command, plugins: Callable[[str], Path], tmp_path: Path
) -> None:
    path = plugins(PLUGIN)
    command = ("run", "-p", "smoke-left-right", "-a", f"{path}:Mine", "--seeds", 1)
    directory = tmp_path / "runs"
    assert fusefront(*command, "-j", 1, "-o", directory).status == 0
    plugins(PLUGIN + "# changed\n")
    foretold = fusefront(*command, "-o", directory, "--dry-run")
    assert f"outdated runs that would be moved aside: 1 ({FILE_CHANGED})" in (foretold.out)
    told = fusefront(*command, "-j", 1, "-o", directory)
    assert f"moved 1 run: {FILE_CHANGED}" in told.err
    plugins(PLUGIN)
    assert "1 done, 0 to run" in fusefront(*command, "-o", directory, "--dry-run").out
    (moved,) = (directory / "outdated").iterdir()
    assert not part_path(directory, moved.stem).exists()


def test_added_parameters_at_their_defaults_are_no_reason(tmp_path: Path) -> None:
    toy = NOW["toy"]
    later = dataclasses.make_dataclass(
        "Toy", [("warm", bool, False)], bases=(toy.load(),), frozen=True, kw_only=True
    )
    new: Registry[Any] = Registry("algorithm", {})
    new.add(dataclasses.replace(toy, target=later, added=("warm",)))
    old_study = dataclasses.replace(STUDY, budget=5_000)
    there = parts(tmp_path, old_study, NOW, HASHES)
    wanted = STUDY.canonical(new).expand(new, HASHES)
    reason = "`budget` of the study changed from 5000 to 100000"
    assert explain(there, wanted, HASHES, new) == {reason: 8}
