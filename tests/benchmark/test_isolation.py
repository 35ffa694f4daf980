"""Algorithms receive neither test examples nor scoring preferences."""

import gc
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from tests.specs import problems

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.base import Algorithm
from fusefront.algorithms.pareto_set import ConstantSet, ParetoSet
from fusefront.benchmark.run.fitting import InProcess
from fusefront.benchmark.run.one_run import compute
from fusefront.benchmark.study.algorithm_spec import AlgorithmSpec
from fusefront.benchmark.study.study import Study
from fusefront.problems import PROBLEMS
from fusefront.problems.experts import Coefficients
from fusefront.problems.view import ProblemView

SEEN: list[ProblemView] = []
FIRST: list[torch.Tensor] = []
SPLITS = ("calibration", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Spy(Algorithm):
    """Keeps the view it was given."""

    def fit(self, view: ProblemView, *, generator: torch.Generator) -> ParetoSet:
        SEEN.append(view)
        FIRST.append(next(view.batches(8)).inputs)
        return ConstantSet(
            experts=view.experts, constant=Coefficients(values=torch.zeros(len(view.tasks)))
        )


@pytest.fixture(scope="module")
def views() -> list[ProblemView]:
    """The views of rehearsal and fit, as a run makes them."""
    with ALGORITHMS.isolated():
        ALGORITHMS.register("spy")(Spy)
        study = Study(
            problems=problems("smoke-all"), algorithms=(AlgorithmSpec(name="spy"),), seeds=1
        )
        (spec,) = study.expand(ALGORITHMS, {"smoke-all": "x"})
        record = compute(spec, "x", InProcess())
    assert record.status == "done", record.traceback
    return SEEN


def reachable_tensors(root: object) -> Iterator[torch.Tensor]:
    """Yield every tensor that `root` refers to, also through closures; skip classes and modules."""
    pending, known = [root], set()
    while pending:
        thing = pending.pop()
        if id(thing) in known or isinstance(thing, (type, types.ModuleType)):
            continue
        known.add(id(thing))
        if isinstance(thing, torch.Tensor):
            yield thing
        if isinstance(thing, types.FunctionType):  # its globals are a module's
            pending += [thing.__closure__, thing.__defaults__, thing.__kwdefaults__]
        else:
            pending += gc.get_referents(thing)
            pending.append(getattr(thing, "__dict__", None))


def inputs(split: Any) -> list[torch.Tensor]:
    """All inputs of each task on a split."""
    oracle = PROBLEMS["smoke-all"].load()().oracle(frozenset({split}))
    rows = [torch.arange(n) for n in oracle.length(split)]
    batch = oracle.batch(split, rows, labelled=True)
    return [batch.inputs[segment] for segment in batch.segments]


def holds(root: object, example: torch.Tensor) -> bool:
    """Return whether a row of any reachable tensor is this example."""
    return any(
        bool((tensor == example).flatten(1).all(1).any())
        for tensor in reachable_tensors(root)
        if tensor.shape[1:] == example.shape and len(tensor)
    )


def test_search_finds_the_examples_that_are_there(views: list[ProblemView]) -> None:
    for split in ("calibration", "validation"):
        assert all(holds(views[-1], task[i]) for task in inputs(split) for i in (0, 17, -1))


def test_no_test_example_is_within_reach_of_a_view(views: list[ProblemView]) -> None:
    assert len(views) == 2
    for view in views:
        assert not any(holds(view, task[i]) for task in inputs("test") for i in (0, 17, -1))


def test_no_labels_as_long_as_a_test_split_are_within_reach(views: list[ProblemView]) -> None:
    lengths = {len(task) for task in inputs("test")}
    labels = [t for t in reachable_tensors(views[-1]) if t.dtype == torch.int64 and t.dim() == 1]
    assert labels
    assert lengths.isdisjoint(len(tensor) for tensor in labels)
    assert lengths.isdisjoint(t.untyped_storage().nbytes() // 8 for t in labels)


def test_a_view_refuses_the_test_split(views: list[ProblemView]) -> None:
    with pytest.raises(KeyError):
        views[-1]._oracle.length("test")


def test_examples_of_different_splits_are_different() -> None:
    seen = [{x.numpy().tobytes() for task in inputs(split) for x in task} for split in SPLITS]
    for i, first in enumerate(seen):
        assert all(first.isdisjoint(second) for second in seen[i + 1 :])


def test_data_order_depends_on_the_seed(views: list[ProblemView]) -> None:
    first, second = FIRST
    assert torch.equal(first, second)
