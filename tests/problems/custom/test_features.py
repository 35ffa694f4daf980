"""Features times head equal the model's own logits in every architecture."""

import pytest
import torch
from tests.problems.custom.stand_ins import WORDS, image_model, text_model

from fusefront.problems.custom.features import FeatureModel, classifier_name


def head_of(model: torch.nn.Module) -> torch.nn.Linear:
    layer = model.get_submodule(classifier_name(model))
    assert isinstance(layer, torch.nn.Linear)
    return layer


def words(n: int, longest: int) -> torch.Tensor:
    """Planes of n texts of different lengths, padded on the right to more than the longest."""
    found = torch.zeros(n, 3, longest + 5, dtype=torch.int32)
    for i, length in enumerate(torch.randint(2, longest + 1, (n,)).tolist()):
        found[i, 0, :length] = torch.randint(4, len(WORDS), (length,))
        found[i, 0, length - 1] = 3  # the end of the text, where T5 and BART take their features
        found[i, 1, :length] = 1
    return found


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "gpt2", "t5", "bart"])
def test_features_and_head_are_a_text_models_logits(kind: str) -> None:
    model = text_model(kind, num_labels=3).eval()
    head, inputs = head_of(model), words(6, 9)[:, : 3 if kind == "bert" else 2]
    with torch.no_grad():
        expected = [
            model(
                input_ids=one[None, 0, : one[1].sum()].long(),
                attention_mask=one[None, 1, : one[1].sum()].long(),
            ).logits
            for one in inputs
        ]
        network = FeatureModel(model, "classifier")
        found = head(network(inputs))
    torch.testing.assert_close(found, torch.cat(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["vit", "swin", "convnext", "resnet"])
def test_features_and_head_are_an_image_models_logits(kind: str) -> None:
    model = image_model(kind, num_labels=3).eval()
    head = head_of(model)
    inputs = torch.randint(256, (5, 3, 16, 16), dtype=torch.uint8)
    scale, shift = torch.tensor([0.01, 0.02, 0.03]), torch.tensor([-1.0, 0.0, 1.0])
    pixels = inputs.float() * scale[:, None, None] + shift[:, None, None]
    with torch.no_grad():
        expected = model(pixel_values=pixels).logits
        network = FeatureModel(model, "classifier", scale=scale, shift=shift)
        found = head(network(inputs))
    torch.testing.assert_close(found, expected)


def test_parameters_are_those_of_the_model_except_the_classifier() -> None:
    model = text_model("bert")
    names = [n for n, _ in model.named_parameters() if not n.startswith("classifier")]
    network = FeatureModel(model, "classifier")
    assert [name for name, _ in network.named_parameters()] == names
    assert not any(module.training for module in network.modules())


def test_given_parameters_are_used() -> None:
    network = FeatureModel(text_model("gpt2"), "classifier")
    inputs, named = words(4, 6)[:, :2], dict(network.named_parameters())
    weight = torch.zeros_like(named["transformer.ln_f.weight"])
    changed = named | {"transformer.ln_f.weight": weight.requires_grad_()}
    found = torch.func.functional_call(network, changed, (inputs,))
    bias = named["transformer.ln_f.bias"].expand_as(found)
    torch.testing.assert_close(found, bias)
    found.sum().backward()
    assert weight.grad is not None
    assert weight.grad.any()


@pytest.mark.parametrize("pooling", ["cls", "mean", "last"])
def test_pooling_never_sees_padding(pooling: str) -> None:
    network = FeatureModel(text_model("bert"), pooling)  # type: ignore[arg-type]
    inputs = words(6, 9)
    with torch.no_grad():
        together = network(inputs)
        alone = torch.cat([network(one[None, :, : one[1].sum()]) for one in inputs])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert all(name.startswith("bert.") for name, _ in network.named_parameters())


def test_mean_pooling_is_the_mean_of_the_hidden_states() -> None:
    model = text_model("distilbert").eval()
    inputs = words(1, 5)[:, :2]
    length = int(inputs[0, 1].sum())
    with torch.no_grad():
        hidden = model.distilbert(input_ids=inputs[:, 0, :length].long()).last_hidden_state
        found = FeatureModel(model, "mean")(inputs)
    torch.testing.assert_close(found, hidden.mean(1), rtol=1e-4, atol=1e-5)
