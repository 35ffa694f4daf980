"""Graphics processors as resources: which there are, and which run has which."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

from ....errors import StudyError

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
"""What CUDA reads when it starts: the processors that a process may see."""


@final
class Gpus:
    """The processors that this process may see, handed out to runs."""

    def __init__(self) -> None:
        self._all = visible()
        self._taken: dict[str, list[str]] = {}

    def check(self, wanted: int) -> None:
        """Refuse what will never be free.

        Raises:
            StudyError: If there are not so many.
        """
        if wanted > len(self._all):
            raise StudyError(
                f"`gpus` must be at most those of this machine. Found {wanted}, and "
                f"{len(self._all)} here (`{VISIBLE}`, or /dev/nvidia*)."
            )

    def free(self, wanted: int) -> bool:
        """Whether so many are nobody's."""
        return wanted <= len(self._left())

    def take(self, run_id: str, wanted: int) -> Mapping[str, str]:
        """What the environment of a run must have to see so many, and no others."""
        self._taken[run_id] = self._left()[:wanted]
        return {VISIBLE: ",".join(self._taken[run_id])}

    def give_back(self, run_id: str) -> None:
        """Those of a run that ended."""
        del self._taken[run_id]

    def _left(self) -> list[str]:
        taken = {gpu for gpus in self._taken.values() for gpu in gpus}
        return [gpu for gpu in self._all if gpu not in taken]


def visible() -> list[str]:
    """Names of the processors, by the environment if it says, else by the driver's files."""
    said = os.environ.get(VISIBLE)
    if said is not None:
        return [name.strip() for name in said.split(",") if name.strip()]
    return sorted(path.name[6:] for path in Path("/dev").glob("nvidia[0-9]*"))
