"""A classification model of transformers as a module from inputs to features."""

import inspect
from typing import Any, Final, final

import torch
from torch import Tensor, nn

from ...errors import IntegrityError
from .problem_file import Pooling

PLANES: Final = ("input_ids", "attention_mask", "token_type_ids")
"""What the planes of a text's inputs `(B, 2 or 3, L)` are."""


@final
class FeatureModel(nn.Module):
    """A model of transformers that ends before its last linear layer.

    Inputs are texts as int32 `(B, 2 or 3, L)`, padded on the right, or uint8 pictures
    `(B, C, S, S)`; features are `(B, H)`. Parameters have the names they have in the model; the
    model's own code runs, so that its pooling is the one its classifier was trained on.

    Args:
        model: For sequence or image classification; altered.
        pooling: Where features are taken.
        scale, shift: `(C,)`, applied to the bytes of pictures: x * scale + shift.
    """

    def __init__(
        self,
        model: Any,
        pooling: Pooling,
        *,
        scale: Tensor | None = None,
        shift: Tensor | None = None,
    ) -> None:
        super().__init__()
        if pooling == "classifier":
            _replace(model, classifier_name(model), nn.Identity())
            children = dict(model.named_children())
        else:
            prefix = model.base_model_prefix
            children = {prefix: getattr(model, prefix)}
        if list(model.parameters(recurse=False)):
            raise IntegrityError(
                f"`{type(model).__name__}` must have its parameters in modules. "
                "Found some beside them. Write a `module` for it."
            )
        for name, child in children.items():
            self.add_module(name, child)
        self._whole = (model,)  # in a tuple, so that its parameters are registered once
        self._pooling = pooling
        self._known = frozenset(inspect.signature(model.forward).parameters)
        self.register_buffer("_scale", scale, persistent=False)
        self.register_buffer("_shift", shift, persistent=False)
        model.eval()
        self.eval()

    def forward(self, inputs: Tensor) -> Tensor:
        """Features of a batch."""
        model = self._whole[0]
        arguments = self._pixels(inputs) if inputs.dim() == 4 else self._words(inputs)
        if self._pooling == "classifier":
            features: Tensor = model(**arguments).logits
            return features
        hidden = getattr(model, model.base_model_prefix)(**arguments).last_hidden_state
        return self._pooled(hidden, arguments.get("attention_mask"))

    def _pixels(self, inputs: Tensor) -> dict[str, Tensor]:
        scale, shift = self.get_buffer("_scale"), self.get_buffer("_shift")
        return {"pixel_values": inputs.float() * scale[:, None, None] + shift[:, None, None]}

    def _words(self, inputs: Tensor) -> dict[str, Tensor]:
        """Planes that the model takes, cut after the longest text of the batch."""
        length = int(inputs[:, 1].sum(1).max())
        planes = {PLANES[i]: inputs[:, i, :length].long() for i in range(inputs.shape[1])}
        return {name: plane for name, plane in planes.items() if name in self._known}

    def _pooled(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        if hidden.dim() != 3:
            raise IntegrityError(
                f"`pooling` must be `classifier` for this model. Found hidden states of "
                f"{hidden.dim()} dimensions, which are no sequence of tokens."
            )
        if self._pooling == "cls":
            return hidden[:, 0]
        if mask is None:
            return hidden.mean(1) if self._pooling == "mean" else hidden[:, -1]
        if self._pooling == "last":
            return hidden[torch.arange(len(hidden)), mask.sum(1) - 1]
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weight).sum(1) / weight.sum(1)


def classifier_name(model: Any) -> str:
    """Name of the linear layer that gives the logits; it stands outside the backbone.

    Raises:
        IntegrityError: If there is not exactly one.
    """
    outside = [
        str(name)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
        and module.out_features == model.config.num_labels
        and name.partition(".")[0] != model.base_model_prefix
    ]
    last = [name for name in outside if name.rpartition(".")[2] in _LAST or len(outside) == 1]
    if len(last) != 1:
        raise IntegrityError(
            f"`{type(model).__name__}` must end in one linear layer of {model.config.num_labels} "
            f'outputs. Found {", ".join(outside) or "none"}. Use `pooling` and `head = "fit"`.'
        )
    return last[0]


_LAST: Final = ("classifier", "score", "out_proj", "head")


def _replace(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, module)
