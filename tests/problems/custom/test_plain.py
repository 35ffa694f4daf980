"""A plain torch module made by a user's file, with safetensors files as models."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from fusefront.errors import FusefrontError
from fusefront.problems.base import Problem
from fusefront.problems.custom import problem_entry

MODULE = """
from torch import nn

def make():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6))

def greedy(width):
    return nn.Linear(4, width)

def no_module():
    return 3
"""
TOML = """
name = "plain"
pretrained = "base.safetensors"
module = "mine.py:make"

[[tasks]]
name = "sign"
expert = "sign.safetensors"
head = "fit"
[tasks.data]
all = "data.parquet"
tensor = "x"
label = "sign"

[[tasks]]
name = "size"
expert = "size.safetensors"
head = "fit"
[tasks.data]
all = "data.parquet"
tensor = "x"
label = "size"
"""


@pytest.fixture
def path(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(written, tmp_path / "copy")
    return tmp_path / "copy" / "problem.toml"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two questions about Gaussian vectors; experts are trained with their own heads."""
    tmp_path = tmp_path_factory.mktemp("plain")
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(600, 4, generator=generator)
    answers = {
        "sign": (inputs[:, 0] * inputs[:, 1] > 0).long(),
        "size": (inputs.square().sum(1) > 3.4).long(),
    }
    (tmp_path / "mine.py").write_text(MODULE)
    (tmp_path / "problem.toml").write_text(TOML)
    columns = {name: labels.tolist() for name, labels in answers.items()}
    pd.DataFrame({"x": inputs.tolist()} | columns).to_parquet(tmp_path / "data.parquet")
    torch.manual_seed(0)
    nn = torch.nn
    base = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6))
    save_file(base.state_dict(), tmp_path / "base.safetensors")
    for name, labels in answers.items():
        network, head = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6)), nn.Linear(6, 2)
        network.load_state_dict(base.state_dict())
        optimiser = torch.optim.Adam([*network.parameters(), *head.parameters()], lr=0.02)
        for _ in range(300):
            optimiser.zero_grad()
            torch.autograd.backward(nn.functional.cross_entropy(head(network(inputs)), labels))
            optimiser.step()
        save_file(network.state_dict(), tmp_path / f"{name}.safetensors")
    return tmp_path


def load(path: Path) -> Problem:
    return problem_entry(path).load()()


def test_task_vectors_are_expert_minus_pretrained(path: Path) -> None:
    pool = load(path).pool()
    base, expert = (load_file(path.parent / f"{n}.safetensors") for n in ("base", "size"))
    assert pool.layout.names == ("0.weight", "0.bias", "2.weight", "2.bias")
    expected = torch.cat([(expert[n] - base[n]).flatten() for n in pool.layout.names])
    assert torch.equal(pool.task_vectors[1], expected)


def test_heads_are_fitted_on_pretrained_features(path: Path) -> None:
    problem = load(path)
    found = problem.oracle(frozenset({"test"})).measure(problem.pool().pretrained, "test")
    assert (found.n > 200).all()
    assert (found.value > 0.45).all()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("mine.py:make", "none.py:make", "Found none at"),
        ("mine.py:make", "mine.py:mak", "a function `mak` without arguments"),
        ("mine.py:make", "mine.py:greedy", "a function `greedy` without arguments"),
        ("mine.py:make", "mine.py:no_module", r"a torch\.nn\.Module. Found int"),
        (
            'expert = "sign.safetensors"',
            'expert = "other.safetensors"',
            "must fit the pretrained model",
        ),
    ],
)
def test_errors_name_what_is_wrong(path: Path, old: str, new: str, reason: str) -> None:
    save_file({"0.weight": torch.ones(8, 5)}, path.parent / "other.safetensors")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(FusefrontError, match=reason):
        load(path).prepare(lambda line: None)


def test_the_modules_file_is_in_the_hash(path: Path) -> None:
    before = load(path).hash()
    (path.parent / "mine.py").write_text(MODULE.replace("Tanh", "ReLU"))
    assert load(path).hash() != before


def test_files_that_the_module_imports_are_in_the_hash(path: Path) -> None:
    helper = path.with_name("activation.py")
    helper.write_text("from torch.nn import Tanh as Activation")
    own = "from activation import Activation\n" + MODULE.replace("nn.Tanh", "Activation")
    (path.parent / "mine.py").write_text(own)
    load(path).pool()
    before = load(path).hash()
    helper.write_text("from torch.nn import Tanh as Activation  # edited")
    assert load(path).hash() != before
