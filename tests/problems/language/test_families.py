from itertools import combinations

import pytest

from fusefront.problems import half
from fusefront.problems.language.tasks import MINILM, TASKS, TINY_GPT2, TextFamily, conflict

FAMILIES = pytest.mark.parametrize("family", [TINY_GPT2, MINILM], ids=lambda f: f.name)


@FAMILIES
def test_a_family_has_known_tasks_and_every_pair_of_them(family: TextFamily) -> None:
    assert set(family.tasks) <= set(TASKS)
    assert set(combinations(family.tasks, 2)) <= set(family.subsets)
    assert family.tasks in family.subsets
    assert len(set(family.subsets)) == len(family.subsets)


@FAMILIES
def test_no_task_is_in_both_halves(family: TextFamily) -> None:
    halves = {
        which: {task for s in family.subsets if half(family.tasks, s) == which for task in s}
        for which in ("dev", "test")
    }
    assert halves["dev"] == set(family.tasks[::2])
    assert halves["test"] == set(family.tasks[1::2])
    assert half(family.tasks, family.tasks) is None


def test_conflict_depends_on_corpus_and_kind_of_question() -> None:
    assert conflict(("sentiment", "medium")) == "same-inputs"
    assert conflict(("news", "reuters")) == "other-domain"
    assert conflict(("news", "sentiment")) == "other-labels"
    assert conflict(("news", "reuters", "supersense")) == "other-domain"
    assert conflict(("news", "reuters", "sentiment")) == "mixed"
