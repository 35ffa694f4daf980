import pytest
import torch
from torch import nn

from fusefront.problems.vision.anchors import resolution, score
from fusefront.problems.vision.backbone import build
from fusefront.problems.vision.recipe import RECIPES
from fusefront.problems.vision.tasks import Split
from fusefront.problems.vision.weights import Anchors


def test_resolution_counts_standard_errors_of_the_expert() -> None:
    anchors: Anchors = {
        "test": {
            "base": {"a": {"accuracy": 0.6, "loss": 1.0, "n": 1600}},
            "a": {"a": {"accuracy": 0.8, "loss": 0.5, "n": 1600}},
        }
    }
    assert resolution(anchors) == {"a": pytest.approx(20.0)}


class _Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = build(RECIPES["smoke"].config)
        self.n_examples = 0

    def forward(self, inputs: torch.Tensor) -> object:
        self.n_examples += len(inputs)
        return self.model(inputs)


def test_shared_inputs_pass_through_the_model_once() -> None:
    inputs = torch.randn(40, 1, 12, 12)
    splits = {name: Split(inputs, torch.zeros(40, dtype=torch.int64)) for name in ("a", "b")}
    heads = {
        name: (torch.randn(10, RECIPES["smoke"].config["hidden_size"]), torch.zeros(10))
        for name in splits
    }
    model = _Counting()
    scores = score(model, heads, splits)
    assert model.n_examples == 40
    assert scores["a"]["n"] == 40
    assert scores["a"] != scores["b"]
