"""Pretrained model and experts as checkpoints of transformers: whole models or adapters."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, final

import torch
from torch import Tensor, nn

from ...errors import IntegrityError
from ..base import Finding
from ..checkpoints.adapters import merge_with_peft, not_plain, plan_adapter
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.location import file_sha256
from ..checkpoints.tensors import apply_plan, read_tensors
from ..fine_tuning import Head
from ..layout import Layout
from .features import (
    FeatureModel,
    classifier_name,
    encode_pictures,
    encode_texts,
    load_processor,
    load_tokenizer,
    normalisation,
    padding_id,
    quiet,
)
from .models import Loaded, Models, OpenedCheckpoints, check_expert, describe
from .problem_file import ProblemFile
from .rows import Rows

_MODES: Final = {1: "L", 3: "RGB"}
"""Pillow's mode by number of channels."""

_BESIDE: Final = (
    "config.json", "adapter_config.json", "preprocessor_config.json", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "merges.txt", "vocab.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
)  # fmt: skip
"""Files beside the weights that change results, so that a problem's hash covers them."""


@final
class TransformerModels(Models):
    """Checkpoints whose architecture is part of transformers.

    All parameters except those of the last linear layer are merged, or only those of the backbone
    if the file sets `pooling`. Weights are read from safetensors here and passed to the model's own
    loading code, which knows the parameter names of older versions.
    """

    def __init__(self, file: ProblemFile) -> None:
        self._file = file
        self._checkpoint = OpenedCheckpoints(file)

    def compatibility(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding per checkpoint, from headers alone."""
        pretrained = self._checkpoint(None)
        if pretrained.is_adapter:
            raise IntegrityError(
                f"`pretrained` must be a whole model. Found adapter `{pretrained.folder}`."
            )
        _refuse_code(pretrained)
        yield Finding("pretrained model", True, describe(pretrained))
        for name in tasks:
            expert = self._checkpoint(name)
            _refuse_code(expert)
            yield check_expert(name, pretrained, expert)

    def facts(self, tasks: Sequence[str]) -> dict[str, Any]:
        """Return digests of weights, configurations, tokenizer and image processor."""
        return {str(name): _files(self._checkpoint(name)) for name in (None, *tasks)}

    def config(self, task: str) -> dict[str, Any]:
        """Return the configuration beside a task's expert."""
        return dict(self._checkpoint(task).config)

    def backbone(self) -> nn.Module:
        """Return a new feature model with the pretrained parameters."""
        scale, shift = self._normalisation
        model = self._load(self._pretrained_tensors, self._config(None), "the pretrained model")
        return FeatureModel(model, self._file.pooling, scale=scale, shift=shift)

    def pretrained(self) -> Loaded:
        """Return the pretrained model."""
        model = self._load(self._pretrained_tensors, self._config(None), "the pretrained model")
        return self._flat(model, with_head=False)

    def expert(self, task: str) -> Loaded:
        """Return the expert of a task, in the layout of the pretrained model."""
        checkpoint, config = self._checkpoint(task), self._config(task)
        with_head = self._file.head(task) == "expert"
        if checkpoint.is_adapter:
            model = self._adapted(checkpoint, config, f"expert `{task}`", with_head=with_head)
        else:
            tensors = read_tensors(checkpoint, list(checkpoint.tensors))
            model = self._load(tensors, config, f"expert `{task}`", with_head=with_head)
        self._same_statistics(model, task)
        return self._flat(model, with_head=with_head)

    def inputs(self, rows: Rows) -> Tensor:
        """Return token ids or pixels of raw examples."""
        if self._file.modality == "text":
            config, tokenizer = self._config(None), self._tokenizer
            return encode_texts(
                tokenizer,
                rows,
                length=min(self._file.max_length, _positions(config), tokenizer.model_max_length),
                padding=padding_id(tokenizer, config),
            )
        channels = int(getattr(self._config(None), "num_channels", 3))
        return encode_pictures(self._processor, rows, mode=_MODES.get(channels, "RGB"))

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._checkpoint(None).folder)

    @cached_property
    def _processor(self) -> Any:
        return load_processor(self._checkpoint(None).folder)

    @cached_property
    def _normalisation(self) -> tuple[Tensor | None, Tensor | None]:
        if self._file.modality == "text":
            return None, None
        return normalisation(self._processor, int(getattr(self._config(None), "num_channels", 3)))

    @cached_property
    def _pretrained_tensors(self) -> dict[str, Tensor]:
        pretrained = self._checkpoint(None)
        return read_tensors(pretrained, list(pretrained.tensors))

    @cached_property
    def _statistics(self) -> dict[str, Tensor]:
        model = self._load(self._pretrained_tensors, self._config(None), "the pretrained model")
        return dict(model.named_buffers())

    def _config(self, task: str | None) -> Any:
        """Return the configuration of an expert; for an adapter, that of the pretrained model."""
        from transformers import AutoConfig

        checkpoint = self._checkpoint(task)
        if checkpoint.is_adapter:
            checkpoint = self._checkpoint(None)
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
        if self._file.modality == "text" and config.pad_token_id is None:
            config.pad_token_id = padding_id(self._tokenizer, config)
        return config

    def _load(
        self, tensors: Mapping[str, Tensor], config: Any, who: str, *, with_head: bool = False
    ) -> Any:
        """Return the classification model with these tensors.

        Raises:
            IntegrityError: If they lack a parameter that is merged, or that the head needs.
        """
        kind = _model_class(config, self._file.modality)
        try:
            with torch.random.fork_rng(devices=[]), quiet():
                model, report = kind.from_pretrained(
                    None,
                    config=config,
                    state_dict=dict(tensors),
                    dtype=torch.float32,
                    output_loading_info=True,
                )
        except (RuntimeError, ValueError) as error:
            raise IntegrityError(
                f"The weights of {who} must fit its config.json. Found {error}. Save the model "
                "again."
            ) from error
        needed = set(self._merged_names(model))
        needed |= set(_head_names(model)) if with_head else set()
        lacking = sorted(needed & set(report["missing_keys"]))
        if lacking:
            raise IntegrityError(
                f"Weights of {who} must hold every merged parameter. Found no `{lacking[0]}`"
                f"{f' and {len(lacking) - 1} more' if lacking[1:] else ''}. Use a checkpoint that "
                'has it, or merge the backbone only: `pooling = "mean"` and `head = "fit"`.'
            )
        return model

    def _adapted(self, adapter: Checkpoint, config: Any, who: str, *, with_head: bool) -> Any:
        """Return the pretrained model with an adapter merged into it."""
        config.num_labels = _head_rows(adapter) or config.num_labels
        if not_plain(adapter) is None:
            return self._load(self._plain_lora(adapter), config, who, with_head=with_head)
        # The expert's head has its own number of classes, which PEFT expects in the model.
        tensors = {n: t for n, t in self._pretrained_tensors.items() if not n.endswith(_HEADS)}
        model = self._load(tensors, config, who)
        if with_head and not any(name.endswith(_HEADS) for name in adapter.tensors):
            raise IntegrityError(
                f"Weights of {who} must hold its head. Found none in the adapter. Save it with "
                '`modules_to_save`, or use `head = "fit"`.'
            )
        return merge_with_peft(model, adapter)

    def _plain_lora(self, adapter: Checkpoint) -> dict[str, Tensor]:
        """Return adapted tensors; the adapter uses the names of the file or of the model."""
        pretrained = self._checkpoint(None)
        kind = str(pretrained.config.get("model_type", ""))
        try:
            plan = plan_adapter(adapter, _shapes(self._pretrained_tensors), model_type=kind)
        except IntegrityError:
            model = self._load(self._pretrained_tensors, self._config(None), "the pretrained model")
            own = {name: p.detach() for name, p in model.named_parameters()}
            return apply_plan(plan_adapter(adapter, _shapes(own), model_type=kind), adapter, own)
        return apply_plan(plan, adapter, self._pretrained_tensors)

    def _merged_names(self, model: Any) -> list[str]:
        names = [name for name, _ in model.named_parameters()]
        if self._file.pooling != "classifier":
            return [n for n in names if n.startswith(f"{model.base_model_prefix}.")]
        head = _head_names(model)
        return [n for n in names if n not in head]

    def _flat(self, model: Any, *, with_head: bool) -> Loaded:
        named = {name: p.detach() for name, p in model.named_parameters()}
        names = self._merged_names(model)
        return Loaded(
            layout=Layout(names=tuple(names), shapes=tuple(tuple(named[n].shape) for n in names)),
            params=torch.cat([named[n].reshape(-1) for n in names]),
            head=_head(model) if with_head else None,
        )

    def _same_statistics(self, model: Any, task: str) -> None:
        """Refuse buffers that fine-tuning changed: merging weights does not define them."""
        for name, buffer in model.named_buffers():
            if name in self._statistics and not torch.equal(buffer, self._statistics[name]):
                raise IntegrityError(
                    f"Running statistics of expert `{task}` must equal those of the pretrained "
                    f"model, since merging weights leaves them undefined. Found another `{name}`. "
                    "Fine-tune with batch norm in eval mode, or use a model without it."
                )


def _model_class(config: Any, modality: str) -> Any:
    from transformers import AutoModelForImageClassification, AutoModelForSequenceClassification

    auto: Any = AutoModelForSequenceClassification
    if modality == "image":
        auto = AutoModelForImageClassification
    try:
        with torch.device("meta"), torch.random.fork_rng(devices=[]), quiet():
            return type(auto.from_config(config, trust_remote_code=False))
    except (ValueError, KeyError) as error:
        raise IntegrityError(
            f"`pretrained` must be a model that transformers classifies {modality}s with. "
            f"Found `{config.model_type}`. Write a `module` for it."
        ) from error


def _head_names(model: Any) -> tuple[str, str]:
    head = classifier_name(model)
    return f"{head}.weight", f"{head}.bias"


def _head(model: Any) -> Head:
    layer = model.get_submodule(classifier_name(model))
    weight = layer.weight.detach().clone()
    bias = torch.zeros(len(weight)) if layer.bias is None else layer.bias.detach().clone()
    return weight, bias


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


_HEADS: Final = tuple(
    f"{layer}.{kind}"
    for layer in ("classifier", "score", "classifier.out_proj", "head")
    for kind in ("weight", "bias")
)
"""Endings of the names of last linear layers, as transformers calls them."""


def _head_rows(adapter: Checkpoint) -> int | None:
    """Number of classes of the head that an adapter saves, or None if it saves none."""
    for name, header in adapter.tensors.items():
        if name.endswith(_HEADS) and ".lora_" not in name:
            return header.shape[0]
    return None


def _positions(config: Any) -> int:
    """Return the number of tokens that a model has positions for."""
    for key in ("max_position_embeddings", "n_positions"):
        if isinstance(found := getattr(config, key, None), int) and found > 0:
            return found
    return 1 << 30


def _refuse_code(checkpoint: Checkpoint) -> None:
    if "auto_map" in checkpoint.config:
        raise IntegrityError(
            f"`{checkpoint.folder}` must be a model that is part of transformers. Found "
            "`auto_map` in "
            "its config.json, which names code to run. Write a `module` of your own for it."
        )


def _files(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return digests of the weights and of the small files that results depend on."""
    paths = [checkpoint.folder / name for name in _BESIDE]
    found = {path.name: file_sha256(path) for path in paths if path.is_file()}
    return {"weights": checkpoint.sha256, **found}
