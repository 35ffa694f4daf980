"""How problems are named: registered names, knobs in brackets, plug-in files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import pytest
from tests.specs import problems

from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.problem_spec import ProblemSpec
from fusefront.benchmark.study.study import Study
from fusefront.entry import Entry
from fusefront.errors import ParameterError, PluginError, StudyError, UnknownNameError
from fusefront.problems import PROBLEMS
from fusefront.problems.base import Anchors, Oracle, Problem, Split
from fusefront.problems.experts import ExpertPool

PLUGIN = """
from fusefront import PROBLEMS

@PROBLEMS.register("of-a-file", tasks="2")
def make():
    return PROBLEMS["smoke-left-right"].load()()
"""


@final
@dataclass(frozen=True, kw_only=True)
class Knobs(Problem):
    """A problem with knobs; its data is never used here."""

    tasks: tuple[str, ...] = ("a", "b")
    angle: float = 90.0
    width: int = 3

    def hash(self) -> str:
        raise NotImplementedError

    def anchors(self, split: Split) -> Anchors:
        raise NotImplementedError

    def pool(self) -> ExpertPool:
        raise NotImplementedError

    def oracle(self, splits: frozenset[Split]) -> Oracle:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    with PROBLEMS.isolated():
        PROBLEMS.add(Entry(name="knobs", target=Knobs, summary="", source=""))
        PROBLEMS.add(Entry(name="no-problem", target=lambda: 3, summary="", source=""))  # type: ignore[arg-type, return-value]
        yield


def test_a_registered_name_is_its_own_spelling() -> None:
    spec = ProblemSpec.parse("smoke_left_right")
    assert (spec.text, spec.name) == ("smoke-left-right", "smoke-left-right")
    assert spec.load().tasks == ("left", "right")


@pytest.mark.parametrize("text", ["knobs[angle=60,width=4]", "knobs[ width = 4, angle = 60.0]"])
def test_knobs_are_parsed_and_have_one_spelling(text: str) -> None:
    spec = ProblemSpec.parse(text)
    assert spec.text == spec.name == "knobs[angle=60.0,width=4]"
    assert spec.load() == Knobs(angle=60.0, width=4)


def test_a_knob_at_its_default_is_not_part_of_the_name() -> None:
    assert ProblemSpec.parse("knobs[angle=90]").text == "knobs"


@pytest.mark.parametrize(
    ("text", "error", "found"),
    [
        ("knobs[angel=60]", UnknownNameError, "angle"),
        ("knobs[width=x]", ParameterError, "type int"),
        ("smoke-left-right[angle=60]", PluginError, "dataclass"),
        ("knobs[angle=60", ParameterError, "key=value"),
        ("smoke-left-rihgt", UnknownNameError, "smoke-left-right"),
    ],
)
def test_a_wrong_spelling_is_refused(text: str, error: type[Exception], found: str) -> None:
    with pytest.raises(error, match=found):
        ProblemSpec.parse(text)


def test_what_makes_no_problem_is_refused() -> None:
    with pytest.raises(PluginError, match=r"fusefront\.Problem. Found int"):
        ProblemSpec.parse("no-problem").load()


def test_a_factory_of_a_file_is_found_again_by_its_text(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    spec = ProblemSpec.parse(f"{file}:make")
    assert spec.name == "of-a-file"
    assert ProblemSpec.parse(spec.text) == spec
    assert spec.load().tasks == ("left", "right")


def test_the_run_id_changes_with_the_file_of_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "mine2.py"
    file.write_text(PLUGIN.replace("of-a-file", "of-another-file"))

    def run_id() -> str:
        from fusefront.algorithms import ALGORITHMS

        study = Study(
            problems=problems(f"{file}:make"),
            algorithms=(AlgorithmSpec(name="pretrained"),),
            seeds=1,
        ).canonical(ALGORITHMS)
        (run,) = study.expand(ALGORITHMS, {"of-another-file": "x"})
        return run.run_id

    before = run_id()
    file.write_text(file.read_text() + "\n# changed\n")
    assert run_id() != before


def test_two_problems_of_one_name_are_refused() -> None:
    from fusefront.algorithms import ALGORITHMS

    PROBLEMS.add(Entry(name="twin", target=Knobs, summary="", source=""))
    algorithms = (AlgorithmSpec(name="pretrained"),)
    study = Study(problems=problems("twin", "twin[angle=90]"), algorithms=algorithms)
    assert len(study.canonical(ALGORITHMS).problems) == 1  # one problem, written twice
    with pytest.raises(StudyError, match="at least"):
        Study(problems=(), algorithms=algorithms).canonical(ALGORITHMS)
