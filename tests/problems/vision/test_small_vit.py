import json
from pathlib import Path

import pytest
import torch

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.base import Split
from fusefront.problems.family import FamilyProblem
from fusefront.problems.network import trainable
from fusefront.problems.vision import examples, small_vit
from fusefront.problems.vision.examples import VisionExamples, fingerprint
from fusefront.problems.vision.families import FAMILIES
from fusefront.problems.vision.recipe import scores
from fusefront.problems.vision.small_vit import SHIPPED, SmallVit, SmallVitFamily, load_shipped

SPLIT: frozenset[Split] = frozenset({"validation"})
families = pytest.mark.parametrize("family", FAMILIES)


def problem(family: str, *tasks: str) -> FamilyProblem:
    return FamilyProblem(make_family=lambda: SmallVitFamily(name=family), tasks=tasks)


def garments() -> FamilyProblem:
    return problem("garments", "over-digit", "over-garment")


@families
def test_the_network_has_the_parameters_of_the_shipped_experts(family: str) -> None:
    frozen = load_shipped(family)
    layout, flat = trainable(SmallVit(frozen.manifest["config"]))
    assert frozen.tasks == FAMILIES[family].tasks
    assert frozen.layout == layout
    assert frozen.pretrained.shape == flat.shape
    assert frozen.task_vectors.shape == (len(frozen.tasks), *flat.shape)
    for name in frozen.tasks:
        weight, bias = frozen.head(name)
        n_classes = FAMILIES[family].task(name).n_classes
        assert weight.shape == (n_classes, frozen.manifest["config"]["hidden_size"])
        assert bias.shape == (n_classes,)
    assert all(t.isfinite().all() for t in (frozen.pretrained, frozen.task_vectors))


def test_the_network_has_no_buffers_and_is_deterministic() -> None:
    model = SmallVit(load_shipped("smoke").manifest["config"])
    inputs = torch.randn(5, 1, 12, 12)
    assert not list(model.buffers())
    assert not model.training
    assert model(inputs).equal(model(inputs))


def test_parameters_in_another_order_than_the_weights_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    family = SmallVitFamily(name="smoke")
    frozen = load_shipped("smoke")
    other = {**frozen.manifest, "layout": frozen.manifest["layout"][::-1]}
    monkeypatch.setattr(
        small_vit,
        "load",
        lambda *args: type(frozen)(tasks=frozen.tasks, tensors=frozen.tensors, manifest=other),
    )
    with pytest.raises(IntegrityError, match="pip install 'transformers"):
        family.backbone()


@families
def test_every_expert_is_ten_standard_errors_above_the_pretrained_model(family: str) -> None:
    found = load_shipped(family).manifest["resolution"]
    assert set(found) == set(FAMILIES[family].tasks)
    assert min(found.values()) >= 10


@families
def test_the_manifest_has_anchors_and_averages_for_every_task(family: str) -> None:
    frozen = load_shipped(family)
    tasks = set(frozen.tasks)
    for split in ("calibration", "validation", "test"):
        anchors = frozen.manifest["anchors"][split]
        assert set(anchors) == tasks | {"base"}
        assert all(set(row) == tasks for row in anchors.values())
    expected = {"+".join(s): set(s) for s in FAMILIES[family].subsets}
    assert {k: set(row) for k, row in frozen.manifest["averages"].items()} == expected


def test_no_family_takes_more_than_six_megabytes() -> None:
    for family in FAMILIES:
        sizes = [path.stat().st_size for path in SHIPPED.glob(f"{family}.*")]
        assert len(sizes) == 2
        assert sum(sizes) < 6_000_000


def test_the_manifest_of_garments_has_the_fingerprint_of_every_source() -> None:
    images = load_shipped("garments").manifest["images"]
    assert set(images) == {"mnist", "fashion"}
    assert images["mnist"] == fingerprint("garments", "mnist")


@pytest.mark.parametrize("name", ["base", "negated"])
def test_anchors_of_smoke_are_reproduced_by_a_plain_forward_pass(name: str) -> None:
    frozen = load_shipped("smoke")
    flat = frozen.pretrained
    if name != "base":
        flat = flat + frozen.task_vectors[frozen.tasks.index(name)]
    model = SmallVit(frozen.manifest["config"])
    model.load_state_dict(frozen.layout.unflatten(flat))
    data = VisionExamples(family=FAMILIES["smoke"])
    heads = {task: frozen.head(task) for task in frozen.tasks}
    found = scores(model, heads, {task: data(task, "test") for task in frozen.tasks})
    for task, score in found.items():
        stored = frozen.manifest["anchors"]["test"][name][task]
        assert score["n"] == stored["n"]
        assert abs(score["accuracy"] - stored["accuracy"]) * stored["n"] < 1.5
        assert score["loss"] == pytest.approx(stored["loss"], abs=1e-3)


def test_stored_anchors_are_the_manifest_s_and_nothing_is_measured(tmp_path: Path) -> None:
    pair = problem("smoke", "left", "right")
    pair.prepare(lambda line: pytest.fail(line))
    manifest = json.loads((SHIPPED / "smoke.json").read_text())
    anchors, stored = pair.anchors("test"), manifest["anchors"]["test"]
    assert anchors.pretrained.tolist() == [stored["base"][t]["accuracy"] for t in pair.tasks]
    assert anchors.experts[0, 1] == stored["left"]["right"]["accuracy"]
    assert anchors.average_loss is not None
    assert anchors.average_loss[1] == manifest["averages"]["left+right"]["right"]["loss"]
    assert anchors.resolution == pytest.approx(
        [manifest["resolution"][t] for t in pair.tasks], abs=0.005
    )
    assert pair.anchors("validation").average is None


def test_the_hash_of_a_shipped_problem_never_changes() -> None:
    assert problem("smoke", "left", "right").hash() == "c4b9517f4d66b9e2"
    assert problem("digits", "left", "right").hash() == "6e2b2d8038839744"


def test_preflight_names_the_experts_and_every_source() -> None:
    findings = list(problem("smoke", "left", "right").preflight())
    assert [finding.what for finding in findings] == ["experts of smoke", "images of optdigits"]
    assert all(finding.ok for finding in findings)


@pytest.mark.usefixtures("no_fashion")
def test_missing_garments_are_reported_by_preflight_and_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    experts, digits, clothes = garments().preflight()
    assert experts.ok
    assert digits.ok
    assert not clothes.ok
    assert "apt-get install dataset-fashion-mnist" in clothes.found
    monkeypatch.setattr(examples, "draw_view", None)
    for work in (lambda: garments().prepare(print), lambda: garments().oracle(SPLIT)):
        with pytest.raises(MissingDataError, match="dataset-fashion-mnist"):
            work()


@pytest.mark.usefixtures("stood_in")
def test_images_that_the_experts_were_not_trained_on_are_reported_and_refused() -> None:
    *_, clothes = garments().preflight()
    assert not clothes.ok
    assert "Images of `fashion` must be those" in clothes.found
    with pytest.raises(IntegrityError, match="Images of `fashion`"):
        garments().oracle(SPLIT)


@pytest.mark.usefixtures("no_fashion")
def test_tasks_on_digits_alone_need_no_garments() -> None:
    pair = problem("garments", "mnist", "digit-left")
    assert all(finding.ok for finding in pair.preflight())
    assert pair.oracle(SPLIT).length("validation") == [500, 1000]


def test_damaged_weights_end_the_preflight_with_a_way_to_fix_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_vit, "SHIPPED", tmp_path)
    (finding,) = problem("smoke", "left", "right").preflight()
    assert not finding.ok
    assert "fusefront retrain smoke" in finding.found


def test_anchors_of_the_garments_are_what_their_experts_score(
    real_fashion: tuple[torch.Tensor, torch.Tensor],
) -> None:
    pair = garments()
    assert all(finding.ok for finding in pair.preflight())
    pool, oracle, anchors = pair.pool(), pair.oracle(SPLIT), pair.anchors("validation")
    for params, stored in (
        (pool.pretrained, anchors.pretrained),
        (pool.pretrained + pool.task_vectors[1], anchors.experts[1]),
    ):
        measured = oracle.measure(params, "validation")
        assert (abs(measured.value - stored) * measured.n < 2.5).all()
