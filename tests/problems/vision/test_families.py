import subprocess
import sys

import pytest

from fusefront.benchmark.errors import UnknownNameError
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


def test_an_unknown_family_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="digits"):
        get_family("digit")
