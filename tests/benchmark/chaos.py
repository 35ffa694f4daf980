"""Kill coordinators and workers at random: `python -m tests.benchmark.chaos --moments 50`.

Dead coordinators are restarted. At the end the study is finished undisturbed, and its tables must
equal those of a study that nobody disturbed.
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
        study: Path of the study file.
        directory: Run directory that the coordinators share.
        coordinators: Number of coordinators at a time.
        seed: Seed of the moments and the victims.
        longest: Maximum number of seconds between two kills.
        cluster: If given, computes the runs; its nodes are killed instead of local workers.
    """

    study: Path
    directory: Path
    coordinators: int = 1
    seed: int = 0
    longest: float = 2.0
    cluster: DaskCluster | None = None
    killed: Counter[str] = field(default_factory=Counter)
    _living: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def rage(self, moments: int) -> int:
        """Kill at this many moments, or fewer if all runs end; return the number of kills."""
        choose = random.Random(self.seed)
        for moment in range(moments):
            self._restart()
            if not self._busy():
                return moment
            time.sleep(choose.uniform(0, self.longest))
            if choose.choice(["coordinator", "worker"]) == "coordinator" or not self._kill_worker(
                choose
            ):
                self.killed["coordinator"] += 1
                choose.choice(self._living).kill()
        return moments

    def _kill_worker(self, choose: random.Random) -> bool:
        """Kill a node of the cluster, or a coordinator's worker; return False if there is none."""
        if self.cluster is not None:
            kill_group(choose.choice(self.cluster.nodes))
            self.killed["node"] += 1
            return True
        workers = [p for leader in self._living for p in group(leader.pid) if p != leader.pid]
        if workers:
            self.killed["worker"] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(choose.choice(sorted(workers)), signal.SIGKILL)
        return bool(workers)

    def _busy(self) -> bool:
        """Wait until runs are computed; return False if no run is left."""
        while not any(leased(self.directory)):
            if all(leader.poll() is not None for leader in self._living):
                return False
            time.sleep(0.01)
        return True

    def peace(self) -> int:
        """Wait for living coordinators, then finish with one more; return its exit status."""
        self._restart_nodes()
        for leader in self._living:
            leader.wait()
        return self._start().wait()

    def _restart(self) -> None:
        self._restart_nodes()
        self._living = [leader for leader in self._living if leader.poll() is None]
        while len(self._living) < self.coordinators:
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
    """Return the living processes of the group of `leader`, including itself."""
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
    """Torment the smoke suite, and compare it with an undisturbed one."""
    from fusefront.algorithms import ALGORITHMS
    from fusefront.benchmark.study.file import suite_study

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--coordinators", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dask", action="store_true", help="on a cluster of two nodes")
    options = parser.parse_args()
    study: Study = suite_study("smoke", ALGORITHMS)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        write_study(folder / "study.toml", study.canonical(ALGORITHMS))
        cluster = stack.enter_context(dask_cluster(folder, nodes=2)) if options.dask else None
        killed = torment(folder, options.moments, options.coordinators, options.seed, cluster)
    sys.stdout.write(f"{killed}: every study equals the undisturbed one\n")


def torment(
    folder: Path, moments: int, coordinators: int, seed: int, cluster: DaskCluster | None
) -> str:
    """Kill at this many moments, over as many studies as needed; describe what was killed."""
    from tests.benchmark.test_plan import assert_same

    peaceful = Chaos(study=folder / "study.toml", directory=folder / "peace")
    assert peaceful.peace() == 0
    left, killed = moments, Counter[str]()
    for number in count():
        chaos = Chaos(
            study=peaceful.study,
            directory=folder / f"chaos-{number}",
            coordinators=coordinators,
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
