"""Load results with their scores: kept with compacted tables, or derived."""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ...results.directory.parts import PARTS
from ...results.directory.snapshot import Snapshot, by_run
from ...results.files.schema import from_frame
from ...results.load import read
from ...results.results import Results
from .derive import derive_scores
from .fingerprint import fingerprint


def load(path: Path) -> Results:
    """Load a run directory or an archive; scores are derived when they are first used.

    Raises:
        StoreError: If there are no results, or one of their files is damaged.
    """
    if (path / PARTS).is_dir():
        return load_directory(Snapshot(path))
    results = read(path)
    return results.with_tables(scores=partial(_derived, results))


def load_directory(snapshot: Snapshot) -> Results:
    """Load a run directory; only runs without compacted scores are scored again."""
    results = snapshot.results()
    return results.with_tables(scores=partial(_completed, results, snapshot))


def _completed(results: Results, snapshot: Snapshot) -> pa.Table:
    kept = snapshot.scores(fingerprint())
    runs = results.arrow("runs")
    done = runs.filter(pc.equal(runs.column("status"), "done")).column("run_id")
    left = done.filter(pc.invert(pc.is_in(done, kept.column("run_id").unique())))
    if not len(left):
        return kept
    derived = _derived(results.only(left))
    return by_run(pa.concat_tables([kept, derived]), runs)


def _derived(results: Results) -> pa.Table:
    return from_frame(derive_scores(results), "scores")
