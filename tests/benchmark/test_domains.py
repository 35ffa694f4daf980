"""Domains of fields: what they allow, how they read, and the errors of values outside."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Interval, Lt, MinLen
from tests.benchmark.conftest import Command

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.merging.breadcrumbs import Breadcrumbs
from fusefront.algorithms.merging.dropping import Della
from fusefront.algorithms.merging.ties import Ties
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.parameters import hyper_parameters, write_all
from fusefront.benchmark.study.problem_spec import ProblemSpec
from fusefront.domains import (
    Count,
    Domain,
    Finite,
    Fraction,
    NonNegativeFloat,
    PositiveFloat,
    PositiveFraction,
    check_fields,
    domains,
)
from fusefront.errors import ParameterError

TEXTS: list[tuple[Any, str]] = [
    (Fraction, "in [0, 1]"),
    (PositiveFraction, "in (0, 1]"),
    (Annotated[float, Interval(gt=0, lt=2.5)], "in (0, 2.5)"),
    (PositiveFloat, "above 0"),
    (NonNegativeFloat, "at least 0"),
    (Finite, "a finite number"),
    (Annotated[float, Lt(3)], "below 3"),
    (Count, "an integer of at least 1"),
    (Annotated[int, Interval(ge=2, le=10)], "an integer in [2, 10]"),
    (bool, "true or false"),
    (Literal["relu", "tanh"], 'one of "relu", "tanh"'),
    (tuple[PositiveFloat, ...], "a list, with each item above 0"),
    (
        Annotated[tuple[Fraction, ...], MinLen(1)],
        "a non-empty list, with each item in [0, 1]",
    ),
    (Count | None, "an integer of at least 1 or none"),
]


@pytest.mark.parametrize(("annotation", "text"), TEXTS)
def test_a_domain_completes_the_phrase_must_be(annotation: Any, text: str) -> None:
    assert str(Domain(annotation=annotation)) == text


@pytest.mark.parametrize(
    ("annotation", "inside", "outside"),
    [
        (Fraction, [0, 0.0, 0.5, 1], [-1e-9, 1.0000001, math.nan, "0.5", True, None]),
        (PositiveFraction, [1e-9, 1.0], [0.0, 20.0]),
        (PositiveFloat, [5e-324, 1e300], [0.0, math.inf, -1.0]),
        (Finite, [-1e300, 3], [math.inf, -math.inf, math.nan]),
        (Count, [1, 10**12], [0, 1.0, 2.5, True]),
        (Literal["a", "b"], ["a"], ["c", 1]),
        (bool, [True, False], [1, "true"]),
        (Annotated[tuple[Fraction, ...], MinLen(1)], [(0.5, 1.0)], [(), (0.5, 2.0), 0.5]),
        (Count | None, [None, 3], [0, "3"]),
    ],
)
def test_exactly_the_values_inside_are_allowed(
    annotation: Any, inside: list[Any], outside: list[Any]
) -> None:
    domain = Domain(annotation=annotation)
    assert [value for value in inside if value not in domain] == []
    assert [value for value in outside if value in domain] == []


REFUSED = [
    (
        "ties[keep=20]",
        "`ties[keep]` must be in (0, 1]. Found 20. The paper's 20 % is keep=0.2.",
    ),
    (
        "dare[drop=90]",
        "`dare[drop]` must be in [0, 1). Found 90. The paper's 90 % is drop=0.9.",
    ),
    ("dare[drop=1.0]", "`dare[drop]` must be in [0, 1). Found 1. The default is 0.5."),
    ("dare[drop=-1]", "`dare[drop]` must be in [0, 1). Found -1. The default is 0.5."),
    ("dare[drop=nan]", "`dare[drop]` must be in [0, 1). Found nan. The default is 0.5."),
    ("ties[keep=0]", "`ties[keep]` must be in (0, 1]. Found 0. The default is 0.2."),
    (
        "map[points=-3]",
        "`map[points]` must be an integer of at least 1. Found -3. The default is 25.",
    ),
    (
        "pwemoe-ls[layers=3]",
        "`pwemoe-ls[layers]` must be one of 0, 1, 2. Found 3. The default is 2.",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_specifications_outside_of_a_domain_are_refused(text: str, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        AlgorithmSpec.parse(text, ALGORITHMS).canonical(ALGORITHMS)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["ties[keep=20]", "dare[drop=1.0]", "map[points=-3]"])
def test_a_run_outside_of_a_domain_ends_before_it_starts(
    text: str, fusefront: Command, tmp_path: Path
) -> None:
    result = fusefront("run", "-p", "smoke-left-right", "-a", text, "-o", tmp_path / "runs")
    assert result.status == 2
    assert "must be" in result.err
    assert not (tmp_path / "runs").exists()


def test_classes_refuse_values_outside_of_a_domain() -> None:
    with pytest.raises(ParameterError, match=r"`Ties\[keep\]` must be in \(0, 1\]\. Found 20\. "):
        Ties(keep=20)
    with pytest.raises(ParameterError, match="Found nan"):
        Ties(keep=math.nan)
    with pytest.raises(ParameterError, match=r"Found \[\]"):
        Ties(sweep=())
    assert Ties(keep=1.0).keep == 1


def test_fields_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"must be below 1.*Found 0\.9 \+ 0\.1"):
        Breadcrumbs(smallest=0.9, largest=0.1)
    with pytest.raises(ParameterError, match=r"Found 0\.6 and 1\.2"):
        Della(drop=0.9)
    assert Della(drop=0.9, spread=0.1).spread == 0.1


def test_values_inside_keep_their_spelling() -> None:
    """Run ids hash these texts: an integer for a float is still the float."""
    spec = AlgorithmSpec.parse("ties[keep=1,sweep=[1,2]]", ALGORITHMS).canonical(ALGORITHMS)
    assert spec.full_name == "ties[keep=1.0,sweep=[1.0, 2.0]]"
    assert json.loads(write_all("ties", spec.load(ALGORITHMS))) == {"keep": 1, "sweep": [1, 2]}


def test_parameters_of_analytic_problems_have_domains() -> None:
    with pytest.raises(ParameterError, match=r"n_tasks\]` must be an integer in \[2, 10\]"):
        ProblemSpec.parse("analytic-quadratic[n_tasks=11]")
    with pytest.raises(ParameterError, match=r"noise\]` must be at least 0\. Found nan"):
        ProblemSpec.parse("analytic-quadratic[noise=nan]")


def test_domains_are_listed_with_the_hyper_parameters() -> None:
    listed = {p.name: p.domain for p in hyper_parameters(ALGORITHMS["pwemoe-ls"])}
    assert listed["learning_rate"] == "above 0"
    assert listed["activation"] == 'one of "relu", "tanh"'


def test_info_prints_default_domain_and_meaning(fusefront: Command) -> None:
    text = " ".join(fusefront("info", "dare").out.split())
    assert "drop = 0.5 In [0, 1). Probability that an entry is dropped" in text


@dataclass(frozen=True, kw_only=True)
class Plain:
    """Fields without a domain, and one whose constraints are combined by hand."""

    free: float = 0.1
    items: tuple[float, ...] = ()
    name: str = "x"
    both: Annotated[float, Gt(1), Ge(2)] = 3.0


@dataclass(frozen=True, kw_only=True)
class Forward:
    """A class as after `from __future__ import annotations`, with a name that does not exist."""

    missing: "Nowhere" = 1  # type: ignore[name-defined] # noqa: F821
    count: Count = 2


def test_fields_that_name_only_a_type_have_no_domain() -> None:
    assert set(domains(Plain)) == {"both"}
    check_fields(Plain(free=math.nan, items=(math.inf,)))


def test_annotations_that_cannot_be_resolved_leave_the_others() -> None:
    assert set(domains(Forward)) == {"count"}
    with pytest.raises(ParameterError, match=r"Forward\[count\]"):
        check_fields(Forward(count=0))
