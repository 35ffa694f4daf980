"""An algorithm as a table of a study file: parameters, grids of parameters, a display name."""

import dataclasses
import itertools
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ...errors import ParameterError, StudyError
from ...registry import Registry, unknown_name
from .algorithm_spec import AlgorithmSpec
from .parameters import write_value

_KEYS: Final = ("name", "parameters", "grid", "display_name")


def read_algorithm_table(
    table: Mapping[str, Any], algorithms: Registry[Any], locate: Callable[[str], str]
) -> Iterator[AlgorithmSpec]:
    """Yield the algorithms of one table in canonical form: one per combination of its grid.

    ```toml
    [[algorithms]]
    name = "pwemoe-ls"                                  # or "name[key=value]", "./mine.py:Mine"
    parameters = {steps = 500}
    grid = {initial = [0.3, 0.6], layers = [1, 2]}      # four algorithms
    display_name = "PWEMoE {layers} layers from {initial}"
    ```

    Args:
        table: The table as TOML gives it.
        algorithms: Where names are looked up.
        locate: Maps a name to the same name with the path of its file, if it has one.

    Raises:
        StudyError: If a key is missing or of a wrong type, or the display name is not a template.
        UnknownNameError: If a key, algorithm, parameter or field of the template is unknown.
        ParameterError: If a value is out of range, or a parameter is given twice.
    """
    for key in table:
        if key not in _KEYS:
            raise unknown_name("A key of an algorithm", key, list(_KEYS))
    name = table.get("name")
    if not isinstance(name, str):
        raise StudyError(f"`name` must be the name of an algorithm. Found {name!r}.")
    spec = AlgorithmSpec.parse(locate(name), algorithms)
    fixed, grid = _table(table, "parameters"), _table(table, "grid")
    _check_once(spec, fixed, grid)
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise StudyError(f"`grid.{key}` must be a list of values. Found {values!r}.")
    template = table.get("display_name")
    for values in itertools.product(*grid.values()):
        parameters = {**spec.parameters, **fixed, **dict(zip(grid, values, strict=True))}
        one = dataclasses.replace(spec, parameters=parameters).canonical(algorithms)
        if template is None:
            yield one
        else:
            yield dataclasses.replace(one, label=_label(template, one, algorithms))


def as_template(label: str) -> str:
    """Return the template whose display name is this text for any parameters."""
    return label.replace("{", "{{").replace("}", "}}")


def _table(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise StudyError(f"`{key}` must be a table, such as {{steps = 500}}. Found {value!r}.")
    for parameter, setting in value.items():
        if not _is_plain(setting):
            raise StudyError(
                f"`{key}.{parameter}` must be numbers, texts, truth values or lists of them. "
                f"Found {setting!r}."
            )
    return {parameter.replace("-", "_"): setting for parameter, setting in value.items()}


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, (bool, int, float, str))


def _check_once(spec: AlgorithmSpec, *places: Mapping[str, Any]) -> None:
    seen = set(spec.parameters)
    for place in places:
        for key in place:
            if key in seen:
                raise ParameterError(
                    f"Each parameter of `{spec.name}` must be given once: in brackets, in "
                    f"`parameters` or in `grid`. Found `{key}` twice. Remove one."
                )
            seen.add(key)


def _label(template: object, spec: AlgorithmSpec, algorithms: Registry[Any]) -> str:
    """Fill the template with parameters, defaults included."""
    if not isinstance(template, str):
        raise StudyError(f"`display_name` must be a text. Found {template!r}.")
    algorithm = spec.load(algorithms)
    shown = {f.name: _shown(getattr(algorithm, f.name)) for f in dataclasses.fields(algorithm)}
    try:
        for _, name, _, _ in string.Formatter().parse(template):
            if name is not None and name not in shown:
                raise unknown_name("A field of `display_name`", name, list(shown))
        label = template.format_map(shown)
    except (ValueError, KeyError) as error:
        raise StudyError(
            "`display_name` must be a text with parameters in braces, such as `{steps}` or "
            f"`{{rate:.1f}}`; braces themselves are doubled. Found `{template}`: {error}."
        ) from error
    if not label.strip() or not label.isprintable():
        raise StudyError(f"`display_name` must be one line of text. Found {label!r}.")
    return label


def _shown(value: object) -> object:
    """Return numbers unchanged, so that a template can format them, and the rest as TOML."""
    return value if type(value) in (int, float, str) or value is None else write_value(value)
