from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.base import Split
from fusefront.problems.vision import problem, weights
from fusefront.problems.vision.problem import VisionProblem

SMOKE = VisionProblem(family="smoke", tasks=("left", "right"))
SPLIT: frozenset[Split] = frozenset({"validation"})


def _garments() -> VisionProblem:
    return VisionProblem(family="garments", tasks=("over-digit", "over-garment"))


def test_a_preflight_names_the_experts_and_every_source() -> None:
    findings = list(SMOKE.preflight())
    assert [finding.what for finding in findings] == ["experts of smoke", "images of optdigits"]
    assert all(finding.ok for finding in findings)


@pytest.mark.usefixtures("nothing_there")
def test_missing_garments_are_told_by_preflight_and_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    experts, digits, garments = _garments().preflight()
    assert experts.ok
    assert digits.ok
    assert not garments.ok
    assert "apt-get install dataset-fashion-mnist" in garments.found
    monkeypatch.setattr(problem, "load_tasks", None)
    for work in (lambda: _garments().prepare(print), lambda: _garments().oracle(SPLIT)):
        with pytest.raises(MissingDataError, match="dataset-fashion-mnist"):
            work()


@pytest.mark.usefixtures("stood_in")
def test_other_garments_than_those_trained_on_are_told_and_refused() -> None:
    *_, garments = _garments().preflight()
    assert not garments.ok
    assert "Images of `fashion` must be those" in garments.found
    with pytest.raises(IntegrityError, match="Images of `fashion`"):
        _garments().oracle(SPLIT)


@pytest.mark.usefixtures("nothing_there")
def test_tasks_on_digits_alone_need_no_garments() -> None:
    pair = VisionProblem(family="garments", tasks=("mnist", "digit-left"))
    assert all(finding.ok for finding in pair.preflight())
    assert pair.oracle(SPLIT).length("validation") == [500, 1000]


def test_damaged_weights_end_the_preflight_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "SHIPPED", tmp_path)
    (finding,) = VisionProblem(family="smoke", tasks=("left", "right")).preflight()
    assert not finding.ok
    assert "fusefront retrain smoke" in finding.found


def test_anchors_of_the_garments_are_what_their_experts_do(
    real_fashion: tuple[torch.Tensor, torch.Tensor],
) -> None:
    pair = _garments()
    assert all(finding.ok for finding in pair.preflight())
    pool, oracle, anchors = pair.pool(), pair.oracle(SPLIT), pair.anchors("validation")
    for params, stored in (
        (pool.pretrained, anchors.pretrained),
        (pool.pretrained + pool.task_vectors[1], anchors.experts[1]),
    ):
        measured = oracle.measure(params, "validation")
        assert (abs(measured.value - stored) * measured.n < 2.5).all()
