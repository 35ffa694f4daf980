import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.problems.checkpoints.stored import write_adapter
from torch import Tensor

from fusefront.errors import IntegrityError
from fusefront.problems.checkpoints.adapters import plan_adapter
from fusefront.problems.checkpoints.checkpoint import open_checkpoint
from fusefront.problems.checkpoints.tensors import apply_plan

MODULE = "transformer.h.0.attn"


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def pair(module: str, out: int, inside: int, rank: int = 2) -> dict[str, Tensor]:
    a, b = draw(rank, inside), draw(out, rank) + 1
    return {f"{module}.lora_A.weight": a, f"{module}.lora_B.weight": b}


def adapted(
    folder: Path, base: dict[str, Tensor], found: dict[str, Tensor], model_type: str, **config: Any
) -> dict[str, Tensor]:
    adapter = open_checkpoint(write_adapter(folder, found, **config))
    shapes = {name: tuple(tensor.shape) for name, tensor in base.items()}
    plan = plan_adapter(adapter, shapes, model_type=model_type)
    return apply_plan(plan, adapter, base)


def test_linear_layers_gain_alpha_over_r_times_b_a(tmp_path: Path) -> None:
    base, found = {"bert.q.weight": draw(5, 3)}, pair("bert.q", 5, 3)
    made = adapted(tmp_path, base, found, "bert")["bert.q.weight"]
    a, b = found.values()
    torch.testing.assert_close(made, base["bert.q.weight"] + 6 / 2 * b @ a)


def test_rank_stabilised_adapters_divide_by_the_root(tmp_path: Path) -> None:
    base, found = {"q.weight": torch.zeros(5, 3)}, pair("q", 5, 3)
    made = adapted(tmp_path, base, found, "bert", use_rslora=True)["q.weight"]
    a, b = found.values()
    torch.testing.assert_close(made, 6 / math.sqrt(2) * b @ a)


def test_patterns_give_modules_their_own_rank_and_alpha(tmp_path: Path) -> None:
    base = {"h.0.q.weight": torch.zeros(5, 3), "h.1.q.weight": torch.zeros(5, 3)}
    found = pair("h.0.q", 5, 3) | pair("h.1.q", 5, 3, rank=4)
    patterns = {"rank_pattern": {"h.1.q": 4}, "alpha_pattern": {r"h\.1\.q": 2}}
    made = adapted(tmp_path, base, found, "bert", **patterns)
    for i, scale in ((0, 6 / 2), (1, 2 / 4)):
        a, b = found[f"h.{i}.q.lora_A.weight"], found[f"h.{i}.q.lora_B.weight"]
        torch.testing.assert_close(made[f"h.{i}.q.weight"], scale * b @ a)


@pytest.mark.parametrize("fan_in_fan_out", [True, False])
def test_gpt2s_layers_are_transposed_even_if_square(tmp_path: Path, fan_in_fan_out: bool) -> None:
    base = {
        "h.0.attn.c_proj.weight": torch.zeros(4, 4),
        "h.0.attn.c_attn.weight": torch.zeros(4, 12),
    }
    found = pair(f"{MODULE}.c_proj", 4, 4) | pair(f"{MODULE}.c_attn", 12, 4)
    made = adapted(tmp_path, base, found, "gpt2", fan_in_fan_out=fan_in_fan_out)
    for layer in ("c_proj", "c_attn"):
        a = found[f"{MODULE}.{layer}.lora_A.weight"]
        b = found[f"{MODULE}.{layer}.lora_B.weight"]
        torch.testing.assert_close(made[f"h.0.attn.{layer}.weight"], 3 * (b @ a).T)


def test_embeddings_and_convolutions_are_adapted(tmp_path: Path) -> None:
    base = {"wte.weight": torch.zeros(7, 4), "patch.weight": torch.zeros(4, 3, 2, 2)}
    found = {
        "wte.lora_embedding_A": draw(2, 7),
        "wte.lora_embedding_B": draw(4, 2),
        "patch.lora_A.weight": draw(2, 3, 2, 2),
        "patch.lora_B.weight": draw(4, 2, 1, 1),
    }
    made = adapted(tmp_path, base, found, "vit")
    embedding = 3 * (found["wte.lora_embedding_B"] @ found["wte.lora_embedding_A"]).T
    torch.testing.assert_close(made["wte.weight"], embedding)
    b, a = found["patch.lora_B.weight"][:, :, 0, 0], found["patch.lora_A.weight"]
    torch.testing.assert_close(made["patch.weight"], 3 * torch.einsum("or,rihw->oihw", b, a))


def test_trained_biases_and_saved_modules_replace_and_heads_are_apart(tmp_path: Path) -> None:
    base = {
        "bert.q.weight": draw(5, 3),
        "bert.q.bias": draw(5),
        "bert.pooler.weight": draw(3, 3),
        "classifier.weight": draw(1000, 3),
    }
    found = pair("bert.q", 5, 3) | {
        "bert.q.base_layer.bias": draw(5) + 1,
        "bert.pooler.weight": draw(3, 3) + 2,
        "classifier.weight": draw(2, 3),
        "classifier.bias": draw(2),
    }
    adapter = open_checkpoint(
        write_adapter(tmp_path, found, bias="lora_only", modules_to_save=["classifier", "pooler"])
    )
    shapes = {name: tuple(tensor.shape) for name, tensor in base.items()}
    plan = plan_adapter(adapter, shapes, model_type="bert")
    assert set(plan.heads) == {"classifier.weight", "classifier.bias"}
    made = apply_plan(plan, adapter, base)
    assert torch.equal(made["bert.q.bias"], draw(5) + 1)
    assert torch.equal(made["bert.pooler.weight"], draw(3, 3) + 2)
    assert torch.equal(made["classifier.weight"], draw(2, 3))


def test_a_bias_of_the_low_rank_layer_is_scaled_and_added(tmp_path: Path) -> None:
    base = {"q.weight": torch.zeros(5, 3), "q.bias": draw(5)}
    found = pair("q", 5, 3) | {"q.lora_B.bias": draw(5) + 1}
    made = adapted(tmp_path, base, found, "bert", lora_bias=True)
    torch.testing.assert_close(made["q.bias"], draw(5) + 3 * (draw(5) + 1))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"peft_type": "IA3"}, "peft_type 'IA3'"),
        ({"use_dora": True}, "DoRA"),
        ({"init_lora_weights": "pissa"}, "alters the pretrained weights"),
        ({"layer_replication": [[0, 1]]}, "layers are repeated"),
        ({"r": 3}, "rank 2, but r is 3"),
        ({"lora_alpha": None}, "alpha None"),
    ],
)
def test_adapters_that_are_not_plain_lora_are_refused_with_the_reason(
    tmp_path: Path, config: dict[str, Any], reason: str
) -> None:
    with pytest.raises(IntegrityError, match=reason):
        adapted(tmp_path, {"q.weight": torch.zeros(5, 3)}, pair("q", 5, 3), "bert", **config)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (pair("k", 5, 3), "`k.weight`, which the pretrained model lacks"),
        (pair("q", 5, 9), r"\(5, 9\) for `q.weight`, which is \(5, 3\)"),
        ({"q.lora_A.weight": draw(2, 3)}, "without `base_model.model.q.lora_B.weight`"),
        ({"q.lora_B.weight": draw(5, 2)}, "without `base_model.model.q.lora_A.weight`"),
        (pair("q", 5, 3) | {"q.lora_magnitude_vector": draw(5)}, "not a LoRA matrix"),
        (
            pair("q", 5, 3) | {"extra.weight": draw(5)},
            "`extra.weight`, which the pretrained model lacks",
        ),
    ],
)
def test_every_tensor_must_fit_the_model(
    tmp_path: Path, found: dict[str, Tensor], reason: str
) -> None:
    with pytest.raises(IntegrityError, match=reason):
        adapted(tmp_path, {"q.weight": torch.zeros(5, 3)}, found, "bert")
