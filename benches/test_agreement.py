"""The same tensors merged by fusefront, fusion-bench and mergekit; the difference found is kept.

Run in the environment of `make peers`; `make bench` writes the table into docs/correctness.
"""

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor, nn

from benches.peers import PWEMOE, peer_module
from fusefront.algorithms.merging.dropping import dropped
from fusefront.algorithms.merging.fisher import FisherMean
from fusefront.algorithms.merging.regmean import regression
from fusefront.algorithms.merging.slerp import cosines, spherical_weights
from fusefront.algorithms.merging.ties import disjoint_mean
from fusefront.algorithms.moe.router import Routers
from fusefront.algorithms.training.trimming import trim
from fusefront.problems.experts import Coefficients, ExpertPool
from fusefront.problems.layout import Layout

TASKS, WIDTH, INNER = 3, 16, 24
SHAPES = {
    "layers.0.mlp.fc1.weight": (INNER, WIDTH),
    "layers.0.mlp.fc1.bias": (INNER,),
    "layers.0.mlp.fc2.weight": (WIDTH, INNER),
    "layers.0.mlp.fc2.bias": (WIDTH,),
}
Agree = Callable[..., None]


def made(tasks: int = TASKS) -> ExpertPool:
    layout = Layout(names=tuple(SHAPES), shapes=tuple(SHAPES.values()))
    generator = torch.Generator().manual_seed(0)
    return ExpertPool(
        pretrained=torch.randn(layout.size, generator=generator),
        task_vectors=0.1 * torch.randn(tasks, layout.size, generator=generator),
        layout=layout,
        names=[f"task{t}" for t in range(tasks)],
    )


class Mlp(nn.Module):
    """A module with the tensors of the pool."""

    def __init__(self, pool: ExpertPool, params: Tensor) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        named = pool.layout.unflatten(params.clone())
        self.load_state_dict({n.removeprefix("layers.0.mlp."): v for n, v in named.items()})


@pytest.fixture
def agree(benchmark: BenchmarkFixture) -> Agree:
    """`agree(ours, theirs, method=..., peer=..., note=..., within=...)`."""

    def check(
        ours: Tensor,
        theirs: Tensor,
        *,
        method: str,
        peer: str,
        note: str = "",
        within: float = 1e-5,
    ) -> None:
        difference = float((ours - theirs).abs().max())
        benchmark.pedantic(lambda: None, rounds=1)
        benchmark.extra_info.update(method=method, peer=peer, difference=difference, note=note)
        assert difference <= within

    return check


def fusion_bench(module: str) -> Any:
    pytest.importorskip("fusion_bench", reason="run `make peers`")
    return importlib.import_module(f"fusion_bench.method.{module}")


def mergekit(pool: ExpertPool, name: str, **parameters: Any) -> Tensor:
    """Task arithmetic of mergekit with these parameters, tensor by tensor."""
    pytest.importorskip("mergekit", reason="run `make peers`")
    base = importlib.import_module("mergekit.merge_methods.base")
    methods = importlib.import_module("mergekit.merge_methods.generalized_task_arithmetic")
    method = methods.GeneralizedTaskArithmeticMerge(
        consensus_method=methods.ConsensusMethod.sum if name == "ties" else None,
        sparsification_method=None,
        default_normalize=False,
        default_rescale=False,
        method_name=name,
        method_pretty_name=None,
        method_reference_url=None,
    )
    named = [
        pool.layout.unflatten(p) for p in (pool.pretrained, *(pool.pretrained + pool.task_vectors))
    ]
    merged = []
    for tensor in pool.layout.names:
        group = base.TensorGroup.from_tensors([model[tensor] for model in named], base_index=0)
        merged.append(method.merge_group(group, **parameters).reshape(-1))
    return torch.cat(merged)


def test_task_arithmetic_of_fusion_bench(agree: Agree) -> None:
    """Uses its arithmetic of state dicts, because `task_arithmetic_merge` raises TypeError."""
    pool = made()
    pytest.importorskip("fusion_bench", reason="run `make peers`")
    peer = importlib.import_module("fusion_bench.utils.state_dict_arithmetic")
    base, *experts = (
        Mlp(pool, params).state_dict()
        for params in (pool.pretrained, *(pool.pretrained + pool.task_vectors))
    )
    total = peer.state_dict_sub(experts[0], base)
    for expert in experts[1:]:
        total = peer.state_dict_add(total, peer.state_dict_sub(expert, base))
    found = peer.state_dict_add(base, peer.state_dict_mul(total, 0.3))
    theirs = torch.cat([found[n].reshape(-1) for n in base])
    ours = pool.merge(Coefficients(values=torch.full((TASKS,), 0.3)))
    agree(ours, theirs, method="task arithmetic", peer="fusion-bench")


def test_task_arithmetic_of_mergekit(agree: Agree) -> None:
    pool, values = made(), torch.tensor([0.2, 0.5, 0.9])
    weight = {index + 1: float(c) for index, c in enumerate(values)}
    parameters = {"weight": weight, "normalize": False, "lambda": 1.0}
    theirs = mergekit(pool, "task_arithmetic", int8_mask=False, **parameters)
    agree(
        pool.merge(Coefficients(values=values)), theirs, method="task arithmetic", peer="mergekit"
    )


@pytest.mark.parametrize("rule", ["mean", "sum"])
def test_ties_of_fusion_bench(rule: str, agree: Agree) -> None:
    """The same trimmed vectors: which entries are kept differs by one (see the note)."""
    pool = made()
    utilities = fusion_bench("ties_merging.ties_merging_utils")
    trimmed = trim(pool.task_vectors, 0.2)
    signs = utilities.resolve_sign(trimmed.clone())
    theirs = utilities.disjoint_merge(trimmed.clone(), rule, signs)
    ours = disjoint_mean(trimmed, torch.ones(TASKS))
    if rule == "sum":
        kept = ((trimmed * signs) > 0).sum(0).clamp_min(1)
        ours = ours * kept
    note = "disjoint mean, as the paper has it" if rule == "mean" else "ours times the number kept"
    agree(ours, theirs, method=f"TIES, disjoint {rule}", peer="fusion-bench", note=note)


def test_trimming_of_fusion_bench_keeps_one_entry_more(agree: Agree) -> None:
    pool = made()
    utilities = fusion_bench("ties_merging.ties_merging_utils")
    theirs, _ = utilities.topk_values_mask(pool.task_vectors.clone(), K=20)
    ours = trim(pool.task_vectors, 0.2)
    more = ((theirs != 0) & (ours == 0)).sum(1)
    assert ((ours != 0) <= (theirs != 0)).all()
    assert more.max() <= 1
    agree(
        ours[ours != 0], theirs[ours != 0], method="TIES, trimming", peer="fusion-bench",
        note="it keeps one entry per vector more than the requested share",
    )  # fmt: skip


def test_ties_of_mergekit(agree: Agree) -> None:
    """At its default density nothing is trimmed; weights are divided by those that agree."""
    pool = made()
    weight = dict.fromkeys(range(1, TASKS + 1), 1.0)
    theirs = mergekit(
        pool, "ties", weight=weight, normalize=True, int8_mask=False, **{"lambda": 1.0}
    )
    ours = pool.pretrained + disjoint_mean(pool.task_vectors, torch.ones(TASKS))
    agree(ours, theirs, method="TIES, sign election", peer="mergekit", note="nothing trimmed")


def test_dare_of_fusion_bench_with_its_mask(agree: Agree) -> None:
    pool = made()
    utilities = fusion_bench("dare.utils")
    vectors = pool.task_vectors.clone()
    torch.manual_seed(0)
    utilities.param_random_drop_(vectors, 0.5, rescale=True)
    ours = dropped(pool.task_vectors, 0.5, torch.Generator().manual_seed(1))
    both = (ours != 0) & (vectors != 0)
    assert both.any()
    agree(
        ours[both], vectors[both], method="DARE, entries that both masks keep", peer="fusion-bench"
    )


@pytest.mark.parametrize("peer", ["fusion-bench", "mergekit"])
@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_slerp(peer: str, t: float, agree: Agree) -> None:
    pool = made(2)
    values = spherical_weights(cosines(pool), torch.tensor([1 - t, t]).double())
    ours = pool.merge(Coefficients(values=values.float(), space="tensor")) - pool.pretrained
    one, two = (pool.layout.unflatten(v) for v in pool.task_vectors)
    if peer == "mergekit":
        pytest.importorskip("mergekit", reason="run `make peers`")
        inner = importlib.import_module("mergekit.merge_methods.slerp").slerp

        def slerp(t: float, a: Tensor, b: Tensor) -> Tensor:
            found: Tensor = inner(torch.tensor([t]), a[None], b[None])[0]
            return found
    else:
        slerp = fusion_bench("slerp.slerp_utils").slerp
    theirs = torch.cat([slerp(t, one[n], two[n]).reshape(-1) for n in one])
    agree(ours, theirs, method=f"SLERP of task vectors, t = {t}", peer=peer)


def test_regmean_of_fusion_bench(agree: Agree) -> None:
    pool = made()
    generator = torch.Generator().manual_seed(1)
    widths = {"layers.0.mlp.fc1": WIDTH, "layers.0.mlp.fc2": INNER}
    grams: list[dict[str, Tensor]] = []
    for _ in range(TASKS):
        inputs = {n: torch.randn(200, d, generator=generator) for n, d in widths.items()}
        grams.append({n: x.T @ x for n, x in inputs.items()})
    merge = fusion_bench("regmean.regmean").merging_with_regmean_weights
    experts = [pool.layout.unflatten(pool.pretrained + vector) for vector in pool.task_vectors]
    parameters = {n: [expert[n] for expert in experts] for n in pool.layout.names}
    theirs = merge(parameters, grams, reduce_non_diagonal_ratio=0.95)
    mean = regression(
        pool, [{f"{n}.weight": g for n, g in one.items()} for one in grams],
        diagonal=0.05, ridge=0.0, inputs_first=False,
    )  # fmt: skip
    agree(
        mean(torch.full((TASKS,), 1 / TASKS)),
        torch.cat([theirs[n].reshape(-1) for n in pool.layout.names]),
        method="RegMean, off-diagonals times 0.95", peer="fusion-bench", within=1e-4,
        note="ours solves in float64 for the difference to the mean, theirs inverts in float32",
    )  # fmt: skip


def test_fisher_of_fusion_bench(agree: Agree) -> None:
    pool = made()
    information = torch.rand(TASKS, pool.layout.size) + 0.5
    merge = fusion_bench("fisher_merging.fisher_merging").merging_with_fisher_weights
    experts = [pool.layout.unflatten(pool.pretrained + vector) for vector in pool.task_vectors]
    theirs = merge(
        {n: [expert[n] for expert in experts] for n in pool.layout.names},
        [pool.layout.unflatten(row) for row in information],
        torch.full((TASKS,), 1 / TASKS),
        normalize_fisher_weight=False,
        minimal_fisher_weight=0.0,
    )
    ours = FisherMean(experts=pool, information=information)(torch.full((TASKS,), 1 / TASKS))
    agree(
        ours, torch.cat([theirs[n].reshape(-1) for n in pool.layout.names]),
        method="Fisher mean of the same information", peer="fusion-bench",
        note="it adds its floor to every entry; ours raises entries below it",
    )  # fmt: skip


def test_routed_weights_of_fusion_bench(agree: Agree) -> None:
    pool = made()
    module = peer_module(*PWEMOE).ParetoWeightEnsemblingModule(
        base_model=Mlp(pool, pool.pretrained),
        expert_models=[Mlp(pool, pool.pretrained + v) for v in pool.task_vectors],
        init_lambda=0.3,
        router_hidden_layers=2,
    )
    for parameter in module.gate.parameters():
        nn.init.normal_(parameter)
    preference = torch.tensor([0.5, 0.2, 0.3])
    module._set_preference_vector(preference)
    theirs = torch.cat([v.detach().reshape(-1) for v in module._merge_state_dict().values()])
    routers = Routers(space="module", routed=(0,), initial=0.3)
    parameters = [p.detach()[None] for p in module.gate.parameters()]
    point = routers.decode(pool, parameters, preference)
    agree(pool.merge(point), theirs, method="PWEMoE, routed weights", peer="fusion-bench")
