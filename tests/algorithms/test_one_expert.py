"""With one expert, what averages experts is that expert, to the bit."""

import numpy as np
import pytest
import torch

from fusefront.algorithms import ALGORITHMS
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_problem


@pytest.fixture(scope="module")
def alone() -> ToyProblem:
    return toy_problem(2).reordered([0])


@pytest.mark.parametrize(
    "name",
    [
        *("experts", "rewarded-soup", "simple-average", "slerp", "fisher", "regmean"),
        *("regmean-plus-plus", "emr", "tall-masks", "experts-router", "logits-fusion"),
        "pwemoe-corner-exact",
    ],
)
def test_one_expert_returns_that_expert(alone: ToyProblem, name: str) -> None:
    view = open_view(alone, units=3_000)
    answer = ALGORITHMS[name].make().fit(view, generator=torch.Generator().manual_seed(0))
    (model,) = answer.models(np.array([1.0]))
    assert torch.equal(model, alone.pretrained + alone.task_vectors[0])
