import re
import subprocess
import sys

import pytest

from fusefront.problems import PROBLEMS
from fusefront.problems.analytic.base import AnalyticProblem
from fusefront.problems.analytic.catalogue import FAMILIES
from fusefront.problems.analytic.saturating import SaturatingProblem

ENTRIES = PROBLEMS.select({"family": "analytic"})
CASES = [entry for entry in ENTRIES if "subset" in entry.labels]


def natural(name: str) -> list[object]:
    return [float(x) if x[0].isdigit() else x for x in re.findall(r"\d+(?:\.\d+)?|[a-z]+", name)]


def test_listing_the_problems_imports_nothing_heavy() -> None:
    code = (
        "import sys; from fusefront import PROBLEMS; "
        "print(len(PROBLEMS.select({'family': 'analytic'})), "
        "*({'torch', 'numpy', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(len(ENTRIES))]


def test_names_are_unique_and_contain_family_and_case() -> None:
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)
    families = "|".join(FAMILIES)
    assert all(re.fullmatch(rf"analytic-({families})(-[a-z0-9.-]+)?", e.name) for e in ENTRIES)


def test_the_registry_accepts_names_and_labels() -> None:
    for entry in ENTRIES:
        for key, value in entry.labels.items():
            allowed = PROBLEMS.label_values[key]
            assert not allowed or value in allowed
        assert entry.summary.endswith(".")
        assert "\n" not in entry.summary
        assert entry.source


def test_cases_alternate_between_dev_and_test() -> None:
    assert [e.labels["subset"] for e in CASES] == [
        ("dev", "test")[i % 2] for i in range(len(CASES))
    ]


def test_numbered_cases_are_in_natural_order() -> None:
    for family in FAMILIES:
        for stem in ("t", "angle", "k"):
            pattern = re.compile(rf"analytic-{family}-{stem}\d+")
            names = [e.name for e in ENTRIES if pattern.fullmatch(e.name)]
            assert names == sorted(names, key=natural)


@pytest.mark.parametrize("entry", CASES, ids=lambda e: e.name)
def test_labels_match_the_problem(entry) -> None:  # type: ignore[no-untyped-def]
    problem = entry.load()()
    assert isinstance(problem, AnalyticProblem)
    assert entry.labels["tasks"] == str(len(problem.tasks))
    assert type(problem).__name__.lower().startswith(entry.name.split("-")[1])
    if isinstance(problem, SaturatingProblem):
        assert (entry.labels["front"] == "convex") == (problem.reach == 0.5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_accepts_its_parameters(family: str) -> None:
    make = next(e for e in ENTRIES if e.name == f"analytic-{family}").load()
    assert make(dimension=70).dimension == 70  # type: ignore[attr-defined]


def test_cases_of_one_family_differ() -> None:
    hashes = [entry.load()().hash() for entry in CASES]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("entry", CASES, ids=lambda e: e.name)
def test_hypervolumes_grow_with_the_reference_point_and_fit_the_box(entry) -> None:  # type: ignore[no-untyped-def]
    problem = entry.load()()
    inner, outer = (problem.maximal_hypervolume(ref) for ref in (1.0, 1.1))
    assert (inner is None) == (outer is None)
    if inner is None:
        assert entry.name in {"analytic-saturating-t5-width0.5"}
        return
    assert 0 <= inner <= 1
    assert inner < outer <= 1.1 ** len(problem.tasks)
