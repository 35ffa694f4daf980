from pathlib import Path

import pytest
import torch
from tests.problems.checkpoints.stored import SHAPES, tensors, write, write_adapter, write_sharded

from fusefront.errors import IntegrityError
from fusefront.problems.checkpoints.checkpoint import open_checkpoint, unwrapped
from fusefront.problems.checkpoints.tensors import (
    check_equal,
    check_whole,
    read_flat,
    read_tensors,
    task_vector,
)
from fusefront.problems.layout import Layout

LAYOUT = Layout(
    names=tuple(f"transformer.{name}" for name in SHAPES), shapes=tuple(SHAPES.values())
)


def flat(seed: int) -> torch.Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors(seed).values()])


def test_tensors_are_read_as_float32_in_the_order_asked(tmp_path: Path) -> None:
    halves = {name: tensor.half() for name, tensor in tensors(0).items()}
    checkpoint = open_checkpoint(write_sharded(tmp_path, halves))
    names = sorted(SHAPES, reverse=True)
    found = read_tensors(checkpoint, names)
    assert list(found) == names
    for name in names:
        assert torch.equal(found[name], halves[name].float())


def test_a_task_vector_ignores_prefixes(tmp_path: Path) -> None:
    base = open_checkpoint(write(tmp_path / "base", tensors(0)))
    head = {"score.weight": torch.ones(2, 4)}
    expert = write_sharded(tmp_path / "expert", tensors(1, "transformer.") | head)
    found = task_vector(base, open_checkpoint(expert), LAYOUT)
    torch.testing.assert_close(found, flat(1) - flat(0))
    assert torch.equal(read_flat(base, LAYOUT), flat(0))


def test_an_adapter_gives_the_task_vector_of_its_merged_weights(tmp_path: Path) -> None:
    a, b = torch.randn(2, 4), torch.randn(4, 2)
    base = open_checkpoint(write(tmp_path / "base", tensors(0)))
    name = "transformer.h.0.attn.c_proj"
    low = {f"{name}.lora_A.weight": a, f"{name}.lora_B.weight": b}
    adapter = open_checkpoint(write_adapter(tmp_path / "lora", low, fan_in_fan_out=True))
    merged = tensors(0)
    merged["h.0.attn.c_proj.weight"] += 3 * (b @ a).T
    dense = open_checkpoint(write(tmp_path / "dense", merged))
    expected = task_vector(base, dense, LAYOUT)
    torch.testing.assert_close(task_vector(base, adapter, LAYOUT), expected)
    assert expected.any()


def test_an_adapter_must_not_change_other_tensors(tmp_path: Path) -> None:
    base = open_checkpoint(write(tmp_path / "base", tensors(0)))
    low = {"wte.lora_embedding_A": torch.ones(2, 7), "wte.lora_embedding_B": torch.ones(4, 2)}
    adapter = open_checkpoint(write_adapter(tmp_path / "lora", low))
    part = Layout(names=("h.0.attn.c_proj.weight",), shapes=((4, 4),))
    with pytest.raises(IntegrityError, match=r"merged tensors only. Found `wte\.weight`"):
        task_vector(base, adapter, part)


def test_a_missing_or_misshapen_tensor_is_named(tmp_path: Path) -> None:
    base = open_checkpoint(write(tmp_path / "base", tensors(0)))
    lacking = tensors(1)
    del lacking["wte.weight"]
    expert = open_checkpoint(write(tmp_path / "expert", lacking))
    with pytest.raises(IntegrityError, match=r"`transformer\.wte\.weight` of shape \(7, 4\)"):
        task_vector(base, expert, LAYOUT)


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "module._orig_mod."])
def test_wrapped_tensors_are_read_by_the_names_of_the_model(tmp_path: Path, prefix: str) -> None:
    folder = write(tmp_path / "a", {prefix + name: t for name, t in tensors(0).items()})
    found = unwrapped(open_checkpoint(folder))
    assert set(found.tensors) == set(tensors(0))
    read = read_tensors(found, list(found.tensors))
    assert all(torch.equal(read[name], tensor) for name, tensor in tensors(0).items())


def test_two_names_must_hold_the_same_values(tmp_path: Path) -> None:
    one = tensors(0)["wte.weight"]
    stored = {"a": one, "b": one.clone(), "c": one + 1}
    found = open_checkpoint(write(tmp_path / "a", stored))
    check_equal(found, "a", "b")
    with pytest.raises(IntegrityError, match="different ones in `a` and `c`"):
        check_equal(found, "a", "c")


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.float8_e4m3fn])
def test_weights_that_are_not_floats_of_16_bits_are_quantised(
    tmp_path: Path, dtype: torch.dtype
) -> None:
    stored = {"a": torch.ones(2).half(), "b": torch.ones(2).to(dtype)}
    found = open_checkpoint(write(tmp_path / "a", stored))
    check_whole(found, ["a"])
    with pytest.raises(IntegrityError, match=r"Found `b` as .*: the checkpoint is quantised"):
        check_whole(found, ["a", "b"])
