"""Study files: from TOML to a study and back."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import tomli_w
from pydantic import Field

from ...errors import FusefrontError, StudyError
from ...problems.budget import Precision
from ...registry import Registry, unknown_name
from ...results.directory.seal import check_seal, sealed
from ...results.files.parquet import write_bytes
from ...toml_models import Text, Texts, TomlTable, naming, parse_table, read_toml, rename_key
from .algorithm_spec import AlgorithmSpec
from .algorithm_table import AlgorithmTable, as_template
from .limits import ResourceRules
from .problem_spec import ProblemSpec
from .study import Study
from .suites import SUITES

_HEADER: Final = "# The study of this directory, frozen; written by `fusefront run`.\n"
_Count = Annotated[int, Field(ge=0)]


class StudyFile(TomlTable):
    """The keys of a study file. Keys that are left out keep the value of the suite."""

    suite: Text | None = None
    problems: Annotated[Texts, Field(min_length=1)] | None = None
    algorithms: Annotated[list[Any], Field(min_length=1)] | None = None
    seeds: _Count | None = None
    root_seed: _Count | None = None
    budget: _Count | None = None
    precision: Precision | None = None
    caps: dict[str, Any] = Field(default_factory=dict)
    resources: dict[str, Any] = Field(default_factory=dict)


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

    An item of `algorithms` may be a table; see `AlgorithmTable`.

    Raises:
        StudyError: If the file cannot be read, a key is unknown, missing or of a wrong type, or
            something in it does not exist. The message names the file.
    """
    with naming(path):
        check_seal(path)
        content = rename_key(read_toml(path), "seed", "root_seed", file=path)
        _check_places(content, path)
        file = parse_table(StudyFile, content, file=path)
        return _study(file, path, algorithms).canonical(algorithms)


def _check_places(content: Mapping[str, Any], path: Path) -> None:
    """Refuse a key of the study below a table header, where TOML makes it part of the table."""
    items, settings = content.get("algorithms"), content.get("resources")
    tables = [content.get("caps"), settings, *(items if isinstance(items, list) else [])]
    tables += settings.values() if isinstance(settings, dict) else []
    for table in tables:
        for key in StudyFile.model_fields:
            if isinstance(table, dict) and key in table:
                raise StudyError(
                    f"In `{path}`, `{key}` must be above the first `[table]`, because TOML assigns "
                    "every line below a table's header to that table. Found it below. Move it up.",
                    file=path,
                )


def _study(file: StudyFile, path: Path, algorithms: Registry[Any]) -> Study:
    base = Study(problems=(), algorithms=())
    if file.suite is not None:
        base = suite_study(file.suite, algorithms)
    given = file.model_dump(include={"seeds", "root_seed", "precision"}, exclude_none=True)
    if file.problems is not None:
        given["problems"] = tuple(ProblemSpec.parse(_beside(text, path)) for text in file.problems)
    if file.algorithms is not None:
        items = enumerate(file.algorithms)
        given["algorithms"] = tuple(s for i, x in items for s in _specs(i, x, path, algorithms))
    if file.budget is not None:
        given["budget"] = file.budget or None
    overrides = {name: value for name, value in file.resources.items() if isinstance(value, dict)}
    defaults = {key: value for key, value in file.resources.items() if key not in overrides}
    rules = ResourceRules(defaults=defaults, overrides=overrides)
    return dataclasses.replace(base, **given, caps=file.caps, resources=rules)


def write_study(path: Path, study: Study) -> None:
    """Write a study as TOML that `read_study` reads back, with one atomic rename."""
    limits = {key: _limits(value) for key, value in study.resources.overrides.items()}
    content = {
        "problems": [spec.text for spec in study.problems],
        "algorithms": [_item(spec) for spec in study.algorithms],
        "seeds": study.seeds,
        "root_seed": study.root_seed,
        "budget": study.budget or 0,
        "precision": study.precision,
        "caps": dict(study.caps),
        "resources": _limits(study.resources.defaults) | limits,
    }
    written = {key: value for key, value in content.items() if value != {}}
    write_bytes(path, sealed(_HEADER + tomli_w.dumps(written)).encode())


def _item(spec: AlgorithmSpec) -> str | dict[str, str]:
    if spec.label is None:
        return spec.as_given
    return {"name": spec.as_given, "display_name": as_template(spec.label)}


def _limits(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return resource limits for TOML, where 0 stands for no limit, since TOML has no null."""
    return {key: 0 if value is None else value for key, value in settings.items()}


def _specs(
    index: int, item: object, path: Path, algorithms: Registry[Any]
) -> Iterator[AlgorithmSpec]:
    """Yield the algorithms of one list item: one for a string, one or more for a table."""
    place = f"algorithms[{index}]"
    if not isinstance(item, str | dict):
        raise StudyError(f"`{place}` must be a name or a table. Found {item!r}.")
    table = None
    if isinstance(item, dict):
        table = parse_table(AlgorithmTable, item, file=path, place=place)
    try:
        name = item if isinstance(item, str) else str(item["name"])
        spec = AlgorithmSpec.parse(_beside(name, path), algorithms)
        yield from [spec] if table is None else table.specs(spec, algorithms)
    except FusefrontError as error:
        raise StudyError(f"`{place}`: {error}") from error


def _beside(text: str, path: Path) -> str:
    """Return `text`, with the path of a file taken relative to the study's folder."""
    is_file = ".py:" in text or text.endswith(".toml")
    return str(path.parent / text) if is_file else text
