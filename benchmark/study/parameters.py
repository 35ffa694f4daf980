"""Parameters of algorithms and problems: parsing, checking against dataclass fields, writing."""

import dataclasses
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Final, final

from ...domains import domains
from ...entry import Entry, bound_choices, is_bound
from ...errors import FusefrontError, ParameterError, PluginError
from ...registry import unknown_name

_SPEC: Final = re.compile(
    r"(?P<target>.+?\.py:\w+|[^\[\]]+?)\s*(?:\[(?P<parameters>.*)\])?", re.DOTALL
)


@final
@dataclass(frozen=True, kw_only=True)
class HyperParameter:
    """A hyper-parameter as users see it.

    Attributes:
        name: Name of the field.
        default: Its default in this entry.
        domain: The values that it may have, as they complete the phrase `must be`; empty if the
            class declares none.
        description: Its meaning.
    """

    name: str
    default: Any
    domain: str
    description: str


def hyper_parameters(entry: Entry[Any]) -> tuple[HyperParameter, ...]:
    """Return the hyper-parameters of an entry, with the descriptions from its class's docstrings.

    A description comes from the `Args:` section of the class, or else of the nearest base class
    that describes the parameter.
    """
    thing = entry.load()
    if not dataclasses.is_dataclass(thing):
        return ()
    described, known = describe_arguments(thing), domains(thing)
    return tuple(
        HyperParameter(
            name=f.name,
            default=entry.defaults.get(f.name, _default(f)),
            domain=str(known.get(f.name, "")),
            description=described.get(f.name, ""),
        )
        for f in dataclasses.fields(thing)
        if f.init and not is_bound(f)
    )


def undeclared(instance: Any) -> tuple[str, ...]:
    """Return the fields of an algorithm that are numbers without a domain, or lists of them."""
    known = domains(type(instance))
    return tuple(
        f.name
        for f in dataclasses.fields(instance)
        if not is_bound(f)
        and f.name not in known
        and isinstance(getattr(instance, f.name), int | float | tuple)
    )


def bound_parts(entry: Entry[Any]) -> dict[str, str]:
    """Return the docstring of each part that an entry chooses, by `field=value`.

    Entries that share a class differ in these parts: a solver, a loss, an optimiser.
    """
    thing = entry.load()
    parts = {}
    for f in dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ():
        value = str(entry.bound.get(f.name))
        if value in bound_choices(f):
            part = bound_choices(f)[value]
            owner = part if callable(part) and hasattr(part, "__name__") else type(part)
            parts[f"{f.name}={value}"] = without_arguments(owner.__doc__ or "")
    return parts


def describe_arguments(thing: Any) -> dict[str, str]:
    """Return the description of each argument in the `Args:` sections of a class and its bases."""
    described: dict[str, str] = {}
    for kind in reversed(thing.__mro__):
        _, _, section = cleandoc(kind.__doc__ or "").partition("\nArgs:\n")
        for item in re.split(r"\n(?! {8})", _indented(section)):
            name, separator, text = item.strip().partition(":")
            if separator and name.isidentifier():
                described[name] = " ".join(text.split())
    return described


def without_arguments(docstring: str) -> str:
    r"""Return a docstring without its `Args:` section.

    >>> without_arguments("A mean.\n\n    Args:\n        steps: How many.\n\n    Source: a paper.")
    'A mean.\n\nSource: a paper.'
    """
    head, separator, section = cleandoc(docstring).partition("\nArgs:\n")
    if not separator:
        return head
    rest = section[len(_indented(section)) :].strip("\n")
    return f"{head.rstrip()}\n\n{rest}".rstrip()


def _indented(section: str) -> str:
    """Return the lines from the start of a section that are indented or empty."""
    lines = section.splitlines(keepends=True)
    length = next((i for i, line in enumerate(lines) if line[0] not in " \n"), len(lines))
    return "".join(lines[:length])


def split_spec(text: str, what: str) -> tuple[str, str]:
    """Split `target[key=value,...]` into the target and the text inside the brackets.

    Args:
        text: The specification.
        what: The kind of thing that it names, for the error: `An algorithm`.

    Raises:
        ParameterError: If the text does not have this form.

    >>> split_spec("./mine.py:Mine[steps=3]", "An algorithm")
    ('./mine.py:Mine', 'steps=3')
    """
    match = _SPEC.fullmatch(text.strip())
    if match is None:
        raise ParameterError(
            f"{what} must be `name` or `name[key=value,...]`. Found `{text}`. Check the brackets."
        )
    return match["target"], match["parameters"] or ""


def parse_parameters(inside: str, text: str) -> dict[str, Any]:
    """Read `key=value,...`; values as TOML (`0.3`, `true`, `[1, 2]`, `"x"`), else as text.

    Args:
        inside: The text inside the brackets.
        text: The whole specification, for the error.

    Raises:
        ParameterError: If a part is not `key=value`, or a key occurs twice.
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
    """Write a value as TOML, so that `parse_parameters` reads the same value.

    >>> write_value((1, 2.5, "x", True))
    '[1, 2.5, "x", true]'
    """
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(write_value, value))}]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def check_parameters(
    name: str,
    parameters: Mapping[str, Any],
    thing: Any,
    *,
    kind: str = "Algorithm",
    defaults: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Convert parameters to the types of the fields, and find those that differ from the defaults.

    An integer given for a float becomes a float, and a list a tuple, so that a value has one
    spelling and a run one id.

    Args:
        name: The registered name, for errors.
        parameters: The values given, by field.
        thing: The class whose fields they are.
        kind: Name of the base class, for errors.
        defaults: Defaults of the entry that replace those of the class.

    Returns:
        All parameters given, and those of them that differ from their default.

    Raises:
        PluginError: If `thing` is not a dataclass.
        UnknownNameError: If a parameter is not a field, or is bound by the entry.
        ParameterError: If a value differs in type from the default, or is outside of the domain
            that the field declares.
    """
    if not (isinstance(thing, type) and dataclasses.is_dataclass(thing)):
        raise PluginError(
            f"`{name}` must be a frozen keyword-only dataclass that inherits {kind}. "
            f"Found {thing!r}. Add the decorator and the base class."
        )
    known = {f.name: f for f in dataclasses.fields(thing) if f.init and not is_bound(f)}
    default = {key: _default(f) for key, f in known.items()} | dict(defaults or {})
    values, domain = {}, domains(thing)
    for key, value in parameters.items():
        if key not in known:
            raise unknown_name(f"A parameter of `{name}`", key, list(known))
        values[key] = _convert(f"{name}[{key}]", value, default[key])
        if key in domain:
            domain[key].check(f"{name}[{key}]", values[key], default[key])
    return values, {k: v for k, v in values.items() if v != default[k]}


def instantiate(name: str, values: Mapping[str, Any], make: Callable[..., Any]) -> Any:
    """Call a class, or an entry's `make`, with these values.

    Raises:
        PluginError: If the call fails, for example because `fit` is missing.
    """
    try:
        return make(**values)
    except FusefrontError:
        raise
    except Exception as error:
        raise PluginError(
            f"`{name}` must be a class that can be called with {dict(values)}. "
            f"Found {type(error).__name__}: {error}. Give every field a default, and every "
            "abstract method a definition."
        ) from error


def write_all(name: str, instance: Any) -> str:
    """Write all hyper-parameters as sorted JSON, for the run id and the runs table.

    Bound fields are left out: the registered name stands for them.

    Raises:
        PluginError: If a field is not a number, a string, a boolean, or a tuple of them.
    """
    hidden = {f.name for f in dataclasses.fields(instance) if is_bound(f)}
    values = {k: v for k, v in dataclasses.asdict(instance).items() if k not in hidden}
    try:
        return json.dumps(values, sort_keys=True)
    except TypeError as error:
        raise PluginError(
            f"Fields of `{name}` must fit into JSON: numbers, strings, booleans and tuples of"
            f"them. Found: {error}. Move other values into `fit`."
        ) from error


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _convert(what: str, value: object, default: object) -> Any:
    """Convert a value to the type of a field with this default, or refuse it."""
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
        f"`{what}` must be of type {expected}. Found {value!r} of type {type(value).__name__}. "
        f"Its default is {write_value(default)}."
    )


def _split_commas(text: str) -> Iterator[str]:
    """Split a text at the commas that are neither in brackets nor in quotes."""
    depth, quote, escaped, start = 0, "", False, 0
    for i, character in enumerate(text):
        if quote:
            # A string in double quotes may end in an escaped backslash, whose second character
            # does not escape the quote. In single quotes there are no escapes.
            ends = character == quote and not escaped
            escaped = character == "\\" and quote == '"' and not escaped
            quote = "" if ends else quote
        elif character in "\"'":
            quote = character
        elif character == "," and depth == 0:
            yield text[start:i]
            start = i + 1
        else:
            depth += (character == "[") - (character == "]")
    if text[start:].strip():
        yield text[start:]
