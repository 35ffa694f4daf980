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

from tests.benchmark.dask_cluster import DaskCluster, dask_cluster, kill_group

from fusefront.benchmark.run.leases import leased
from fusefront.benchmark.study.file import write_study
from fusefront.benchmark.study.study import Study


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
        cluster: Computes the runs, if given; its nodes are killed instead of workers of the heads.
    """

    study: Path
    directory: Path
    heads: int = 1
    seed: int = 0
    longest: float = 2.0
    cluster: DaskCluster | None = None
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
            if choose.choice(["head", "worker"]) == "head" or not self._kill_worker(choose):
                self.killed["head"] += 1
                choose.choice(self._living).kill()
        return moments

    def _kill_worker(self, choose: random.Random) -> bool:
        """Kill a node of the cluster, or a process of a head; False if there is none."""
        if self.cluster is not None:
            kill_group(choose.choice(self.cluster.nodes))
            self.killed["node"] += 1
            return True
        workers = [p for head in self._living for p in group(head.pid) if p != head.pid]
        if workers:
            self.killed["worker"] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(choose.choice(sorted(workers)), signal.SIGKILL)
        return bool(workers)

    def _busy(self) -> bool:
        """Wait until runs are computed; False if there are none left."""
        while not any(leased(self.directory)):
            if all(head.poll() is not None for head in self._living):
                return False
            time.sleep(0.01)
        return True

    def peace(self) -> int:
        """Let the heads that live end, then finish alone; the exit status of that."""
        self._restart_nodes()
        for head in self._living:
            head.wait()
        return self._start().wait()

    def _restart(self) -> None:
        self._restart_nodes()
        self._living = [head for head in self._living if head.poll() is None]
        while len(self._living) < self.heads:
            self._living.append(self._start())

    def _restart_nodes(self) -> None:
        if self.cluster is not None:
            self.cluster.restart()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = ["run", str(self.study), "-o", str(self.directory), "-j", "2"]
        if self.cluster is not None:
            command += ["--executor", f"dask:{self.cluster.address}"]
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
    from fusefront.algorithms import ALGORITHMS
    from fusefront.benchmark.study.file import suite_study

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dask", action="store_true", help="on a cluster of two nodes")
    asked = parser.parse_args()
    study: Study = suite_study("smoke", ALGORITHMS)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        write_study(folder / "study.toml", study.canonical(ALGORITHMS))
        cluster = stack.enter_context(dask_cluster(folder, nodes=2)) if asked.dask else None
        told = torment(folder, asked.moments, asked.heads, asked.seed, cluster)
    sys.stdout.write(f"{told}: all ended as one in peace\n")


def torment(folder: Path, moments: int, heads: int, seed: int, cluster: DaskCluster | None) -> str:
    """Kill at so many moments, over as many studies as that takes; what was killed."""
    from tests.benchmark.test_plan import assert_same

    peaceful = Chaos(study=folder / "study.toml", directory=folder / "peace")
    assert peaceful.peace() == 0
    left, killed = moments, Counter[str]()
    for number in count():
        chaos = Chaos(
            study=peaceful.study,
            directory=folder / f"chaos-{number}",
            heads=heads,
            seed=seed + number,
            cluster=cluster,
        )
        left -= chaos.rage(left)
        assert chaos.peace() == 0
        assert_same(chaos.directory, peaceful.directory)
        killed += chaos.killed
        sys.stderr.write(f"study {number + 1}: {moments - left} of {moments} moments\n")
        if not left:
            return f"killed {dict(killed)} in {number + 1} studies"
    raise AssertionError


if __name__ == "__main__":
    main()
