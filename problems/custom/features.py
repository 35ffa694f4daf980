"""Encoding texts and images for models of transformers, and these models up to their features."""

import importlib
import inspect
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import IntegrityError, MissingDataError
from ..checkpoints.checkpoint import tokenizer_digest
from .problem_file import Pooling
from .rows import Rows

_AT_ONCE = 1000  # examples tokenised or decoded per batch, which bounds the memory


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the log and the progress bars of transformers inside the context."""
    logging: Any = importlib.import_module("transformers.utils.logging")
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer in a folder.

    Raises:
        MissingDataError: If the folder has none, or a package that it needs is missing.
    """
    from transformers import AutoTokenizer

    if tokenizer_digest(folder) is None:  # transformers would return an empty one
        raise MissingDataError(
            f"`{folder}` must have a tokenizer. Found no vocabulary in it. "
            "Save it there with `save_pretrained`."
        )
    return _load(AutoTokenizer.from_pretrained, folder, "a tokenizer")


def load_processor(folder: Path) -> Any:
    """Return the image processor in a folder, with its backend of Pillow and numpy only.

    Raises:
        MissingDataError: If the folder has none.
    """
    from transformers import AutoImageProcessor

    return _load(AutoImageProcessor.from_pretrained, folder, "an image processor", backend="pil")


def padding_id(tokenizer: Any, config: Any) -> int:
    """Return the id for padding: the model's, else the tokenizer's, else its end of sequence."""
    known = (config.pad_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id)
    return next((int(i) for i in known if i is not None), 0)


def positions(config: Any) -> int:
    """Return the number of tokens that a model has positions for."""
    for key in ("max_position_embeddings", "n_positions"):
        if isinstance(found := getattr(config, key, None), int) and found > 0:
            return found
    return 1 << 30


def encode_texts(
    tokenizer: Any, rows: Rows, *, length: int, padding: int, vocabulary: int
) -> Tensor:
    """Return int32 `(n, 2 or 3, L)`: ids, mask and, if the model has them, token types.

    Raises:
        IntegrityError: If a text has no token, has one without an embedding, or ends in the id for
            padding. Models that look for the last token that is not padding would miss that one.
    """
    planes = 3 if "token_type_ids" in tokenizer.model_input_names else 2
    found = torch.zeros(len(rows), planes, length, dtype=torch.int32)
    found[:, 0] = padding
    for start in range(0, len(rows), _AT_ONCE):
        columns = [list(c[start : start + _AT_ONCE]) for c in rows.inputs]
        with quiet():
            encoded = tokenizer(*columns, truncation=True, max_length=length)
        for row, ids in enumerate(encoded["input_ids"], start):
            if not ids or ids[-1] == padding:
                raise IntegrityError(
                    "Texts must have tokens, and the last one must not be padding. Found "
                    f"{rows.inputs[0][row]!r} in {rows.place(row)}. Leave it out, or set "
                    "`pad_token_id` in config.json."
                )
            if max(ids) >= vocabulary:
                raise IntegrityError(
                    f"Tokens must be among the {vocabulary} that the model embeds. Found token "
                    f"{max(ids)} in {rows.place(row)}, {rows.inputs[0][row]!r}. Use the tokenizer "
                    "of the model."
                )
            found[row, 0, : len(ids)] = torch.tensor(ids)
            found[row, 1, : len(ids)] = 1
            if planes == 3:
                kinds = encoded["token_type_ids"][row - start]
                found[row, 2, : len(ids)] = torch.tensor(kinds)
    return found


def encode_pictures(processor: Any, rows: Rows, *, mode: str) -> Tensor:
    """Return uint8 `(n, C, S, S)`: resized and cropped, not yet rescaled and normalised.

    Args:
        processor: The pretrained model's.
        rows: With one column of images.
        mode: Pillow's mode, such as `RGB`.

    Raises:
        IntegrityError: If an image cannot be read, or images end up with different sizes.
    """
    parts: list[Tensor] = []
    for start in range(0, len(rows), _AT_ONCE):
        pictures = [
            _open(picture, mode, rows.place(row))
            for row, picture in enumerate(rows.inputs[0][start : start + _AT_ONCE], start)
        ]
        made = [_pixels(processor, picture) for picture in pictures]
        sizes = sorted({pixels.shape for pixels in made} | {p.shape[1:] for p in parts})
        if len(sizes) > 1:
            raise IntegrityError(
                f"All images must have the same size after processing. Found {sizes[0]} and "
                f"{sizes[-1]}. Let the pretrained model's preprocessor_config.json crop them, or "
                "resize them to a fixed height and width."
            )
        parts.append(torch.from_numpy(np.stack(made)))
    return torch.cat(parts)


def normalisation(processor: Any, channels: int) -> tuple[Tensor, Tensor]:
    """Return `(C,)` scale and shift that rescale and normalise bytes as the processor does."""
    factor = float(processor.rescale_factor) if processor.do_rescale else 1.0
    mean, std = np.zeros(channels), np.ones(channels)
    if processor.do_normalize:
        mean, std = mean + np.array(processor.image_mean), std * np.array(processor.image_std)
    return torch.tensor(factor / std).float(), torch.tensor(-mean / std).float()


def _pixels(processor: Any, picture: Any) -> np.ndarray:
    found = processor(picture, do_rescale=False, do_normalize=False, return_tensors="np")
    pixels = np.asarray(found["pixel_values"][0])
    if pixels.dtype != np.uint8:
        raise IntegrityError(
            f"`{type(processor).__name__}` must resize images to bytes. Found {pixels.dtype}. "
            "Use a model with another image processor."
        )
    return pixels


def _open(picture: Any, mode: str, place: str) -> Any:
    from PIL import Image

    try:
        if isinstance(picture, Image.Image):
            return picture.convert(mode)
        source = io.BytesIO(picture) if isinstance(picture, bytes) else picture
        with Image.open(source) as opened:
            return opened.convert(mode)
    except Exception as error:  # decoders raise anything for a damaged or oversized image
        name = f"`{picture}`" if isinstance(picture, Path) else f"The input in {place}"
        raise IntegrityError(
            f"{name} must be an image. Found {type(error).__name__}: {error}. Leave the row out."
        ) from error


def _load(load: Any, folder: Path, what: str, **options: Sequence[str] | str) -> Any:
    try:
        with quiet():
            return load(folder, local_files_only=True, trust_remote_code=False, **options)
    except (OSError, ValueError, ImportError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise MissingDataError(
            f"`{folder}` must have {what} that transformers can load. Found:"
            f"{lines[0].rstrip('.')}. Save it there with `save_pretrained`."
        ) from error


PLANES: Final = ("input_ids", "attention_mask", "token_type_ids")
"""The planes of a text's inputs `(B, 2 or 3, L)`."""


POOLER: Final = "pooler"
"""The name in transformers of the layer of a backbone that only some heads use."""


@final
class FeatureModel(nn.Module):
    """A model of transformers without its last linear layer.

    Inputs are texts as int32 `(B, 2 or 3, L)`, padded on the right, or images as uint8
    `(B, C, S, S)`; features are `(B, H)`. Parameters keep their names in the model. The model's own
    code runs, so that features are pooled as its classifier was trained to expect.

    Args:
        model: A model for sequence or image classification; it is altered.
        pooling: Where features are taken.
        scale: `(C,)` factor for the bytes of images: x * scale + shift.
        shift: `(C,)` term for the bytes of images.
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
            backbone = getattr(model, prefix)
            pooler = getattr(backbone, POOLER, None)
            if isinstance(pooler, nn.Module) and list(pooler.parameters()):
                setattr(backbone, POOLER, None)  # hidden states are taken before it
            children = {prefix: backbone}
        if list(model.parameters(recurse=False)):
            raise IntegrityError(
                f"All parameters of `{type(model).__name__}` must belong to its submodules. Found "
                "some that belong to the model itself. Write a `module` for it instead."
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
        """Return the features of a batch."""
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
        """Return the planes that the model takes, cut after the longest text of the batch."""
        length = int(inputs[:, 1].sum(1).max())
        planes = {PLANES[i]: inputs[:, i, :length].long() for i in range(inputs.shape[1])}
        return {name: plane for name, plane in planes.items() if name in self._known}

    def _pooled(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        if hidden.dim() != 3:
            raise IntegrityError(
                "`pooling` needs hidden states of 3 dimensions: batch, tokens, features. Found "
                f"{hidden.dim()}. Delete `pooling`."
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
    """Return the name of the linear layer outside the backbone that computes the logits.

    Raises:
        IntegrityError: If not exactly one layer can be meant.
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
            f"`{type(model).__name__}` must end in exactly one linear layer with "
            f"{model.config.num_labels} outputs. Found {', '.join(outside) or 'none'}. Set "
            '`pooling` and `head = "fit"`.'
        )
    return last[0]


_LAST: Final = ("classifier", "score", "out_proj", "head")


def _replace(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, module)
