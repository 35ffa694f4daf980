"""GPUs as resources: which exist, and which run has which."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

from ....errors import StudyError

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
"""The variable that CUDA reads when it starts: the GPUs that a process may see."""


@final
class Gpus:
    """The GPUs that this process may see, assigned to runs."""

    def __init__(self) -> None:
        self._all = visible()
        self._taken: dict[str, list[str]] = {}

    def check(self, wanted: int) -> None:
        """Refuse a number that will never be free.

        Raises:
            StudyError: If this machine has fewer GPUs.
        """
        if wanted > len(self._all):
            raise StudyError(
                f"`gpus` must be at most the number of GPUs of this machine, {len(self._all)} "
                f"(`{VISIBLE}`, or /dev/nvidia*). Found {wanted}. Ask for fewer."
            )

    def free(self, wanted: int) -> bool:
        """Return whether this many GPUs are unassigned."""
        return wanted <= len(self._left())

    def take(self, run_id: str, wanted: int) -> Mapping[str, str]:
        """Assign GPUs to a run, and return the environment with which it sees these only."""
        self._taken[run_id] = self._left()[:wanted]
        return {VISIBLE: ",".join(self._taken[run_id])}

    def give_back(self, run_id: str) -> None:
        """Free the GPUs of a run that ended."""
        del self._taken[run_id]

    def _left(self) -> list[str]:
        taken = {gpu for gpus in self._taken.values() for gpu in gpus}
        return [gpu for gpu in self._all if gpu not in taken]


def visible() -> list[str]:
    """Return the names of the GPUs: from the environment if set, else from the driver's files."""
    said = os.environ.get(VISIBLE)
    if said is not None:
        return [name.strip() for name in said.split(",") if name.strip()]
    return sorted(path.name[6:] for path in Path("/dev").glob("nvidia[0-9]*"))
