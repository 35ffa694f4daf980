"""Random kill -9 of heads and workers over a study: `python -m tests.benchmark.chaos --moments 50`.

Heads are started again whenever they are gone. In the end the study is finished in peace, and its
tables must be those of a study that nobody disturbed.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import final

from fusefront.benchmark.claims import claimed
from fusefront.benchmark.study import Study
from fusefront.benchmark.study_file import write_study


@final
@dataclass(kw_only=True)
class Chaos:
    """A study under attack.

    Args:
        study: A file of it.
        directory: Where its heads work.
        heads: How many there are at once.
        seed: Of the moments and the victims.
        longest: Seconds between two kills, at most.
    """

    study: Path
    directory: Path
    heads: int = 1
    seed: int = 0
    longest: float = 2.0
    killed: Counter[str] = field(default_factory=Counter)
    _living: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def rage(self, moments: int) -> int:
        """Kill at so many moments while runs are computed, fewer if all end before; how many."""
        choose = random.Random(self.seed)
        for moment in range(moments):
            self._restart()
            if not self._busy():
                return moment
            time.sleep(choose.uniform(0, self.longest))
            heads = [head.pid for head in self._living]
            groups = [pid for head in heads for pid in group(head)]
            workers = sorted(set(groups) - set(heads))
            kind = choose.choice(["head", "worker"])
            victim = choose.choice(heads if kind == "head" or not workers else workers)
            self.killed["head" if victim in heads else "worker"] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        return moments

    def _busy(self) -> bool:
        """Wait until runs are computed; False if there are none left."""
        while not any(claimed(self.directory)):
            if all(head.poll() is not None for head in self._living):
                return False
            time.sleep(0.01)
        return True

    def peace(self) -> int:
        """Let the heads that live end, then finish alone; the exit status of that."""
        for head in self._living:
            head.wait()
        return self._start().wait()

    def _restart(self) -> None:
        self._living = [head for head in self._living if head.poll() is None]
        while len(self._living) < self.heads:
            self._living.append(self._start())

    def _start(self) -> "subprocess.Popen[bytes]":
        command = ["run", str(self.study), "-o", str(self.directory), "-j", "2"]
        return subprocess.Popen(
            [sys.executable, "-m", "fusefront.benchmark", *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def group(leader: int) -> list[int]:
    """Living processes of the group that `leader` began, itself included."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it ended just now
            continue
        if int(pgrp) == leader and state != "Z":
            found.append(int(stat.parent.name))
    return found


def main() -> None:
    """Torment the smoke suite, and compare it with one left in peace."""
    from tests.benchmark.test_runner import assert_same

    from fusefront.algorithms import ALGORITHMS
    from fusefront.benchmark.study_file import suite_study

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    study: Study = suite_study("smoke", ALGORITHMS)
    with tempfile.TemporaryDirectory() as folder:
        toml = Path(folder) / "study.toml"
        write_study(toml, study.canonical(ALGORITHMS))
        peaceful = Chaos(study=toml, directory=Path(folder) / "peace")
        assert peaceful.peace() == 0
        left, killed = asked.moments, Counter[str]()
        for number in count():
            chaos = Chaos(
                study=toml,
                directory=Path(folder) / f"chaos-{number}",
                heads=asked.heads,
                seed=asked.seed + number,
            )
            left -= chaos.rage(left)
            assert chaos.peace() == 0
            assert_same(chaos.directory, peaceful.directory)
            killed += chaos.killed
            if not left:
                break
        told = f"killed {dict(killed)} in {number + 1} studies: all ended as one in peace"
        sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()
