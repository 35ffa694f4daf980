import pytest
import torch

from fusefront.problems.vision.examples import SPLITS, split_indices
from fusefront.problems.vision.families import Source
from fusefront.problems.vision.images import read

SOURCES: list[tuple[str, Source]] = [
    ("digits", "mnist"),
    ("digits", "optdigits"),
    ("smoke", "optdigits"),
    ("garments", "mnist"),
    ("garments", "fashion"),
]


def _labels(source: Source) -> torch.Tensor:
    if source == "fashion":  # as balanced as they are
        generator = torch.Generator().manual_seed(0)
        return torch.randint(10, (70_000,), generator=generator)
    return read(source)[1]


@pytest.mark.parametrize(("family", "source"), SOURCES)
def test_each_source_image_is_in_one_split_at_most(family: str, source: Source) -> None:
    labels = _labels(source)
    splits = split_indices(family, source, labels)
    assert tuple(splits) == SPLITS
    everything = torch.cat(list(splits.values()))
    assert len(torch.unique(everything)) == len(everything)
    assert everything.min() >= 0
    assert everything.max() < len(labels)
    if source != "fashion":
        assert len(everything) == len(labels)


@pytest.mark.parametrize(("family", "source"), SOURCES)
def test_splits_are_stratified_within_one_image_a_class(family: str, source: Source) -> None:
    labels = _labels(source)
    for name, chosen in split_indices(family, source, labels).items():
        whole = labels
        if source == "fashion":
            whole = labels[60_000:] if name == "test" else labels[:60_000]
        expected = whole.bincount().double() / len(whole) * len(chosen)
        counts = labels[chosen].bincount(minlength=10)
        assert (counts - expected).abs().max() <= 1.5


def test_only_the_test_split_of_garments_uses_fashion_mnists_own_test_set() -> None:
    splits = split_indices("garments", "fashion", _labels("fashion"))
    assert splits["test"].min() >= 60_000
    assert max(int(splits[name].max()) for name in SPLITS if name != "test") < 60_000


def test_digits_and_garments_agree_on_the_digits_of_each_split() -> None:
    labels = _labels("mnist")
    digits, garments = (split_indices(f, "mnist", labels) for f in ("digits", "garments"))
    assert all(digits[name].equal(garments[name]) for name in SPLITS)


def test_splits_do_not_depend_on_the_global_seed() -> None:
    labels = _labels("optdigits")
    torch.manual_seed(1)
    first = split_indices("digits", "optdigits", labels)["test"]
    torch.manual_seed(2)
    assert first.equal(split_indices("digits", "optdigits", labels)["test"])
