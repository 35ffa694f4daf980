import subprocess
import sys

import pytest

from fusefront.problems import PROBLEMS, listed
from fusefront.problems.base import Problem
from fusefront.problems.vision.families import FAMILIES

ENTRIES = {e.name: e for e in PROBLEMS if e.labels.get("family") in FAMILIES}


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys, fusefront.problems.vision.catalogue; "
        "sys.exit(bool({'torch', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_subset_of_every_family_is_registered_under_a_unique_name() -> None:
    assert len(ENTRIES) == sum(len(family.subsets) for family in FAMILIES.values())
    assert all(name in PROBLEMS for name in ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_makes_the_problem_that_its_summary_names(name: str) -> None:
    entry = ENTRIES[name]
    make = entry.load()
    problem = make()
    assert isinstance(problem, Problem)
    assert f"{entry.labels['family']} experts of {listed(problem.tasks)}" in entry.summary
    assert "; shows " in entry.summary
    assert "\n" not in entry.summary
    assert entry.labels["tasks"] == str(len(problem.tasks))


@pytest.mark.parametrize(
    ("name", "classic"),
    [
        ("digits-left-right", "MultiMNIST"),
        ("garments-digit-left-digit-right", "MultiMNIST"),
        ("garments-garment-left-garment-right", "MultiFashion"),
        ("garments-over-digit-over-garment", "Fashion+MNIST"),
    ],
)
def test_summaries_name_the_classic_problems(name: str, classic: str) -> None:
    assert f"({classic})" in ENTRIES[name].summary


@pytest.mark.parametrize(
    ("name", "subset"),
    [
        ("digits-mnist-left", "dev"),
        ("digits-optdigits-sum", "test"),
        ("digits-all", None),
        ("garments-dev", "dev"),
        ("garments-test", "test"),
        ("garments-mnist-fashion", None),
    ],
)
def test_a_problem_within_one_half_of_the_tasks_is_labelled_with_it(
    name: str, subset: str | None
) -> None:
    assert ENTRIES[name].labels.get("subset") == subset


def test_only_garments_need_additional_packages() -> None:
    needs = {entry.labels["family"]: entry.labels["needs"] for entry in ENTRIES.values()}
    assert needs == {"digits": "nothing", "smoke": "nothing", "garments": "packages"}
