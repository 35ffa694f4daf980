import pytest
import torch

from fusefront.errors import IntegrityError, ShapeError
from fusefront.problems.vision.backbone import (
    all_features,
    build,
    features,
    flatten,
    layout,
    load_flat,
    unflatten,
)
from fusefront.problems.vision.recipe import RECIPES

CONFIG = RECIPES["smoke"].config


def test_a_flat_vector_comes_back_from_the_model_unchanged() -> None:
    model = build(CONFIG)
    flat = torch.randn_like(flatten(model.state_dict().values()))
    load_flat(model, flat)
    assert flatten(model.state_dict().values()).equal(flat)


def test_the_state_dict_holds_every_parameter_in_order_and_no_buffer() -> None:
    model = build(CONFIG)
    parameters = tuple((name, tuple(p.shape)) for name, p in model.named_parameters())
    assert layout(model) == parameters
    assert not list(model.buffers())


def test_unflatten_gives_views_of_the_flat_vector() -> None:
    model = build(CONFIG)
    flat = flatten(model.state_dict().values())
    unflatten(flat, layout(model))["embeddings.cls_token"].fill_(7.0)
    assert (flat == 7.0).sum() == CONFIG["hidden_size"]


def test_a_flat_vector_of_another_length_is_refused() -> None:
    with pytest.raises(ShapeError, match="flat"):
        load_flat(build(CONFIG), torch.zeros(10))


def test_features_in_batches_equal_one_pass() -> None:
    model = build(CONFIG)
    inputs = torch.randn(300, 1, 12, 12)
    batched = all_features(model, inputs)
    assert batched.shape == (300, CONFIG["hidden_size"])
    torch.testing.assert_close(batched, features(model, inputs), rtol=1e-4, atol=1e-5)


def test_the_model_is_in_eval_mode_and_repeats_itself() -> None:
    model = build(CONFIG)
    inputs = torch.randn(5, 1, 12, 12)
    assert not model.training
    assert features(model, inputs).equal(features(model, inputs))


def test_parameters_in_another_order_than_the_weights_are_refused() -> None:
    names = layout(build(CONFIG))
    build(CONFIG, names)
    with pytest.raises(IntegrityError, match="pip install 'transformers"):
        build(CONFIG, names[::-1])
