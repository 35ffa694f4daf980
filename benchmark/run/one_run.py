"""One run, from its specification to its record: rehearse, fit, then score where the test is."""

import time
from functools import lru_cache
from typing import Final

import torch

from ...results.files.record import Record
from ..score.scorer import MeasuredAnchors, scores
from ..study.study import PROTOCOL_VERSION, RunSpec
from . import provenance
from .fit import Facts
from .fitting import Fitting, RunEnded, ending

_DETAILS: Final = ("fronts", "points", "outcomes", "milestones")
"""Facts that only a run that is done has."""


def compute(spec: RunSpec, problem_hash: str, fitting: Fitting) -> Record:
    """Compute a run and return its record: done, skipped or failed.

    Args:
        spec: The run.
        problem_hash: Hash of its problem.
        fitting: Where its fit runs. Scores are measured in this process.
    """
    # One thread per run: parallel runs do not compete, and sums have one order on every machine.
    torch.set_num_threads(1)
    conditions: dict[str, str] = {"fit": spec.precision, "isolation": fitting.isolation}
    if spec.caps:
        conditions["caps"] = ", ".join(f"{key}={value:.15g}" for key, value in spec.caps.items())
    facts: Facts = {"started": provenance.now(), "versions": provenance.versions(**conditions)}
    try:
        found, rehearsal = fitting.rehearse(spec)
        facts |= found
        found, stages = fitting.fit(spec, rehearsal)
        facts |= found
        clock = time.perf_counter()
        with ending({}):
            known = _measured_anchors(spec.problem.text, problem_hash)
            scored = scores(spec.problem.load(), stages, fitting.ask, known)
        traces = [*facts["traces"], *scored.pop("traces")]
        facts |= scored | {"traces": traces, "score_seconds": time.perf_counter() - clock}
        outcome: Facts = {"status": "done"}
    except RunEnded as end:
        outcome = end.facts | {name: [] for name in _DETAILS}
    return make_record(spec, problem_hash, facts | outcome)


@lru_cache(maxsize=1)
def _measured_anchors(problem: str, problem_hash: str) -> MeasuredAnchors:
    """Return what to keep between the runs of one problem, which follow each other."""
    return {}


def make_record(spec: RunSpec, problem_hash: str, facts: Facts) -> Record:
    """Return the record of a run: its identity, its provenance, and these facts."""
    identity: Facts = {
        "run_id": spec.run_id,
        "problem": spec.problem.name,
        "algorithm": spec.algorithm.name,
        "parameters": spec.resolved,
        "display_name": spec.algorithm.display_name,
        "seed": spec.seed,
        "root_seed": spec.root_seed,
        "budget_units": spec.budget,
        "problem_hash": problem_hash,
        "protocol_version": PROTOCOL_VERSION,
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "threads": 1,
        "device": "cuda" if spec.resources.gpus else "cpu",
    }
    return Record(**identity | facts)
