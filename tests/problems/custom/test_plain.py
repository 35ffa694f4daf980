"""A plain torch module made by a user's file, with safetensors files as models."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from fusefront.errors import FusefrontError
from fusefront.problems.base import Problem
from fusefront.problems.custom import problem_entry
from fusefront.problems.family import FamilyProblem

MODULE = """
from torch import nn

def make():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6))

def greedy(width):
    return nn.Linear(4, width)

def no_module():
    return 3

class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 6)
        self.third.weight = self.second.weight

    def forward(self, x):
        return self.third(self.second(self.first(x)).tanh())

def tied():
    return Tied()
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
            r"Found `0\.weight` of shape \(8, 5\) instead of \(8, 4\)",
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


def assert_refused(path: Path, reason: str) -> None:
    """Check that doctor and a run give the same reason."""
    findings = list(load(path).preflight())
    with pytest.raises(FusefrontError, match=reason) as caught:
        load(path).prepare(lambda line: None)
    assert not findings[-1].ok
    assert findings[-1].found == str(caught.value)


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "module._orig_mod."])
def test_weights_of_a_wrapped_module_are_those_of_the_module(path: Path, prefix: str) -> None:
    expected, file = load(path).pool(), path.parent / "sign.safetensors"
    save_file({prefix + name: tensor for name, tensor in load_file(file).items()}, file)
    assert torch.equal(load(path).pool().task_vectors, expected.task_vectors)
    assert all(finding.ok for finding in load(path).preflight())


@pytest.fixture
def tied(path: Path) -> Path:
    """The problem with a module that uses one weight twice, stored under both names."""
    path.write_text(path.read_text().replace("mine.py:make", "mine.py:tied"))
    generator = torch.Generator().manual_seed(0)
    for name in ("base", "sign", "size"):
        shapes: dict[str, tuple[int, ...]] = {"first.weight": (6, 4), "second.weight": (6, 6)}
        shapes |= {f"{layer}.bias": (6,) for layer in ("first", "second", "third")}
        found = {n: torch.randn(shape, generator=generator) for n, shape in shapes.items()}
        found["third.weight"] = found["second.weight"].clone()
        save_file(found, path.parent / f"{name}.safetensors")
    return path


def test_a_tied_weight_may_be_stored_once_or_twice(tied: Path) -> None:
    expected = load(tied).pool()
    assert expected.layout.names.count("third.weight") == 0
    for name, dropped in (("base", "third.weight"), ("sign", "second.weight")):
        file = tied.parent / f"{name}.safetensors"
        save_file({n: t for n, t in load_file(file).items() if n != dropped}, file)
    assert all(finding.ok for finding in load(tied).preflight())
    assert torch.equal(load(tied).pool().task_vectors, expected.task_vectors)


def test_a_weight_that_was_untied_is_refused_by_both_names(tied: Path) -> None:
    file = tied.parent / "sign.safetensors"
    found = load_file(file)
    found["third.weight"] += 1
    save_file(found, file)
    assert_refused(tied, r"different ones in `second\.weight` and `third\.weight`")


def test_quantised_weights_are_refused(path: Path) -> None:
    file = path.parent / "sign.safetensors"
    found = load_file(file)
    found["2.weight"] = (found["2.weight"] * 100).to(torch.int8)
    save_file(found, file)
    assert_refused(path, r"Found `2\.weight` as I8: the checkpoint is quantised")


def test_inputs_that_the_module_does_not_accept_are_refused(path: Path) -> None:
    frame = pd.read_parquet(path.parent / "data.parquet")
    frame["x"] = [[*list(x), 0.0] for x in frame["x"]]
    frame.to_parquet(path.parent / "data.parquet")
    assert_refused(path, r"must accept the inputs of task `sign`, which have shape \(1, 5\)")


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((2, 5), r"must have shape \(1, 5\), as its head expects. Found \(1, 6\)"),
        ((1, 6), r"must contain only classes of task `sign`: 0\. Found `1` in row"),
        ((6,), "must contain a `weight` of shape"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(
    path: Path, shape: tuple[int, ...], reason: str
) -> None:
    path.write_text(path.read_text().replace('"fit"', '"head.safetensors"', 1))
    head = {"weight": torch.zeros(shape), "bias": torch.zeros(shape[0])}
    save_file(head, path.parent / "head.safetensors")
    assert_refused(path, reason)


def test_the_same_numbers_in_every_format_are_the_same_problem(path: Path) -> None:
    frame, before = pd.read_parquet(path.parent / "data.parquet"), load(path).hash()
    frame["x"] = [[float(value) for value in x] for x in frame["x"]]
    frame.to_csv(path.parent / "d.csv", index=False)
    frame.to_json(path.parent / "d.jsonl", orient="records", lines=True, double_precision=15)
    for name in ("d.csv", "d.jsonl"):
        other = path.with_name(f"{name}.toml")
        other.write_text(path.read_text().replace("data.parquet", name))
        assert load(other).hash() == before


def test_a_split_of_whole_numbers_is_encoded_as_the_others(path: Path) -> None:
    frame, splits = pd.read_parquet(path.parent / "data.parquet"), []
    for i, split in enumerate(("calibration", "validation", "test")):
        rows = frame[200 * i : 200 * (i + 1)].to_dict("records")
        if split == "validation":
            rows = [row | {"x": [1000 + k, 1, 2, 3]} for k, row in enumerate(rows)]
        lines = (json.dumps(row | {"x": list(row["x"])}) + "\n" for row in rows)
        (path.parent / f"{split}.jsonl").write_text("".join(lines))
        splits.append(f'{split} = "{split}.jsonl"')
    path.write_text(path.read_text().replace('all = "data.parquet"', "\n".join(splits)))
    assert all(finding.ok for finding in load(path).preflight())
    problem = load(path)
    assert isinstance(problem, FamilyProblem)
    assert problem.family.examples("sign", "validation").inputs.dtype == torch.float32


@pytest.mark.parametrize("name", ["weight", "bias"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_head_that_is_not_finite_is_refused_by_file_and_tensor(
    path: Path, name: str, value: float
) -> None:
    path.write_text(path.read_text().replace('"fit"', '"head.safetensors"', 1))
    head = {"weight": torch.zeros(2, 6), "bias": torch.zeros(2)}
    head[name][-1] = value
    save_file(head, path.parent / "head.safetensors")
    size, wrong = head[name].numel(), head[name][-1].numel()
    assert_refused(
        path,
        rf"The head of task `sign` must have finite weights\. Found {wrong} of {size} numbers that "
        rf"are NaN or infinite as float32 in `{name}` of `.*/head\.safetensors`",
    )


@pytest.mark.parametrize(
    ("file", "subject"), [("base", "The pretrained model"), ("size", "Expert `size`")]
)
def test_weights_that_are_not_finite_are_refused(path: Path, file: str, subject: str) -> None:
    place = path.parent / f"{file}.safetensors"
    tensors = load_file(place)
    tensors["2.bias"][3] = float("nan")
    save_file(tensors, place)
    assert_refused(path, f"{subject} must have finite weights.* Found 1 of 6 .* in `2.bias`")
