import torch
from tests.problems.hub.stand_ins import gpt2_tokenizer, gpt2_tokens

from fusefront.problems.hub.gpt2 import PAD, encode_texts, padded_batch

FIRST = ["red blue", "a", "grey grey grey"]
SECOND = ["green", "pink red", "b"]


def test_a_pair_is_two_sentences_without_a_separator() -> None:
    tokenizer = gpt2_tokenizer()
    rows = encode_texts(tokenizer, [FIRST, SECOND], 32)
    for row, first, second in zip(rows, FIRST, SECOND, strict=True):
        ids = tokenizer(first)["input_ids"] + tokenizer(second)["input_ids"]
        assert row[: len(ids)].tolist() == ids
        assert set(row[len(ids) :].tolist()) == {PAD}


def test_a_batch_has_the_ids_and_mask_of_the_recipe() -> None:
    theirs = gpt2_tokens(list(zip(FIRST, SECOND, strict=True)))
    rows = torch.from_numpy(encode_texts(gpt2_tokenizer(), [FIRST, SECOND], 48))
    ids, mask = padded_batch(rows, 256)
    assert torch.equal(ids, theirs["input_ids"])
    assert torch.equal(mask, theirs["attention_mask"])


def test_a_long_text_is_truncated() -> None:
    (row,) = encode_texts(gpt2_tokenizer(), [["x" * 100]], 16)
    assert len(row) == 16
    assert PAD not in row


def test_the_end_token_inside_a_text_is_not_padding() -> None:
    rows = torch.tensor([[5, 256, PAD, PAD], [1, 2, 3, PAD]], dtype=torch.int32)
    ids, mask = padded_batch(rows, 256)
    assert mask.sum(1).tolist() == [2, 3]
    assert ids.tolist() == [[5, 256, 256], [1, 2, 3]]


def test_an_empty_text_is_one_end_token() -> None:
    ids, mask = padded_batch(torch.full((1, 4), PAD, dtype=torch.int32), 256)
    assert ids.tolist() == [[256]]
    assert mask.tolist() == [[1]]
