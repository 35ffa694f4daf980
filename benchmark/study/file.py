"""Study files: from TOML to a study and back."""

import dataclasses
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ...deprecation import warn_renamed
from ...errors import FusefrontError, StudyError
from ...registry import Registry, unknown_name
from ...results.files.parquet import write_bytes
from .algorithm_spec import AlgorithmSpec
from .algorithm_table import as_template, read_algorithm_table
from .limits import ResourceRules
from .parameters import write_value
from .problem_spec import ProblemSpec
from .study import Study
from .suites import SUITES

_KEYS: Final = (
    *("suite", "problems", "algorithms", "seeds", "root_seed", "budget", "precision"),
    *("caps", "resources", "seed"),
)


def suite_study(name: str, algorithms: Registry[Any]) -> Study:
    """Return the study of a registered suite.

    Raises:
        UnknownNameError: If there is no such suite.
    """
    if name not in SUITES:
        raise unknown_name("suite", name, [entry.name for entry in SUITES])
    suite = SUITES[name].load()
    return Study.of(
        problems=suite.problems,
        algorithms=suite.algorithms,
        registry=algorithms,
        seeds=suite.seeds,
        budget=suite.budget,
    )


def read_study(path: Path, algorithms: Registry[Any]) -> Study:
    """Read a study from a TOML file, in canonical form.

    ```toml
    suite = "demo"     # the starting point; keys of this file replace those of the suite
    problems = ["digits-left-right", "analytic-quadratic[n_tasks=4]", "./my-experts.toml"]
    algorithms = ["rewarded-soup", "pwemoe-ls[steps=500]", "./mine.py:Mine"]
    seeds = 3          # independent repetitions, with the seeds 0, 1, 2
    root_seed = 0      # the number from which all randomness is derived
    budget = 100000    # units per fit; 0 means no cap
    precision = "float32"   # arithmetic of the fits; or "bfloat16"

    [caps]             # caps on other costs of a fit; part of the identity of a run
    gradient_steps = 1000

    [resources]        # limits of the machine; see `ResourceRules` for precedence
    timeout_seconds = 600
    [resources."pwemoe-ls"]
    memory_bytes = "4 GiB"
    ```

    An item of `algorithms` may be a table; see `read_algorithm_table`.

    Raises:
        StudyError: If the file cannot be read, a key is unknown, missing or of a wrong type, or
            something in it does not exist. The message names the file.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"`{path}` must be a TOML file. Found {error}.") from error
    for key in content:
        if key not in _KEYS:
            raise StudyError(f"In `{path}`: {unknown_name('a key', key, list(_KEYS))}")
    try:
        _check_places(content)
        return _study(content, path, algorithms).canonical(algorithms)
    except FusefrontError as error:
        raise StudyError(f"In `{path}`: {error}") from error


def _check_places(content: Mapping[str, Any]) -> None:
    """Refuse a key of the study below a table header, where TOML makes it part of the table."""
    items, settings = content.get("algorithms"), content.get("resources")
    tables = [content.get("caps"), settings, *(items if isinstance(items, list) else [])]
    tables += settings.values() if isinstance(settings, dict) else []
    for table in tables:
        for key in _KEYS:
            if isinstance(table, dict) and key in table:
                raise StudyError(
                    f"`{key}` must stand above the first `[table]`, since in TOML everything below "
                    "belongs to that table. Found it below. Move it up."
                )


def _study(content: Mapping[str, Any], path: Path, algorithms: Registry[Any]) -> Study:
    base = Study(problems=(), algorithms=())
    if "suite" in content:
        base = suite_study(_text(content["suite"], "suite"), algorithms)
    changes: dict[str, Any] = {}
    if "problems" in content or "suite" not in content:
        names = _list(content, "problems")
        texts = [_beside(_text(name, "problems"), path) for name in names]
        changes["problems"] = tuple(ProblemSpec.parse(text) for text in texts)
    if "algorithms" in content or "suite" not in content:
        items = enumerate(_list(content, "algorithms"), 1)
        found = [spec for i, item in items for spec in _specs(i, item, path, algorithms)]
        changes["algorithms"] = tuple(found)
    if "seed" in content:
        warn_renamed("seed", "root_seed")
        content = {"root_seed": content["seed"], **content}
    for key in ("seeds", "root_seed", "budget"):
        if key in content:
            changes[key] = _integer(content, key)
    if "budget" in changes:
        changes["budget"] = changes["budget"] or None
    if "precision" in content:
        changes["precision"] = _text(content["precision"], "precision")
    settings = _table(content, "resources")
    overrides = {name: value for name, value in settings.items() if isinstance(value, dict)}
    defaults = {key: value for key, value in settings.items() if key not in overrides}
    rules = ResourceRules(defaults=defaults, overrides=overrides)
    return dataclasses.replace(base, **changes, caps=_table(content, "caps"), resources=rules)


def write_study(path: Path, study: Study) -> None:
    """Write a study as TOML that `read_study` reads back, with one atomic rename."""
    lines = [
        "# The study of this directory, frozen; written by `fusefront run`.",
        _array("problems", [_quoted(spec.text) for spec in study.problems]),
        _array("algorithms", [_item(spec) for spec in study.algorithms]),
        f"seeds = {study.seeds}",
        f"root_seed = {study.root_seed}",
        f"budget = {study.budget or 0}",
        f'precision = "{study.precision}"',
        *_section("caps", study.caps),
        *_section("resources", study.resources.defaults),
    ]
    for name, values in study.resources.overrides.items():
        lines += _section(f"resources.{_quoted(name)}", values)
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def _item(spec: AlgorithmSpec) -> str:
    name = _quoted(spec.as_given)
    if spec.label is None:
        return name
    display_name = _quoted(as_template(spec.label))
    return f"{{ name = {name}, display_name = {display_name} }}"


def _section(name: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    settings = [f"{k} = {write_value(0 if v is None else v)}" for k, v in values.items()]
    return ["", f"[{name}]", *settings]


def _array(key: str, items: list[str]) -> str:
    inside = "".join(f"    {item},\n" for item in items)
    return f"{key} = [\n{inside}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _specs(
    number: int, item: object, path: Path, algorithms: Registry[Any]
) -> Iterator[AlgorithmSpec]:
    """Yield the algorithms of one item of the list: one of a text, or several of a table."""
    try:
        if isinstance(item, dict):
            yield from read_algorithm_table(item, algorithms, lambda text: _beside(text, path))
        else:
            text = _text(item, "algorithms")
            yield AlgorithmSpec.parse(_beside(text, path), algorithms)
    except FusefrontError as error:
        raise StudyError(f"`algorithms`, item {number}: {error}") from error


def _beside(text: str, path: Path) -> str:
    """Return `text`; if it names a file, with that file relative to the study's folder."""
    is_file = ".py:" in text or text.endswith(".toml")
    return str(path.parent / text) if is_file else text


def _list(content: Mapping[str, Any], key: str) -> list[Any]:
    value = content.get(key)
    if not isinstance(value, list) or not value:
        raise StudyError(f"`{key}` must be a non-empty list of names. Found {value!r}.")
    return value


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        kind = "a non-empty list of names" if key in ("problems", "algorithms") else "a text"
        raise StudyError(f"`{key}` must be {kind}. Found {value!r}.")
    return value


def _table(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise StudyError(f"`{key}` must be a table, `[{key}]`. Found {value!r}.")
    return value


def _integer(content: Mapping[str, Any], key: str) -> int:
    value = content[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise StudyError(f"`{key}` must be an integer >= 0. Found {value!r}.")
    return value
