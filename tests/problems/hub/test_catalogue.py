import re
import subprocess
import sys

import pytest

from fusefront.problems import PROBLEMS, case_name, half
from fusefront.problems.hub.suites import SUITES

ENTRIES = {entry.name: entry for entry in PROBLEMS.select({"needs": "hub"})}


@pytest.mark.parametrize(
    ("suite", "pairs", "more"), [(s, 28, 2) for s in list(SUITES)[:3]] + [("gpt2", 21, 1)]
)
def test_a_suite_has_all_pairs_and_the_literatures_sets(suite: str, pairs: int, more: int) -> None:
    tasks = [e.labels["tasks"] for e in ENTRIES.values() if e.labels["family"] == suite]
    assert tasks.count("2") == pairs
    assert len(tasks) == pairs + more


@pytest.mark.parametrize(
    "name",
    [
        "clip-vit-b32-sun397-cars",
        "clip-vit-b16-sun397-cars-dtd",
        "clip-vit-l14-all",
        "gpt2-cola-mnli",
        "gpt2-all",
    ],
)
def test_problems_of_the_literature_are_registered(name: str) -> None:
    assert ENTRIES[name].labels["needs"] == "hub"


def test_every_summary_has_the_experts_and_the_purpose_of_the_case() -> None:
    for entry in ENTRIES.values():
        assert entry.summary.startswith("Merge ")
        assert re.search(r"; (shows|separates) |: shows ", entry.summary)
        assert "\n" not in entry.summary
    assert len({entry.summary for entry in ENTRIES.values()}) == len(ENTRIES)


def test_the_purpose_of_a_pair_depends_on_the_pair() -> None:
    assert "397 and 10 classes" in ENTRIES["clip-vit-b32-sun397-mnist"].summary
    assert "experts may help each other" in ENTRIES["clip-vit-b32-svhn-mnist"].summary
    assert "277 examples" in ENTRIES["gpt2-cola-rte"].summary


def test_no_task_is_in_both_halves() -> None:
    for suite in SUITES.values():
        names = [task.name for task in suite.tasks]
        seen = {"dev": set[str](), "test": set[str]()}
        for tasks in suite.subsets():
            label = ENTRIES[case_name(suite.name, names, tasks)].labels.get("subset")
            assert label == half(names, tasks)
            if label is not None:
                seen[label] |= set(tasks)
        assert seen["dev"]
        assert not seen["dev"] & seen["test"]


def test_the_catalogue_imports_nothing_heavy() -> None:
    code = (
        "import sys, fusefront.problems.hub.catalogue;"
        "print([m for m in ('torch', 'numpy', 'transformers', 'datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
