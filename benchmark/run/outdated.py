"""Why parts of a directory are no longer what its study asks for."""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...errors import ParameterError
from ...registry import Registry
from ...results.directory.parts import read_part
from ...results.files.parquet import DamagedFileError
from ...results.files.record import UNAVAILABLE
from ..study.identity import Identity
from ..study.parameters import parse_parameters, split_spec, write_value
from ..study.study import RunSpec

_COLUMNS: Final = (
    *("run_id", "problem", "algorithm", "parameters", "display_name", "seed", "root_seed"),
    *("budget_units", "problem_hash", "protocol_version", "versions"),
)
_VERSIONS: Final = 100
"""How many versions of an algorithm are tried for the one that an old run is of."""


def explain(
    parts: Iterable[Path],
    specs: Sequence[RunSpec],
    hashes: Mapping[str, str],
    algorithms: Registry[Any],
) -> dict[str, int]:
    """Why these parts are of none of the runs `specs`: each reason, and of how many parts.

    Args:
        parts: Their files.
        specs: All runs that the directory's study asks for.
        hashes: Digest of each problem.
        algorithms: Where versions are looked up.
    """
    reasons: Counter[str] = Counter()
    for path in parts:
        try:
            (row,) = read_part(path).select(_COLUMNS).to_pylist()
        except DamagedFileError:
            continue  # told apart
        reasons[_reason(row, specs, hashes, algorithms)] += 1
    return dict(reasons)


def _reason(
    row: Mapping[str, Any],
    specs: Sequence[RunSpec],
    hashes: Mapping[str, str],
    algorithms: Registry[Any],
) -> str:
    left = list(specs)
    for column, name in (("problem", "`{}`"), ("algorithm", "`{}`"), ("seed", "seed {}")):
        left = [spec for spec in left if _column(spec, column) == row[column]]
        if not left:
            return f"{name.format(row[column])} is no longer in the study"
    spec = min(left, key=lambda spec: len(_differences(row["parameters"], spec.resolved)))
    if asked := _asked_for(row) & _differences(row["parameters"], spec.resolved).keys():
        values = json.loads(row["parameters"])
        found = ", ".join(f"{key}={write_value(values.get(key))}" for key in sorted(asked))
        return f"`{spec.algorithm.name}` with {found} is no longer in the study"
    new = spec.identity(hashes[spec.problem], algorithms)
    old = dataclasses.replace(
        new,
        protocol=row["protocol_version"],
        problem_hash=row["problem_hash"],
        parameters=row["parameters"],
        seed=row["root_seed"],
        budget=row["budget_units"],
        precision=json.loads(row["versions"]).get("fit", new.precision),
    )
    causes = [*_told_by_the_row(old, new), *_told_by_the_id(row["run_id"], old, spec)]
    return "; ".join(causes) or f"what `{spec.algorithm.name}` was computed with has changed"


def _column(spec: RunSpec, column: str) -> object:
    values = {"problem": spec.problem, "algorithm": spec.algorithm.name, "seed": spec.repetition}
    return values[column]


def _asked_for(row: Mapping[str, Any]) -> set[str]:
    """Parameters that were given, not defaults, if the display name is the full one."""
    try:
        name, inside = split_spec(row["display_name"], "")
        given = set(parse_parameters(inside, ""))
    except ParameterError:
        return set()
    return given if name == row["algorithm"] else set()


def _differences(old: str, new: str) -> dict[str, tuple[Any, Any]]:
    """Parameters with other values, as (old, new); Ellipsis where one has none."""
    before, after = json.loads(old), json.loads(new)
    pairs = {key: (before.get(key, ...), after.get(key, ...)) for key in {**before, **after}}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _told_by_the_row(old: Identity, new: Identity) -> Iterator[str]:
    if old.protocol != new.protocol:
        yield f"protocol version changed from {old.protocol} to {new.protocol}"
    if UNAVAILABLE in (old.problem_hash, new.problem_hash) and old.problem_hash != new.problem_hash:
        word = "there now" if old.problem_hash == UNAVAILABLE else "missing now"
        yield f"`{new.problem}`: its data is {word}"
    elif old.problem_hash != new.problem_hash:
        change = f"from {old.problem_hash[:8]} to {new.problem_hash[:8]}"
        yield f"`{new.problem}`: its data or experts changed (hash {change})"
    for key, (before, after) in _differences(old.parameters, new.parameters).items():
        if before is ...:
            yield f"`{new.algorithm}`: `{key}` is new, {write_value(after)}"
        elif after is ...:
            yield f"`{new.algorithm}`: `{key}` is gone, was {write_value(before)}"
        else:
            change = f"from {write_value(before)} to {write_value(after)}"
            yield f"`{new.algorithm}`: default of `{key}` changed {change}"
    for key in ("seed", "budget", "precision"):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield f"`{key}` of the study changed from {before} to {after}"


def _told_by_the_id(run_id: str, old: Identity, spec: RunSpec) -> Iterator[str]:
    """What no column holds: the id is that of `old` but for one of these."""
    if old.run_id() == run_id:
        return
    for version in range(1, _VERSIONS + 1):
        if dataclasses.replace(old, version=version).run_id() == run_id:
            yield f"`{old.algorithm}`: version changed from {version} to {old.version}"
            return
    files = [Path(spec.problem_text.rpartition(":")[0]).name] if old.problem_plugin else []
    if spec.algorithm.file is not None:
        files.insert(0, spec.algorithm.file.name)
    if files:
        yield f"plug-in file {' or '.join(f'`{name}`' for name in files)} changed"
