import hashlib
import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tests.problems.checkpoints.stored import SHAPES, tensors, write, write_adapter, write_sharded

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.checkpoints.checkpoint import open_checkpoint, signature


def test_headers_of_one_file_are_read(tmp_path: Path) -> None:
    found = open_checkpoint(write(tmp_path, tensors(0)))
    assert {name: header.shape for name, header in found.tensors.items()} == SHAPES
    assert {header.dtype for header in found.tensors.values()} == {"F32"}
    assert found.sha256 == hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    assert found.config["model_type"] == "gpt2"
    assert not found.is_adapter
    assert found.n_parameters == 48


def test_shards_have_the_same_tensors_as_one_file(tmp_path: Path) -> None:
    whole = open_checkpoint(write(tmp_path / "whole", tensors(0)))
    shards = open_checkpoint(write_sharded(tmp_path / "shards", tensors(0)))
    assert shards.tensors == whole.tensors
    assert len(set(shards.files.values())) == 3


def test_sha256_changes_with_one_weight_of_one_shard(tmp_path: Path) -> None:
    before = open_checkpoint(write_sharded(tmp_path, tensors(0))).sha256
    changed = tensors(0)
    changed["wte.weight"][0, 0] += 1
    assert open_checkpoint(write_sharded(tmp_path, changed)).sha256 != before


def test_a_single_safetensors_file_is_a_checkpoint(tmp_path: Path) -> None:
    save_file(tensors(0), tmp_path / "expert.safetensors")
    found = open_checkpoint(tmp_path / "expert.safetensors")
    assert set(found.tensors) == set(SHAPES)
    assert found.config == {}
    assert found.tokenizer_sha256 is None


def test_signature_depends_on_widths(tmp_path: Path) -> None:
    narrow = open_checkpoint(write(tmp_path / "a", tensors(0)))
    other = {**tensors(0), "wte.weight": torch.zeros(7, 5)}
    wide = open_checkpoint(write(tmp_path / "b", other, n_embd=5))
    assert signature(narrow) != signature(wide)
    assert "n_embd=5" in signature(wide)
    again = open_checkpoint(write(tmp_path / "c", tensors(9)))
    assert signature(narrow) == signature(again)


@pytest.mark.parametrize(
    "shard", ["../x.safetensors", "/x.safetensors", "a/b.safetensors", "..\\x"]
)
def test_shards_outside_the_folder_are_refused(tmp_path: Path, shard: str) -> None:
    save_file({"w": torch.ones(2)}, tmp_path / "x.safetensors")
    folder = tmp_path / "model"
    folder.mkdir()
    index = {"weight_map": {"w": shard}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(IntegrityError, match="in its own folder"):
        open_checkpoint(folder)


def test_shards_that_are_pickles_are_refused(tmp_path: Path) -> None:
    index = {"weight_map": {"w": "pytorch_model.bin"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(IntegrityError, match="must name safetensors files"):
        open_checkpoint(tmp_path)


def test_an_index_that_names_a_tensor_its_shard_lacks_is_refused(tmp_path: Path) -> None:
    write_sharded(tmp_path, tensors(0))
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    index["weight_map"]["ghost"] = "model-0.safetensors"
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(IntegrityError, match="`ghost`"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.ckpt"])
def test_a_folder_of_pickles_is_refused_and_conversion_explained(tmp_path: Path, name: str) -> None:
    torch.save(tensors(0), tmp_path / name)
    with pytest.raises(IntegrityError, match=r"pickle.*save_pretrained"):
        open_checkpoint(tmp_path)


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return (Path.touch, (Path("sprung"),))


@pytest.mark.parametrize("kind", ["pickle", "torch"])
def test_a_disguised_pickle_is_refused_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if kind == "pickle":
        (tmp_path / "model.safetensors").write_bytes(pickle.dumps(_Trap()))
    else:
        torch.save({"w": torch.ones(2)}, tmp_path / "model.safetensors")
    with pytest.raises(IntegrityError, match="a pickle"):
        open_checkpoint(tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, tensors(0)) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(IntegrityError, match="must be a valid safetensors file"):
        open_checkpoint(tmp_path)


def test_an_empty_folder_is_missing_data(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"model\.safetensors"):
        open_checkpoint(tmp_path)


def test_a_model_beside_its_adapter_is_ambiguous(tmp_path: Path) -> None:
    write(tmp_path, tensors(0))
    write_adapter(tmp_path, {"h.0.attn.c_proj.lora_A.weight": torch.ones(2, 4)})
    with pytest.raises(IntegrityError, match="folder of its own"):
        open_checkpoint(tmp_path)


def test_the_format_of_a_tokenizer_does_not_matter(tmp_path: Path) -> None:
    words = ["[PAD]", "cat", "dog"]
    one, two, three = (write(tmp_path / n, tensors(0)) for n in "abc")
    (one / "vocab.txt").write_text("\n".join(words) + "\n")
    model = {"vocab": {word: i for i, word in enumerate(words)}}
    content = {"added_tokens": [{"id": 0, "content": "[PAD]"}], "model": model}
    (two / "tokenizer.json").write_text(json.dumps(content | {"truncation": {"max_length": 9}}))
    (three / "vocab.txt").write_text("\n".join(reversed(words)) + "\n")
    digests = [open_checkpoint(folder).tokenizer_sha256 for folder in (one, two, three)]
    assert digests[0] == digests[1] is not None
    assert digests[2] not in (None, digests[0])
