"""Models of transformers, loaded by its own code, from tensors or from headers alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from ...errors import IntegrityError
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.comparison import BUFFER
from ..checkpoints.tensors import check_equal, check_whole
from .features import quiet


def read_config(checkpoint: Checkpoint) -> Any:
    """Return the configuration in a folder, without a remark on quantisation.

    A model that was trained on quantised weights and then merged keeps that remark in its
    config.json. Whether weights are quantised is read from the weights themselves.

    Raises:
        IntegrityError: If transformers does not know it.
    """
    from transformers import AutoConfig

    try:
        with quiet():
            config = AutoConfig.from_pretrained(
                checkpoint.folder, local_files_only=True, trust_remote_code=False
            )
    except (OSError, ValueError, KeyError) as error:
        raise IntegrityError(
            f"`{checkpoint.folder}` must have a config.json that transformers knows. "
            f"Found {str(error).strip().splitlines()[0]}. Save it with `save_pretrained`."
        ) from error
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    return config


def empty_model(config: Any, modality: str) -> Any:
    """Return the model that classifies texts or images by this configuration, without memory.

    Raises:
        IntegrityError: If transformers has none.
    """
    from transformers import AutoModelForImageClassification, AutoModelForSequenceClassification

    auto: Any = AutoModelForSequenceClassification
    if modality == "image":
        auto = AutoModelForImageClassification
    try:
        with torch.device("meta"), torch.random.fork_rng(devices=[]), quiet():
            return auto.from_config(config, trust_remote_code=False)
    except (ValueError, KeyError) as error:
        raise IntegrityError(
            f"`pretrained` must be a model that transformers classifies {modality}s with. "
            f"Found `{config.model_type}`. Write a `module` for it."
        ) from error


class Loading(NamedTuple):
    """A model of transformers, and what its loading code reports about the tensors."""

    model: Any
    missing: frozenset[str]
    unexpected: frozenset[str]
    misshapen: Mapping[str, str]


def load_model(kind: type, config: Any, tensors: Mapping[str, Tensor]) -> Loading:
    """Return a model with these tensors, which transformers renames where names have changed.

    Raises:
        IntegrityError: If transformers cannot load them.
    """
    loader: Any = kind
    try:
        with torch.random.fork_rng(devices=[]), quiet():
            model, report = loader.from_pretrained(
                None,
                config=config,
                state_dict=dict(tensors),
                dtype=torch.float32,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
            )
    except (RuntimeError, ValueError, ImportError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise IntegrityError(
            f"Weights must fit their config.json. Found {first}. Save the model again."
        ) from error
    misshapen = {
        str(name): f"{tuple(found)} instead of {tuple(wanted)}"
        for name, found, wanted in report["mismatched_keys"]
    }
    return Loading(
        model, frozenset(report["missing_keys"]), frozenset(report["unexpected_keys"]), misshapen
    )


class Skeleton(NamedTuple):
    """A model made from headers, and how it names the tensors of its checkpoint.

    Attributes:
        loading: The loaded model, whose values mean nothing and take no memory.
        places: Stored name of each parameter that is stored.
        aliases: Stored names that repeat the value of another one, to be left out.
    """

    loading: Loading
    places: Mapping[str, str]
    aliases: frozenset[str]


def skeleton(checkpoint: Checkpoint, config: Any, modality: str) -> Skeleton:
    """Return the model of a checkpoint, made from headers alone.

    transformers renames, joins and ties tensors in ways that only its loading code knows. So that
    code runs, on tensors whose every entry is the number of their name, repeated without memory.

    Raises:
        IntegrityError: If weights are quantised, or two names of one parameter hold two values.
    """
    check_whole(checkpoint, _quantised(checkpoint))
    empty = empty_model(config, modality)
    names = list(checkpoint.tensors)
    found = _loaded(checkpoint, config, type(empty), names)
    aliases = set()
    pairs = [*_hidden(checkpoint, config, type(empty), found), *_tied(empty, found.places)]
    for one, other in pairs:
        check_equal(checkpoint, one, other)
        aliases.add(other)
    if aliases:
        kept = [name for name in names if name not in aliases]
        found = _loaded(checkpoint, config, type(empty), kept)
    check_whole(checkpoint, found.places.values())
    return found._replace(aliases=frozenset(aliases))


def sources(
    found: Skeleton, checkpoint: Checkpoint, names: Iterable[str]
) -> dict[str, Sequence[str]]:
    """Return the stored names of parameters; one that transformers joins has several."""
    order = list(checkpoint.tensors)
    named = dict(found.loading.model.named_parameters(remove_duplicate=False))
    absent = {*found.loading.missing, *found.loading.misshapen}
    return {
        name: [order[int(number)] for number in _numbers(named[name].detach())]
        for name in names
        if name in named and name not in absent
    }


def _loaded(checkpoint: Checkpoint, config: Any, kind: type, names: Iterable[str]) -> Skeleton:
    order = list(checkpoint.tensors)
    numbered = {
        name: torch.tensor(float(order.index(name))).expand(checkpoint.tensors[name].shape)
        for name in names
    }
    loading = load_model(kind, config, numbered)
    places: dict[str, str] = {}
    for name, parameter in loading.model.named_parameters(remove_duplicate=False):
        if name not in loading.missing and name not in loading.misshapen and parameter.numel():
            number = int(parameter.detach()[(0,) * parameter.dim()])
            places[name] = order[number]
    return Skeleton(loading, places, frozenset())


def _hidden(
    checkpoint: Checkpoint, config: Any, kind: type, found: Skeleton
) -> Iterable[tuple[str, str]]:
    """Yield a stored name and another one that transformers takes for the same parameter."""
    state = found.loading.model.state_dict()
    seen = {float(number) for tensor in state.values() for number in _numbers(tensor)}
    for i, name in enumerate(checkpoint.tensors):
        if i in seen or name in found.loading.unexpected or BUFFER.fullmatch(name):
            continue
        alone = _loaded(checkpoint, config, kind, [name]).places
        for parameter in alone:
            if parameter in found.places:
                yield found.places[parameter], name


def _numbers(tensor: Tensor) -> Iterable[float]:
    if tensor.numel() == 0:
        return []
    if not any(tensor.stride()):  # still one number, repeated
        return [float(tensor[(0,) * tensor.dim()])]
    found: list[float] = torch.unique(tensor).tolist()
    return found


def _tied(empty: Any, places: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield two stored names of parameters that the model ties."""
    first: dict[int, str] = {}
    for name, parameter in empty.named_parameters(remove_duplicate=False):
        own = first.setdefault(id(parameter), name)
        if own in places and name in places and places[own] != places[name]:
            yield places[own], places[name]


_QUANTISED: Final = ("I8", "U8", "I16", "I32", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "U32")


def _quantised(checkpoint: Checkpoint) -> list[str]:
    return [
        name
        for name, header in checkpoint.tensors.items()
        if header.dtype in _QUANTISED and not BUFFER.fullmatch(name)
    ]
