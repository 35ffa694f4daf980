"""Checkpoints written by hand, in the formats that transformers and PEFT write."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

SHAPES = {"wte.weight": (7, 4), "h.0.attn.c_proj.weight": (4, 4), "h.0.attn.c_proj.bias": (4,)}


def tensors(seed: int, prefix: str = "") -> dict[str, Tensor]:
    """Random tensors of a tiny GPT-2."""
    generator = torch.Generator().manual_seed(seed)
    return {prefix + n: torch.randn(s, generator=generator) for n, s in SHAPES.items()}


def write(folder: Path, found: Mapping[str, Tensor], **config: Any) -> Path:
    """Write a model in one file."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(dict(found), folder / "model.safetensors")
    settings = {"model_type": "gpt2", "vocab_size": 7, "n_embd": 4} | config
    (folder / "config.json").write_text(json.dumps(settings))
    return folder


def write_sharded(folder: Path, found: Mapping[str, Tensor]) -> Path:
    """Write a model with one file per tensor."""
    folder.mkdir(parents=True, exist_ok=True)
    where = {name: f"model-{i}.safetensors" for i, name in enumerate(found)}
    for name, file in where.items():
        save_file({name: found[name]}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    return folder


def write_adapter(folder: Path, found: Mapping[str, Tensor], **config: Any) -> Path:
    """Write an adapter as PEFT saves it."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {f"base_model.model.{name}": t.contiguous() for name, t in found.items()},
        folder / "adapter_model.safetensors",
    )
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 6, "init_lora_weights": True} | config
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    return folder
