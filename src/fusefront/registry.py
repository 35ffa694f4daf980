"""Registries: from names to entries with a summary, labels, a source and a lazy target."""

import contextlib
import importlib
import importlib.metadata
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from .entry import NONE, UNSTATED, Entry, Origin
from .entry import bound as bound
from .entry import bound_choices as bound_choices
from .entry import is_bound as is_bound
from .errors import ParameterError, PluginError
from .errors import unknown_name as unknown_name
from .plugins import import_file, is_loaded, isolated_modules, load_entry_point, module_of

T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., object])

_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_PACKAGE: Final = __name__.rpartition(".")[0]


class Registry(Generic[T]):
    """Names of one kind: `ALGORITHMS`, `PROBLEMS`, `METRICS` or `SUITES`.

    Built-ins are registered lazily, so that listing them imports nothing heavy. Local files
    register with the decorator. Installed packages offer entry points in the group
    `fusefront.<kind>s`; each names a module that registers with the decorator when it is imported.
    """

    def __init__(self, kind: str, labels: Mapping[str, frozenset[str]]) -> None:
        self.kind = kind
        self.label_values = labels
        self._entries: dict[str, Entry[T]] = {}
        self._catalogues: dict[str, tuple[str, ...]] = {}
        self._unread: dict[str, tuple[str, ...]] = {}
        self._entry_points_read = False
        self._file: Path | None = None

    def add(self, entry: Entry[T]) -> None:
        """Add an entry.

        A class of the same name from the same file counts as the same object: a notebook cell that
        was executed again, or a script that is both imported and named as a plug-in.

        Raises:
            PluginError: If the name is malformed or belongs to another object.
            UnknownNameError: If a label is unknown.
            ParameterError: If a label has a value that is not allowed.
        """
        if not _NAME.fullmatch(entry.name):
            raise PluginError(
                f"{self.kind} names must be lower-case words joined by `-`. Found `{entry.name}`. "
                "Use only a-z, 0-9, `.` and `-`."
            )
        for key, value in entry.labels.items():
            self._check_label(key, value)
        known = self._find(entry.name)
        if known is not None and _origin(known) != _origin(entry):
            raise PluginError(
                f"{self.kind} names must be unique. Found `{entry.name}` a second time. "
                "Choose another name."
            )
        self._entries[entry.name] = entry

    def register(
        self,
        name: str,
        *,
        summary: str = "",
        source: str = "",
        origin: Origin = UNSTATED,
        added: Collection[str] = (),
        **labels: str,
    ) -> Callable[[C], C]:
        """Return a decorator that adds a class or function under `name`.

        Args:
            name: Kebab-case key; never changed once released.
            summary: One line; the first line of the docstring when empty.
            source: Citation and address of the paper and of the code it was checked against.
            origin: See `Entry.origin`.
            added: See `Entry.added`.
            labels: See `label_values`; a missing label is shown as unknown.
        """

        def decorate(thing: C) -> C:
            text = summary or (thing.__doc__ or "").strip().partition("\n")[0]
            target: Any = thing  # T is what the registry was declared with
            self.add(
                Entry(
                    name=name,
                    target=target,
                    summary=text,
                    source=source,
                    labels=labels,
                    origin=origin,
                    added=added,
                    file=self._file,
                )
            )
            return thing

        return decorate

    def register_lazily(
        self,
        name: str,
        target: str,
        *,
        summary: str,
        source: str,
        arguments: Mapping[str, Any] | None = None,
        bound: Mapping[str, Any] = NONE,
        defaults: Mapping[str, Any] = NONE,
        origin: Origin = UNSTATED,
        added: Collection[str] = (),
        **labels: str,
    ) -> None:
        """Add a part of fusefront that is imported when it is first used.

        Args:
            name: Kebab-case key; never changed once released.
            target: `module:attribute`, relative to the package.
            summary: One line.
            source: Citation and address of the paper.
            arguments: If given, the target is called with these to get the object: one function
                makes a whole catalogue.
            bound: Values of the fields that the class declares with `bound`. Two entries with one
                target differ in these.
            defaults: Hyper-parameters whose defaults differ from those of the class.
            origin: See `Entry.origin`.
            added: See `Entry.added`.
            labels: See `label_values`; they are displayed in the order given there.
        """
        ordered = {key: labels.pop(key) for key in self.label_values if key in labels} | labels
        self.add(
            Entry[T](
                name=name,
                target=target,
                summary=summary,
                source=source,
                labels=ordered,
                arguments=arguments,
                bound=dict(bound),
                defaults=dict(defaults),
                origin=origin,
                added=added,
            )
        )

    def add_catalogue(self, module: str, *families: str) -> None:
        """Add a module of fusefront that registers entries, and import it when one is needed.

        Args:
            module: Path of the module, relative to the package.
            families: Every name that it registers is one of these, or starts with one and `-`.
        """
        self._unread[module] = families
        self._catalogues[module] = ()

    def built_in(self) -> list[Entry[T]]:
        """Return the entries of all catalogues, in the order of the catalogues."""
        self._read_catalogues()
        return [self._entries[name] for names in self._catalogues.values() for name in names]

    def names(self) -> tuple[str, ...]:
        """Return the names registered so far, without loading catalogues and entry points."""
        return tuple(self._entries)

    @contextlib.contextmanager
    def isolated(self) -> Iterator[None]:
        """Undo on exit all registrations made inside; for tests.

        Plug-in files loaded inside are imported again the next time they are named.
        """
        self._read_catalogues()  # a module that is first imported inside would not register again
        entries = dict(self._entries)
        try:
            with isolated_modules():
                yield
        finally:
            self._entries = entries

    def __getitem__(self, name: str) -> Entry[T]:
        """Return the entry of this name; `_` and `-` are interchangeable."""
        self._read_entry_points()
        entry = self._find(name.replace("_", "-"))
        if entry is None:
            raise unknown_name(self.kind, name, [entry.name for entry in self])
        return entry

    def __iter__(self) -> Iterator[Entry[T]]:
        self._read_entry_points()
        # Look-ups may have read catalogues in any order; listings must not depend on it.
        names = dict.fromkeys([*(entry.name for entry in self.built_in()), *self._entries])
        return iter([self._entries[name] for name in names])

    def __contains__(self, name: str) -> bool:
        self._read_entry_points()
        return self._find(name.replace("_", "-")) is not None

    def select(self, labels: Mapping[str, str]) -> list[Entry[T]]:
        """Return the entries that have all given labels."""
        for key, value in labels.items():
            self._check_label(key, value)
        return [e for e in self if all(e.labels.get(k) == v for k, v in labels.items())]

    def load_file(self, path: Path, name: str) -> Entry[T]:
        """Import a Python file and return the entry of the class or function `name` in it.

        Raises:
            PluginError: If the file does not exist, cannot be imported, or does not register this
                class or function.
        """
        path = path.resolve()
        if not path.is_file():
            raise PluginError(f"`{path}` must be a Python file. Found no file. Check the path.")
        module_name = module_of(path)
        if not is_loaded(path):
            self._import_file(path, module_name)
        thing = getattr(sys.modules[module_name], name, None)
        for entry in self._entries.values():
            if thing is not None and entry.target is thing:
                return entry
        found = [str(getattr(e.target, "__name__", e.name)) for e in self if e.file == path]
        a = "an" if self.kind[0] in "aeiou" else "a"
        what = f"register {a} {self.kind} called `{name}`" if name else "be followed by `:CLASS`"
        raise PluginError(
            f"`{path.name}` must {what}. Found: {', '.join(found) or 'none'}. "
            f"Decorate it with @{self.kind.upper()}S.register(...)."
        )

    def _import_file(self, path: Path, module_name: str) -> None:
        self._file = path
        try:
            import_file(path, module_name)
        except PluginError:
            self._entries = {n: e for n, e in self._entries.items() if e.file != path}
            raise
        finally:
            self._file = None

    def _find(self, name: str) -> Entry[T] | None:
        self._read_catalogues(name)
        return self._entries.get(name)

    def _read_catalogues(self, name: str | None = None) -> None:
        """Import the catalogues that may register a name, or all of them."""
        for module, families in list(self._unread.items()):
            if name is None or any(f"{name}-".startswith(f"{family}-") for family in families):
                del self._unread[module]  # first: registering an entry looks up its name
                before = set(self._entries)
                importlib.import_module(f"{_PACKAGE}.{module}")
                self._catalogues[module] = tuple(n for n in self._entries if n not in before)

    def _read_entry_points(self) -> None:
        if self._entry_points_read:
            return
        self._entry_points_read = True  # first: a plug-in may look names up while it is imported
        for point in importlib.metadata.entry_points(group=f"fusefront.{self.kind}s"):
            try:
                load_entry_point(point)
            except PluginError:
                # The next call must fail as clearly, instead of working with half of the names.
                self._entry_points_read = False
                raise

    def _check_label(self, key: str, value: str) -> None:
        if key not in self.label_values:
            raise unknown_name(f"{self.kind} label", key, list(self.label_values))
        allowed = self.label_values[key]
        if allowed and value not in allowed:
            raise ParameterError(
                f"{self.kind} label `{key}` must be one of {', '.join(sorted(allowed))}. "
                f"Found `{value}`. Use one of these."
            )


def _origin(entry: Entry[Any]) -> object:
    """Return the identity of a registered object: the place of its source code, or its target."""
    target = entry.target
    name = getattr(target, "__qualname__", "<locals>")
    if "<locals>" in name:  # one function can make several classes, all with the same place
        return (target, entry.arguments)
    module = getattr(target, "__module__", "")
    file = getattr(sys.modules.get(module), "__file__", None)
    return (module if file is None else Path(file).resolve(), name)
