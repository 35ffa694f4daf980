"""An expert given as a LoRA adapter equals the dense expert with the merged weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from fusefront.problems.base import Problem
from fusefront.problems.custom import problem_entry


def load(path: Path) -> Problem:
    return problem_entry(path).load()()


def low_rank(tensors: dict[str, Tensor], base: dict[str, Tensor], names: list[str]) -> None:
    """Make `tensors` differ from the pretrained model by rank two in `names`, and in the head."""
    for name in base:
        if not name.startswith(("score", "classifier")):
            tensors[name] = base[name].clone()
    for i, name in enumerate(names):
        generator = torch.Generator().manual_seed(i)
        rows, columns = base[name].shape
        a = torch.randn(2, columns, generator=generator)
        b = torch.randn(rows, 2, generator=generator) / 8
        tensors[name] = base[name] + b @ a


def adapter_of(
    folder: Path,
    base: dict[str, Tensor],
    names: dict[str, str],
    *,
    transposed: bool,
    head: str,
) -> None:
    """Replace a dense expert by the equal PEFT adapter: `names` from file to module."""
    dense = load_file(folder / "model.safetensors")
    found = {f"base_model.model.{n}": t for n, t in dense.items() if n.startswith(head)}
    for name, module in names.items():
        delta = dense[name] - base[name]
        u, s, v = torch.linalg.svd(delta.T if transposed else delta)
        a, b = s[:2, None] * v[:2], u[:, :2] / 4
        found[f"base_model.model.{module}.lora_A.weight"] = a.contiguous()
        found[f"base_model.model.{module}.lora_B.weight"] = b.contiguous()
    for path in folder.iterdir():
        path.unlink()
    save_file(found, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 8, "init_lora_weights": True}
    config |= {"modules_to_save": [head], "fan_in_fan_out": transposed}
    (folder / "adapter_config.json").write_text(json.dumps(config))


def compare(path: Path, expert: str, names: dict[str, str], *, transposed: bool, head: str) -> None:
    folder = path.parent
    base = load_file(folder / "base" / "model.safetensors")
    tensors = load_file(folder / expert / "model.safetensors")
    low_rank(tensors, base, list(names))
    save_file(tensors, folder / expert / "model.safetensors", {"format": "pt"})
    dense = load(path)
    family = dense.family  # type: ignore[attr-defined]
    vector, weight = family.pool([expert]).task_vectors[0], family.heads([expert])[0][0]
    adapter_of(folder / expert, base, names, transposed=transposed, head=head)
    lora = load(path).family  # type: ignore[attr-defined]
    found = lora.pool([expert]).task_vectors[0]
    assert vector.any()
    torch.testing.assert_close(found, vector, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(lora.heads([expert])[0][0], weight)
    assert [f.ok for f in load(path).preflight()] == [True] * 7


def test_an_adapter_of_gpt2_equals_its_merged_weights(text_copy: Path) -> None:
    layers = ["transformer.h.0.attn.c_proj", "transformer.h.1.mlp.c_fc"]
    names = {f"{layer}.weight": layer for layer in layers}
    compare(text_copy, "colour", names, transposed=True, head="score")


@pytest.mark.parametrize("named_as", ["file", "model"])
def test_an_adapter_of_a_vit_may_use_the_names_of_file_or_model(
    image_copy: Path, named_as: str
) -> None:
    stored = "vit.encoder.layer.0.attention.attention.query"
    module = stored if named_as == "file" else "vit.layers.0.attention.q_proj"
    names = {f"{stored}.weight": module}
    compare(image_copy, "upper", names, transposed=False, head="classifier")
