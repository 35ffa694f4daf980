"""Which layers each form of MoE fusion routes, and which router it uses."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.base import Algorithm
from fusefront.algorithms.moe.pwemoe import PWEMoECornerExact
from fusefront.algorithms.moe.router import Layers, Routed, Routers, routed_rows
from fusefront.algorithms.pareto_set import MapSet
from fusefront.errors import NotApplicableError
from fusefront.problems.layout import Layout
from fusefront.problems.view import ProblemView
from fusefront.testing.toy_problem import open_view, toy_problem

BLOCKS = ("layers.0", "layers.1")


def fit(algorithm: Algorithm, view: ProblemView) -> MapSet:
    answer = algorithm.fit(view, generator=torch.Generator().manual_seed(3))
    assert isinstance(answer, MapSet)
    return answer


def changed(answer: MapSet, view: ProblemView) -> set[str]:
    """Tensors that are not at task arithmetic with 0.3."""
    layout = view.experts.layout
    arithmetic = layout.unflatten(view.experts.pretrained + 0.3 * view.experts.task_vectors.sum(0))
    found = layout.unflatten(answer.model(np.eye(len(view.tasks))[0]))
    return {n for n, v in found.items() if not torch.allclose(v, arithmetic[n], atol=1e-6)}


@pytest.mark.parametrize(
    ("routed", "expected"),
    [
        ("mlp", {f"{b}.mlp" for b in BLOCKS}),
        ("attention", {f"{b}.attention" for b in BLOCKS}),
        (
            "all",
            {f"{b}.{m}" for b in BLOCKS for m in ("mlp", "attention")}
            | {"embeddings", "layernorm"},
        ),
    ],
)
def test_the_chosen_modules_are_routed_and_no_others(
    routed: Routed, expected: set[str], view: ProblemView
) -> None:
    answer = fit(ALGORITHMS["pwemoe-ls"].make(steps=20, routed=routed, activation="tanh"), view)
    names = {
        n.rpartition(".")[0].removesuffix(".fc1").removesuffix(".fc2")
        for n in changed(answer, view)
    }
    assert names == expected
    m = len(view.tasks)
    assert answer.trainable_parameters == len(expected) * (4 * m**2 + 3 * m)


def test_tensors_have_a_router_each(view: ProblemView) -> None:
    answer = fit(ALGORITHMS["pwemoe-ls"].make(steps=20, routed="tensors", activation="tanh"), view)
    layout, m = view.experts.layout, len(view.tasks)
    assert changed(answer, view) == set(layout.names)
    assert answer.trainable_parameters == len(layout.names) * (4 * m**2 + 3 * m)


def test_last_blocks_only(view: ProblemView) -> None:
    answer = fit(
        ALGORITHMS["pwemoe-ls"].make(steps=20, routed="all", last=1, activation="tanh"), view
    )
    assert changed(answer, view) == {
        n for n in view.experts.layout.names if n.startswith(BLOCKS[1])
    }


@pytest.mark.parametrize(("layers", "count"), [(0, 3), (1, 9 + 3), (2, 4 * 9 + 3 * 3)])
def test_router_of_no_one_and_two_layers(layers: Layers, count: int) -> None:
    view = open_view(toy_problem(3))
    answer = fit(ALGORITHMS["pwemoe-ls"].make(steps=40, layers=layers, activation="tanh"), view)
    assert answer.trainable_parameters == 2 * count
    a, b = (answer.coefficients(p) for p in np.eye(3)[:2])
    assert a is not None
    assert b is not None
    assert torch.equal(a.values, b.values) == (layers == 0)


def test_corners_of_the_corner_exact_form_are_the_experts_whatever_is_learned(
    view: ProblemView,
) -> None:
    answer = fit(PWEMoECornerExact(steps=60), view)
    for corner, vector in zip(np.eye(len(view.tasks)), view.experts.task_vectors, strict=True):
        torch.testing.assert_close(answer.model(corner), view.experts.pretrained + vector)
    centre = np.full(len(view.tasks), 1 / len(view.tasks))
    average = view.experts.pretrained + view.experts.task_vectors.mean(0)
    assert not torch.allclose(answer.model(centre), average, atol=1e-4)


def test_corner_exact_form_starts_at_the_rewarded_soup(view: ProblemView) -> None:
    answer = fit(PWEMoECornerExact(steps=0), view)
    p = np.linspace(1, 2, len(view.tasks))
    p /= p.sum()
    soup = view.experts.pretrained + torch.from_numpy(p).float() @ view.experts.task_vectors
    assert (answer.model(p) - soup).norm() < 1e-3 * soup.norm()


def test_label_free_form_lowers_the_entropy(view: ProblemView) -> None:
    def entropy(answer: MapSet) -> float:
        batch = next(view.batches(50, labelled=False))
        found = [
            view.entropies(answer.model(p), batch) @ torch.tensor(p).float()
            for p in np.eye(len(view.tasks))
        ]
        return float(torch.stack(found).sum())

    assert entropy(
        fit(ALGORITHMS["pwemoe-entropy"].make(steps=80, learning_rate=1e-2), view)
    ) < entropy(fit(ALGORITHMS["pwemoe-entropy"].make(steps=0), view))


@pytest.mark.parametrize("form", [ALGORITHMS["pwemoe-epo"].make, ALGORITHMS["pwemoe-stch"].make])
def test_preference_aware_losses_serve_the_more_important_task_better(
    form: Callable[..., Algorithm],
) -> None:
    view = open_view(toy_problem(2))
    answer = fit(form(steps=250, routed="tensors", activation="tanh", batch_size=30), view)
    batch = next(view.batches(50))
    one, two = (view.losses(answer.model([p, 1 - p]), batch) for p in (0.9, 0.1))
    assert one[0] < two[0]
    assert two[1] < one[1]


def test_missing_modules_cannot_be_routed() -> None:
    layout = Layout(names=("conv.weight", "norm.weight"), shapes=((1,), (1,)))
    with pytest.raises(NotApplicableError, match=r"`attention` or `self_attn` or `attn`.*conv"):
        routed_rows(layout.groups("module"), "attention")


def test_the_two_halves_of_berts_mlp_are_one_module() -> None:
    names = (
        "encoder.layer.0.attention.output.dense.weight",
        "encoder.layer.0.intermediate.dense.weight",
        "encoder.layer.0.output.dense.weight",
    )
    groups = Layout(names=names, shapes=((1,),) * 3).groups("module")
    assert groups.names == ("encoder.layer.0.attention", "encoder.layer.0.mlp")
    assert routed_rows(groups) == (1,)


def test_no_gradient_is_computed_for_tensors_without_a_router(view: ProblemView) -> None:
    groups = view.experts.layout.groups("module")
    routers = Routers(space="module", routed=routed_rows(groups), initial=0.3)
    parameters = routers.start(view.experts, torch.Generator())
    point = routers.decode(view.experts, parameters, torch.ones(len(view.tasks)))
    assert point.active is not None
    assert [n for n, a in zip(groups.names, point.active, strict=True) if a] == [
        f"{b}.mlp" for b in BLOCKS
    ]
