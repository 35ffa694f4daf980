"""All values of a checkpoint are checked, a few at a time."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fusefront.errors import IntegrityError
from fusefront.problems.checkpoints import finite
from fusefront.problems.checkpoints.checkpoint import open_checkpoint
from fusefront.problems.checkpoints.finite import check_finite, equal, read_parts

SHAPES = [(), (0, 3), (7,), (5, 4), (9, 2, 2)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six numbers at a time, so that small tensors have several parts."""
    monkeypatch.setattr(finite, "_AT_ONCE", 6)


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_are_the_tensor(tmp_path: Path, shape: tuple[int, ...]) -> None:
    tensor = torch.arange(math.prod(shape)).reshape(shape).to(torch.bfloat16)
    save_file({"t": tensor}, tmp_path / "m.safetensors")
    parts = list(read_parts(open_checkpoint(tmp_path / "m.safetensors"), "t"))
    whole = torch.cat(parts) if len(parts) > 1 else parts[0]
    assert whole.dtype == torch.float32
    assert torch.equal(whole, tensor.float())
    assert len(parts) == {(7,): 2, (5, 4): 5, (9, 2, 2): 9}.get(shape, 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_every_wrong_value_is_counted(tmp_path: Path, value: float, dtype: torch.dtype) -> None:
    tensors = {"a": torch.ones(4, dtype=dtype), "b": torch.ones(5, 4, dtype=dtype)}
    tensors["b"][0, 0] = tensors["b"][4, 3] = value
    file = tmp_path / "m.safetensors"
    save_file(tensors, file)
    checkpoint = open_checkpoint(file)
    check_finite("This model", checkpoint, ["a"])
    with pytest.raises(IntegrityError) as caught:
        check_finite("This model", checkpoint, ["a", "b"])
    assert str(caught.value) == (
        "This model must have finite weights. Found 2 of 20 numbers that are NaN or infinite as "
        f"float32 in `b` of `{file}`. Save it again, or name another checkpoint."
    )


def test_tensors_are_compared_as_float32(tmp_path: Path) -> None:
    values = torch.arange(8.0).reshape(4, 2)
    other = values.clone()
    other[3, 1] += 1
    stored = {
        "a": values,
        "b": values.double() * (1 + 1e-12),
        "c": other,
        "d": values.flatten().clone(),
    }
    save_file(stored, tmp_path / "m.safetensors")
    checkpoint = open_checkpoint(tmp_path / "m.safetensors")
    found = {name: equal(checkpoint, "a", checkpoint, name) for name in "abcd"}
    assert found == {"a": True, "b": True, "c": False, "d": False}
