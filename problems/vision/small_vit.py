"""The families `digits`, `smoke` and `garments`: small ViTs, whose experts ship."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import ViTConfig, ViTModel
from transformers import __version__ as transformers_version

from ...errors import IntegrityError, MissingDataError
from ..base import Anchors, Finding, Report, Split
from ..cache import digest
from ..classifier import Examples
from ..frozen_experts import FrozenExperts, FrozenFamily, load
from ..network import load_parameters, trainable
from .examples import VisionExamples, check_source
from .families import Source, VisionFamily, get_family

SHIPPED: Final = Path(__file__).parent / "weights"

Scores = Mapping[str, Mapping[str, float]]
"""Task to `accuracy`, mean cross-entropy `loss` and number of examples `n`, for one model."""


@final
class SmallVit(ViTModel):  # type: ignore[no-untyped-call] # transformers is partly typed
    """Images `(B, 1, S, S)` in -1..1 to features `(B, H)` of the class token.

    It has neither pooler nor dropout and is in eval mode; weights are random until loaded. It
    inherits from `ViTModel` rather than holding one because the names of its parameters are part
    of the shipped manifests.

    Args:
        config: Keyword arguments of `transformers.ViTConfig`.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        settings = ViTConfig(**config, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        settings._attn_implementation = "eager"  # with 17 tokens faster on a CPU than sdpa
        super().__init__(settings, add_pooling_layer=False)
        self.train(False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the features of a batch."""
        return cast(Tensor, super().forward(images).last_hidden_state[:, 0])


def load_shipped(family: str, directory: Path | None = None) -> FrozenExperts:
    """Load the frozen experts of a family; see `frozen_experts.load`.

    The manifest has `anchors` (split, then `base` or the expert's task, then the task measured),
    `averages` (scores on test of the simple average of each subset "a+b"), `resolution` (gain of
    each expert on test in standard errors), and, where recorded, `images`, the fingerprint of each
    source of images that the experts were trained and measured on.
    """
    get_family(family)
    return load(family, directory or SHIPPED, ("anchors", "averages", "resolution"))


@final
@dataclass(frozen=True, kw_only=True)
class SmallVitFamily(FrozenFamily):
    """Experts that ship with their anchors; nothing is trained or measured.

    Args:
        name: Key of `families.FAMILIES`.
    """

    name: str

    def load(self) -> FrozenExperts:
        """The experts in the package, checked against their manifest."""
        return load_shipped(self.name)

    def preflight(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Check the frozen experts, and the images that these tasks show."""
        what = f"experts of {self.name}"
        try:
            yield Finding(what, True, f"sha256 {self._frozen.sha256[:12]}")
        except IntegrityError as error:
            yield Finding(what, False, str(error))
            return
        for source in self._family.sources(tasks):
            what = f"images of {source}"
            try:
                check_source(self.name, source, self._fingerprints)
            except (MissingDataError, IntegrityError) as error:
                yield Finding(what, False, str(error))
            else:
                yield Finding(what, True, "read")

    def prepare(self, tasks: Sequence[str], report: Report) -> None:
        """Check that the images are the ones that the experts were trained on."""
        for source in self._family.sources(tasks):
            if source not in self._checked:  # hashing all images takes tens of milliseconds
                check_source(self.name, source, self._fingerprints)
                self._checked.add(source)

    def digest(self, tasks: Sequence[str]) -> str:
        """Digest of the weights file and the anchors."""
        return digest([self._frozen.sha256, self._frozen.manifest["anchors"]])

    def problem_hash(self, tasks: Sequence[str]) -> str:
        """Digest of the weights file, the anchors and the tasks.

        The hash differs in form from that of other families because stored results carry it.
        """
        return digest([self._frozen.sha256, self._frozen.manifest["anchors"], tasks])

    def stored_anchors(self, tasks: Sequence[str], split: Split) -> Anchors:
        """The anchors in the manifest; it has the simple average of registered subsets on test."""
        models: Mapping[str, Scores] = self._frozen.manifest["anchors"][split]
        averages: Mapping[str, Scores] = self._frozen.manifest["averages"]
        average = averages.get("+".join(tasks)) if split == "test" else None

        def row(scores: Scores, key: str) -> NDArray[np.float64]:
            return np.array([float(scores[task][key]) for task in tasks])

        def experts(key: str) -> NDArray[np.float64]:
            return np.array([row(models[task], key) for task in tasks])

        return Anchors(
            pretrained=row(models["base"], "accuracy"),
            experts=experts("accuracy"),
            average=None if average is None else row(average, "accuracy"),
            pretrained_loss=row(models["base"], "loss"),
            experts_loss=experts("loss"),
            average_loss=None if average is None else row(average, "loss"),
            n=row(models["base"], "n").astype(np.int64),
        )

    def backbone(self) -> nn.Module:
        """The pretrained network.

        Raises:
            IntegrityError: If its parameters are not those of the frozen weights. Other major
                versions of transformers name and order them differently, with the same total.
        """
        network = SmallVit(self._frozen.manifest["config"])
        if trainable(network)[0] != self._frozen.layout:
            raise IntegrityError(
                "Parameters of the backbone must have the names and order of the frozen weights. "
                f"Found others in transformers {transformers_version}. "
                "Use `pip install 'transformers>=5.4'`."
            )
        load_parameters(network, self._frozen.layout, self._frozen.pretrained)
        return network

    def examples(self, task: str, split: Split) -> Examples:
        """Images `(n, 1, S, S)` in -1..1 and labels of a task, from checked sources."""
        self.prepare([task], lambda line: None)
        return self._examples(task, split)

    @property
    def _family(self) -> VisionFamily:
        return get_family(self.name)

    @property
    def _fingerprints(self) -> Mapping[str, str]:
        return cast(Mapping[str, str], self._frozen.manifest.get("images", {}))

    @cached_property
    def _checked(self) -> set[Source]:
        return set()

    @cached_property
    def _examples(self) -> VisionExamples:
        return VisionExamples(family=self._family)
