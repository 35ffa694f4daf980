"""Problems of a study: a registered name with parameters, a TOML file, or a plug-in's factory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from ...entry import Entry
from ...errors import PluginError, StudyError
from ...plugins import beside
from ...problems import PROBLEMS
from .parameters import check_parameters, instantiate, parse_parameters, split_spec, write_value

if TYPE_CHECKING:
    from ...problems.base import Problem


@final
@dataclass(frozen=True, kw_only=True)
class ProblemSpec:
    """A problem that any process can load.

    It is pickled as its text: another process looks the entry up in its own registry.

    Attributes:
        text: `name`, `name[key=value,...]`, `/path/problem.toml` or `/path/file.py:factory`, in
            canonical form.
        name: The name in tables: that of the entry, followed in brackets by the parameters that
            differ from their defaults.
        entry: The registry entry, which is known without loading the problem.
        parameters: The parameters that differ from their defaults.
    """

    text: str
    name: str
    entry: Entry["Callable[..., Problem]"] = field(compare=False, repr=False)
    parameters: dict[str, Any] = field(compare=False, default_factory=dict)

    def __reduce__(self) -> tuple[Any, ...]:
        return ProblemSpec.parse, (self.text,)

    @property
    def plugin(self) -> Path | None:
        """The Python file that registers the problem; None if it is installed or a TOML file."""
        file = self.entry.file
        return file if file is not None and file.suffix == ".py" else None

    @classmethod
    def parse(cls, text: str) -> "ProblemSpec":
        """Read a problem's text, in any of the forms of the attribute `text`.

        Raises:
            UnknownNameError: If no problem or parameter has this name.
            PluginError: If a Python file does not register the factory.
            ParameterError: If the brackets cannot be read.
            StudyError: If a TOML file is invalid.
        """
        target, inside = split_spec(text, "A problem")
        entry, canonical = _find(target)
        parameters = parse_parameters(inside, text)
        if parameters:
            _, parameters = check_parameters(entry.name, parameters, entry.load(), kind="Problem")
        written = ",".join(f"{k}={write_value(v)}" for k, v in sorted(parameters.items()))
        suffix = f"[{written}]" if written else ""
        return cls(
            text=canonical + suffix, name=entry.name + suffix, entry=entry, parameters=parameters
        )

    def load(self) -> "Problem":
        """Make the problem.

        Raises:
            PluginError: If the registered factory does not make a Problem.
        """
        from ...problems.base import Problem

        with beside(self.plugin):  # for imports inside the factory
            made = instantiate(self.name, self.parameters, self.entry.load())
        if not isinstance(made, Problem):
            raise PluginError(
                f"`{self.name}` must make a fusefront.Problem. Found {type(made).__name__}. "
                "Return an instance of a class that inherits fusefront.Problem."
            )
        return made


def _find(target: str) -> tuple[Entry[Any], str]:
    """Return the entry, and the target in canonical form."""
    if target.endswith(".toml"):
        from ...problems.custom import problem_entry

        path = Path(target).resolve()
        entry = problem_entry(path)
        if entry.name in PROBLEMS:
            raise StudyError(
                f"`name` in `{path}` must not be the name of a registered problem. "
                f"Found `{entry.name}`. Choose another name.",
                file=path,
            )
        return entry, str(path)
    path_text, separator, attribute = target.rpartition(":")
    if separator and path_text.endswith(".py"):
        path = Path(path_text).resolve()
        return PROBLEMS.load_file(path, attribute), f"{path}:{attribute}"
    entry = PROBLEMS[target]
    return entry, entry.name
