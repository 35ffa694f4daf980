"""Multi-head routing against loops over tasks, adapters, blocks and entries."""

import math

import pytest
import torch
from torch import Tensor

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.lowrank.multi_head import RoutedAdapters
from fusefront.algorithms.pareto_set import MapSet
from fusefront.algorithms.training.low_rank import matrices
from fusefront.problems.experts import ExpertPool
from fusefront.testing.toy_problem import open_view, toy_problem

RANK = 3


def decoded(
    decoder: RoutedAdapters, pool: ExpertPool, parameters: list[Tensor], p: Tensor
) -> dict[str, Tensor]:
    weights = decoder.decode(pool, parameters, p)
    assert isinstance(weights, Tensor)
    return pool.layout.unflatten(weights)


def perturbed(decoder: RoutedAdapters, pool: ExpertPool) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    start = decoder.start(pool, generator)
    return [x + 0.3 * torch.randn(x.shape, generator=generator) for x in start]


def share(logits: Tensor, task: int, adapter: int) -> float:
    opened = [1 / (1 + math.exp(-float(z))) for z in logits[task]]
    return opened[adapter] / sum(opened)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_matrices_are_those_of_loops_over_blocks(heads: int) -> None:
    m = 3
    pool = toy_problem(m).pool()
    decoder = RoutedAdapters(rank=RANK, heads=heads, confidence=1.0, gain=2.0)
    parameters, p = perturbed(decoder, pool), torch.tensor([0.5, 0.2, 0.3])
    found = decoded(decoder, pool, parameters, p)
    base = pool.layout.unflatten(pool.pretrained)
    for layer, target in enumerate(matrices(pool.layout, RANK)):
        b, a = parameters[1 + 2 * layer], parameters[2 + 2 * layer]
        logits = 2.0 * parameters[0][layer]
        weight = [
            [sum(float(p[t]) * share(logits[h], t, i) for t in range(m)) for i in range(m)]
            for h in range(heads)
        ]
        rows = [
            torch.stack([weight[j * heads // target.rows][i] * b[i, j] for i in range(m)]).sum(0)
            for j in range(target.rows)
        ]
        columns = [
            torch.stack(
                [weight[k * heads // target.columns][i] * a[i, :, k] for i in range(m)]
            ).sum(0)
            for k in range(target.columns)
        ]
        expected = torch.stack([torch.stack([x @ y for y in columns]) for x in rows])
        name = pool.layout.names[target.index]
        torch.testing.assert_close(found[name], base[name] + expected, rtol=1e-4, atol=1e-5)


def test_tensors_without_an_adapter_are_those_of_the_rewarded_soup() -> None:
    pool = toy_problem(2).pool()
    decoder, p = RoutedAdapters(rank=RANK), torch.tensor([0.3, 0.7])
    found = decoded(decoder, pool, perturbed(decoder, pool), p)
    soup = pool.layout.unflatten(pool.pretrained + p @ pool.task_vectors)
    routed = {pool.layout.names[target.index] for target in matrices(pool.layout, RANK)}
    assert set(soup) > routed
    for name in set(soup) - routed:
        torch.testing.assert_close(found[name], soup[name])


def test_a_sure_route_starts_a_corner_at_the_best_approximation_of_its_expert() -> None:
    pool = toy_problem(2).pool()
    decoder = RoutedAdapters(rank=RANK, confidence=40.0)
    parameters = decoder.start(pool, torch.Generator())
    for corner, vector in zip(torch.eye(2), pool.task_vectors, strict=True):
        found = decoded(decoder, pool, parameters, corner)
        base, own = pool.layout.unflatten(pool.pretrained), pool.layout.unflatten(vector)
        for target in matrices(pool.layout, RANK):
            name = pool.layout.names[target.index]
            u, s, v = torch.linalg.svd(own[name], full_matrices=False)
            nearest = base[name] + u[:, :RANK] * s[:RANK] @ v[:RANK]
            torch.testing.assert_close(found[name], nearest, rtol=1e-4, atol=1e-5)


def test_training_moves_routes_of_every_head_apart_and_lowers_the_loss() -> None:
    view = open_view(toy_problem(2))
    names = {"rank": RANK, "heads": 2, "batch_size": 30}
    found, start = (
        ALGORITHMS["mhr"].make(steps=steps, **names).fit(view, generator=torch.Generator())
        for steps in (60, 0)
    )
    assert isinstance(found, MapSet)
    assert isinstance(start, MapSet)
    routes = found.function.parameters[0]  # type: ignore[attr-defined]
    assert not torch.equal(routes[:, 0], routes[:, 1])
    size = 2 * 2 * 2 * len(routes) + sum(
        2 * RANK * (t.rows + t.columns) for t in matrices(view.experts.layout, RANK)
    )
    assert found.trainable_parameters == size
    batch = next(view.batches(60))
    after, before = (
        sum(
            view.losses(x.model([p, 1 - p]), batch) @ torch.tensor([p, 1 - p])
            for p in (0.2, 0.5, 0.8)
        )
        for x in (found, start)
    )
    assert after < 0.97 * before
