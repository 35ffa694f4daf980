"""A suite is downloaded from a hub at a revision that is kept."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.problems.hub import stand_ins
from tests.problems.hub.conftest import CLIP_TASKS
from tests.problems.hub.local_hub import COMMIT, serve

from fusefront.problems.hub.suites import SUITES, pinned_revision

SUITE = SUITES["clip-vit-b32"]
CODE = """
from fusefront.problems.hub.family import HubProblem
problem = HubProblem(suite="clip-vit-b32", tasks=("eurosat", "mnist"))
for line in problem.preflight():
    print("preflight", line.ok, line.what, line.found)
problem.prepare(print)
print("hash", problem.hash())
"""


@pytest.fixture
def repositories(mirror: Path, tmp_path: Path) -> Path:
    """The mirror in the form of the hub: data in Parquet files, a pickle beside weights."""
    folder = tmp_path / "repositories"
    for owner in ("openai", "tanganke"):
        shutil.copytree(mirror / owner, folder / "models" / owner)
    (folder / "models" / SUITE.pretrained / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    for name in CLIP_TASKS:
        task = SUITE.task(name)
        data = folder / "datasets" / task.dataset / "data"
        data.mkdir(parents=True)
        (data.parent / "README.md").write_text(f"# {task.title}\n")
        for split, rows in stand_ins.image_data(task).items():
            rows.to_parquet(str(data / f"{split}-00000-of-00001.parquet"))
    return folder


def run(address: str, home: Path, **environment: str) -> list[str]:
    """Run in another process, since the hub's clients read the address when imported."""
    settings = {
        "HF_ENDPOINT": address,
        "HF_HOME": str(home / "hf"),
        "FUSEFRONT_CACHE": str(home / "cache"),
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }
    kept = {k: v for k, v in os.environ.items() if k not in ("FUSEFRONT_MIRROR", "HF_HUB_OFFLINE")}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=kept | settings | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_models_and_data_are_downloaded_once_and_found_offline(
    repositories: Path, tmp_path: Path
) -> None:
    with serve(repositories) as address:
        first = run(address, tmp_path)
    assert (
        f"preflight True {SUITE.pretrained} not on this machine; downloaded on first use" in first
    )
    assert f"downloading {SUITE.pretrained}" in first
    kept = json.loads((tmp_path / "cache" / "hub" / "revisions.json").read_text())
    fetched = [SUITE.expert(t) for t in CLIP_TASKS]
    fetched += [f"datasets/{SUITE.task(t).dataset}" for t in CLIP_TASKS]
    assert kept == dict.fromkeys(sorted(fetched), COMMIT)
    pinned = pinned_revision(SUITE.pretrained)
    assert pinned is not None
    shutil.rmtree(tmp_path / "cache" / "hub" / "data")
    again = run(address, tmp_path, HF_HUB_OFFLINE="1")
    assert not any(line.startswith("downloading") for line in again)
    assert any("encoding MNIST, test" in line for line in again)
    assert any(f"revision {pinned[:12]}" in line for line in again)
    assert again[-1] == first[-1]
