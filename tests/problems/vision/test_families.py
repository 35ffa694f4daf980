import subprocess
import sys
from itertools import combinations

import pytest

from fusefront.errors import UnknownNameError
from fusefront.problems import half
from fusefront.problems.vision.families import FAMILIES, get_family


def test_reading_the_families_imports_no_torch() -> None:
    code = "import sys, fusefront.problems.vision.families; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_digits_has_15_pairs_two_triples_and_all_six() -> None:
    sizes = [len(subset) for subset in FAMILIES["digits"].subsets]
    assert sorted(sizes) == [2] * 15 + [3, 3, 6]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_subsets_are_distinct_and_made_of_known_tasks(family) -> None:  # type: ignore[no-untyped-def] # parametrised
    assert len(set(family.subsets)) == len(family.subsets)
    assert all(set(subset) <= set(family.tasks) for subset in family.subsets)


@pytest.mark.parametrize(
    ("subset", "kind"),
    [
        (("left", "right"), "same-inputs"),
        (("mnist", "optdigits"), "other-domain"),
        (("mnist", "left"), "other-domain"),
        (("mnist", "neg180"), "other-mapping"),
        (("left", "sum"), "other-labels"),
        (("neg180", "sum"), "other-labels"),
        (("left", "right", "sum"), "same-inputs"),
        (("mnist", "optdigits", "neg180"), "mixed"),
        (FAMILIES["digits"].tasks, "mixed"),
    ],
)
def test_a_subset_is_labelled_with_its_kind_of_conflict(subset: tuple[str, ...], kind: str) -> None:
    assert FAMILIES["digits"].conflict(subset) == kind


@pytest.mark.parametrize(
    ("subset", "kind"),
    [
        (("over-digit", "over-garment"), "same-inputs"),
        (("garment-left", "garment-right"), "same-inputs"),
        (("digit-left", "garment-left"), "other-domain"),
        (("digit-left", "over-digit"), "other-domain"),
        (("mnist", "negated"), "other-mapping"),
        (("garment-left", "digit-left", "garment-right", "digit-right"), "mixed"),
    ],
)
def test_garments_are_labelled_with_their_kinds_of_conflict(
    subset: tuple[str, ...], kind: str
) -> None:
    assert FAMILIES["garments"].conflict(subset) == kind


def test_garments_has_36_pairs_and_larger_problems_of_either_half() -> None:
    family = FAMILIES["garments"]
    sizes = [len(subset) for subset in family.subsets]
    assert sorted(sizes) == [2] * 36 + [3, 4, 4, 4, 5, 6, 9]
    assert {half(family.tasks, subset) for subset in family.subsets if len(subset) > 2} == {
        None,
        "dev",
        "test",
    }


@pytest.mark.parametrize("which", ["dev", "test"])
def test_each_half_of_the_garments_has_questions_on_same_inputs_and_both_domains(
    which: str,
) -> None:
    family = FAMILIES["garments"]
    (tasks,) = (s for s in family.subsets if family.problem(s) == f"garments-{which}")
    assert "same-inputs" in {family.conflict(pair) for pair in combinations(tasks, 2)}
    assert family.sources(tasks) in (["mnist", "fashion"], ["fashion", "mnist"])


def test_no_task_is_in_both_halves() -> None:
    for family in FAMILIES.values():
        halves = {task: half(family.tasks, (task,)) for task in family.tasks}
        assert list(halves.values()) == [("dev", "test")[i % 2] for i in range(len(halves))]


def test_sources_are_those_that_the_tasks_show_each_once() -> None:
    family = FAMILIES["garments"]
    assert family.sources(("negated", "fashion")) == ["fashion"]
    assert family.sources(("over-garment",)) == ["mnist", "fashion"]


def test_long_subsets_have_a_nickname() -> None:
    family = FAMILIES["garments"]
    assert family.problem(family.tasks) == "garments-all"
    assert family.problem(("digit-left", "digit-right")) == "garments-digit-left-digit-right"
    assert all(len(family.problem(subset)) < 50 for subset in family.subsets)


def test_an_unknown_family_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="digits"):
        get_family("digit")
