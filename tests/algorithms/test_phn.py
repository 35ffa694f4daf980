import numpy as np
import pytest
import torch

from fusefront.algorithms.hypernetworks.phn import PreferenceHypernetwork
from fusefront.algorithms.hypernetworks.trunk import BlockHypernetwork
from fusefront.algorithms.pareto_set import MapSet
from fusefront.algorithms.training.decoder import Parameters
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import ToyProblem, open_view, toy_problem


def train(view: ProblemView, steps: int) -> MapSet:
    generator = torch.Generator().manual_seed(5)
    answer = PreferenceHypernetwork(steps=steps).fit(view, generator=generator)
    assert isinstance(answer, MapSet)
    return answer


def preferences(m: int) -> list[np.typing.NDArray[np.float64]]:
    return [*np.eye(m), np.full(m, 1 / m)]


def test_every_preference_starts_at_task_arithmetic(view: ProblemView) -> None:
    answer = train(view, steps=0)
    for p in preferences(len(view.tasks)):
        found = answer.coefficients(p)
        assert found is not None
        assert (found.values == 0.3).all()


def test_every_block_has_its_own_row(view: ProblemView) -> None:
    found = train(view, steps=20).coefficients(preferences(len(view.tasks))[0])
    assert found is not None
    assert found.space == "block"
    assert found.values.shape == (len(view.experts.layout.groups("block").names), len(view.tasks))
    assert len(torch.unique(found.values, dim=0)) == len(found.values)


def test_parameters_are_counted(problem: ToyProblem) -> None:
    m = len(problem.tasks)
    trunk = (m + 16) * 64 + 64 + 64 * 64 + 64 + 64 * m + m
    answer = train(open_view(problem), steps=1)
    assert answer.trainable_parameters == trunk + 4 * 16
    assert answer.state_bytes == 4 * answer.trainable_parameters


def test_decode_is_a_network_of_the_preference_and_the_blocks_embedding(
    generator: torch.Generator,
) -> None:
    pool = toy_problem(2).pool()
    blocks = len(pool.layout.groups("block").names)
    shapes = [(blocks, 16), (64, 18), (64,), (64, 64), (64,), (2, 64), (2,)]
    parameters = [torch.randn(shape, generator=generator) for shape in shapes]
    embedding, w1, b1, w2, b2, w3, b3 = parameters
    p = torch.tensor([0.2, 0.8])
    point = BlockHypernetwork().decode(pool, parameters, p)
    assert isinstance(point, Coefficients)
    for block in range(blocks):
        hidden = (w1 @ torch.cat([p, embedding[block]]) + b1).clamp_min(0)
        hidden = (w2 @ hidden + b2).clamp_min(0)
        torch.testing.assert_close(point.values[block], w3 @ hidden + b3, rtol=1e-4, atol=1e-3)


def test_gradient_reaches_the_trunk_and_the_embeddings_once_the_last_layer_has_moved(
    problem: ToyProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[torch.Tensor]] = []
    start = BlockHypernetwork.start

    def remember(
        self: BlockHypernetwork, experts: ExpertPool, generator: torch.Generator
    ) -> Parameters:
        started.append(start(self, experts, generator))
        return started[-1]

    monkeypatch.setattr(BlockHypernetwork, "start", remember)
    train(open_view(problem), steps=3)
    for parameter in started[0]:
        assert parameter.grad is not None
        assert parameter.grad.abs().max() > 0


def test_training_lowers_the_weighted_loss_and_distinguishes_preferences(
    view: ProblemView,
) -> None:
    def losses(answer: MapSet) -> torch.Tensor:
        batch = next(view.batches(60))
        models = [answer.model(p) for p in np.eye(len(view.tasks))]
        return torch.stack([view.losses(model, batch) for model in models])

    before, after = losses(train(view, steps=0)), losses(train(view, steps=250))
    assert after.trace() < before.trace()
    assert after.argmin(dim=0).tolist() == list(range(len(view.tasks)))
