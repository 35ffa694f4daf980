from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file
from tests.problems.hub import stand_ins
from tests.problems.hub.conftest import CLIP_TASKS
from torch import Tensor
from torch.nn import functional

from fusefront.algorithms.moe.router import Routers, routed_rows
from fusefront.problems.checkpoints.checkpoint import Checkpoint, open_checkpoint
from fusefront.problems.checkpoints.tensors import task_vector
from fusefront.problems.experts import ExpertPool
from fusefront.problems.hub.clip import Clip
from fusefront.problems.hub.family import HubFamily, HubProblem
from fusefront.problems.hub.suites import SUITES
from fusefront.problems.layout import Layout

SUITE = SUITES["clip-vit-b32"]


def real_layout(folder: Path, *, patch: int, large: bool = False) -> Layout:
    """Return the layout of a real CLIP, made from its configuration only."""
    vision: dict[str, int] = {"patch_size": patch, "image_size": 224}
    if large:
        vision |= {"hidden_size": 1024, "intermediate_size": 4096}
        vision |= {"num_hidden_layers": 24, "num_attention_heads": 16}
    transformers.CLIPConfig(vision_config=vision).save_pretrained(folder)
    return Clip().layout(Checkpoint(folder=folder, config={}, adapter=None, tensors={}, files={}))


def plain_expert(mirror: Path, task: str) -> Any:
    """The pretrained model with the vision tower of an expert."""
    model = stand_ins.clip_base()
    stored = load_file(mirror / SUITE.expert(task) / "model.safetensors")
    del stored["vision_model.embeddings.position_ids"]
    tower = {name.removeprefix("vision_model."): tensor for name, tensor in stored.items()}
    assert model.vision_model.load_state_dict(tower, strict=False).unexpected_keys == []
    return model


def our_logits(problem: HubProblem, model: Tensor, task: int) -> Tensor:
    """Return the logits of a model `(P,)` on the test split, by the family's own parts."""
    family = HubFamily(suite=SUITES[problem.suite])
    inputs = family.examples(problem.tasks[task], "test").inputs
    named = problem.pool().layout.unflatten(model)
    with torch.no_grad():
        features = torch.func.functional_call(family.backbone(), named, (inputs,))
        return functional.linear(features, *family.heads(problem.tasks)[task])


@pytest.mark.parametrize("task", [0, 1])
def test_logits_of_an_expert_are_those_of_plain_clip(
    clip: HubProblem, mirror: Path, task: int
) -> None:
    hub_task = SUITE.task(CLIP_TASKS[task])
    model = plain_expert(mirror, hub_task.name)
    rows = stand_ins.image_rows(hub_task, stand_ins.TEST, 1)
    with torch.no_grad():
        pixels = stand_ins.clip_pixels([image for image, _ in rows])
        plain = stand_ins.clip_logits(model, pixels, stand_ins.clip_head(model, hub_task))
    pool = clip.pool()
    ours = our_logits(clip, pool.pretrained + pool.task_vectors[task], task)
    torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-3)


def test_a_head_has_unit_rows_times_the_logit_scale(clip: HubProblem) -> None:
    weight, bias = HubFamily(suite=SUITE).heads(CLIP_TASKS)[0]
    scale = stand_ins.clip_base().logit_scale.exp().item()
    torch.testing.assert_close(weight.norm(dim=1), torch.full((10,), scale))
    assert not bias.any()


def test_the_pool_starts_at_the_pretrained_vision_tower(clip: HubProblem) -> None:
    named = clip.pool().layout.unflatten(clip.pool().pretrained)
    tower = dict(stand_ins.clip_base().vision_model.named_parameters())
    assert list(named) == list(tower)
    assert all(torch.equal(named[name], tower[name]) for name in named)


def test_an_expert_saved_by_transformers_has_the_same_task_vector(
    clip: HubProblem, mirror: Path, tmp_path: Path
) -> None:
    config = stand_ins.clip_base().config.vision_config
    model = transformers.CLIPVisionModel(config)
    tower = getattr(model, "vision_model", model)
    tower.load_state_dict(plain_expert(mirror, "mnist").vision_model.state_dict())
    model.save_pretrained(tmp_path)
    base, layout = open_checkpoint(mirror / SUITE.pretrained), clip.pool().layout
    saved = task_vector(base, open_checkpoint(tmp_path), layout)
    assert torch.equal(saved, clip.pool().task_vectors[1])


@pytest.mark.parametrize(
    ("patch", "large", "size", "mlps"),
    [(32, False, 87_456_000, 12), (16, False, 85_799_424, 12), (14, True, 303_179_776, 24)],
)
def test_real_towers_have_their_known_sizes(
    tmp_path: Path, patch: int, large: bool, size: int, mlps: int
) -> None:
    layout = real_layout(tmp_path, patch=patch, large=large)
    assert layout.size == size
    assert len(routed_rows(layout.groups("module"))) == mlps


@pytest.mark.parametrize(("tasks", "trainable"), [(2, 264), (3, 540), (8, 3_360)])
def test_pwemoe_trains_as_many_parameters_as_published(
    tmp_path: Path, tasks: int, trainable: int
) -> None:
    layout = real_layout(tmp_path, patch=32)
    routed = routed_rows(layout.groups("module"))
    pool = ExpertPool(
        pretrained=torch.empty(layout.size, device="meta"),
        task_vectors=torch.empty(tasks, layout.size, device="meta"),
        layout=layout,
        names=["expert"] * tasks,
    )
    routers = Routers(space="module", routed=routed, initial=0.3)
    parameters = routers.start(pool, torch.Generator())
    assert sum(p.numel() for p in parameters) == trainable
