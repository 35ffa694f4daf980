"""The backbone of the vision families: a small ViT, and its parameters as one flat vector."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import ViTConfig, ViTModel
from transformers import __version__ as transformers_version

from ...errors import IntegrityError, ShapeError

Layout = tuple[tuple[str, tuple[int, ...]], ...]
"""Names and shapes of the parameters, in the order of the flat vector."""

_BATCH = 250  # examples a forward pass; the fastest of 100 to 1,000 on one thread


def build(config: Mapping[str, Any], names: Layout | None = None) -> ViTModel:
    """A ViT without pooler or dropout, in eval mode; weights are random until loaded.

    Args:
        config: Keyword arguments of `transformers.ViTConfig`.
        names: The layout its flat vectors have; checked if given. Other major versions of
            transformers name and order the parameters otherwise, with the same total.

    Raises:
        IntegrityError: If the parameters are not those of `names`.
    """
    settings = ViTConfig(**config, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    settings._attn_implementation = "eager"  # at 17 tokens faster on CPU than sdpa
    model = ViTModel(settings, add_pooling_layer=False)
    model.train(False)
    if names is not None and names != layout(model):
        raise IntegrityError(
            "Parameters of the backbone must have the names and order of the frozen weights. "
            f"Found others in transformers {transformers_version}. "
            "Use `pip install 'transformers>=5.4'`."
        )
    return model


def features(model: nn.Module, inputs: Tensor) -> Tensor:
    """CLS features `(n, H)` of inputs `(n, 1, S, S)`; one pass, gradients flow."""
    found: Tensor = model(inputs).last_hidden_state[:, 0]
    return found


@torch.inference_mode()
def all_features(model: nn.Module, inputs: Tensor) -> Tensor:
    """CLS features `(n, H)` of any number of inputs, in batches and without gradients."""
    return torch.cat([features(model, batch) for batch in torch.split(inputs, _BATCH)])


def layout(model: nn.Module) -> Layout:
    """Names and shapes of the model's parameters, in state-dict order."""
    return tuple((name, tuple(value.shape)) for name, value in model.state_dict().items())


def flatten(tensors: Iterable[Tensor]) -> Tensor:
    """Tensors one after another as a flat copy `(P,)`."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


def unflatten(flat: Tensor, names: Layout) -> dict[str, Tensor]:
    """Views of `flat` `(P,)` as a state dict.

    Raises:
        ShapeError: If the layout does not add up to P.
    """
    sizes = [torch.Size(shape).numel() for _, shape in names]
    if flat.shape != (sum(sizes),):
        raise ShapeError(
            f"`flat` must have shape ({sum(sizes)},), as its layout says. "
            f"Found {tuple(flat.shape)}."
        )
    parts = torch.split(flat, sizes)
    return {name: part.view(shape) for (name, shape), part in zip(names, parts, strict=True)}


def load_flat(model: nn.Module, flat: Tensor) -> None:
    """Copy a flat vector `(P,)` into the model's parameters."""
    model.load_state_dict(unflatten(flat, layout(model)))
