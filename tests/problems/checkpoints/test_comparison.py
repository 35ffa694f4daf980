from pathlib import Path

import torch
from tests.problems.checkpoints.stored import SHAPES, tensors, write, write_adapter

from fusefront.problems.checkpoints.checkpoint import open_checkpoint
from fusefront.problems.checkpoints.comparison import Mismatch, mismatches

NAMES = list(SHAPES)


def compared(folder: Path, expert: dict[str, torch.Tensor], **config: object) -> list[Mismatch]:
    base = open_checkpoint(write(folder / "base", tensors(0)))
    return mismatches(base, open_checkpoint(write(folder / "expert", expert, **config)), NAMES)


def test_an_expert_with_a_head_and_another_prefix_fits(tmp_path: Path) -> None:
    expert = tensors(1, "transformer.") | {"score.weight": torch.ones(2, 4)}
    assert compared(tmp_path, expert) == []


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    expert = tensors(1)
    del expert["h.0.attn.c_proj.bias"]
    (found,) = compared(tmp_path, expert)
    assert found == Mismatch("missing", "`h.0.attn.c_proj.bias` is not in the expert", True)


def test_a_different_shape_is_named(tmp_path: Path) -> None:
    (found,) = compared(tmp_path, tensors(1) | {"wte.weight": torch.ones(9, 4)})
    assert found == Mismatch(
        "shape", "`wte.weight` is (9, 4), but the pretrained model has (7, 4)", True
    )


def test_a_different_dtype_is_only_a_remark(tmp_path: Path) -> None:
    found = compared(tmp_path, {name: tensor.half() for name, tensor in tensors(1).items()})
    assert [(m.kind, m.fatal) for m in found] == [("dtype", False)] * 3


def test_quantised_weights_are_fatal(tmp_path: Path) -> None:
    found = compared(tmp_path, {name: tensor.to(torch.int8) for name, tensor in tensors(1).items()})
    assert [(m.kind, m.fatal) for m in found] == [("dtype", True)] * 3
    assert found[0].line == "`wte.weight` is I8, so that the expert is quantised"


def test_different_model_type_vocabulary_and_setting_are_named(tmp_path: Path) -> None:
    (found,) = compared(tmp_path / "a", tensors(1), model_type="bert")
    assert found.line == "model type bert, but the pretrained model is gpt2"
    (found,) = compared(tmp_path / "b", tensors(1), vocab_size=8)
    assert found == Mismatch("vocabulary", "8 tokens, but the pretrained model has 7", True)
    base = open_checkpoint(write(tmp_path / "base", tensors(0), n_head=2))
    expert = open_checkpoint(write(tmp_path / "expert", tensors(1), n_head=4))
    (found,) = mismatches(base, expert, NAMES)
    assert found == Mismatch("setting", "`n_head` 4, but the pretrained model has 2", True)


def test_a_different_tokenizer_is_named(tmp_path: Path) -> None:
    base, expert = (write(tmp_path / name, tensors(0)) for name in ("base", "expert"))
    (base / "vocab.txt").write_text("cat\ndog\n")
    (expert / "vocab.txt").write_text("dog\ncat\n")
    (found,) = mismatches(open_checkpoint(base), open_checkpoint(expert), NAMES)
    assert found.kind == "tokenizer"
    assert found.fatal


def test_tensors_beside_the_merged_ones_are_unexpected_but_buffers_are_not(tmp_path: Path) -> None:
    extra = {"h.0.attn.masked_bias": torch.ones(1), "h.1.attn.c_proj.weight": torch.ones(4, 4)}
    (found,) = compared(tmp_path, tensors(1) | extra)
    assert found == Mismatch("unexpected", "`h.1.attn.c_proj.weight` is not merged", True)


def test_an_adapter_of_another_model_is_named(tmp_path: Path) -> None:
    base = open_checkpoint(write(tmp_path / "base", tensors(0)))
    low = {"wte.lora_embedding_A": torch.ones(2, 9), "wte.lora_embedding_B": torch.ones(4, 2)}
    adapter = open_checkpoint(write_adapter(tmp_path / "lora", low))
    (found,) = mismatches(base, adapter, NAMES)
    assert found.fatal
    assert "wte.weight" in found.line
