"""No text of any figure is cut or on top of another, with few and with many algorithms."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.results.plots.layout import cut, drawn_texts, overlaps
from tests.results.plots.study import name_of, study

from fusefront.results.plots.draw import draw
from fusefront.results.plots.figures import FIGURES
from fusefront.results.plots.task_vectors import draw_task_vectors

FEW_PROBLEMS = ["other-pair", "triple-with-a-rather-long-name"]
KINDS = [entry.name for entry in FIGURES]


def is_tidy(figure: Figure) -> bool:
    texts = drawn_texts(figure)
    assert overlaps(texts) == []
    assert cut(texts, figure.bbox) == []
    return True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("algorithms", "width"), [(3, "column"), (13, "full")])
def test_texts_are_apart(kind: str, algorithms: int, width: str) -> None:
    assert is_tidy(draw(study(algorithms), kind, width=width))


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_apart_with_114_algorithms(kind: str) -> None:
    assert is_tidy(draw(study(114), kind, problems=FEW_PROBLEMS, width="column"))


@pytest.mark.parametrize("kind", ["anytime", "ecdf", "rank-over-budget"])
def test_texts_are_apart_over_seconds(kind: str) -> None:
    assert is_tidy(draw(study(3), kind, width="column", axis="seconds"))


@pytest.mark.parametrize("t", [2, 3, 8, 20])
@pytest.mark.parametrize("width", ["column", "full"])
def test_texts_of_task_vectors_are_apart(t: int, width: str) -> None:
    vectors = np.random.default_rng(0).normal(size=(t, 50))
    names = [f"task-{i}-with-a-long-name" for i in range(t)]
    assert is_tidy(draw_task_vectors(vectors, names, "a problem", width=width))


def test_overlaps_and_cuts_are_found() -> None:
    figure = Figure()
    figure.text(0.5, 0.5, "one")
    figure.text(0.51, 0.5, "other")
    figure.text(0.99, 0.1, "outside")
    texts = drawn_texts(figure)
    assert overlaps(texts) == [("one", "other")]
    assert cut(texts, figure.bbox) == ["outside"]


def test_names_of_the_study_are_long() -> None:
    assert len(name_of(113)) > 30
