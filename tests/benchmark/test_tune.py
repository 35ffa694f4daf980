"""`fusefront tune`: the settings that are tried, their ranking, and the command."""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.benchmark.conftest import Command, Outcome

import fusefront as package
from fusefront.algorithms import ALGORITHMS
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.tune.problems import BUDGET, TRIALS, TUNING
from fusefront.benchmark.tune.ranking import Difference, Trial, ranked
from fusefront.benchmark.tune.space import search_space, trials
from fusefront.benchmark.tune.tuning import tuning_study
from fusefront.errors import ParameterError, UnknownNameError

LABELS = """\
    source="-",
    output="constant",
    data="none",
    access="weights",
    space="task",
    track="inductive",
    delivery="model",
"""
PICKY = f"""
from typing import Annotated

from fusefront.domains import PositiveFloat
from fusefront.ranges import LinearRange


@ALGORITHMS.register(
    "picky",
{LABELS})
@dataclass(frozen=True, kw_only=True)
class Picky(Algorithm):
    \"\"\"A merge that fails for long task vectors.\"\"\"

    scale: Annotated[PositiveFloat, LinearRange(low=0.1, high=2.0)] = 0.3

    def fit(self, view, *, generator):
        if self.scale > 1.2:
            raise ValueError(f"{{self.scale}} is too long")
        values = torch.full((len(view.tasks),), self.scale)
        return ConstantSet(experts=view.experts, constant=Coefficients(values=values))
"""
PROBLEMS = ("smoke-left-negated", "analytic-quadratic-t2")


def spec(text: str) -> AlgorithmSpec:
    return AlgorithmSpec.parse(text, ALGORITHMS)


def names(text: str, count: int) -> list[str]:
    return [trial.full_name for trial in trials(spec(text), count)]


def test_trial_0_has_the_defaults_and_the_others_are_published_points() -> None:
    assert names("ties", 4) == ["ties", "ties[keep=0.0808]", "ties[keep=0.836]", "ties[keep=0.736]"]


@pytest.mark.parametrize("name", ["ties", "phn-ls", "map", "della"])
def test_a_longer_list_begins_with_a_shorter_one(name: str) -> None:
    assert names(name, 24)[:8] == names(name, 8)


@pytest.mark.parametrize("name", ["ls-coefficients", "della", "random-pool", "cosmos"])
def test_every_algorithm_gets_the_same_number_of_different_settings(name: str) -> None:
    found = names(name, TRIALS)
    assert len(set(found)) == TRIALS


def test_settings_cover_every_range() -> None:
    """Of 64 points, each quarter of each range has between an eighth and two fifths."""
    space = search_space(ALGORITHMS["ls-coefficients"])
    settings = [trial.parameters for trial in trials(spec("ls-coefficients"), 64)[1:]]
    rates = [math.log10(one["learning_rate"]) for one in settings if "learning_rate" in one]
    low, high = math.log10(3e-4), math.log10(1e-1)
    quarters = [int(4 * (rate - low) / (high - low) - 1e-12) for rate in rates]
    assert {"rays", "learning_rate", "batch_size", "initial"} == set(space)
    assert all(8 <= quarters.count(k) <= 26 for k in range(4))


def test_values_in_brackets_are_fixed() -> None:
    found = trials(spec("phn-ls[width=16,learning_rate=0.003]"), 8)
    assert {trial.parameters["width"] for trial in found} == {16}
    assert not any("learning_rate" in trial.parameters for trial in found)
    assert found[0].full_name == "phn-ls[width=16]"


def test_settings_that_exclude_each_other_are_left_out() -> None:
    """`della` refuses a drop and a spread that together leave [0, 1)."""
    for trial in trials(spec("della"), 32):
        drop = trial.parameters.get("drop", 0.5)
        spread = trial.parameters.get("spread", 0.6)
        assert 0 <= drop - spread / 2 <= drop + spread / 2 <= 1


def test_a_small_space_has_fewer_trials() -> None:
    found = trials(spec("sobol-pool[upper=1.0]"), TRIALS)
    assert sorted(t.parameters.get("points", 64) for t in found) == [16, 32, 64, 128]


@pytest.mark.parametrize("text", ["rewarded-soup", "ties[keep=0.5]"])
def test_nothing_to_choose_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="Found nothing to choose"):
        trials(spec(text), 4)


def test_a_tuning_is_a_study_of_the_trials() -> None:
    study = tuning_study("ties", TUNING)
    assert [one.full_name for one in study.algorithms] == names("ties", TRIALS)
    assert [problem.name for problem in study.problems] == list(TUNING)
    assert (study.seeds, study.budget, study.root_seed) == (1, BUDGET, 0)
    with pytest.raises(UnknownNameError):
        tuning_study("no-such-algorithm", TUNING)


def test_the_difference_is_the_mean_over_problems_with_its_standard_error() -> None:
    one = Trial(number=1, spec=spec("ties"), utilities={"a": 0.2, "b": 0.5, "c": 0.1})
    other = Trial(number=0, spec=spec("ties"), utilities={"c": 0.3, "b": 0.6, "a": 0.3})
    found = Difference.of(one, other)
    each = [-0.1, -0.1, -0.2]
    assert found is not None
    assert found.mean == pytest.approx(statistics.mean(each))
    assert found.error == pytest.approx(statistics.stdev(each) / math.sqrt(3))
    assert Difference.of(one, Trial(number=2, spec=spec("ties"), reason="1 run lacks")) is None


@pytest.fixture
def picky(plugins: Callable[[str], Path]) -> str:
    return f"{plugins(PICKY)}:Picky"


def tune(fusefront: Command, algorithm: str, directory: Path, *options: object) -> Outcome:
    problems = [word for name in PROBLEMS for word in ("-p", name)]
    return fusefront(
        *("tune", algorithm, *problems, "--trials", 5, "--budget", 1000),
        *("-o", directory, *options),
    )


def test_failed_trials_are_last_and_shown(picky: str, fusefront: Command, tmp_path: Path) -> None:
    """The whole command: ranking, failures, JSON, resuming, and a longer list."""
    directory = tmp_path / "runs"
    first = tune(fusefront, picky, directory, "--json")
    assert first.status == 1, first.err
    content = json.loads(first.out)
    assert content["space"] == {"scale": "from 0.1 to 2"}
    check_ranking(content, directory)

    parts = {path: path.stat().st_mtime_ns for path in (directory / "parts").iterdir()}
    again = tune(fusefront, picky, directory)
    done = set(package.load(directory).runs.query("status == 'done'")["run_id"])
    kept = {path for path in parts if path.stem in done}
    assert len(kept) == len(done) > 0
    assert all(path.stat().st_mtime_ns == parts[path] for path in kept)
    check_text(again.out, content)


def check_ranking(content: dict[str, Any], directory: Path) -> None:
    """Compare the record with the scores of the directory, by a slow twin."""
    scores = package.load(directory).scores_of("expected-utility")
    status = [trial["status"] for trial in content["trials"]]
    assert status == sorted(status)  # done before failed
    assert set(status) == {"done", "failed"}
    means = []
    for trial in content["trials"]:
        scale = trial["parameters"].get("scale", 0.3)
        assert (trial["status"] == "failed") == (scale > 1.2)
        name = f"picky[scale={scale}]" if trial["trial"] else "picky"
        if trial["status"] == "failed":
            assert trial["reason"] == f"2 runs without a result: {scale} is too long"
            assert trial["mean"] is None
            continue
        own = scores[scores["display_name"] == name]
        values = [float(own[own["problem"] == p]["value"].iloc[0]) for p in PROBLEMS]
        assert list(trial["utilities"].values()) == values
        assert trial["mean"] == pytest.approx(statistics.mean(values))
        means.append(trial["mean"])
    assert means == sorted(means)
    assert content["winner"] == content["trials"][0]["trial"]


def check_text(text: str, content: dict[str, Any]) -> None:
    by_number = {trial["trial"]: trial for trial in content["trials"]}
    best, defaults = by_number[content["winner"]], by_number[0]
    assert f"{best['mean']:.4f} *" in text
    assert f"defaults: trial 0, picky, expected-utility {defaults['mean']:.4f}" in text
    assert f"winner: trial {best['trial']}, picky" in text
    if best["trial"]:
        assert f"minus defaults: {content['difference']:+.4f} ± " in text
    for trial in by_number.values():
        if trial["status"] == "failed":
            assert f"failed trial {trial['trial']}, picky[" in text


def test_a_trial_without_all_of_its_runs_is_not_ranked_by_the_others(directory: Path) -> None:
    """The study has two seeds of one problem: a third seed and another problem are missing."""
    results = package.load(directory)
    given = [spec("rewarded-soup"), spec("sobol-pool[points=4]")]
    names = ["smoke-left-right"]
    assert all(not trial.reason for trial in ranked(results, given, names, 2))
    for problems, seeds, missing in ((names, 3, "1 run"), ([*names, "smoke-all"], 2, "2 runs")):
        for trial in ranked(results, given, problems, seeds):
            assert trial.reason == f"{missing} without a result"
            assert trial.mean == math.inf


def test_dry_run_lists_the_settings_and_writes_nothing(fusefront: Command, tmp_path: Path) -> None:
    result = fusefront("tune", "ties", "--trials", 3, "--dry-run", "-o", tmp_path / "runs")
    assert result.status == 0
    assert "ties[keep=0.0808]" in result.out
    assert "18 runs of at most 20000 units" in result.out
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rewarded-soup",), "`rewarded-soup` must have a hyper-parameter with a range"),
        (("no-such",), "no-such"),
        (("ties", "--trials", "1"), "--trials"),
        (("ties", "--budget", "much"), "`--budget` must be S, M, L"),
        (("ties", "-p", "no-such"), "no-such"),
    ],
)
def test_invalid_input_exits_with_2(
    arguments: tuple[str, ...], message: str, fusefront: Command, tmp_path: Path
) -> None:
    result = fusefront("tune", *arguments, "-o", tmp_path / "runs")
    assert result.status == 2
    assert message in result.err
    assert not (tmp_path / "runs").exists()


def test_missing_data_of_a_problem_is_refused(tmp_path: Path) -> None:
    """A mean over the remaining problems would be another criterion.

    In a process of its own, because this one may have read the images before.
    """
    command = [sys.executable, "-m", "fusefront.benchmark", "tune", "ties"]
    command += ["-p", "garments-mnist-over-digit", "-o", str(tmp_path / "runs")]
    environment = os.environ | {"FUSEFRONT_FASHION_MNIST": str(tmp_path / "nowhere")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "A tuning must have the data of all its problems" in done.stderr
    assert "`garments-mnist-over-digit` lacks some: Fashion-MNIST must be" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_info_and_lists_show_space_and_origin(fusefront: Command) -> None:
    text = fusefront("info", "ls-finetune").out
    assert "learning_rate from 1e-05 to 0.001, log scale" in text
    assert "defaults: tuned on digits-left-right (compared) and digits-mnist-neg180" in text
    assert "nothing to choose" in fusefront("info", "rewarded-soup").out
    listed = json.loads(fusefront("list", "algorithms", "--json").out)["algorithms"]
    origins = {one["name"]: one["defaults"] for one in listed}
    assert origins["task-arithmetic"] == "paper"
    assert origins["ties"] == "unstated"
    assert origins["scalearn"] == "tuned on digits-left-right (compared), 2 trials"
