"""Errors in a user's files are reported quickly, in one line, before anything is run."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.problems.custom.stand_ins import WORDS, save, save_tokenizer, text_model

from fusefront.errors import FusefrontError
from fusefront.problems.custom import problem_entry


def edit_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def edit_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))


def other_width(folder: Path) -> None:
    save(text_model("gpt2", n_embd=48), folder / "colour")


def other_vocabulary(folder: Path) -> None:
    save(text_model("gpt2", vocab_size=len(WORDS) + 3), folder / "colour")


def other_tokenizer(folder: Path) -> None:
    save_tokenizer(folder / "colour", [*WORDS[:4], *reversed(WORDS[4:])])


def other_architecture(folder: Path) -> None:
    save(text_model("bert"), folder / "colour")


def missing_tensor(folder: Path) -> None:
    edit_tensors(folder / "colour", lambda t: t.pop("transformer.h.1.mlp.c_fc.weight"))


def no_head(folder: Path) -> None:
    edit_tensors(folder / "colour", lambda t: t.pop("score.weight"))


def overwrite(folder: Path, name: str, value: float) -> None:
    edit_tensors(folder, lambda t: t[name].view(-1)[:2].fill_(value))


def not_finite(folder: Path) -> None:
    overwrite(folder / "colour", "transformer.ln_f.bias", float("nan"))


def infinite_pretrained(folder: Path) -> None:
    overwrite(folder / "base", "transformer.h.1.mlp.c_fc.weight", float("-inf"))


def not_finite_head(folder: Path) -> None:
    overwrite(folder / "animal", "score.weight", float("nan"))


def too_large_for_float32(folder: Path) -> None:
    name = "transformer.wte.weight"
    edit_tensors(folder / "colour", lambda t: t.update({name: t[name].double() * 1e300}))


def expert_is_pretrained_in_another_file(folder: Path) -> None:
    shutil.rmtree(folder / "colour")
    shutil.copytree(folder / "base", folder / "colour")
    edit_tensors(folder / "colour", lambda t: t.update({n: v.double() for n, v in t.items()}))


def expert_is_pretrained(folder: Path) -> None:
    shutil.rmtree(folder / "colour")
    shutil.copytree(folder / "base", folder / "colour")


def only_a_pickle(folder: Path) -> None:
    (folder / "colour" / "model.safetensors").unlink()
    torch.save({"w": torch.ones(1)}, folder / "colour" / "pytorch_model.bin")


def disguised_pickle(folder: Path) -> None:
    torch.save({"w": torch.ones(1)}, folder / "colour" / "model.safetensors")


def path_escape(folder: Path) -> None:
    (folder / "colour" / "model.safetensors").rename(folder / "elsewhere.safetensors")
    index = {"weight_map": {"score.weight": "../elsewhere.safetensors"}}
    (folder / "colour" / "model.safetensors.index.json").write_text(json.dumps(index))


def foreign_code(folder: Path) -> None:
    edit_config(folder / "colour", auto_map={"AutoConfig": "theirs.Config"})


def unknown_type(folder: Path) -> None:
    for name in ("base", "colour", "animal"):
        edit_config(folder / name, model_type="no-such-model")


def no_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / "base" / name).unlink()


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder / "colour")
    (folder / "problem.toml").write_text(
        (folder / "problem.toml").read_text().replace('expert = "colour"', 'expert = "./colour"')
    )


def wrong_labels(folder: Path) -> None:
    edit_config(folder / "colour", id2label={"0": "LABEL_0", "1": "LABEL_1"})
    frame = pd.read_parquet(folder / "data.parquet")
    frame["colour"] += 1
    frame.to_parquet(folder / "data.parquet")


def one_wrong_label(folder: Path) -> None:
    frame = pd.read_parquet(folder / "data.parquet")
    frame.loc[9, "colour"] = 7
    frame.to_parquet(folder / "data.parquet")


def one_class(folder: Path) -> None:
    frame = pd.read_parquet(folder / "data.parquet")
    frame["colour"] = 0
    frame.to_parquet(folder / "data.parquet")


def labels_swapped(folder: Path) -> None:
    frame = pd.read_parquet(folder / "data.parquet")
    frame["colour"] = 1 - frame["colour"]
    frame.to_parquet(folder / "data.parquet")


def no_data(folder: Path) -> None:
    (folder / "data.parquet").unlink()


CASES: list[tuple[Callable[[Path], None], str, bool]] = [
    (
        other_width,
        r"`colour` must fit the pretrained model.*but the pretrained model has \(.*32",
        True,
    ),
    (other_vocabulary, "31 tokens, but the pretrained model has 28", True),
    (other_tokenizer, "tokenizer .*, but the pretrained model has", True),
    (other_architecture, "model type bert, but the pretrained model is gpt2", True),
    (
        missing_tensor,
        r"every merged parameter. Found no `transformer\.h\.1\.mlp\.c_fc\.weight`",
        True,
    ),
    (no_head, r"expert `colour` must contain every merged.*`score\.weight`", True),
    (
        not_finite,
        r"Expert `colour` must have finite weights. Found 2 of 32 numbers that are NaN or infinite "
        r"as float32 in `transformer\.ln_f\.bias` of `.*/colour/model\.safetensors`",
        True,
    ),
    (
        infinite_pretrained,
        r"The pretrained model must .* in `transformer\.h\.1\.mlp\.c_fc\.weight` of `.*/base/model",
        True,
    ),
    (
        not_finite_head,
        r"Expert `animal` must have finite weights.* in `score\.weight` of `.*/animal/model",
        True,
    ),
    (too_large_for_float32, r"infinite as float32 in `transformer\.wte\.weight`", True),
    (expert_is_pretrained_in_another_file, "must differ from the pretrained model", True),
    (expert_is_pretrained, "must differ from the pretrained model", True),
    (only_a_pickle, r"`pytorch_model\.bin`, a pickle.*save_pretrained", True),
    (disguised_pickle, "a pickle, which could run code", True),
    (path_escape, "in its own folder", True),
    (foreign_code, "`auto_map`", True),
    (unknown_type, "no-such-model", True),
    (no_tokenizer, "must have a tokenizer", True),
    (no_folder, r"`\./colour` must be a folder or file", True),
    (
        wrong_labels,
        r"Column `colour` of `data\.parquet` must contain only classes of task `colour`: .*"
        r"Found `2` in row \d+\. ",
        True,
    ),
    (one_wrong_label, "Found `7` in row 10\\. ", True),
    (one_class, "must have two classes or more", True),
    (labels_swapped, "beat the pretrained model", False),
    (no_data, r"`data\.parquet` must be a file or folder", True),
]


@pytest.mark.parametrize(
    ("spoil", "reason", "before_loading"), CASES, ids=[case[0].__name__ for case in CASES]
)
def test_a_broken_problem_is_refused_with_the_reason(
    text_copy: Path, spoil: Callable[[Path], None], reason: str, before_loading: bool
) -> None:
    spoil(text_copy.parent)
    problem = problem_entry(text_copy).load()()
    findings = list(problem.preflight())
    with pytest.raises(FusefrontError, match=reason) as caught:
        problem.prepare(lambda line: None)
    assert "\n" not in str(caught.value)
    assert all(finding.ok for finding in findings) != before_loading
    if before_loading:
        assert findings[-1].found == str(caught.value)
