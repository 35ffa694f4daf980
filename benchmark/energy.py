"""Energy that the processors took, where the machine tells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

DOMAINS: Final = Path("/sys/class/powercap")


@final
class EnergyMeter:
    """Joules of all processor packages between its making and `joules`.

    The counters are those of Linux's powercap (RAPL): they are of the whole machine, whatever else
    runs on it.
    """

    def __init__(self, domains: Path = DOMAINS) -> None:
        self._domains = domains
        self._before = self._read()

    def joules(self) -> float | None:
        """None where there are no counters that may be read."""
        after = self._read()
        if not after or after.keys() != self._before.keys():
            return None
        return sum(self._between(name, after[name]) for name in after) / 1e6

    def _between(self, name: str, after: int) -> int:
        spent = after - self._before[name]
        if spent >= 0:
            return spent
        return spent + int((self._domains / name / "max_energy_range_uj").read_text())

    def _read(self) -> Mapping[str, int]:
        try:
            return {
                path.name: int((path / "energy_uj").read_text())
                for path in sorted(self._domains.glob("intel-rapl:?"))
            }
        except (OSError, ValueError):
            return {}
