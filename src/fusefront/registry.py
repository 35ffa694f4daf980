"""Registries: names to entries, with labels, source and a target that is imported when used."""

import difflib
import importlib
import importlib.metadata
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from .errors import ParameterError, PluginError, UnknownNameError

T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., object])

_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")


def unknown_name(kind: str, name: str, known: list[str]) -> UnknownNameError:
    """The error for a name not among `known`, with the nearest matches."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"Known: {', '.join(known) or 'none'}."
    if near:
        hint = f"Did you mean {' or '.join(f'`{n}`' for n in near)}?"
    return UnknownNameError(f"{kind} must be a known name. Found `{name}`. {hint}")


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[T]):
    """One registered thing and what is known of it without importing it.

    `target` is the thing itself or `module:attribute` inside fusefront. `file` is the local file
    it was loaded from, if any, so that another process can load it again.
    """

    name: str
    target: T | str
    summary: str
    source: str
    labels: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None

    def load(self) -> T:
        """The thing itself, imported now if it was not yet."""
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        package = __name__.rpartition(".")[0]
        loaded: T = getattr(importlib.import_module(f"{package}.{module}"), attribute)
        return loaded


class Registry(Generic[T]):
    """Names of one kind: `ALGORITHMS`, `PROBLEMS`, `METRICS` or `SUITES`.

    Built-ins are added as entries with a lazy target; local files register with the decorator;
    installed packages offer entry points in the group `fusefront.<kind>s`, each naming a module
    that registers with the decorator when imported.
    """

    def __init__(self, kind: str, labels: Mapping[str, frozenset[str]]) -> None:
        self.kind = kind
        self.label_values = labels
        self._entries: dict[str, Entry[T]] = {}
        self._entry_points_read = False
        self._file: Path | None = None

    def add(self, entry: Entry[T]) -> None:
        """Add an entry; the same name for another thing is an error.

        A class of the same name from the same file is the same thing: a cell executed again, or
        a script that is both imported and named as a plug-in.
        """
        if not _NAME.fullmatch(entry.name):
            raise PluginError(
                f"{self.kind} names must be lower-case words joined by `-`. Found `{entry.name}`."
            )
        self._check_labels(entry)
        known = self._entries.get(entry.name)
        if known is not None and _origin(known.target) != _origin(entry.target):
            raise PluginError(
                f"{self.kind} names must be unique. Found `{entry.name}` a second time. "
                "Choose another name."
            )
        self._entries[entry.name] = entry

    def register(
        self, name: str, *, summary: str = "", source: str = "", **labels: str
    ) -> Callable[[C], C]:
        """Decorator that adds a class or function under `name`, with its labels.

        Args:
            name: Kebab-case key; never changed once released.
            summary: One line; the first line of the docstring when empty.
            source: Citation and address of the paper and of the code it was checked against.
            labels: See `label_values`; a label that is not given is shown as unknown.
        """

        def decorate(thing: C) -> C:
            text = summary or (thing.__doc__ or "").strip().partition("\n")[0]
            entry = Entry[T](
                name=name,
                target=thing,  # type: ignore[arg-type] # the registry's owner says what T is
                summary=text,
                source=source,
                labels=labels,
                file=self._file,
            )
            self.add(entry)
            return thing

        return decorate

    def __getitem__(self, name: str) -> Entry[T]:
        """The entry of this name; `_` and `-` are the same."""
        self._read_entry_points()
        entry = self._entries.get(name.replace("_", "-"))
        if entry is None:
            raise unknown_name(self.kind, name, list(self._entries))
        return entry

    def __iter__(self) -> Iterator[Entry[T]]:
        self._read_entry_points()
        return iter(list(self._entries.values()))

    def __contains__(self, name: str) -> bool:
        self._read_entry_points()
        return name.replace("_", "-") in self._entries

    def select(self, labels: Mapping[str, str]) -> list[Entry[T]]:
        """Entries that have all of `labels`."""
        for key, value in labels.items():
            self._check_label(key, value)
        return [e for e in self if all(e.labels.get(k) == v for k, v in labels.items())]

    def load_file(self, path: Path, name: str) -> Entry[T]:
        """The entry that the class or function `name` of a Python file registers when imported."""
        path = path.resolve()
        if not path.is_file():
            raise PluginError(f"`{path}` must be a Python file. Found none there.")
        module_name = f"_fusefront_plugin_{path.stem}_{abs(hash(path))}"
        if module_name not in sys.modules:
            self._import_file(path, module_name)
        thing = getattr(sys.modules[module_name], name, None)
        for entry in self._entries.values():
            if thing is not None and entry.target is thing:
                return entry
        found = [str(getattr(e.target, "__name__", e.name)) for e in self if e.file == path]
        raise PluginError(
            f"`{path.name}` must register a {self.kind} called `{name}`. "
            f"Found: {', '.join(found) or 'none'}. "
            f"Decorate it with @{self.kind.upper()}S.register(...)."
        )

    def _import_file(self, path: Path, module_name: str) -> None:
        spec = importlib.util.spec_from_file_location(module_name, path)
        if spec is None or spec.loader is None:
            raise PluginError(f"`{path}` must be a Python file ending in .py.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        self._file = path
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[module_name]
            self._entries = {n: e for n, e in self._entries.items() if e.file != path}
            raise PluginError(
                f"`{path}` must import without error. "
                f"Found {type(error).__name__}: {error}{_line_of(error, path)}."
            ) from error
        finally:
            self._file = None

    def _read_entry_points(self) -> None:
        if self._entry_points_read:
            return
        self._entry_points_read = True
        for point in importlib.metadata.entry_points(group=f"fusefront.{self.kind}s"):
            try:
                point.load()
            except (Exception, SystemExit) as error:
                self._entry_points_read = False  # as clear the next time
                package = f" of package `{point.dist.name}`" if point.dist else ""
                raise PluginError(
                    f"Entry point `{point.name}` ({point.value}){package} must load. "
                    f"Found {type(error).__name__}: {error}. Mend or uninstall that package."
                ) from error

    def _check_labels(self, entry: Entry[T]) -> None:
        for key, value in entry.labels.items():
            self._check_label(key, value)

    def _check_label(self, key: str, value: str) -> None:
        if key not in self.label_values:
            raise unknown_name(f"{self.kind} label", key, list(self.label_values))
        allowed = self.label_values[key]
        if allowed and value not in allowed:
            raise ParameterError(
                f"{self.kind} label `{key}` must be one of {', '.join(sorted(allowed))}. "
                f"Found `{value}`."
            )


def _origin(target: object) -> object:
    """What makes two targets the same thing: where the code of a class or function is, else it."""
    name = getattr(target, "__qualname__", "<locals>")
    if "<locals>" in name:
        return target
    module = getattr(target, "__module__", "")
    file = getattr(sys.modules.get(module), "__file__", None)
    return (module if file is None else Path(file).resolve(), name)


def _line_of(error: BaseException, path: Path) -> str:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f" at line {lines[-1]}" if lines else ""
