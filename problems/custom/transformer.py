"""Pretrained model and experts as checkpoints of transformers: whole models or adapters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, final

import torch
from torch import Tensor, nn

from ...errors import IntegrityError
from ..base import Finding
from ..checkpoints.adapters import (
    AdapterPlan,
    check_mergeable,
    merge_with_peft,
    not_plain,
    plan_adapter,
)
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.location import file_sha256
from ..checkpoints.tensors import apply_plan, read_tensors
from ..fine_tuning import Head
from ..layout import Layout
from .comparison import (
    check_same_layout,
    check_same_statistics,
    head_names,
    ignored_settings,
    merged_layout,
    merged_names,
    refuse_code,
    required,
)
from .features import (
    FeatureModel,
    classifier_name,
    encode_pictures,
    encode_texts,
    load_processor,
    load_tokenizer,
    normalisation,
    padding_id,
    positions,
)
from .loading import Loading, Skeleton, load_model, read_config, skeleton, sources
from .models import (
    Loaded,
    Models,
    OpenedCheckpoints,
    Stored,
    check_expert,
    describe,
    subject,
)
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
    if the file sets `pooling`. Weights are read from safetensors here and passed to the loading
    code of transformers, which knows the parameter names of older versions. The same code runs on
    headers alone when a problem is checked.
    """

    def __init__(self, file: ProblemFile) -> None:
        self._file = file
        self._checkpoint = OpenedCheckpoints(file)
        self._skeletons: dict[str | None, Skeleton] = {}

    def compatibility(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding per checkpoint, from headers alone."""
        pretrained = self._checkpoint(None)
        if pretrained.is_adapter:
            raise IntegrityError(
                f"`pretrained` must be a whole model. Found adapter `{pretrained.folder}`. Name "
                "the model that it was trained on."
            )
        refuse_code(pretrained)
        self._require(None)
        yield Finding(
            "pretrained model",
            True,
            "; ".join([describe(pretrained), *ignored_settings(pretrained)]),
        )
        for name in tasks:
            expert = self._checkpoint(name)
            refuse_code(expert)
            finding = check_expert(name, self._file, pretrained, expert)
            if expert.is_adapter:
                self._check_adapter(name)
            else:
                self._require(name)
                check_same_layout(name, self._layout(None), self._layout(name))
                check_same_statistics(name, pretrained, expert, self._skeleton(None).loading.model)
            yield finding._replace(found="; ".join([finding.found, *ignored_settings(expert)]))

    def weights(self, tasks: Sequence[str]) -> Iterator[Stored]:
        """Yield the stored tensors of each model that are merged, or that a head consists of."""
        yield self._stored(None, with_head=any(self._borrows_head(task) for task in tasks))
        for task in tasks:
            adapter = self._checkpoint(task)
            if adapter.is_adapter:
                yield Stored(subject(task), adapter, {name: [name] for name in adapter.tensors}, {})
            else:
                yield self._stored(task, with_head=self._file.head(task) == "expert")

    def facts(self, tasks: Sequence[str]) -> dict[str, Any]:
        """Return digests of weights, configurations, tokenizer and image processor."""
        return {str(name): _files(self._checkpoint(name)) for name in (None, *tasks)}

    def config(self, task: str) -> dict[str, Any]:
        """Return the configuration beside a task's expert."""
        return dict(self._checkpoint(task).config)

    def head_rows(self, task: str) -> int:
        """Return the number of classes of an expert's own head."""
        checkpoint = self._checkpoint(task)
        if checkpoint.is_adapter:
            return self._adapter_rows(checkpoint) or int(self._config(None).num_labels)
        model = self._skeleton(task).loading.model
        return int(model.get_submodule(classifier_name(model)).out_features)

    def features(self, inputs: Tensor) -> Tensor:
        """Return features of the right shape and of no meaning; no weights are read."""
        scale, shift = self._normalisation
        model = self._skeleton(None).loading.model
        network = FeatureModel(model, self._file.pooling, scale=scale, shift=shift)
        del self._skeletons[None]  # the feature model has altered it
        with torch.inference_mode():
            found: Tensor = network(inputs)
        return found

    def backbone(self) -> nn.Module:
        """Return a new feature model with the pretrained parameters."""
        scale, shift = self._normalisation
        model = self._load(None, self._pretrained_tensors).model
        return FeatureModel(model, self._file.pooling, scale=scale, shift=shift)

    def pretrained(self) -> Loaded:
        """Return the pretrained model."""
        return self._flat(self._load(None, self._pretrained_tensors).model, with_head=False)

    def expert(self, task: str) -> Loaded:
        """Return the expert of a task, in the layout of the pretrained model."""
        with_head = self._file.head(task) == "expert"
        if self._checkpoint(task).is_adapter:
            model = self._adapted(task, with_head=with_head)
        else:
            model = self._load(task, self._tensors(task), with_head=with_head).model
        return self._flat(model, with_head=with_head)

    def inputs(self, rows: Rows) -> Tensor:
        """Return token ids or pixels of raw examples."""
        config = self._config(None)
        if self._file.modality == "text":
            return encode_texts(
                self._tokenizer,
                rows,
                length=min(
                    self._file.max_length, positions(config), self._tokenizer.model_max_length
                ),
                padding=padding_id(self._tokenizer, config),
                vocabulary=int(config.get_text_config().vocab_size),
            )
        channels = int(getattr(config, "num_channels", 3))
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
        return self._tensors(None)

    def _config(self, task: str | None) -> Any:
        """Return the configuration of an expert; for an adapter, that of the pretrained model."""
        checkpoint = self._checkpoint(task)
        config = read_config(self._checkpoint(None) if checkpoint.is_adapter else checkpoint)
        if self._file.modality == "text" and config.pad_token_id is None:
            config.pad_token_id = padding_id(self._tokenizer, config)
        return config

    def _skeleton(self, task: str | None) -> Skeleton:
        """Return the model of a checkpoint without its weights, which is made once."""
        if task not in self._skeletons:
            checkpoint, config = self._checkpoint(task), self._config(task)
            self._skeletons[task] = skeleton(checkpoint, config, self._file.modality)
        return self._skeletons[task]

    def _tensors(self, task: str | None) -> dict[str, Tensor]:
        """Return the weights of a whole model, with one name per parameter."""
        checkpoint, aliases = self._checkpoint(task), self._skeleton(task).aliases
        return read_tensors(checkpoint, [n for n in checkpoint.tensors if n not in aliases])

    def _stored(self, task: str | None, *, with_head: bool) -> Stored:
        """Return the tensors of a whole model that are merged, and those of its head if used."""
        found, checkpoint = self._skeleton(task), self._checkpoint(task)
        model = found.loading.model
        head = head_names(model) if with_head else []
        merged = sources(found, checkpoint, self._merged(model))
        return Stored(subject(task), checkpoint, merged, sources(found, checkpoint, head))

    def _borrows_head(self, task: str) -> bool:
        """Return whether a task's head is that of the pretrained model: its adapter has none."""
        adapter = self._checkpoint(task)
        lacks = adapter.is_adapter and self._adapter_rows(adapter) is None
        return lacks and self._file.head(task) == "expert"

    def _require(self, task: str | None) -> None:
        """Refuse a whole model that lacks a parameter that is merged, or that its head needs."""
        with_head = task is not None and self._file.head(task) == "expert"
        loading = self._skeleton(task).loading
        required(_who(task), loading, self._merged(loading.model), with_head=with_head)

    def _load(
        self,
        task: str | None,
        tensors: Mapping[str, Tensor],
        config: Any = None,
        *,
        with_head: bool = False,
    ) -> Loading:
        """Return the classification model with these tensors, which must be complete."""
        config = config or self._config(task)
        kind = type(self._skeleton(None).loading.model)
        loading = load_model(kind, config, tensors)
        required(_who(task), loading, self._merged(loading.model), with_head=with_head)
        return loading

    def _check_adapter(self, task: str) -> None:
        adapter = self._checkpoint(task)
        if not_plain(adapter) is None:
            self._plan(adapter)
        else:
            check_mergeable(adapter)
        if self._borrows_head(task):
            self._check_own_head(task, not_plain(adapter) is None)

    def _check_own_head(self, task: str, plain: bool) -> None:
        """Refuse an adapter without a head, unless the pretrained model's head can serve it."""
        loading = self._skeleton(None).loading
        if plain and f"{classifier_name(loading.model)}.weight" not in loading.missing:
            return
        raise IntegrityError(
            f"Weights of expert `{task}` must contain its head. Found none in the adapter. Save it "
            'with `modules_to_save`, or use `head = "fit"`.'
        )

    def _adapted(self, task: str, *, with_head: bool) -> Any:
        """Return the pretrained model with an adapter merged into it."""
        adapter, config = self._checkpoint(task), self._config(task)
        config.num_labels = self._adapter_rows(adapter) or config.num_labels
        if not_plain(adapter) is None:
            model = self._load(None, self._pretrained_tensors).model
            own = {name: p.detach() for name, p in model.named_parameters()}
            tensors = apply_plan(self._plan(adapter), adapter, own) | dict(model.named_buffers())
            return self._load(task, tensors, config, with_head=with_head).model
        # The expert's head has its own number of classes, which PEFT expects in the model, so the
        # pretrained head is left out.
        head = classifier_name(self._skeleton(None).loading.model)
        tensors = {
            n: t for n, t in self._pretrained_tensors.items() if not n.startswith(f"{head}.")
        }
        return merge_with_peft(self._load(None, tensors, config).model, adapter)

    def _plan(self, adapter: Checkpoint) -> AdapterPlan:
        """Return the updates of a plain adapter by the names of parameters in the model.

        The adapter uses the names of the model, or those of the file of the pretrained model if an
        older version of transformers saved both.
        """
        found, pretrained = self._skeleton(None), self._checkpoint(None)
        kind = str(pretrained.config.get("model_type", ""))
        model = found.loading.model
        shapes = {str(name): tuple(p.shape) for name, p in model.named_parameters()}
        try:
            return plan_adapter(adapter, shapes, model_type=kind)
        except IntegrityError:
            stored = {name: header.shape for name, header in pretrained.tensors.items()}
            plan = plan_adapter(adapter, stored, model_type=kind)
            names = {old: new for new, old in found.places.items()}
            return replace(plan, updates={names.get(n, n): u for n, u in plan.updates.items()})

    def _adapter_rows(self, adapter: Checkpoint) -> int | None:
        """Return the number of classes of the head that an adapter saves; None without one."""
        head = classifier_name(self._skeleton(None).loading.model)
        for name, header in adapter.tensors.items():
            plain = name.replace(".modules_to_save.", ".").replace(".original_module.", ".")
            if plain.endswith((f".{head}.weight", f".{head}.bias")) and ".lora_" not in name:
                return header.shape[0]
        return None

    def _merged(self, model: Any) -> list[str]:
        return merged_names(model, self._file.pooling)

    def _layout(self, task: str | None) -> Layout:
        return merged_layout(self._skeleton(task).loading.model, self._file.pooling)

    def _flat(self, model: Any, *, with_head: bool) -> Loaded:
        named = {name: p.detach() for name, p in model.named_parameters()}
        layout = merged_layout(model, self._file.pooling)
        return Loaded(
            layout=layout,
            params=torch.cat([named[n].reshape(-1) for n in layout.names]),
            head=_head(model) if with_head else None,
        )


def _who(task: str | None) -> str:
    return "the pretrained model" if task is None else f"expert `{task}`"


def _head(model: Any) -> Head:
    layer = model.get_submodule(classifier_name(model))
    weight = layer.weight.detach().clone()
    bias = torch.zeros(len(weight)) if layer.bias is None else layer.bias.detach().clone()
    return weight, bias


def _files(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return digests of the weights and of the small files that results depend on."""
    paths = [checkpoint.folder / name for name in _BESIDE]
    found = {path.name: file_sha256(path) for path in paths if path.is_file()}
    return {"weights": checkpoint.sha256, **found}
