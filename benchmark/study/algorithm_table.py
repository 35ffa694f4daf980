"""An algorithm as a table of a study file: parameters, grids of parameters, a display name."""

import dataclasses
import itertools
import string
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ...errors import ParameterError, StudyError
from ...registry import Registry, unknown_name
from ...toml_models import Text, TomlTable
from .algorithm_spec import AlgorithmSpec
from .parameters import write_value


def _check_plain(value: object) -> object:
    if isinstance(value, list):
        for item in value:
            _check_plain(item)
    elif not isinstance(value, (bool, int, float, str)):
        raise ValueError(
            f"must be a number, a string, true, false, or a list of such values. Found {value!r}."
        )
    return value


def _check_list(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise ValueError(f"must be a non-empty list of values. Found {value!r}.")
    return value


def _check_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError(f"must be one line of text. Found {text!r}.")
    return text


_Value = Annotated[Any, BeforeValidator(_check_plain)]
_Values = Annotated[list[_Value], BeforeValidator(_check_list)]


class AlgorithmTable(TomlTable):
    """One or several algorithms: one for each combination of the values in `grid`.

    ```toml
    [[algorithms]]
    name = "pwemoe-ls"                                  # or "name[key=value]", "./mine.py:Mine"
    parameters = {steps = 500}
    grid = {initial = [0.3, 0.6], layers = [1, 2]}      # four algorithms
    display_name = "PWEMoE {layers} layers from {initial}"
    ```
    """

    name: Text
    parameters: dict[str, _Value] = Field(default_factory=dict)
    grid: dict[str, _Values] = Field(default_factory=dict)
    display_name: Annotated[str, AfterValidator(_check_line)] | None = None

    def specs(self, spec: AlgorithmSpec, algorithms: Registry[Any]) -> Iterator[AlgorithmSpec]:
        """Yield the algorithms in canonical form.

        Args:
            spec: The algorithm that `name` refers to.
            algorithms: Where names are looked up.

        Raises:
            StudyError: If the display name is not a template.
            UnknownNameError: If a parameter or a field of the template is unknown.
            ParameterError: If a value is out of range, or a parameter is given twice.
        """
        fixed, grid = _underscored(self.parameters), _underscored(self.grid)
        _check_once(spec, fixed, grid)
        for values in itertools.product(*grid.values()):
            parameters = {**spec.parameters, **fixed, **dict(zip(grid, values, strict=True))}
            one = dataclasses.replace(spec, parameters=parameters).canonical(algorithms)
            if self.display_name is None:
                yield one
            else:
                yield dataclasses.replace(one, label=_label(self.display_name, one, algorithms))


def as_template(label: str) -> str:
    """Return the template that gives this display name for any parameters."""
    return label.replace("{", "{{").replace("}", "}}")


def _underscored(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table with `_` for `-` in its keys, as in the names of fields."""
    return {key.replace("-", "_"): value for key, value in table.items()}


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


def _label(template: str, spec: AlgorithmSpec, algorithms: Registry[Any]) -> str:
    """Fill the template with parameters, defaults included."""
    algorithm = spec.load(algorithms)
    shown = {f.name: _shown(getattr(algorithm, f.name)) for f in dataclasses.fields(algorithm)}
    try:
        for _, name, _, _ in string.Formatter().parse(template):
            if name is not None and name not in shown:
                raise unknown_name("A field of `display_name`", name, list(shown))
        label = template.format_map(shown)
    except (ValueError, KeyError) as error:
        raise StudyError(
            "`display_name` must be a template, with parameters in braces, such as `{steps}` or "
            f"`{{rate:.1f}}`, and literal braces doubled. Found `{template}`: {error}."
        ) from error
    try:
        return _check_line(label)
    except ValueError as error:
        raise StudyError(f"`display_name` {error}") from error


def _shown(value: object) -> object:
    """Return numbers unchanged, so that a template can format them, and the rest as TOML."""
    return value if type(value) in (int, float, str) or value is None else write_value(value)
