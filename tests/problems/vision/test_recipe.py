from dataclasses import replace
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from fusefront.problems.classifier import Examples
from fusefront.problems.fine_tuning import Head, Schedule
from fusefront.problems.network import features, trainable
from fusefront.problems.vision.examples import fingerprint
from fusefront.problems.vision.recipe import RECIPES, fit_backbone, scores, train
from fusefront.problems.vision.small_vit import SmallVit, load_shipped

_BRIEF = Schedule(epochs=1, learning_rate=1e-3, batch=128)
_SMOKE = RECIPES["smoke"]
_HIDDEN = _SMOKE.config["hidden_size"]
TINY = replace(
    _SMOKE,
    config={**_SMOKE.config, "hidden_size": 8, "num_hidden_layers": 1, "intermediate_size": 8},
    copies={"optdigits": 1},
    upstream=replace(
        _SMOKE.upstream, copies={"optdigits": 1}, overlays={("optdigits", "optdigits"): 128}
    ),
    pretraining=_BRIEF,
    fine_tuning=_BRIEF,
    longer={},
)


def test_training_twice_gives_the_same_bits_and_reports_every_stage(tmp_path: Path) -> None:
    lines: list[str] = []
    threads = torch.get_num_threads()
    train("smoke", tmp_path / "a", report=lines.append, recipe=TINY)
    torch.manual_seed(99)
    before = torch.get_rng_state()
    path = train("smoke", tmp_path / "b", report=lines.append, recipe=TINY)
    assert path.read_bytes() == (tmp_path / "a" / "smoke.safetensors").read_bytes()
    assert len(lines) == 2 * (1 + 3)
    assert torch.get_rng_state().equal(before)
    assert torch.get_num_threads() == threads
    experts = load_shipped("smoke", tmp_path / "b")
    assert experts.tasks == ("left", "right", "negated")
    assert experts.manifest["images"] == {"optdigits": fingerprint("smoke", "optdigits")}
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == [
        "smoke.json",
        "smoke.safetensors",
    ]


def _data() -> Examples:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(256) % 2
    inputs = torch.randn(256, 1, 12, 12, generator=generator)
    return Examples(inputs=inputs + labels[:, None, None, None], labels=labels)


def _loss(model: nn.Module, head: Head) -> float:
    data = _data()
    logits = functional.linear(features(model, data.inputs), *head)
    return float(functional.cross_entropy(logits, data.labels))


def test_fine_tuning_lowers_the_loss_and_leaves_a_frozen_head_unchanged() -> None:
    torch.manual_seed(0)
    model = SmallVit(_SMOKE.config)
    head = (torch.randn(2, _HIDDEN), torch.zeros(2))
    weight, flat, loss = head[0].clone(), trainable(model)[1], _loss(model, head)
    fit_backbone(
        model,
        head,
        _data,
        Schedule(epochs=3, learning_rate=1e-3, batch=64),
        generator=torch.Generator().manual_seed(0),
    )
    assert _loss(model, head) < loss
    assert head[0].equal(weight)
    assert not trainable(model)[1].equal(flat)


class _Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = SmallVit(_SMOKE.config)
        self.n_examples = 0

    def forward(self, inputs: torch.Tensor) -> object:
        self.n_examples += len(inputs)
        return self.model(inputs)


def test_shared_inputs_pass_through_the_model_once() -> None:
    inputs = torch.randn(40, 1, 12, 12)
    labels = torch.zeros(40, dtype=torch.int64)
    examples = {name: Examples(inputs=inputs, labels=labels) for name in ("a", "b")}
    heads = {name: (torch.randn(10, _HIDDEN), torch.zeros(10)) for name in examples}
    model = _Counting()
    found = scores(model, heads, examples)
    assert model.n_examples == 40
    assert found["a"]["n"] == 40
    assert found["a"] != found["b"]
