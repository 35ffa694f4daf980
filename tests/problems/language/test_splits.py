from collections import Counter

import pytest

from fusefront.errors import ParameterError
from fusefront.problems.language.splits import Sizes, rows_of_splits
from fusefront.problems.language.texts.corpus import Corpus

SIZES = Sizes(experts=120, calibration=30, validation=30, test=60)


def corpus(n: int) -> Corpus:
    """Three classes with shares of 1/2, 1/3 and 1/6."""
    pattern = ("a", "a", "a", "b", "b", "c")
    return Corpus(
        texts=[f"text number {i} of many" for i in range(n)],
        answers={"class": [pattern[i % 6] for i in range(n)]},
    )


def test_splits_have_their_sizes_and_share_no_row() -> None:
    found = rows_of_splits(corpus(300), SIZES)
    assert {s: len(rows) for s, rows in found.items()} == {
        "test": 60, "validation": 30, "calibration": 30, "experts": 120, "upstream": 60
    }  # fmt: skip
    assert sorted(row for rows in found.values() for row in rows) == list(range(300))


@pytest.mark.parametrize("split", ["test", "validation", "experts", "upstream"])
def test_every_prefix_is_stratified(split: str) -> None:
    data = corpus(300)
    rows = rows_of_splits(data, SIZES)[split]  # type: ignore[index]
    for length in (12, 18, len(rows)):
        found = Counter(data.answers["class"][row] for row in rows[:length])
        for name, share in {"a": 1 / 2, "b": 1 / 3, "c": 1 / 6}.items():
            assert abs(found[name] - share * length) <= 2


def test_splits_do_not_depend_on_the_order_of_the_file() -> None:
    forwards = corpus(300)
    order = list(reversed(range(300)))
    backwards = Corpus(
        texts=[forwards.texts[i] for i in order],
        answers={"class": [forwards.answers["class"][i] for i in order]},
    )
    one, other = rows_of_splits(forwards, SIZES), rows_of_splits(backwards, SIZES)
    for split, rows in one.items():
        assert [forwards.texts[i] for i in rows] == [backwards.texts[i] for i in other[split]]


def test_one_of_several_texts_with_the_same_start_is_kept_and_empty_ones_are_dropped() -> None:
    head = "forty characters that two texts may share"
    texts = [f"text {i}" for i in range(20)] + [f"{head} g", f" {head.upper()}  h", "", " \n"]
    data = Corpus(texts=texts, answers={"class": ["a"] * 24})
    found = rows_of_splits(data, Sizes(experts=5, calibration=5, validation=5, test=6))
    rows = [row for split in found.values() for row in split]
    assert sorted(rows) == list(range(21))


def test_a_corpus_that_is_too_small_is_refused() -> None:
    with pytest.raises(ParameterError, match="Found 240 for 239 texts"):
        rows_of_splits(corpus(239), SIZES)
