"""The options `-p`, `-a` and `--label` of commands that print tables: which runs they contain."""

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from ...algorithms import ALGORITHMS
from ...errors import ParameterError
from ...problems import PROBLEMS
from ...registry import Registry, unknown_name
from .app import key_value

if TYPE_CHECKING:
    from ...results.results import Results


def select(
    results: "Results",
    *,
    problems: Sequence[str] | None = None,
    algorithms: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> "Results":
    """Return the results of some problems and algorithms.

    Args:
        results: With problems.
        problems: Names; by default all.
        algorithms: Names or display names; by default all.
        labels: `key=value` texts. A label of problems selects problems, by the labels that are
            stored with the results; a label of algorithms selects registered algorithms.

    Raises:
        UnknownNameError: If no run has one of the names, or a label is unknown.
        ParameterError: If no run is left.
    """
    import pyarrow as pa

    runs = results.runs
    _check_known("Problem", problems, list(runs["problem"]))
    _check_known("Algorithm", algorithms, [*runs["display_name"], *runs["algorithm"]])
    wanted = runs["problem"].notna()
    if problems:
        wanted &= runs["problem"].isin(problems)
    if algorithms:
        wanted &= runs["display_name"].isin(algorithms) | runs["algorithm"].isin(algorithms)
    of_problems, of_algorithms = _by_registry(labels or ())
    if of_problems:
        wanted &= runs["problem"].isin(_problems_with(results, of_problems))
    if of_algorithms:
        names = [entry.name for entry in ALGORITHMS.select(of_algorithms)]
        wanted &= runs["algorithm"].isin(names)
    if not wanted.any():
        raise _nothing_left(results, of_problems)
    if wanted.all():
        return results
    return results.only(pa.chunked_array([pa.array(runs.loc[wanted, "run_id"], pa.string())]))


def _by_registry(labels: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the labels of problems and those of algorithms, after checking their values."""
    wanted = dict(key_value(text) for text in labels)
    known = [*PROBLEMS.label_values, *ALGORITHMS.label_values]
    for key in wanted:
        if key not in known:
            raise unknown_name("label", key, list(dict.fromkeys(known)))

    def of(registry: Registry[Any]) -> dict[str, str]:
        own = {key: value for key, value in wanted.items() if key in registry.label_values}
        registry.select(own)  # raises for a value that is not allowed
        return own

    return of(PROBLEMS), of(ALGORITHMS)


def _problems_with(results: "Results", wanted: dict[str, str]) -> list[str]:
    """Return the problems with these labels, as stored: a problem may no longer be registered."""
    return [name for name, labels in _labels(results).items() if wanted.items() <= labels.items()]


def _labels(results: "Results") -> dict[str, dict[str, str]]:
    facts = results.problems.drop_duplicates("problem")
    return {
        name: json.loads(labels)
        for name, labels in zip(facts["problem"], facts["labels"], strict=True)
    }


def _nothing_left(results: "Results", of_problems: dict[str, str]) -> ParameterError:
    found = "none"
    for key in of_problems:
        values = {labels[key] for labels in _labels(results).values() if key in labels}
        found = f"only {', '.join(f'{key}={value}' for value in sorted(values)) or 'none'}"
    return ParameterError(
        "`-p`, `-a` and `--label` must select at least one run of the results. "
        f"Found {found}. Select fewer criteria."
    )


def _check_known(kind: str, names: Collection[str] | None, known: list[str]) -> None:
    for name in names or ():
        if name not in known:
            raise unknown_name(kind, name, list(dict.fromkeys(known)))
