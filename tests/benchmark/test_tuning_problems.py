"""No compared problem is used for tuning, and every algorithm records where its defaults are from.

The algorithms whose defaults were chosen on a compared problem are listed one by one, until they
are tuned again.
"""

import pytest

from fusefront.algorithms import ALGORITHMS, BUILT_IN
from fusefront.benchmark.study.parameters import hyper_parameters
from fusefront.benchmark.study.suites import SUITES
from fusefront.benchmark.tune.problems import (
    COMPARING,
    TUNING,
    compared,
    describe_origin,
    used_and_compared,
)
from fusefront.benchmark.tune.space import search_space
from fusefront.domains import domains
from fusefront.entry import PAPER, Origin, tuned
from fusefront.problems import PROBLEMS

NOT_COMPARING = {
    *("analytic", "garments", "dino", "tiny-gpt2", "minilm"),
    *("clip-vit-b32", "clip-vit-b16", "clip-vit-l14", "gpt2"),
    "dev",
}
"""Suites that list all problems of a family, and the suite of the problems to tune on."""

CHOSEN_ON_COMPARED = {
    *("generalised-soup", "dare", "dare-ties", "della", "regmean", "regmean-plus-plus"),
    *("wudi", "tall-masks", "adamerging-rays", "scalearn", "pwemoe-entropy"),
    *("mgda-finetune", "pcgrad-finetune", "cagrad-finetune", "nash-mtl-finetune"),
    *("imtl-g-finetune", "epo-finetune", "upgrad-finetune", "dualproj-finetune"),
    *("aligned-mtl-finetune", "ls-finetune", "tche-finetune", "stch-finetune"),
    *("ls-finetune-average", "ls-finetune-arithmetic", "ls-lora", "ls-soup"),
    *("phn-ls", "phn-epo", "phn-tche", "phn-task", "phn-task-epo", "phn-subspace"),
    *("phn-low-rank", "phn-low-rank-epo", "phn-lora", "phn-weights", "phn-hvi", "cosmos"),
    *("pamal", "lorpman", "palora", "panacea", "pareto-merging"),
}
"""Known exceptions. An algorithm that is tuned on `TUNING` leaves this list; none may join it."""


def test_every_suite_is_either_compared_or_not() -> None:
    """A new suite must be added to one of the two lists."""
    assert {entry.name for entry in SUITES} == {*COMPARING, *NOT_COMPARING}


def test_problems_to_tune_on_are_in_no_comparing_suite() -> None:
    assert used_and_compared(TUNING) == ()
    for suite in COMPARING:
        assert not set(TUNING) & set(SUITES[suite].load().problems), suite


@pytest.mark.parametrize("name", TUNING)
def test_problems_to_tune_on_are_of_dev_and_need_no_hub(name: str) -> None:
    labels = PROBLEMS[name].labels
    assert labels["subset"] == "dev"
    assert labels["needs"] in ("nothing", "packages")


def test_problems_to_tune_on_have_several_families_and_conflicts() -> None:
    labels = [PROBLEMS[name].labels for name in TUNING]
    assert {one["family"] for one in labels} == {"smoke", "garments", "tiny-gpt2"}
    assert len({one["conflict"] for one in labels}) == 4


def test_compared_problems_are_those_of_the_comparing_suites() -> None:
    assert {"digits-left-right", "smoke-all", "garments-test"} <= compared()
    assert "garments-dev" not in compared()


def test_defaults_chosen_on_compared_problems_are_the_known_exceptions() -> None:
    found = {name for name in BUILT_IN if used_and_compared(ALGORITHMS[name].origin.problems)}
    assert found == CHOSEN_ON_COMPARED
    assert len(found) == 44


@pytest.mark.parametrize("name", BUILT_IN)
def test_docstrings_and_records_agree(name: str) -> None:
    """What the docstrings say about `digits-left-right` is in the record, too."""
    entry = ALGORITHMS[name]
    texts = [kind.__doc__ or "" for kind in entry.load().__mro__]
    if any("digits-left-right" in text for text in texts):
        assert "digits-left-right" in entry.origin.problems
    assert all(problem in PROBLEMS for problem in entry.origin.problems)
    assert bool(entry.origin.problems) == (entry.origin.how == "tuned")


@pytest.mark.parametrize("name", BUILT_IN)
def test_record_and_search_space_agree(name: str) -> None:
    entry = ALGORITHMS[name]
    if search_space(entry):
        assert entry.origin.how != "nothing to choose"
    else:
        assert entry.origin.how != "unstated", "register it with `origin=FIXED`"


@pytest.mark.parametrize("name", [n for n in BUILT_IN if search_space(ALGORITHMS[n])])
def test_defaults_are_in_the_ranges_and_ranges_in_the_domains(name: str) -> None:
    entry = ALGORITHMS[name]
    known = domains(entry.load())
    defaults = {p.name: p.default for p in hyper_parameters(entry)}
    for field, one in search_space(entry).items():
        assert defaults[field] in one
        values = [one.at(place, like=defaults[field]) for place in (0.0, 0.3, 0.6, 1 - 1e-9)]
        assert all(value in known[field] for value in values)
        assert {type(value) for value in values} == {type(defaults[field])}


def test_origins_are_written_with_what_is_compared() -> None:
    assert describe_origin(PAPER) == "paper"
    assert describe_origin(tuned(*TUNING[:2], trials=16)) == (
        f"tuned on {TUNING[0]} and {TUNING[1]}, 16 trials"
    )
    assert describe_origin(tuned("digits-left-right")) == "tuned on digits-left-right (compared)"
    assert describe_origin(Origin(how="unstated")) == "unstated"
