from pathlib import Path

import pytest
import torch
from tests.problems.language import standins

from fusefront.errors import MissingDataError, UnknownNameError
from fusefront.problems.base import Finding
from fusefront.problems.language import data
from fusefront.problems.language.data import Encoder, TextData, texts_preflight
from fusefront.problems.language.recipe import train_vocabulary
from fusefront.problems.language.splits import SOURCES, Sizes

SIZES = Sizes(experts=16, calibration=6, validation=6, test=12)
LENGTH = 60


@pytest.fixture(autouse=True)
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for the corpora with small splits and an empty cache; returns the folder."""
    standins.install(tmp_path / "site", tmp_path / "texts", monkeypatch, n=52)
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(data, "SIZES", dict.fromkeys(SOURCES, SIZES))
    return tmp_path / "texts"


def encoder() -> Encoder:
    return Encoder(train_vocabulary(["the number of a film"], 280), length=LENGTH, padding=0)


def text_data(identity: str = "one", most: tuple[tuple[str, int], ...] = ()) -> TextData:
    return TextData(encoder=encoder, identity=identity, most=most)


def test_examples_are_ids_with_a_class_each() -> None:
    found = text_data().examples("supersense", "experts")
    assert found.inputs.shape == (16, LENGTH)
    assert found.inputs.dtype == found.labels.dtype == torch.int64
    assert 0 <= int(found.labels.min()) <= int(found.labels.max()) < 26


def test_questions_about_the_same_texts_share_the_very_same_inputs() -> None:
    one = text_data(most=(("test", 5),))
    sentiment, medium = one.examples("sentiment", "test"), one.examples("medium", "test")
    assert sentiment.inputs is medium.inputs
    assert len(sentiment.labels) == len(medium.labels) == len(medium.inputs) == 5
    assert not torch.equal(sentiment.labels, medium.labels)


def test_no_text_is_in_two_splits() -> None:
    texts = text_data()
    seen: set[tuple[int, ...]] = set()
    for split in ("experts", "calibration", "validation", "test"):
        rows = {tuple(row) for row in texts.examples("news", split).inputs.tolist()}
        assert not rows & seen
        seen |= rows


def test_a_corpus_is_read_once_and_then_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    first = text_data().examples("reuters", "test")

    def refuse() -> Encoder:
        raise AssertionError("encoded a second time")

    again = TextData(encoder=refuse, identity="one").examples("reuters", "test")
    assert torch.equal(first.inputs, again.inputs)
    with pytest.raises(AssertionError, match="second time"):
        TextData(encoder=refuse, identity="other").examples("reuters", "test")


def test_the_digest_depends_on_texts_encoders_and_numbers(corpora: Path) -> None:
    before = text_data().digest(["supersense"])
    assert text_data().digest(["supersense", "supersense"]) == before
    assert text_data("two").digest(["supersense"]) != before
    assert text_data(most=(("test", 5),)).digest(["supersense"]) != before
    glosses = corpora / "data.noun"
    glosses.write_text(glosses.read_text().replace("thing 7", "thing seven"))
    assert text_data().digest(["supersense"]) != before


def test_missing_texts_are_reported_by_preflight_and_when_read(corpora: Path) -> None:
    (corpora / "vaderSentiment-0.5.zip").unlink()
    tasks = ("medium", "news", "sentiment")
    found = {f.what: f for f in texts_preflight(tasks)}
    assert [f.ok for f in found.values()] == [False, True]
    assert isinstance(found["texts of reviews"], Finding)
    assert "pip download" in found["texts of reviews"].found
    with pytest.raises(MissingDataError, match="pip download"):
        text_data().examples("medium", "test")


def test_an_unknown_task_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="`supersense`"):
        text_data().examples("supersens", "test")
