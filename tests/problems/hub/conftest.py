"""A mirror of the hub, and a separate cache for every test."""

from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
import torch
from tests.problems.hub import stand_ins

from fusefront.problems.hub.family import HubProblem

CLIP_TASKS, GPT2_TASKS = ("eurosat", "mnist"), ("cola", "mnli")


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two CLIP experts and two GPT-2 experts, and their data."""
    torch.set_num_threads(1)
    datasets.disable_progress_bars()
    folder = tmp_path_factory.mktemp("mirror")
    stand_ins.write_clip(folder, "clip-vit-b32", CLIP_TASKS)
    stand_ins.write_gpt2(folder, GPT2_TASKS)
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def hub(mirror: Path, cache: Path) -> Iterator[Path]:
    """The mirror, a cache that modules share, and no hub."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSEFRONT_MIRROR", str(mirror))
        patch.setenv("FUSEFRONT_CACHE", str(cache))
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        yield mirror


def prepared(suite: str, tasks: tuple[str, ...]) -> HubProblem:
    problem = HubProblem(suite=suite, tasks=tasks)
    problem.prepare(lambda line: None)
    return problem


@pytest.fixture(scope="module")
def clip(hub: Path) -> HubProblem:
    """A prepared pair of the CLIP stand-in."""
    return prepared("clip-vit-b32", CLIP_TASKS)


@pytest.fixture(scope="module")
def gpt2(hub: Path) -> HubProblem:
    """A prepared pair of the GPT-2 stand-in."""
    return prepared("gpt2", GPT2_TASKS)
