"""From a TOML file to fronts: experts that a plain loop fine-tuned."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.problems.custom.stand_ins import (
    QUESTIONS,
    text_arguments,
    text_model,
    texts,
    write_image_problem,
)
from tests.problems.hub.local_hub import serve

from fusefront.algorithms import ALGORITHMS
from fusefront.algorithms.pareto_set import ParetoSet
from fusefront.benchmark.study.parameters import instantiate
from fusefront.errors import IntegrityError, MissingDataError, StudyError
from fusefront.problems.base import Batch, Finding, Oracle, Problem
from fusefront.problems.cache import cache_directory
from fusefront.problems.custom import problem_entry
from fusefront.problems.experts import ExpertPool
from fusefront.testing.problem_contract import ProblemContract
from fusefront.testing.toy_problem import open_view


def load(path: Path) -> Problem:
    return problem_entry(path).load()()


def prepared(path: Path) -> Problem:
    problem = load(path)
    problem.prepare(lambda line: None)
    return problem


def edited(path: Path, old: str, new: str) -> Path:
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))
    return path


class OwnContract(ProblemContract):
    def test_gradient_is_the_slope_of_the_loss(
        self, oracle: Oracle, pool: ExpertPool, batch: Batch
    ) -> None:
        """Use a shorter step: these experts are far from the pretrained model."""
        params = (pool.pretrained + 0.5 * pool.task_vectors.mean(0)).requires_grad_()
        (gradient,) = torch.autograd.grad(oracle.losses(params, batch).sum(), params)
        direction, step = pool.task_vectors[0], 2e-3
        with torch.no_grad():
            ahead = oracle.losses(params + step * direction, batch).sum().double()
            behind = oracle.losses(params - step * direction, batch).sum().double()
        slope = float((ahead - behind) / (2 * step))
        told = float(gradient.double() @ direction.double())
        assert told == pytest.approx(slope, rel=0.02, abs=2e-3)


class TestTextProblem(OwnContract):
    @pytest.fixture(scope="class")
    @classmethod
    def problem(cls, text_problem: Path) -> Problem:
        return load(text_problem)


class TestImageProblem(OwnContract):
    @pytest.fixture(scope="class")
    @classmethod
    def problem(cls, image_problem: Path) -> Problem:
        return load(image_problem)


def test_experts_score_as_their_own_models_do(text_problem: Path) -> None:
    folder, problem = text_problem.parent, prepared(text_problem)
    everything = texts(240, seed=2)
    anchors, oracle = problem.anchors("test"), problem.oracle(frozenset({"test"}))
    for t, name in enumerate(QUESTIONS):
        model = type(text_model("gpt2")).from_pretrained(folder / name).eval()
        with torch.no_grad():
            logits = model(**text_arguments(folder / "base", everything["text"])).logits
        right = (logits.argmax(1).numpy() == everything[name]).mean()
        assert anchors.expert[t] == pytest.approx(right, abs=0.03)
        assert anchors.expert[t] > anchors.pretrained[t] + 0.3
    assert oracle.length("test") == anchors.n.tolist()


@pytest.mark.parametrize("name", ["rewarded-soup", "ls-coefficients"])
def test_algorithms_fit_a_users_problem(text_problem: Path, name: str) -> None:
    problem = prepared(text_problem)
    view = open_view(problem, units=20_000)
    algorithm = instantiate(name, {}, ALGORITHMS[name].load())
    found: ParetoSet = algorithm.fit(view, generator=torch.Generator().manual_seed(0))
    oracle, pool = problem.oracle(frozenset({"test"})), problem.pool()
    for t, preference in enumerate(np.eye(2)):
        point = found.coefficients(preference)
        assert point is not None
        value = oracle.measure(pool.merge(point), "test").value
        assert value[t] > problem.anchors("test").pretrained[t] + 0.1


def test_the_preflight_names_checkpoints_data_and_gains(text_problem: Path) -> None:
    prepared(text_problem)
    found = {finding.what: finding for finding in load(text_problem).preflight()}
    assert all(finding.ok for finding in found.values())
    assert "gpt2 n_embd=32" in found["expert colour"].found
    assert found["data of animal"].found.startswith("2 classes, ")
    assert found["splits"].found.endswith("test inputs, none in another split")
    assert "standard errors" in found["gain of colour on test"].found


def test_a_checkpoint_that_cannot_be_downloaded_is_refused(
    text_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    problem = load(edited(text_copy, 'expert = "colour"', 'expert = "someone/colour"'))
    (found,) = problem.preflight()
    assert not found.ok
    with pytest.raises(MissingDataError, match="`someone/colour` must be a local folder") as caught:
        problem.prepare(lambda line: None)
    assert found.found == str(caught.value)


def test_a_checkpoint_on_the_hub_is_announced(
    text_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hub" / "models" / "someone").mkdir(parents=True)
    (text_copy.parent / "colour").rename(tmp_path / "hub" / "models" / "someone" / "colour")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    edited(text_copy, 'expert = "colour"', 'expert = "someone/colour"')
    with serve(tmp_path / "hub") as address:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        (found,) = load(text_copy).preflight()
    assert found.ok, found
    assert found.found == "someone/colour: downloaded and checked on first use"


def test_a_mirror_replaces_the_hub(
    text_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load(text_copy).hash()
    (tmp_path / "mirror" / "someone").mkdir(parents=True)
    (text_copy.parent / "colour").rename(tmp_path / "mirror" / "someone" / "colour")
    monkeypatch.setenv("FUSEFRONT_MIRROR", str(tmp_path / "mirror"))
    after = load(edited(text_copy, 'expert = "colour"', 'expert = "someone/colour"'))
    assert after.hash() == before


def test_a_small_test_split_is_a_warning_not_an_error(text_copy: Path) -> None:
    frame = texts(60, seed=5)
    frame.to_parquet(text_copy.parent / "data.parquet")
    prepared(text_copy)
    gains = [f for f in load(text_copy).preflight() if f.what == "gain of colour on validation"]
    assert gains[0].ok
    assert "below 10, so give it more validation data" in gains[0].found


def test_the_manifest_is_in_the_cache(text_problem: Path) -> None:
    problem = prepared(text_problem)
    written = [
        json.loads(path.read_text())
        for path in (cache_directory() / "custom").glob("my-pair-*.json")
    ]
    (own,) = [about for about in written if about["file"] == str(text_problem)]
    assert set(own["files"]) == {"None", "colour", "animal"}
    assert own["parameters"] == problem.pool().layout.size
    Finding(**own["findings"][0])


def test_every_changed_file_changes_the_hash(text_copy: Path) -> None:
    folder, hashes = text_copy.parent, {load(text_copy).hash()}
    weights = load_file(folder / "colour" / "model.safetensors")
    weights["transformer.h.0.ln_1.bias"] += 1
    save_file(weights, folder / "colour" / "model.safetensors", {"format": "pt"})
    hashes.add(load(text_copy).hash())
    texts(240, seed=3).to_parquet(folder / "data.parquet")
    hashes.add(load(text_copy).hash())
    tokenizer = json.loads((folder / "base" / "tokenizer_config.json").read_text())
    tokenizer["model_max_length"] = 63
    (folder / "base" / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    hashes.add(load(text_copy).hash())
    hashes.add(load(edited(text_copy, "max_length = 16", "max_length = 12")).hash())
    assert len(hashes) == 5
    assert load(text_copy).hash() in hashes


def test_tasks_on_the_same_files_share_their_inputs(text_copy: Path) -> None:
    folder = text_copy.parent
    frame = texts(400, seed=10).drop_duplicates("text")
    for i, split in enumerate(("calibration", "validation", "test")):
        frame[60 * i : 60 * (i + 1)].to_parquet(folder / f"{split}.parquet")
    splits = "\n".join(f'{s} = "{s}.parquet"' for s in ("calibration", "validation", "test"))
    problem = prepared(edited(text_copy, 'all = "data.parquet"', splits))
    oracle = problem.oracle(frozenset({"test"}))
    assert oracle.length("test") == [60, 60]
    assert oracle.forwards("test") == 60


def test_a_test_input_that_algorithms_see_is_refused(text_copy: Path) -> None:
    folder, frame = text_copy.parent, texts(400, seed=10).drop_duplicates("text")
    for i, split in enumerate(("calibration", "validation", "test")):
        frame[60 * i : 60 * (i + 1) + (split == "validation")].to_parquet(
            folder / f"{split}.parquet"
        )
    splits = "\n".join(f'{s} = "{s}.parquet"' for s in ("calibration", "validation", "test"))
    edited(text_copy, 'all = "data.parquet"', splits)
    with pytest.raises(StudyError, match="Found 1 validation inputs of task `colour` in the test"):
        prepared(text_copy)


def test_heads_can_be_fitted_on_pooled_features(text_copy: Path) -> None:
    edited(text_copy, "max_length = 16", 'max_length = 16\npooling = "mean"')
    edited(text_copy, "[tasks.data]", 'head = "fit"\n[tasks.data]')
    problem = load(text_copy)
    pool, oracle = problem.pool(), problem.oracle(frozenset({"test"}))
    assert all(name.startswith("transformer.") for name in pool.layout.names)
    assert (oracle.measure(pool.pretrained, "test").value > 0.9).all()


def test_heads_can_be_files(text_copy: Path) -> None:
    folder, before = text_copy.parent, prepared(text_copy)
    head = load_file(folder / "colour" / "model.safetensors")["score.weight"]
    save_file({"weight": head, "bias": torch.zeros(2)}, folder / "head.safetensors")
    content = text_copy.read_text()
    text_copy.write_text(
        content.replace("[tasks.data]", 'head = "head.safetensors"\n[tasks.data]', 1)
    )
    after = prepared(text_copy)
    np.testing.assert_array_equal(before.anchors("test").experts, after.anchors("test").experts)
    assert after.hash() != before.hash()


def test_changed_statistics_of_batch_norm_are_refused(tmp_path: Path) -> None:

    path = write_image_problem(tmp_path, "resnet", steps=1)
    with pytest.raises(IntegrityError, match=r"Running statistics of expert `upper`.*running_mean"):
        prepared(path)


def test_a_convolutional_model_is_a_problem(tmp_path: Path) -> None:
    anchors = prepared(write_image_problem(tmp_path, "convnext")).anchors("test")
    assert (anchors.expert > 0.9).all()
