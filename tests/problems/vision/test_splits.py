import pytest
import torch

from fusefront.problems.vision.images import mnist, optdigits
from fusefront.problems.vision.splits import SPLITS, split_indices

SOURCES = [("digits", "mnist"), ("digits", "optdigits"), ("smoke", "optdigits")]


def _labels(source: str) -> torch.Tensor:
    return (mnist() if source == "mnist" else optdigits())[1]


@pytest.mark.parametrize(("family", "source"), SOURCES)
def test_each_source_digit_is_in_exactly_one_split(family: str, source: str) -> None:
    labels = _labels(source)
    splits = split_indices(family, source, labels)
    assert tuple(splits) == SPLITS
    everything = torch.cat(list(splits.values()))
    assert everything.sort().values.equal(torch.arange(len(labels)))


@pytest.mark.parametrize(("family", "source"), SOURCES)
def test_splits_are_stratified_within_one_digit_a_class(family: str, source: str) -> None:
    labels = _labels(source)
    share = labels.bincount().double() / len(labels)
    for chosen in split_indices(family, source, labels).values():
        counts = labels[chosen].bincount(minlength=10)
        assert (counts - share * len(chosen)).abs().max() <= 1.5


def test_splits_do_not_depend_on_the_global_seed() -> None:
    labels = _labels("optdigits")
    torch.manual_seed(1)
    first = split_indices("digits", "optdigits", labels)["test"]
    torch.manual_seed(2)
    assert first.equal(split_indices("digits", "optdigits", labels)["test"])
