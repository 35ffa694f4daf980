"""Outdated runs: why a directory's study no longer asks for some of its parts."""

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
"""Versions of an algorithm that are tried to find the one with which an old run was computed."""


def explain(
    parts: Iterable[Path],
    specs: Sequence[RunSpec],
    hashes: Mapping[str, str],
    algorithms: Registry[Any],
) -> dict[str, int]:
    """Return the reasons why a study no longer asks for parts, each with a number of parts.

    Args:
        parts: Files of the parts.
        specs: All runs that the directory's study asks for.
        hashes: Hash of each problem, by name.
        algorithms: Where versions are looked up.
    """
    reasons: Counter[str] = Counter()
    for path in parts:
        try:
            (row,) = read_part(path).select(_COLUMNS).to_pylist()
        except DamagedFileError:
            continue  # reported as damaged
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
    if changed := _given(row) & _differences(row["parameters"], spec.resolved).keys():
        values = json.loads(row["parameters"])
        found = ", ".join(f"{key}={write_value(values.get(key))}" for key in sorted(changed))
        return f"`{spec.algorithm.name}` with {found} is no longer in the study"
    new = spec.identity(hashes[spec.problem.name], algorithms)
    old = dataclasses.replace(
        new,
        protocol=row["protocol_version"],
        problem_hash=row["problem_hash"],
        parameters=spec.algorithm.without_added(row["parameters"], algorithms),
        root_seed=row["root_seed"],
        budget=row["budget_units"],
        precision=json.loads(row["versions"]).get("fit", new.precision),
    )
    earlier = dataclasses.replace(old, parameters=row["parameters"])
    causes = list(_causes_in_columns(old, new))
    if earlier.run_id() != row["run_id"]:
        causes += _causes_in_the_id(row["run_id"], old, spec)
    return "; ".join(causes) or f"an input of `{spec.algorithm.name}` has changed"


def _column(spec: RunSpec, column: str) -> object:
    values = {
        "problem": spec.problem.name,
        "algorithm": spec.algorithm.name,
        "seed": spec.seed,
    }
    return values[column]


def _given(row: Mapping[str, Any]) -> set[str]:
    """Return the parameters that were given explicitly, if the display name shows them."""
    try:
        name, inside = split_spec(row["display_name"], "")
        given = set(parse_parameters(inside, ""))
    except ParameterError:
        return set()
    return given if name == row["algorithm"] else set()


def _differences(old: str, new: str) -> dict[str, tuple[Any, Any]]:
    """Return parameters whose values differ, as (old, new); Ellipsis stands for a missing value."""
    before, after = json.loads(old), json.loads(new)
    pairs = {key: (before.get(key, ...), after.get(key, ...)) for key in {**before, **after}}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _causes_in_columns(old: Identity, new: Identity) -> Iterator[str]:
    if old.protocol != new.protocol:
        yield f"protocol version changed from {old.protocol} to {new.protocol}"
    if UNAVAILABLE in (old.problem_hash, new.problem_hash) and old.problem_hash != new.problem_hash:
        word = "available now" if old.problem_hash == UNAVAILABLE else "missing now"
        yield f"`{new.problem}`: its data is {word}"
    elif old.problem_hash != new.problem_hash:
        change = f"from {old.problem_hash[:8]} to {new.problem_hash[:8]}"
        yield f"`{new.problem}`: its data or experts changed (hash {change})"
    for key, (before, after) in _differences(old.parameters, new.parameters).items():
        if before is ...:
            yield f"`{new.algorithm}`: parameter `{key}` is new ({write_value(after)})"
        elif after is ...:
            yield f"`{new.algorithm}`: parameter `{key}` was removed ({write_value(before)})"
        else:
            change = f"from {write_value(before)} to {write_value(after)}"
            yield f"`{new.algorithm}`: the default of `{key}` changed {change}"
    for key in ("root_seed", "budget", "precision"):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield f"`{key}` of the study changed from {before} to {after}"


def _causes_in_the_id(run_id: str, old: Identity, spec: RunSpec) -> Iterator[str]:
    """Find what no column stores, by trying which change of `old` gives the id."""
    if old.run_id() == run_id:
        return
    for version in range(1, _VERSIONS + 1):
        if dataclasses.replace(old, version=version).run_id() == run_id:
            yield f"`{old.algorithm}`: version changed from {version} to {old.version}"
            return
    files = [spec.problem.plugin.name] if spec.problem.plugin else []
    if spec.algorithm.file is not None:
        files.insert(0, spec.algorithm.file.name)
    if files:
        names = " or ".join(f"`{name}`" for name in files)
        yield f"the plug-in file {names}, or a file that it imports, changed"
