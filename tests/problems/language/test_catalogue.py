import subprocess
import sys
from collections.abc import Callable

from fusefront.entry import Entry
from fusefront.problems import PROBLEMS
from fusefront.problems.base import Problem
from fusefront.problems.language.tasks import MINILM, TINY_GPT2


def entries() -> list[Entry[Callable[..., Problem]]]:
    return [*PROBLEMS.select({"family": "tiny-gpt2"}), *PROBLEMS.select({"family": "minilm"})]


def test_every_subset_of_both_families_is_one_entry() -> None:
    found = list(entries())
    assert len({entry.name for entry in found}) == len(found)
    assert len(found) == len(TINY_GPT2.subsets) + len(MINILM.subsets)
    for family in (TINY_GPT2, MINILM):
        assert f"{family.name}-all" in {entry.name for entry in found}


def test_the_registry_accepts_the_labels_of_entries() -> None:
    for entry in entries():
        assert set(entry.labels) <= set(PROBLEMS.label_values)
        for key, value in entry.labels.items():
            assert not PROBLEMS.label_values[key] or value in PROBLEMS.label_values[key]
        assert entry.labels["modality"] == "language"
        assert entry.labels["needs"] == "packages"


def test_summaries_name_the_tasks_and_what_they_show() -> None:
    for entry in entries():
        problem = made(entry)
        assert all(task in entry.summary for task in problem.tasks)
        assert "; s" in entry.summary  # "shows" or "separates"
        assert "\n" not in entry.summary
        assert entry.labels["tasks"] == str(len(problem.tasks))


def test_the_catalogue_loads_without_heavy_packages() -> None:
    code = (
        "import sys, fusefront.problems.language.catalogue; "
        "print([m for m in ('torch', 'numpy', 'pandas', 'transformers') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def made(entry: Entry[Callable[..., Problem]]) -> Problem:
    problem = entry.load()()
    assert isinstance(problem, Problem)
    return problem
