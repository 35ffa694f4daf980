"""Parameters of an algorithm or a problem: read from text, checked by its fields, written back."""

import dataclasses
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from ...errors import FusefrontError, ParameterError, PluginError
from ...registry import unknown_name

_SPEC = re.compile(r"(?P<target>.+?\.py:\w+|[^\[\]]+?)\s*(?:\[(?P<parameters>.*)\])?", re.DOTALL)


def split_spec(text: str, what: str) -> tuple[str, str]:
    """The target of `target[key=value,...]`, and what stands in the brackets.

    Raises:
        ParameterError: If the text is not so; `what` is what it should have named.

    >>> split_spec("./mine.py:Mine[steps=3]", "An algorithm")
    ('./mine.py:Mine', 'steps=3')
    """
    match = _SPEC.fullmatch(text.strip())
    if match is None:
        raise ParameterError(f"{what} must be `name[key=value,...]`. Found `{text}`.")
    return match["target"], match["parameters"] or ""


def parse_parameters(inside: str, text: str) -> dict[str, Any]:
    """Read `key=value,...`; values as TOML (`0.3`, `true`, `[1, 2]`, `"x"`), else as text.

    Args:
        inside: What stands in the brackets.
        text: All of it, for the error.

    Raises:
        ParameterError: If a part is not `key=value`, or a key comes twice.
    """
    parameters: dict[str, Any] = {}
    for item in _split_commas(inside):
        key, separator, value = (part.strip() for part in item.partition("="))
        key = key.replace("-", "_")
        if not separator or not key or not value or key in parameters:
            raise ParameterError(
                "Parameters must be `key=value`, separated by commas, each key once. "
                f"Found `{item.strip()}` in `{text}`."
            )
        try:
            parameters[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parameters[key] = value
    return parameters


def write_value(value: object) -> str:
    """A value as TOML that `parse_parameters` reads back.

    >>> write_value((1, 2.5, "x", True))
    '[1, 2.5, "x", true]'
    """
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(write_value, value))}]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def check_parameters(
    name: str, parameters: Mapping[str, Any], algorithm: Any, *, kind: str = "Algorithm"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters as the algorithm's fields hold them, and those of them that are no defaults.

    An integer given for a float becomes one, a list a tuple: one value has one spelling.

    Raises:
        PluginError: If the algorithm is not a dataclass.
        UnknownNameError: If a parameter is not a field.
        ParameterError: If a value has another type than the default, or is none of those that the
            field's annotation, a `Literal`, names.
    """
    if not (isinstance(algorithm, type) and dataclasses.is_dataclass(algorithm)):
        raise PluginError(
            f"`{name}` must be a frozen keyword-only dataclass that inherits {kind}. "
            f"Found {algorithm!r}."
        )
    defaults = {f.name: _default(f) for f in dataclasses.fields(algorithm) if f.init}
    annotations = {f.name: f.type for f in dataclasses.fields(algorithm)}
    values = {}
    for key, value in parameters.items():
        if key not in defaults:
            raise unknown_name(f"A parameter of `{name}`", key, list(defaults))
        values[key] = _convert(f"{name}[{key}]", value, defaults[key])
        _check_choice(f"{name}[{key}]", values[key], annotations[key])
    return values, {k: v for k, v in values.items() if v != defaults[k]}


def instantiate(name: str, values: Mapping[str, Any], algorithm: Any) -> Any:
    """The algorithm with these values.

    Raises:
        PluginError: If it cannot be made, as when `fit` is missing or a field has no default.
    """
    try:
        return algorithm(**values)
    except FusefrontError:
        raise
    except Exception as error:
        raise PluginError(
            f"`{name}` must be something that can be made with {dict(values)}. "
            f"Found {type(error).__name__}: {error}."
        ) from error


def write_all(name: str, instance: Any) -> str:
    """All fields as JSON, sorted: what the run id and the runs table hold.

    Raises:
        PluginError: If a field is not a number, text, truth value, or tuple of them.
    """
    try:
        return json.dumps(dataclasses.asdict(instance), sort_keys=True)
    except TypeError as error:
        raise PluginError(
            f"Fields of `{name}` must fit into JSON: numbers, texts, truth values, tuples of them. "
            f"Found: {error}."
        ) from error


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _check_choice(what: str, value: object, annotation: object) -> None:
    if get_origin(annotation) is Literal and value not in get_args(annotation):
        choices = ", ".join(map(write_value, get_args(annotation)))
        raise ParameterError(f"`{what}` must be one of {choices}. Found {write_value(value)}.")


def _convert(what: str, value: object, default: object) -> Any:
    """`value` as a field with this default holds it; refused if it is of another type."""
    if default is None or default is dataclasses.MISSING:
        return tuple(value) if isinstance(value, list) else value
    if isinstance(default, tuple) and isinstance(value, (list, tuple)):
        like = default[0] if default else None
        return tuple(_convert(what, item, like) for item in value)
    if isinstance(default, float) and type(value) in (int, float):
        return float(value)  # type: ignore[arg-type] # just checked
    if type(value) is type(default):
        return value
    expected = "list" if isinstance(default, tuple) else type(default).__name__
    raise ParameterError(
        f"`{what}` must be of type {expected}. Found {value!r} of type {type(value).__name__}."
    )


def _split_commas(text: str) -> Iterator[str]:
    """Parts of `text` between commas that are neither in brackets nor in quotes."""
    depth, quote, start = 0, "", 0
    for i, character in enumerate(text):
        if quote:
            quote = "" if character == quote and text[i - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character == "," and depth == 0:
            yield text[start:i]
            start = i + 1
        else:
            depth += (character == "[") - (character == "]")
    if text[start:].strip():
        yield text[start:]
