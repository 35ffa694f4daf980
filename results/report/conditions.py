"""Conditions, failures and provenance of results, as rows of texts."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from ...errors import StoreError
from ..archive.archive import MANIFEST, manifest, prerun_path
from ..escape import printable
from ..results import Results

Rows = list[list[str]]
_STUDY = "study.toml"


def conditions(results: Results) -> Rows:
    """Return `[what, values]` rows on how the runs were made: budget, seeds, machines, versions."""
    runs = results.runs
    done = runs[runs["status"] == "done"]
    started = done["started"].dropna().astype(str)
    seeds = sorted(int(seed) for seed in runs["seed"].unique())
    budgets = sorted(int(budget) for budget in runs["budget_units"].dropna().unique())
    rows = [
        ["Problems", f"{runs['problem'].nunique()}: {_values(runs['problem'])}"],
        ["Algorithms", str(runs["display_name"].nunique())],
        ["Runs", f"{len(runs)}: {_statuses(runs)}"],
        ["Seeds", ", ".join(map(str, seeds))],
        ["Root seed", _values(runs["root_seed"])],
        ["Budget in units", ", ".join(f"{budget:,}" for budget in budgets) or "no cap"],
        ["Protocol version", _values(runs["protocol_version"])],
        ["Machines", _values(done["machine"])],
        ["Devices", _values(done["device"])],
        ["Threads", _values(done["threads"])],
        ["Started", f"{started.min()} to {started.max()}" if len(started) else "unknown"],
    ]
    return [*rows, ["Versions", _versions(done)]]


def failures(results: Results) -> Rows:
    """Return `[algorithm, status, reason, problems, runs]` of the runs without a result."""
    runs = pd.DataFrame(results.runs)
    lacking = runs[runs["status"] != "done"]
    columns = [lacking[name] for name in ("reason", "error_class", "error_message")]
    texts = [_reason(*row) for row in zip(*columns, strict=True)]
    grouped = lacking.assign(why=texts).groupby(["display_name", "status", "why"], sort=False)
    return [
        [str(name), str(status), str(why), _values(own["problem"]), str(len(own))]
        for (name, status, why), own in grouped
    ]


def provenance(results: Results, source: str) -> Rows:
    """Return `[what, values]` rows on where the numbers come from, with hashes.

    Args:
        results: Of the source.
        source: A run directory, an archive, a single file or `NAME!`.
    """
    rows = [["Source", source], *_files(source)]
    hashes = results.runs.drop_duplicates(["problem", "problem_hash"])
    rows += [
        [f"Problem {problem}", f"hash {value}"]
        for problem, value in zip(hashes["problem"], hashes["problem_hash"], strict=True)
    ]
    return rows


def references(scores: pd.DataFrame) -> Rows:
    """Return `[problem, reference points or fronts]` of the scores that have one."""
    used = scores.assign(reference=scores["reference"].fillna(""))
    used = used[used["reference"] != ""].drop_duplicates(["problem", "reference"])
    return [
        [str(problem), ", ".join(own["reference"])]
        for problem, own in used.groupby("problem", sort=False)
    ]


def _files(source: str) -> Rows:
    folder = prerun_path(source[:-1]) if source.endswith("!") else Path(source)
    if folder.is_file():
        return [[f"SHA-256 of {folder.name}", _sha256(folder)]]
    rows = []
    try:
        found = manifest(folder)
    except StoreError:
        found = {}
    if found:
        rows.append(["Archive", f"made by fusefront {found['fusefront']} at {found['created']}"])
        rows.append(["Note", str(found.get("note") or "none")])
    hashed = [folder / name for name in (MANIFEST, _STUDY) if (folder / name).is_file()]
    return [*rows, *([f"SHA-256 of {path.name}", _sha256(path)] for path in hashed)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(reason: object, error: object, message: object) -> str:
    if isinstance(reason, str) and reason:
        return printable(reason)
    return printable(f"{error}: {message}") if isinstance(error, str) else "unknown"


def _statuses(runs: pd.DataFrame) -> str:
    return ", ".join(
        f"{number} {status}" for status, number in runs["status"].value_counts().items()
    )


def _values(column: "pd.Series[str]") -> str:
    return printable(", ".join(str(value) for value in column.dropna().unique()))


def _versions(done: pd.DataFrame) -> str:
    found: dict[str, dict[str, None]] = {}
    for text in done["versions"].dropna().unique():
        for package, version in json.loads(text).items():
            found.setdefault(str(package), {})[str(version)] = None
    return printable("; ".join(f"{name} {', '.join(own)}" for name, own in found.items()))
