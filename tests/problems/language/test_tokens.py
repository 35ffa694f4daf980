import torch
from tokenizers import Tokenizer

from fusefront.problems.language.data import Encoder
from fusefront.problems.language.recipe import train_vocabulary

TEXTS = ["the cat sat on the mat", "the dog", "the cat and the dog sat"]


def vocabulary() -> Tokenizer:
    return train_vocabulary(TEXTS, 300)


def test_texts_are_cut_and_padded_on_the_right() -> None:
    whole = Encoder(vocabulary(), length=40, padding=0).ids(TEXTS)
    cut = Encoder(vocabulary(), length=3, padding=0).ids(TEXTS)
    assert whole.shape == (3, 40)
    assert whole.dtype == torch.int64
    assert torch.equal(cut, whole[:, :3])
    for row in whole:
        real = int((row != 0).sum())
        assert 0 < real < 40
        assert not row[real:].any()


def test_equal_texts_have_equal_ids_in_any_case() -> None:
    ids = Encoder(vocabulary(), length=20, padding=0).ids(["The CAT", "the cat", "the mat"])
    assert torch.equal(ids[0], ids[1])
    assert not torch.equal(ids[0], ids[2])


def test_no_text_contains_the_padding() -> None:
    ids = Encoder(vocabulary(), length=20, padding=0).ids(["<pad> \x00 ~ \N{PILE OF POO}"])
    real = int((ids != 0).sum())
    assert real == 20 or not ids[0, real:].any()
    assert (ids[0, :real] != 0).all()


def test_a_vocabulary_of_the_same_texts_is_the_same() -> None:
    assert vocabulary().to_str() == vocabulary().to_str()
