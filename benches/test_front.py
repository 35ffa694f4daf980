"""Measuring a front of 11 models on 10,000 images of the default backbone, and a plain loop."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from fusefront.benchmark.study.problem_spec import ProblemSpec
from fusefront.problems.classifier import ClassifierOracle, Examples
from fusefront.problems.experts import Coefficients

IMAGES, MODELS = 10_000, 11


@pytest.mark.parametrize("batch_size", [32, 128])
def test_front(batch_size: int, compare: Callable[..., Any]) -> None:
    problem: Any = ProblemSpec.parse("digits-left-right").load()
    pool, oracle = problem.pool(), problem.oracle(frozenset({"test"}))
    data, head = oracle._splits["test"][0], oracle._heads[0]
    times = -(-IMAGES // len(data.labels))
    examples = Examples(
        inputs=data.inputs.repeat(times, 1, 1, 1)[:IMAGES],
        labels=data.labels.repeat(times)[:IMAGES],
    )
    oracle = ClassifierOracle(
        backbone=oracle._backbone, features=oracle._features, layout=pool.layout, heads=[head],
        splits={"test": [examples]},
    )  # fmt: skip
    front = [Coefficients(values=torch.tensor([p, 1 - p])) for p in torch.linspace(0, 1, MODELS)]
    network = oracle._backbone
    found: dict[str, list[Any]] = {}

    def ours() -> None:
        found["ours"] = [oracle.measure(pool.merge(c), "test").outcomes[0] for c in front]

    @torch.no_grad()
    def loop() -> None:
        outcomes = []
        for c in front:
            network.load_state_dict(pool.layout.unflatten(pool.merge(c)), strict=False)
            right = [
                functional.linear(oracle._features(network(x)), *head).argmax(1) == y
                for x, y in DataLoader(
                    TensorDataset(examples.inputs, examples.labels), batch_size=batch_size
                )
            ]
            outcomes.append(torch.cat(right).numpy())
        found["theirs"] = outcomes

    compare(
        ours, loop, what=f"Front of {MODELS} models on 10,000 images",
        peer_name=f"load_state_dict and DataLoader of {batch_size}", goal=2.0, rounds=4,
    )  # fmt: skip
    for a, b in zip(found["ours"], found["theirs"], strict=True):
        assert (a == b).all()
