"""Points on their way from the process that fitted to the one that scores.

They travel as JSON and safetensors: unpickling an object of a plug-in would run its code where the
test split is.
"""

import json
import re
import weakref
from dataclasses import dataclass
from typing import Any, Final, final

from safetensors.torch import load, save
from torch import Tensor

from ...algorithms.pareto_set import Point
from ...algorithms.pareto_set_files import Reader, Writer
from ...problems.experts import ExpertPool
from ..score.measure import Asked

WEIGHTS: Final = "weights"
"""The description of a point that is a plain model."""


@final
@dataclass(frozen=True, kw_only=True)
class Message:
    """A point: its description as JSON, and the tensors in it that were not sent before.

    A point that was sent before is only named, so that it is measured once.

    Attributes:
        same_as: Index of the earlier answer that was the same object; else None.
        description: `WEIGHTS`, or the JSON of the point and of its pool.
        tensors: Safetensors, by the names in the description.
    """

    same_as: int | None = None
    description: str = WEIGHTS
    tensors: bytes = b""

    @property
    def names_code(self) -> bool:
        """Whether it names a class of a plug-in, which the receiver then has to import."""
        return re.search(r'"class": "[^"]*:', self.description) is not None


@final
class Encoder:
    """Encodes the points of one fit, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._answers: list[weakref.ref[Any]] = []
        self._writer = Writer()

    def encode(self, point: Point, pool: ExpertPool) -> Message:
        """Return the message for the next answer.

        Raises:
            ParetoSetFileError: If the point contains more than plain values, tensors and storable
                dataclasses.
        """
        # Weak references, since a map makes weights for one preference and then drops them.
        for index, answer in enumerate(self._answers):
            if answer() is point:
                self._answers.append(answer)
                return Message(same_as=index)
        self._answers.append(weakref.ref(point))
        if isinstance(point, Tensor):
            return Message(tensors=save({WEIGHTS: point.detach().contiguous()}))
        description = [self._writer.encode(point), self._writer.encode(pool)]
        return Message(description=json.dumps(description), tensors=save(self._writer.take()))


@final
class Decoder:
    """Decodes what one `Encoder` encoded.

    Args:
        experts: The problem's own pool.
    """

    def __init__(self, experts: ExpertPool) -> None:
        self._experts = experts
        self._reader = Reader({}, experts, "the point of a fit")

    def decode(self, message: Message) -> Asked:
        """Return the point and its pool, or the index of the same answer.

        Raises:
            ParetoSetFileError: If a class in it is not imported.
        """
        if message.same_as is not None:
            return message.same_as
        # Copies: memory of a message need not be aligned, and kernels round differently where it
        # is not.
        tensors = {name: tensor.clone() for name, tensor in load(message.tensors).items()}
        if message.description == WEIGHTS:
            return tensors[WEIGHTS], self._experts
        self._reader.tensors.update(tensors)
        point, pool = map(self._reader.decode, json.loads(message.description))
        return point, pool
