from dataclasses import replace

import pytest
import torch

from fusefront.problems.classifier import Examples
from fusefront.problems.vision.examples import source_images
from fusefront.problems.vision.families import FAMILIES
from fusefront.problems.vision.recipe import RECIPES
from fusefront.problems.vision.upstream import Upstream, draw_upstream

FAMILY = FAMILIES["smoke"]
MIX = replace(
    RECIPES["smoke"].upstream,
    copies={"optdigits": 2},
    overlays={("optdigits", "optdigits"): 400},
)


def _draw(**changes: float) -> Examples:
    return draw_upstream(FAMILY, replace(MIX, **changes), torch.Generator().manual_seed(0))  # type: ignore[arg-type] # floats only


def test_upstream_has_the_requested_copies_and_overlays() -> None:
    n_digits = len(source_images(FAMILY, "optdigits", "upstream")[1])
    data = _draw()
    assert data.inputs.shape == (2 * n_digits + 400, 1, 12, 12)
    assert data.labels.max() < MIX.n_classes == 30


def test_without_sides_every_label_is_a_plain_digit() -> None:
    assert _draw(sided=0.0).labels.max() == 9


def test_with_all_sided_every_label_of_an_overlay_names_its_side() -> None:
    overlays = _draw(sided=1.0).labels[-400:]
    assert overlays.min() >= 10
    sides = overlays // 10
    assert 150 < (sides == 1).sum() < 250


def test_negated_singles_are_the_same_digits_with_the_sign_flipped() -> None:
    plain, negated = _draw(negated=0.0), _draw(negated=1.0)
    n = len(plain.labels) - 400
    torch.testing.assert_close(negated.inputs[:n], -plain.inputs[:n])
    assert negated.labels[:n].equal(plain.labels[:n])


@pytest.mark.usefixtures("stood_in")
def test_sources_have_classes_of_their_own_and_overlays_those_of_what_they_show() -> None:
    mix = Upstream(
        copies={"mnist": 1, "fashion": 1},
        overlays={("mnist", "fashion"): 200},
        negated=0.0,
        turned=0.0,
        sided=1.0,
    )
    data = draw_upstream(FAMILIES["garments"], mix, torch.Generator().manual_seed(0))
    digits, garments, overlays = torch.split(data.labels, [1000, 6000, 200])
    assert mix.n_classes == 60
    assert torch.unique(digits).tolist() == list(range(10))
    assert torch.unique(garments).tolist() == list(range(30, 40))
    first, second = overlays[overlays < 30], overlays[overlays >= 30]
    assert len(first) + len(second) == 200
    assert set((first // 10).tolist()) == {1}
    assert set((second // 10).tolist()) == {5}
