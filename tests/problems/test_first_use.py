import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from tests.problems.toy_recipe import ToyRecipe
from torch import nn

from fusefront.errors import IntegrityError, MissingDataError, ParameterError
from fusefront.problems import trained_experts as first_use
from fusefront.problems.classifier import Examples
from fusefront.problems.fine_tuning import Head, Progress, Schedule, fine_tune, fit_head
from fusefront.problems.trained_experts import FirstUseFamily
from fusefront.testing.toy_problem import Backbone

TASKS = ("odd", "apart")
Lines = list[str]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path))
    return tmp_path


def prepared(recipe: ToyRecipe | None = None, tasks: tuple[str, ...] = TASKS) -> FirstUseFamily:
    family = FirstUseFamily(recipe=recipe or ToyRecipe())
    family.prepare(tasks, lambda line: None)
    return family


def files(cache: Path, ending: str = "safetensors") -> dict[str, Path]:
    """Map tasks to the files of cached experts."""
    return {path.name.split("-")[0]: path for path in cache.glob(f"experts/toy/*.{ending}")}


def accuracy(family: FirstUseFamily, params: torch.Tensor, task: str) -> float:
    """Accuracy on test of the backbone with these parameters, by a plain forward pass."""
    network, (head,) = family.backbone(), family.heads([task])
    network.load_state_dict(family.pool([task]).layout.unflatten(params), strict=False)
    examples = family.examples(task, "test")
    with torch.no_grad():
        logits = nn.functional.linear(network(examples.inputs), *head)
    return float((logits.argmax(1) == examples.labels).float().mean())


def test_an_expert_is_better_than_the_pretrained_model_on_its_task() -> None:
    family = prepared()
    for task in TASKS:
        pool = family.pool([task])
        expert = accuracy(family, pool.pretrained + pool.task_vectors[0], task)
        assert expert > accuracy(family, pool.pretrained, task) + 0.05


def test_only_trainable_parameters_are_in_the_pool_and_others_stay_unchanged() -> None:
    family = prepared()
    names = [name for name, _ in Backbone().named_parameters()]
    pool = family.pool(TASKS)
    assert list(pool.layout.names) == [n for n in names if not n.startswith("embeddings")]
    assert pool.names == TASKS
    assert (pool.task_vectors.abs().amax(1) > 0).all()
    base = dict(ToyRecipe().backbone().named_parameters())
    assert all(torch.equal(v, base[n]) for n, v in pool.layout.unflatten(pool.pretrained).items())


def test_head_is_the_logistic_regression_on_the_pretrained_features() -> None:
    family = prepared()
    examples = family.examples("odd", "experts")
    with torch.no_grad():
        features = ToyRecipe().backbone()(examples.inputs)
    expected = fit_head(features, examples.labels, 3)
    found = family.heads(["odd"])[0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_a_second_preparation_trains_nothing(cache: Path) -> None:
    prepared()
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*.safetensors")}
    lines: Lines = []
    FirstUseFamily(recipe=ToyRecipe()).prepare(TASKS, lines.append)
    assert lines == []
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.safetensors")} == before


def test_only_the_requested_tasks_are_trained(cache: Path) -> None:
    prepared(tasks=("even",))
    assert set(files(cache)) == {"even"}


def test_the_same_recipe_gives_the_same_bits_after_any_random_draws(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {task: path.read_bytes() for task, path in files(prepared_in(cache / "a")).items()}
    torch.rand(7)
    other = prepared_in(cache / "b", tasks=tuple(reversed(TASKS)))
    assert {task: path.read_bytes() for task, path in files(other).items()} == one


def prepared_in(folder: Path, tasks: tuple[str, ...] = TASKS) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSEFRONT_CACHE", str(folder))
        prepared(tasks=tasks)
    return folder


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("ending", ["safetensors", "json"])
@pytest.mark.parametrize("damage", [flipped, lambda content: content[:-9], lambda content: b""])
def test_a_damaged_file_is_reported_and_trained_again(
    cache: Path, ending: str, damage: Callable[[bytes], bytes]
) -> None:
    prepared()
    sound = files(cache)["odd"].read_bytes()
    path = files(cache, ending)["odd"]
    whole = path.read_bytes()
    path.write_bytes(damage(whole) if ending == "safetensors" else damage(whole[:-30]))
    lines: Lines = []
    family = FirstUseFamily(recipe=ToyRecipe())
    family.prepare(TASKS, lines.append)
    assert "expert odd will be trained again" in lines[0]
    assert not any("apart" in line for line in lines)
    assert files(cache)["odd"].read_bytes() == sound
    assert len(family.pool(TASKS)) == 2


def test_a_file_that_is_damaged_after_preparation_is_never_used(cache: Path) -> None:
    family = prepared()
    path = files(cache)["odd"]
    path.write_bytes(flipped(path.read_bytes()))
    with pytest.raises(IntegrityError, match=r"sha256 .* is expected"):
        family.pool(TASKS)
    with pytest.raises(IntegrityError, match=r"sha256 .* is expected"):
        family.heads(TASKS)


def test_an_expert_of_another_backbone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    family = prepared()

    def all_train(self: ToyRecipe) -> nn.Module:
        return Backbone()

    monkeypatch.setattr(ToyRecipe, "backbone", all_train)
    with pytest.raises(IntegrityError, match="parameters of this backbone"):
        family.pool(TASKS)


def test_an_interruption_loses_only_the_current_expert(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings = []

    def interrupted(
        network: nn.Module, head: Head, examples: Examples, schedule: Schedule, progress: Progress
    ) -> None:
        trainings.append(1)

        def interrupt(step: int, steps: int, loss: float) -> None:
            if len(trainings) == 2 and step == 3:
                raise KeyboardInterrupt
            progress(step, steps, loss)

        fine_tune(network, head, examples, schedule, interrupt)

    monkeypatch.setattr(first_use, "fine_tune", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepared()
    assert set(files(cache)) == {"odd"}
    kept = files(cache)["odd"].read_bytes()
    prepared()
    assert len(trainings) == 3
    assert files(cache)["odd"].read_bytes() == kept
    assert not list(cache.rglob("*.partial"))


@pytest.mark.parametrize(
    "other",
    [
        {"version": 2},
        {"base_seed": 1},
        {"data_seed": 1},
        {"schedule": Schedule(epochs=5, learning_rate=3e-2, batch=16)},
        {"schedule": Schedule(epochs=4, learning_rate=2e-2, batch=16)},
        {"schedule": Schedule(epochs=4, learning_rate=3e-2, batch=8)},
        {"schedule": Schedule(epochs=4, learning_rate=3e-2, batch=16, weight_decay=0.1)},
        {"schedule": Schedule(epochs=4, learning_rate=3e-2, batch=16, warm_up=0.2)},
        {"schedule": Schedule(epochs=4, learning_rate=3e-2, batch=16, largest_gradient=0.5)},
        {"schedule": Schedule(epochs=4, learning_rate=3e-2, batch=16, seed=2)},
    ],
    ids=str,
)
def test_another_setting_makes_another_expert_and_another_digest(
    cache: Path, other: dict[str, Any]
) -> None:
    before = prepared(tasks=("odd",))
    path, content = files(cache)["odd"], files(cache)["odd"].read_bytes()
    after = prepared(replace(ToyRecipe(), **other), tasks=("odd",))
    assert after.digest(["odd"]) != before.digest(["odd"])
    assert len(list(cache.glob("experts/toy/odd-*.safetensors"))) == 2
    assert path.read_bytes() == content


def test_digest_depends_on_the_content_of_the_experts(cache: Path) -> None:
    family = prepared()
    before = family.digest(TASKS)
    path = files(cache, "json")["odd"]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sha256": "0" * 64}))
    assert family.digest(TASKS) != before
    assert family.digest(["apart"]) == FirstUseFamily(recipe=ToyRecipe()).digest(["apart"])


def test_missing_requirements_are_reported_before_training(cache: Path) -> None:
    recipe = ToyRecipe(missing="`toys` must be installed. Found none. Use `pip install toys`.")
    with pytest.raises(MissingDataError, match="pip install toys"):
        prepared(recipe)
    assert list(cache.iterdir()) == []
    assert [f.ok for f in FirstUseFamily(recipe=recipe).preflight(TASKS)] == [False]


def test_preflight_reports_which_experts_are_still_to_be_trained() -> None:
    prepared(tasks=("odd",))
    found = list(FirstUseFamily(recipe=ToyRecipe()).preflight(TASKS))
    assert all(finding.ok for finding in found)
    assert [finding.found for finding in found] == [
        "here",
        "trained",
        "will be trained on first use, about 2 min",
    ]


def test_an_expert_that_was_never_trained_cannot_be_used() -> None:
    family = FirstUseFamily(recipe=ToyRecipe())
    for use in (family.pool, family.heads, family.digest):
        with pytest.raises(MissingDataError, match="Call `prepare`"):
            use(["odd"])


def test_progress_lines_have_steps_and_remaining_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(first_use, "_LINE_SECONDS", 0.0)
    lines: Lines = []
    FirstUseFamily(recipe=ToyRecipe()).prepare(["odd"], lines.append)
    assert lines[0] == "toy: expert odd, head on 160 examples"
    assert lines[1].startswith("toy: expert odd 1/40 steps, loss ")
    assert lines[1].rpartition("ETA ")[2].count(":") == 1
    assert lines[40].endswith("ETA 0:00")
    assert lines[41].startswith("toy: expert odd trained in ")


def test_lines_are_seconds_apart_and_not_one_per_step() -> None:
    lines: Lines = []
    FirstUseFamily(recipe=ToyRecipe()).prepare(["odd"], lines.append)
    assert sum("steps" in line for line in lines) < 4


def test_two_processes_never_train_the_same_expert_at_once(cache: Path) -> None:
    path = files(prepared_in(cache))["odd"]
    content, facts = path.read_bytes(), path.with_suffix(".json").read_bytes()
    path.unlink()
    lines: Lines = []
    turn = FileLock(path.with_name(f"{path.name}.lock"))

    def prepare() -> None:
        FirstUseFamily(recipe=ToyRecipe()).prepare(["odd"], lines.append)

    with turn:
        waiting = threading.Thread(target=prepare)
        waiting.start()
        while not lines:
            waiting.join(0.01)
        path.with_suffix(".json").write_bytes(facts)
        path.write_bytes(content)
    waiting.join()
    assert lines == ["toy: expert odd: waiting for another process that is working on it"]


def test_too_few_examples_for_a_batch_are_refused() -> None:
    schedule = Schedule(epochs=1, learning_rate=1e-2, batch=165)
    with pytest.raises(ParameterError, match=r"must fill one batch of 165\. Found 160"):
        prepared(ToyRecipe(schedule=schedule))
