import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.pytorch_utils import Conv1D

from fusefront.problems.network import LinearLayers, names_of

X = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))


def twice(name: str, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return 2 * functional.linear(x, weight, bias)


def test_only_layers_with_these_weights_are_replaced() -> None:
    layers = [nn.Linear(5, 4), nn.Linear(5, 4, bias=False), nn.Linear(5, 4)]
    with LinearLayers(names_of({"a": layers[0].weight, "b": layers[1].weight}), twice):
        found = [layer(X) for layer in layers]
    for layer, out, factor in zip(layers, found, (2, 2, 1), strict=True):
        torch.testing.assert_close(out, factor * layer(X))


def test_gpt2_layers_are_passed_like_any_linear_layer() -> None:
    layer = Conv1D(4, 5)  # type: ignore[no-untyped-call]
    seen = []

    def look(name: str, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        seen.append((name, tuple(x.shape), tuple(weight.shape)))
        return functional.linear(x, weight, bias)

    with LinearLayers(names_of({"c_fc": layer.weight}), look):
        found = layer(X)
    torch.testing.assert_close(found, layer(X))
    assert seen == [("c_fc", (3, 5), (4, 5))]


def test_layers_inside_the_function_are_plain() -> None:
    layer = nn.Linear(5, 5)

    def again(name: str, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        found: Tensor = layer(layer(x))
        return found

    with LinearLayers(names_of({"w": layer.weight}), again):
        found = layer(X)
    torch.testing.assert_close(found, layer(layer(X)))
