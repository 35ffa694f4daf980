"""One model in the forms in which people store it: `fusefront doctor` and a run agree on each."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.problems.custom.stand_ins import (
    QUESTIONS,
    save,
    save_tokenizer,
    text_model,
    text_task,
    texts,
    write_toml,
)
from transformers import BertForMaskedLM

from fusefront.errors import FusefrontError
from fusefront.problems.base import Problem
from fusefront.problems.custom import problem_entry
from fusefront.problems.family import FamilyProblem

Tensors = dict[str, torch.Tensor]


def write_problem(folder: Path, kind: str) -> Path:
    """A random pretrained model, and experts that differ from it by noise."""
    torch.manual_seed(0)
    base = text_model(kind)
    save(base, folder / "base")
    save_tokenizer(folder / "base")
    for name in QUESTIONS:
        expert = text_model(kind)
        expert.load_state_dict(base.state_dict())
        with torch.no_grad():
            for parameter in expert.parameters():
                parameter += 0.01 * torch.randn_like(parameter)
        save(expert, folder / name)
    texts(60, seed=2).to_parquet(folder / "data.parquet")
    tasks = "".join(text_task(name) for name in QUESTIONS)
    return write_toml(folder, f'name = "forms"\npretrained = "base"\nmax_length = 16\n{tasks}')


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_problem(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture
def path(bert: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(bert.parent, tmp_path / "copy")
    return tmp_path / "copy" / bert.name


def load(path: Path) -> Problem:
    return problem_entry(path).load()()


def restore(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    """Store changed tensors in the place of a model's."""
    found = change(load_file(folder / "model.safetensors"))
    save_file(found, folder / "model.safetensors", {"format": "pt"})


def edit_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))


def prefixed(prefix: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {prefix + name: tensor for name, tensor in tensors.items()}


def old_names(tensors: Tensors) -> Tensors:
    """Return tensors by the names that the first version of BERT gave them."""
    endings = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    found = {}
    for name, tensor in tensors.items():
        for new, old in endings.items():
            name = name.replace(new, old)
        found[name] = tensor
    return found


def assert_accepted(path: Path) -> Problem:
    findings = list(load(path).preflight())
    assert all(finding.ok for finding in findings), findings
    return load(path)


def assert_refused(path: Path, reason: str) -> None:
    """Check that doctor and a run give the same one-line reason, before weights are loaded."""
    findings = list(load(path).preflight())
    with pytest.raises(FusefrontError, match=reason) as caught:
        load(path).prepare(lambda line: None)
    assert not findings[-1].ok
    assert findings[-1].found == str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [prefixed("_orig_mod."), prefixed("module."), prefixed("module._orig_mod."), old_names],
)
@pytest.mark.parametrize("changed", ["base", "colour"])
def test_other_names_of_the_same_weights_are_the_same_model(
    bert: Path, path: Path, changed: str, change: Callable[[Tensors], Tensors]
) -> None:
    restore(path.parent / changed, change)
    expected, found = load(bert).pool(), assert_accepted(path).pool()
    assert found.layout == expected.layout
    assert torch.equal(found.pretrained, expected.pretrained)
    assert torch.equal(found.task_vectors, expected.task_vectors)


NORM = "bert.embeddings.LayerNorm"


def test_two_names_of_one_parameter_must_hold_the_same_weights(path: Path) -> None:
    restore(path.parent / "colour", lambda t: t | {f"{NORM}.gamma": t[f"{NORM}.weight"].clone()})
    assert_accepted(path)
    restore(path.parent / "colour", lambda t: t | {f"{NORM}.gamma": t[f"{NORM}.weight"] + 1})
    assert_refused(
        path, rf"different ones in `{NORM}\.(weight|gamma)` and `{NORM}\.(weight|gamma)`"
    )


def test_names_with_and_without_the_prefix_of_the_backbone_are_two_names(path: Path) -> None:
    name = f"{NORM}.weight"
    restore(path.parent / "base", lambda t: t | {name.removeprefix("bert."): t[name] + 1})
    assert_refused(path, "two names of one parameter")


def test_compiled_and_plain_names_in_one_file_are_refused(path: Path) -> None:
    name = f"{NORM}.weight"
    restore(path.parent / "colour", lambda t: t | {f"_orig_mod.{name}": t[name].clone()})
    assert_refused(path, "must contain every tensor once")


@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_classifiers_with_encoder_and_decoder_are_a_problem(tmp_path: Path, kind: str) -> None:
    path = write_problem(tmp_path, kind)
    problem = assert_accepted(path)
    names, stored = problem.pool().layout.names, load_file(tmp_path / "colour/model.safetensors")
    assert {n for n in names if "head" in n} == {
        "classification_head.dense.weight",
        "classification_head.dense.bias",
    }
    assert isinstance(problem, FamilyProblem)
    ((weight, bias),) = problem.family.heads(["colour"])
    assert torch.equal(weight, stored["classification_head.out_proj.weight"])
    assert torch.equal(bias, stored["classification_head.out_proj.bias"])


def test_tied_embeddings_are_stored_once_or_equally(tmp_path: Path) -> None:
    path = write_problem(tmp_path, "t5")
    expected = load(path).pool()
    shared, tied = "transformer.shared.weight", "transformer.encoder.embed_tokens.weight"
    restore(tmp_path / "colour", lambda t: t | {tied: t[shared].clone()})
    assert torch.equal(assert_accepted(path).pool().task_vectors, expected.task_vectors)
    restore(tmp_path / "colour", lambda t: t | {tied: t[shared] + 1})
    assert_refused(path, f"`{shared}` and `{tied}`".replace(".", r"\."))


def pooled(path: Path) -> Path:
    """Let a problem merge the backbone only."""
    content = path.read_text().replace("max_length", 'pooling = "cls"\nmax_length', 1)
    path.write_text(content.replace("[tasks.data]", 'head = "fit"\n[tasks.data]'))
    return path


def test_a_masked_language_model_without_pooler_is_a_pretrained_model(path: Path) -> None:
    folder = path.parent / "base"
    save(BertForMaskedLM.from_pretrained(folder), folder)
    assert_refused(path, r"Found no `bert\.pooler\.dense\.weight`.*`pooling = ")
    names = assert_accepted(pooled(path)).pool().layout.names
    assert not any("pooler" in name for name in names)


def as_int8(tensors: Tensors) -> Tensors:
    return {
        name: (t * 100).round().to(torch.int8) if t.dim() == 2 and ".layer." in name else t
        for name, t in tensors.items()
    }


def with_scales(tensors: Tensors) -> Tensors:
    return as_int8(tensors) | {
        name.replace("weight", "SCB"): t.abs().amax(1)
        for name, t in tensors.items()
        if t.dim() == 2 and ".layer." in name
    }


@pytest.mark.parametrize("change", [as_int8, with_scales])
@pytest.mark.parametrize("changed", ["base", "colour"])
def test_quantised_weights_are_refused(
    path: Path, changed: str, change: Callable[[Tensors], Tensors]
) -> None:
    restore(path.parent / changed, change)
    edit_config(path.parent / changed, quantization_config={"quant_method": "bitsandbytes"})
    assert_refused(path, "as I8: the checkpoint is quantised")


def test_a_remark_on_quantisation_beside_whole_floats_is_ignored(bert: Path, path: Path) -> None:
    settings = {"load_in_4bit": True, "quant_method": "bitsandbytes"}
    edit_config(path.parent / "colour", quantization_config=settings)
    found = {finding.what: finding.found for finding in load(path).preflight()}
    assert "`quantization_config` in its config.json is ignored" in found["expert colour"]
    assert torch.equal(assert_accepted(path).pool().task_vectors, load(bert).pool().task_vectors)


def test_a_block_that_the_configuration_lacks_is_refused(path: Path) -> None:
    edit_config(path.parent / "base", num_hidden_layers=1)
    edit_config(path.parent / "colour", num_hidden_layers=1)
    assert_refused(path, r"expert `colour` must have no tensor that its config\.json.*layer\.1\.")


def test_a_class_beyond_the_rows_of_the_head_is_refused(path: Path) -> None:
    frame = texts(60, seed=2)
    frame.loc[3, "colour"] = 7
    frame.to_parquet(path.parent / "data.parquet")
    reason = (
        r"Column `colour` of `data\.parquet` must contain only classes .* Found `7` in row 4\. "
    )
    assert_refused(path, reason)


@pytest.mark.parametrize("name", ["colour", "base"])
def test_a_missing_folder_is_not_taken_for_a_model_of_the_hub(path: Path, name: str) -> None:
    shutil.rmtree(path.parent / name)
    assert_refused(path, f"`{name}` must be a folder or file. Found none at")


def test_a_token_without_an_embedding_is_refused(path: Path) -> None:
    for name in ("base", *QUESTIONS):
        restore(
            path.parent / name,
            lambda t: t | {f"{NORM[:15]}.word_embeddings.weight": embeddings(t)[:6].clone()},
        )
        edit_config(path.parent / name, vocab_size=6)
    assert_refused(path, "Tokens must be among the 6 that the model embeds")


def embeddings(tensors: Tensors) -> torch.Tensor:
    return tensors["bert.embeddings.word_embeddings.weight"]


def test_an_adapter_of_another_model_is_remarked_on(path: Path) -> None:
    low = {"base_model.model.bert.pooler.dense.lora_A.weight": torch.ones(2, 32)}
    low |= {"base_model.model.bert.pooler.dense.lora_B.weight": torch.ones(32, 2)}
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "init_lora_weights": True}
    for trained_on, said in (("somebody/other-base", True), ("/home/me/base", False)):
        shutil.rmtree(path.parent / "colour")
        (path.parent / "colour").mkdir()
        save_file(low, path.parent / "colour" / "adapter_model.safetensors")
        about = json.dumps(config | {"base_model_name_or_path": trained_on})
        (path.parent / "colour" / "adapter_config.json").write_text(about)
        found = {finding.what: finding.found for finding in load(path).preflight()}
        assert (f"remark: its adapter_config.json names the pretrained model `{trained_on}`"
                in found["expert colour"]) == said  # fmt: skip


@pytest.mark.parametrize("name", ["d.csv", "d.jsonl"])
def test_the_same_rows_in_every_format_are_the_same_problem(path: Path, name: str) -> None:
    before, frame = load(path).hash(), texts(60, seed=2)
    if name == "d.csv":
        frame.to_csv(path.parent / name, index=False)
    else:
        frame.to_json(path.parent / name, orient="records", lines=True)
    path.write_text(path.read_text().replace("data.parquet", name))
    assert load(path).hash() == before
