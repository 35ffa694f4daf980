"""TOML files as strict pydantic models, with errors that name the file and the key path."""

import tomllib
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Strict, StringConstraints, ValidationError

from .errors import FusefrontError, StudyError
from .registry import unknown_name

Text = Annotated[str, StringConstraints(min_length=1)]
"""A non-empty string."""

# TOML has arrays only, which arrive as lists: a strict tuple would refuse them. Items stay strict.
Texts = Annotated[tuple[Text, ...], Strict(False)]
"""A list of non-empty strings."""


class TomlTable(BaseModel):
    """A table of a TOML file: unknown keys are refused and values are not converted.

    Validators raise `ValueError` with a predicate, such as "must be positive. Found -1."; the
    key path is put before it. A validator of several keys raises `KeyRefused`.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class KeyRefused(ValueError):
    """A key, relative to the validated table, that does not fit the others.

    Args:
        key: Key path, such as `tasks[0].head`.
        message: What must hold, what was found, and how to fix it, without the key.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


M = TypeVar("M", bound=TomlTable)

_EXPECTED: Final = {
    "string_type": "a string",
    "string_too_short": "a non-empty string",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "literal_error": "one of {expected}",
    "greater_than": "greater than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "finite_number": "a finite number",
}
"""The violated condition by pydantic's type of error; braces come from the error's context."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        StudyError: If the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(
            f"`{path}` must be a TOML file. Found no file. Check the path.", file=path
        ) from None
    except OSError as error:
        raise StudyError(
            f"`{path}` must be a TOML file that can be read. Found: {error.strerror}.", file=path
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"`{path}` must be a TOML file. Found {error}.", file=path) from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the name of a file before the errors that are raised inside and do not name it.

    Raises:
        StudyError: In place of any error of fusefront.
    """
    try:
        yield
    except FusefrontError as error:
        if isinstance(error, StudyError) and error.file == path:
            raise
        raise StudyError(f"In `{path}`: {error}", file=path) from error


def parse_table(model: type[M], content: Mapping[str, Any], *, file: Path, place: str = "") -> M:
    """Return a table of a file as a model.

    Args:
        model: The model of the table.
        content: The table as `tomllib` reads it.
        file: Named in errors, and passed to validators as `info.context["file"]`.
        place: Key path of the table inside the file; empty for the top table.

    Raises:
        StudyError: If the table does not fit the model: one line with file and key path.
    """
    try:
        return model.model_validate(dict(content), context={"file": file})
    except ValidationError as error:
        found = explain(error, model, place=place)
        raise StudyError(f"In `{file}`, {found}", file=file) from None


def explain(error: ValidationError, model: type[BaseModel], *, place: str = "") -> str:
    """Return what must hold, what was found and how to fix it, for the first error.

    Unknown keys come first: a misspelt key is also reported as a missing one, and only the former
    knows what was meant.
    """
    errors = error.errors(include_url=False)
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    location, context = first["loc"], first.get("ctx", {})
    if first["type"] == "extra_forbidden":
        owner = _path(location[:-1], place)
        kind = f"a key of `{owner}`" if owner else "a key"
        return str(unknown_name(kind, str(location[-1]), _known_keys(model, location)))
    raised = context.get("error")
    key = _path((*location, raised.key) if isinstance(raised, KeyRefused) else location, place)
    return f"`{key}` {_predicate(first['type'], first['msg'], context, first['input'])}"


def _predicate(kind: str, message: str, context: Mapping[str, Any], found: object) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind == "missing":
        return "must be given. Found no such key."
    if kind in ("too_short", "too_long"):
        word, key = ("least", "min") if kind == "too_short" else ("most", "max")
        bound = context[f"{key}_length"]
        items = "item" if bound == 1 else "items"
        return f"must have at {word} {bound} {items}. Found {context['actual_length']}."
    expected = _EXPECTED.get(kind)
    if expected is None:
        return f"is not valid. {message}. Found {found!r}."
    return f"must be {expected.format(**context)}. Found {found!r}."


def rename_key(content: Mapping[str, Any], old: str, new: str, *, file: Path) -> dict[str, Any]:
    """Return a table in which a former key has its new name, with a `DeprecationWarning`.

    Raises:
        StudyError: If both are given.
    """
    if old not in content:
        return dict(content)
    if new in content:
        raise StudyError(
            f"In `{file}`, `{new}` must be given once. Found also its former name `{old}`. "
            f"Delete `{old}`.",
            file=file,
        )
    message = f"In `{file}`, `{old}` is a former name. Use `{new}`."
    warnings.warn(message, DeprecationWarning, stacklevel=2)
    return {new if key == old else key: value for key, value in content.items()}


def _path(location: Sequence[int | str], place: str) -> str:
    """Return a key path such as `tasks[1].data.label`."""
    found = place
    for part in location:
        joint = "." if found and isinstance(part, str) else ""
        found += f"[{part}]" if isinstance(part, int) else f"{joint}{part}"
    return found


def _known_keys(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Return the keys of the table that holds the last part of a location.

    A part that is not a field leaves the candidates as is: it is the index of an item, the key
    of a free-form table, or pydantic's tag for a member of a union.
    """
    models = [model]
    for part in location[:-1]:
        inner = [
            found
            for owner in models
            for name, field in owner.model_fields.items()
            if part in (name, field.alias)
            for found in _models_in(field.annotation)
        ]
        models = inner or models
    return [field.alias or name for m in models for name, field in m.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [found for inner in get_args(annotation) for found in _models_in(inner)]
