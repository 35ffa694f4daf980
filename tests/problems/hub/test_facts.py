import numpy as np
import pytest

from fusefront.problems.hub.suites import GLUE, SUITES, VISION, pinned_revision, prompts, published

AVERAGE = {"clip-vit-b32": 90.3, "clip-vit-b16": 92.3, "clip-vit-l14": 94.3, "gpt2": 82.0}
"""Published means of the experts on their own tasks, truncated to one decimal."""


def test_heads_have_the_classes_and_templates_of_the_literature() -> None:
    counts = {
        t.name: (len(prompts(t.name).classes), len(prompts(t.name).templates)) for t in VISION
    }
    assert counts == {
        "sun397": (397, 2),
        "cars": (196, 8),
        "resisc45": (45, 18),
        "eurosat": (10, 3),
        "svhn": (10, 1),
        "gtsrb": (43, 3),
        "mnist": (10, 1),
        "dtd": (47, 8),
    }
    assert {t.name: t.n_classes for t in VISION} == {name: c for name, (c, _) in counts.items()}


def test_class_names_of_a_task_are_distinct() -> None:
    for task in VISION:
        assert len(set(prompts(task.name).classes)) == task.n_classes


def test_every_template_has_a_place_for_the_name() -> None:
    for task in VISION:
        assert all(text.count("X") == 1 for text in prompts(task.name).texts("X"))


def test_misspellings_that_experts_were_trained_with_are_kept() -> None:
    assert "red circle with white horizonal stripe no entry" in prompts("gtsrb").classes
    assert any("bicyle" in name for name in prompts("gtsrb").classes)
    assert prompts("eurosat").classes[0] == "annual crop land"


@pytest.mark.parametrize("name", list(SUITES))
def test_published_experts_average_as_published(name: str) -> None:
    known = published(name)
    own = [known.experts[task][task] for task in known.experts]
    assert np.mean(own) == pytest.approx(AVERAGE[name], abs=0.1)


@pytest.mark.parametrize("name", list(SUITES))
def test_published_experts_are_the_best_on_their_own_tasks(name: str) -> None:
    known, tasks = published(name), [task.name for task in SUITES[name].tasks]
    assert list(known.experts) == list(known.pretrained) == list(known.average) == tasks
    for task in tasks:
        others = [known.experts[model][task] for model in tasks if model != task]
        assert known.experts[task][task] > max(*others, known.pretrained[task], known.average[task])


def test_published_accuracies_of_gpt2_are_whole_numbers_of_examples() -> None:
    for task in GLUE:
        right = published("gpt2").pretrained[task.name] / 100 * task.n_test
        assert right == pytest.approx(round(right), abs=0.03)


@pytest.mark.parametrize(
    ("tasks", "stated"),
    [(("sun397", "cars"), 0.5297), (("sun397", "dtd"), 0.5200), (("cars", "dtd"), 0.5217)],
)
def test_published_experts_dominate_the_known_volume(tasks: tuple[str, str], stated: float) -> None:
    known = published("clip-vit-b32").experts
    (a1, a2), (b1, b2) = ([known[m][t] / 100 for t in tasks] for m in tasks)
    assert a1 * a2 + b1 * (b2 - a2) == pytest.approx(stated, abs=2e-4)


def test_every_repository_is_in_the_table_of_revisions() -> None:
    for suite in SUITES.values():
        for task in suite.tasks:
            for name in (suite.pretrained, suite.expert(task.name), f"datasets/{task.dataset}"):
                revision = pinned_revision(name)
                assert revision is None or len(revision) == 40
