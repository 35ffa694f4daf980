"""Raw texts and pictures as tensors, and answers as class indices."""

import importlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import IntegrityError, MissingDataError, StudyError
from ..checkpoints.checkpoint import tokenizer_digest
from .problem_file import CustomTask
from .rows import Rows

_AT_ONCE = 1000  # texts tokenised, or pictures decoded, between two copies


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, transformers neither logs nor draws progress bars."""
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
    """The tokenizer in a folder.

    Raises:
        MissingDataError: If there is none, or a package it needs is missing.
    """
    from transformers import AutoTokenizer

    if tokenizer_digest(folder) is None:  # transformers would make up an empty one
        raise MissingDataError(
            f"`{folder}` must have a tokenizer. Found no vocabulary in it. "
            "Save it there with `save_pretrained`."
        )
    return _load(AutoTokenizer.from_pretrained, folder, "a tokenizer")


def load_processor(folder: Path) -> Any:
    """The image processor in a folder, in its form that needs Pillow and numpy only.

    Raises:
        MissingDataError: If there is none.
    """
    from transformers import AutoImageProcessor

    return _load(AutoImageProcessor.from_pretrained, folder, "an image processor", backend="pil")


def padding_id(tokenizer: Any, config: Any) -> int:
    """Id that texts are padded with: the model's own, else the tokenizer's, else its last token."""
    known = (config.pad_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id)
    return next((int(i) for i in known if i is not None), 0)


def encode_texts(tokenizer: Any, rows: Rows, *, length: int, padding: int) -> Tensor:
    """Int32 `(n, 2 or 3, L)` ids, mask and, where the model has them, token types.

    Raises:
        IntegrityError: If a text ends in the padding's id, so that models that look for the last
            real token would miss it, or has no token.
    """
    planes = 3 if "token_type_ids" in tokenizer.model_input_names else 2
    found = torch.zeros(len(rows), planes, length, dtype=torch.int32)
    found[:, 0] = padding
    for start in range(0, len(rows), _AT_ONCE):
        columns = [list(map(str, c[start : start + _AT_ONCE])) for c in rows.inputs]
        with quiet():
            encoded = tokenizer(*columns, truncation=True, max_length=length)
        for row, ids in enumerate(encoded["input_ids"], start):
            if not ids or ids[-1] == padding:
                raise IntegrityError(
                    f"Texts must have tokens and not end in the padding. Found example {row}, "
                    f"{rows.inputs[0][row]!r}. Leave it out, or set `pad_token_id` in config.json."
                )
            found[row, 0, : len(ids)] = torch.tensor(ids)
            found[row, 1, : len(ids)] = 1
            if planes == 3:
                kinds = encoded["token_type_ids"][row - start]
                found[row, 2, : len(ids)] = torch.tensor(kinds)
    return found


def encode_pictures(processor: Any, rows: Rows, *, mode: str) -> Tensor:
    """Uint8 `(n, C, S, S)`, resized and cropped, not yet rescaled and normalised.

    Args:
        processor: Of the base.
        rows: With one column of pictures.
        mode: Pillow's, such as `RGB`.

    Raises:
        IntegrityError: If a picture cannot be read, or pictures become of different sizes.
    """
    parts: list[Tensor] = []
    for start in range(0, len(rows), _AT_ONCE):
        pictures = [_open(p, mode) for p in rows.inputs[0][start : start + _AT_ONCE]]
        made = [_pixels(processor, picture) for picture in pictures]
        sizes = sorted({pixels.shape for pixels in made} | {p.shape[1:] for p in parts})
        if len(sizes) > 1:
            raise IntegrityError(
                f"Pictures must become of one size. Found {sizes[0]} and {sizes[-1]}. Let the "
                "base's preprocessor_config.json crop, or resize to a height and a width."
            )
        parts.append(torch.from_numpy(np.stack(made)))
    return torch.cat(parts)


def normalisation(processor: Any, channels: int) -> tuple[Tensor, Tensor]:
    """`(C,)` scale and shift of pixel bytes that do what the processor does to them last."""
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
            f"`{type(processor).__name__}` must resize pictures to bytes. Found {pixels.dtype}. "
            "It is not among the processors this problem can use."
        )
    return pixels


def _open(picture: Any, mode: str) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        if isinstance(picture, Image.Image):
            return picture.convert(mode)
        source = io.BytesIO(picture) if isinstance(picture, bytes) else picture
        with Image.open(source) as opened:
            return opened.convert(mode)
    except (OSError, UnidentifiedImageError, AttributeError) as error:
        name = picture if isinstance(picture, Path) else type(picture).__name__
        raise IntegrityError(
            f"`{name}` must be a picture. Found {type(error).__name__}: {error}. Leave it out."
        ) from error


def _load(load: Any, folder: Path, what: str, **options: Sequence[str] | str) -> Any:
    try:
        with quiet():
            return load(folder, local_files_only=True, trust_remote_code=False, **options)
    except (OSError, ValueError, ImportError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise MissingDataError(
            f"`{folder}` must have {what} that transformers can load. Found {lines[0]} "
            "Save it there with `save_pretrained`."
        ) from error


def class_names(
    task: CustomTask, config: Mapping[str, Any], answers: Sequence[int | str]
) -> list[str]:
    """Names of a task's classes in the order of its head.

    The TOML's `labels` come first, then the expert's `id2label`; of a fitted head, else the sorted
    answers. Where both name the same classes, their orders must agree.

    Args:
        task: With its data.
        config: The expert's configuration; empty of a fitted head.
        answers: All of its answers.

    Raises:
        StudyError: If they contradict each other.
    """
    stated = _stated(config)
    if task.data.labels:
        own = list(task.data.labels)
        if stated and set(own) == set(stated) and own != stated:
            raise _wrong(task, f"in the order of the expert's head, {stated}", own)
        if stated and len(own) != len(stated):
            raise _wrong(task, f"{len(stated)} names, as the expert's head has", own)
        return own
    if stated:
        return stated
    if all(isinstance(answer, int) for answer in answers):
        return [str(i) for i in range(max(int(a) for a in answers) + 1)]
    return sorted({str(answer) for answer in answers})


def encode_answers(
    answers: Sequence[int | str], names: Sequence[str], task: CustomTask
) -> NDArray[np.int64]:
    """`(n,)` numbers in 0..C-1.

    Raises:
        StudyError: If an answer is none of the classes.
    """
    index = {name: i for i, name in enumerate(names)}
    found = np.array([a if isinstance(a, int) else index.get(a, -1) for a in answers], np.int64)
    bad = (found < 0) | (found >= len(names))
    if bad.any():
        raise StudyError(
            f"Answers of task `{task.name}` must be among its {len(names)} classes, "
            f"{', '.join(names[:6])}{' ...' if len(names) > 6 else ''}. "
            f"Found {answers[int(bad.argmax())]!r} in column `{task.data.label}`. Name the classes "
            "in `labels`, in the order of the head."
        )
    return found


def _stated(config: Mapping[str, Any]) -> list[str]:
    """The classes of a configuration in order; empty if it names none."""
    names = config.get("id2label") or {}
    try:
        return [str(names[key]) for key in sorted(names, key=int)]
    except ValueError:
        return []


def _wrong(task: CustomTask, expected: str, found: object) -> StudyError:
    return StudyError(f"`labels` of task `{task.name}` must be {expected}. Found {found}.")
