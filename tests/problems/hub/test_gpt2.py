from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tests.problems.hub import stand_ins
from tests.problems.hub.conftest import GPT2_TASKS
from tests.problems.hub.test_clip import our_logits

from fusefront.algorithms.moe.router import Routers, routed_rows
from fusefront.problems.checkpoints.checkpoint import Checkpoint, open_checkpoint
from fusefront.problems.experts import ExpertPool
from fusefront.problems.hub.family import HubProblem
from fusefront.problems.hub.gpt2 import Gpt2
from fusefront.problems.hub.repositories import find
from fusefront.problems.hub.suites import SUITES

SUITE = SUITES["gpt2"]


@pytest.mark.parametrize("task", [0, 1])
def test_logits_of_an_expert_are_those_of_the_plain_classifier(
    gpt2: HubProblem, mirror: Path, task: int
) -> None:
    hub_task = SUITE.task(GPT2_TASKS[task])
    model: Any = transformers.GPT2ForSequenceClassification.from_pretrained(
        mirror / SUITE.expert(hub_task.name)
    )
    model.eval()
    rows = stand_ins.text_rows(hub_task, stand_ins.TEST, 1)
    tokens = stand_ins.gpt2_tokens([texts for texts, _ in rows])
    assert len(set(tokens["attention_mask"].sum(1).tolist())) > 5
    with torch.no_grad():
        plain = model(**tokens).logits
    pool = gpt2.pool()
    ours = our_logits(gpt2, pool.pretrained + pool.task_vectors[task], task)
    torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-4)


def test_features_do_not_depend_on_the_rest_of_the_batch(gpt2: HubProblem) -> None:
    base = open_checkpoint(stand_in_base())
    backbone, encoder = Gpt2().backbone(base), Gpt2().encoder(base)
    rows = torch.from_numpy(encoder.encode([["red", "blue green pink grey red blue green"]]))
    with torch.no_grad():
        torch.testing.assert_close(backbone(rows)[:1], backbone(rows[:1]), rtol=0, atol=1e-5)


def stand_in_base() -> Path:
    place = find(SUITE.pretrained)
    assert place is not None
    return place.folder


def test_the_short_name_of_the_mirror_is_known(gpt2: HubProblem, mirror: Path) -> None:
    assert stand_in_base() == mirror / "gpt2"


def test_a_score_layer_of_a_wrong_width_is_named(mirror: Path, hub: Path) -> None:
    expert = open_checkpoint(mirror / SUITE.expert("mnli"))
    assert Gpt2().head_mismatch(expert, SUITE.task("mnli")) is None
    found = Gpt2().head_mismatch(expert, SUITE.task("cola"))
    assert found == "`score.weight` is (3, 32), but CoLA has 2 classes"
    headless = replace(expert, tensors={})
    assert Gpt2().head_mismatch(headless, SUITE.task("mnli")) == (
        "`score.weight` is not in the expert"
    )


def test_gpt2_has_its_known_size_and_router_parameters(tmp_path: Path) -> None:
    transformers.GPT2Config().save_pretrained(tmp_path)
    base = Checkpoint(folder=tmp_path, config={}, adapter=None, tensors={}, files={})
    layout = Gpt2().layout(base)
    assert layout.size == 124_439_808
    routed = routed_rows(layout.groups("module"))
    pool = ExpertPool(
        pretrained=torch.empty(layout.size, device="meta"),
        task_vectors=torch.empty(7, layout.size, device="meta"),
        layout=layout,
        names=["expert"] * 7,
    )
    routers = Routers(space="module", routed=routed, initial=0.3)
    parameters = routers.start(pool, torch.Generator())
    assert sum(p.numel() for p in parameters) == 2_604
