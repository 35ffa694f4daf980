"""Adapters that PEFT saved, as experts: their weights are those of PEFT's own merged model."""

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2ForSequenceClassification, ViTForImageClassification

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.base import Problem
from fusefront.problems.custom import problem_entry
from fusefront.problems.custom.features import quiet

peft = pytest.importorskip("peft", reason="needs pip install 'fusefront[peft]'")

FORWARD = ["mlp.c_fc"]
GPT2: Any = {"target_modules": ["attn.c_attn", *FORWARD], "fan_in_fan_out": True}
VIT: Any = {"target_modules": ["q_proj"]}
HEAD: Any = {"gpt2": {"task_type": "SEQ_CLS"}, "vit": {"modules_to_save": ["classifier"]}}
KINDS: dict[str, tuple[str, Callable[[], Any]]] = {
    "lora": ("gpt2", lambda: peft.LoraConfig(r=2, lora_alpha=8, **GPT2, **HEAD["gpt2"])),
    "rslora": ("gpt2", lambda: peft.LoraConfig(r=2, use_rslora=True, **GPT2, **HEAD["gpt2"])),
    "dora": ("gpt2", lambda: peft.LoraConfig(r=2, use_dora=True, **GPT2, **HEAD["gpt2"])),
    "ia3": ("gpt2", lambda: peft.IA3Config(feedforward_modules=FORWARD, **GPT2, **HEAD["gpt2"])),
    "loha": ("vit", lambda: peft.LoHaConfig(r=2, alpha=4, **VIT, **HEAD["vit"])),
    "dora-vit": ("vit", lambda: peft.LoraConfig(r=2, use_dora=True, **VIT, **HEAD["vit"])),
}


def load(path: Path) -> Problem:
    return problem_entry(path).load()()


def pretrained(folder: Path, model: str) -> Any:
    kind: Any = {"gpt2": GPT2ForSequenceClassification, "vit": ViTForImageClassification}[model]
    with quiet():
        return kind.from_pretrained(folder / "base")


def write_adapter(folder: Path, kind: str) -> dict[str, torch.Tensor]:
    """Replace the dense expert in a folder by an adapter of PEFT; return the merged weights."""
    model, config = KINDS[kind]
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrapped = peft.get_peft_model(pretrained(folder.parent, model), config())
        generator = torch.Generator().manual_seed(0)
        for parameter in wrapped.parameters():
            if parameter.requires_grad:  # as if trained: a new adapter changes nothing
                parameter.data += torch.randn(parameter.shape, generator=generator) / 8
        for path in folder.iterdir():
            path.unlink()
        wrapped.save_pretrained(folder)
        merged = wrapped.merge_and_unload()
    return {name: p.detach().clone() for name, p in merged.named_parameters()}


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_equals_the_model_that_peft_merges(
    request: pytest.FixtureRequest, kind: str
) -> None:
    model = KINDS[kind][0]
    path: Path = request.getfixturevalue("text_copy" if model == "gpt2" else "image_copy")
    expert, head = ("colour", "score") if model == "gpt2" else ("upper", "classifier")
    merged = write_adapter(path.parent / expert, kind)
    family = load(path).family  # type: ignore[attr-defined]
    pool = family.pool([expert])
    before = dict(pretrained(path.parent, model).named_parameters())
    expected = [(merged[n] - before[n]).detach().reshape(-1) for n in pool.layout.names]
    torch.testing.assert_close(pool.task_vectors[0], torch.cat(expected), rtol=1e-4, atol=1e-6)
    assert pool.task_vectors[0].any()
    torch.testing.assert_close(family.heads([expert])[0][0], merged[f"{head}.weight"])
    assert all(finding.ok for finding in load(path).preflight())


def test_plain_lora_needs_no_peft(text_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_adapter(text_copy.parent / "colour", "lora")
    hide_peft(monkeypatch)
    assert load(text_copy).family.pool(["colour"]).task_vectors.any()  # type: ignore[attr-defined]


def test_other_adapters_without_peft_name_the_install_line(
    text_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_adapter(text_copy.parent / "colour", "dora")
    hide_peft(monkeypatch)
    problem = load(text_copy)
    finding = list(problem.preflight())[-1]
    assert not finding.ok
    assert "pip install 'fusefront[peft]'" in finding.found
    with pytest.raises(MissingDataError, match=r"DoRA.*PEFT is not installed"):
        problem.prepare(lambda line: None)


def test_an_adapter_of_another_model_is_refused(text_copy: Path) -> None:
    write_adapter(text_copy.parent / "colour", "ia3")
    config = text_copy.parent / "colour" / "adapter_config.json"
    config.write_text(config.read_text().replace('"mlp.c_fc"', '"mlp.c_proj"'))
    with pytest.raises(IntegrityError, match=r"must fit the pretrained model\. Found no"):
        load(text_copy).family.pool(["colour"])  # type: ignore[attr-defined]


def hide_peft(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> Any:
        return None if name == "peft" else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
