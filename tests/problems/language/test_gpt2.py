import pytest
import torch
from torch import Tensor

from fusefront.problems.language.tiny_gpt2 import PADDING, LastToken
from fusefront.problems.network import trainable

CONFIG = {
    "vocab_size": 50,
    "n_positions": 12,
    "n_embd": 16,
    "n_layer": 2,
    "n_head": 2,
    "bos_token_id": None,
    "eos_token_id": None,
}


@pytest.fixture
def network() -> LastToken:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LastToken(CONFIG).requires_grad_(False)


def padded(texts: list[list[int]], length: int) -> Tensor:
    return torch.tensor([text + [PADDING] * (length - len(text)) for text in texts])


def test_longer_padding_does_not_change_a_feature(network: LastToken) -> None:
    texts = [[3, 7, 9], [5], [1, 2, 3, 4, 5, 6]]
    short, long = network(padded(texts, 6)), network(padded(texts, 12))
    torch.testing.assert_close(short, long, rtol=0, atol=1e-6)


def test_a_text_alone_has_the_feature_it_has_in_a_batch(network: LastToken) -> None:
    texts = [[3, 7, 9], [5], [1, 2, 3, 4, 5, 6]]
    batch = network(padded(texts, 6))
    for text, feature in zip(texts, batch, strict=True):
        alone = network(torch.tensor([text]))[0]
        torch.testing.assert_close(alone, feature, rtol=0, atol=1e-6)


def test_later_tokens_never_change_a_state(network: LastToken) -> None:
    one, other = torch.tensor([[3, 7, 9, 11, 2]]), torch.tensor([[3, 7, 9, 40, 41]])
    states, others = network.hidden(one), network.hidden(other)
    torch.testing.assert_close(states[:, :3], others[:, :3], rtol=0, atol=1e-6)
    assert not torch.allclose(states[:, 3:], others[:, 3:])


def test_the_feature_is_that_of_the_last_real_token(network: LastToken) -> None:
    ids = torch.tensor([[3, 7, 9, 0, 0]])
    torch.testing.assert_close(network(ids)[0], network.hidden(ids)[0, 2])
    assert not torch.allclose(network(ids), network(torch.tensor([[3, 7, 8, 0, 0]])))


def test_experts_change_blocks_and_last_norm_but_not_the_embeddings() -> None:
    layout, flat = trainable(LastToken(CONFIG))
    assert len(flat) == layout.size
    assert not any("wte" in name or "wpe" in name for name in layout.names)
    assert set(layout.groups("block").names) == {"gpt2.h.0", "gpt2.h.1", "gpt2"}
    modules = layout.groups("module").names
    assert [name for name in modules if name.endswith(".mlp")] == ["gpt2.h.0.mlp", "gpt2.h.1.mlp"]


def test_there_is_no_dropout() -> None:
    network, ids = LastToken(CONFIG).train(), torch.tensor([[3, 7, 9]])
    assert torch.equal(network(ids), network(ids))
