from pathlib import Path

import pytest
import torch
from tests.problems.language import standins

from fusefront.errors import IntegrityError
from fusefront.problems.base import Problem
from fusefront.problems.family import FamilyProblem
from fusefront.problems.language import data, tiny_gpt2
from fusefront.problems.language.splits import SOURCES, Sizes
from fusefront.problems.language.tasks import TINY_GPT2
from fusefront.problems.language.tiny_gpt2 import TinyGpt2Family, load_shipped

SIZES = Sizes(experts=16, calibration=8, validation=8, test=12)
TASKS = ("news", "supersense")


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for the corpora and an empty cache; returns the texts folder."""
    standins.install(tmp_path / "site", tmp_path / "texts", monkeypatch, n=52)
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(data, "SIZES", dict.fromkeys(SOURCES, SIZES))
    return tmp_path / "texts"


@pytest.fixture
def problem(corpora: Path) -> Problem:
    made = FamilyProblem(make_family=TinyGpt2Family, tasks=TASKS)
    made.prepare(lambda line: None)
    return made


def test_the_pool_has_the_requested_experts_in_the_requested_order() -> None:
    family, frozen = TinyGpt2Family(), load_shipped()
    pool = family.pool(("reuters", "news"))
    assert pool.names == ("reuters", "news")
    for row, name in zip(pool.task_vectors, pool.names, strict=True):
        assert torch.equal(row, frozen.task_vectors[frozen.tasks.index(name)])
    assert torch.equal(pool.pretrained, frozen.pretrained)


def test_the_backbone_has_pretrained_parameters_and_frozen_embeddings() -> None:
    family = TinyGpt2Family()
    network, pool = family.backbone(), family.pool(TASKS)
    named = dict(network.named_parameters())
    moved = [named[name].detach().reshape(-1) for name in pool.layout.names]
    assert torch.equal(torch.cat(moved), pool.pretrained)
    assert set(named) - set(pool.layout.names) == {"gpt2.wte.weight", "gpt2.wpe.weight"}
    with torch.no_grad():
        named[pool.layout.names[0]].zero_()
    assert torch.equal(family.pool(TASKS).pretrained, pool.pretrained)


def test_routers_find_every_mlp() -> None:
    modules = TinyGpt2Family().pool(TASKS).layout.groups("module").names
    assert sum(name.endswith(".mlp") for name in modules) == 3


def test_a_prepared_problem_has_anchors_and_an_oracle(problem: Problem) -> None:
    anchors = problem.anchors("test")
    assert anchors.n.tolist() == [12, 12]
    oracle = problem.oracle(frozenset({"validation"}))
    measured = oracle.measure(problem.pool().pretrained, "validation")
    assert measured.value.tolist() == problem.anchors("validation").pretrained.tolist()
    assert problem.hash() == FamilyProblem(make_family=TinyGpt2Family, tasks=TASKS).hash()


def test_losses_have_gradients_for_every_merged_parameter(problem: Problem) -> None:
    pool, oracle = problem.pool(), problem.oracle(frozenset({"calibration"}))
    params = (pool.pretrained + 0.3 * pool.task_vectors.sum(0)).requires_grad_()
    rows = [torch.arange(4), torch.arange(4)]
    batch = oracle.batch("calibration", rows, labelled=True)
    (gradient,) = torch.autograd.grad(oracle.losses(params, batch).sum(), params)
    pieces = pool.layout.unflatten(gradient)
    assert all(piece.abs().sum() > 0 for piece in pieces.values())


def test_the_hash_depends_on_the_texts(problem: Problem, corpora: Path) -> None:
    before = problem.hash()
    glosses = corpora / "data.noun"
    glosses.write_text(glosses.read_text().replace("thing 7", "thing seven"))
    assert FamilyProblem(make_family=TinyGpt2Family, tasks=TASKS).hash() != before


def test_preflight_finds_weights_and_texts(corpora: Path) -> None:
    found = {f.what: f.ok for f in TinyGpt2Family().preflight(TASKS)}
    assert found == {"weights": True, "texts of newsgroups": True, "texts of glosses": True}
    (corpora / "data.noun").unlink()
    found = {f.what: f.ok for f in TinyGpt2Family().preflight(("news", "reuters"))}
    assert found == {"weights": True, "texts of newsgroups": True, "texts of reuters": True}


def test_preflight_reports_damaged_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_gpt2, "SHIPPED", tmp_path)
    (first, *_) = TinyGpt2Family().preflight(TASKS)
    assert not first.ok
    assert "fusefront retrain tiny-gpt2" in first.found
    with pytest.raises(IntegrityError):
        TinyGpt2Family().pool(TASKS)


@pytest.mark.parametrize("task", TINY_GPT2.tasks)
def test_stored_scores_are_reproduced_on_the_real_texts(task: str) -> None:
    family = TinyGpt2Family()
    lacking = [f.found for f in family.preflight([task]) if not f.ok]
    if lacking:
        pytest.skip(" ".join(lacking))
    problem = FamilyProblem(make_family=TinyGpt2Family, tasks=(task, task))
    stored = load_shipped().manifest["scores"][task]
    pool = problem.pool()
    found = problem.oracle(frozenset({"test"})).measure(
        pool.pretrained + pool.task_vectors[0], "test"
    )
    assert found.n[0] == stored["n"]
    assert abs(found.value[0] - stored["expert"]) * stored["n"] < 2.5
