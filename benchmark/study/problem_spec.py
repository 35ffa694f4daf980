"""How a study names a problem: a registered name with knobs, a TOML file, a plug-in's factory."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from ...errors import PluginError, StudyError
from ...problems import PROBLEMS
from ...registry import Entry
from .parameters import check_parameters, instantiate, parse_parameters, split_spec, write_value

if TYPE_CHECKING:
    from ...problems.base import Problem


@final
@dataclass(frozen=True, kw_only=True)
class ProblemSpec:
    """A problem as any process can make it again.

    Attributes:
        text: `name`, `name[key=value,...]`, `/path/problem.toml` or `/path/file.py:factory`, in
            its one spelling.
        name: What tables call it: the entry's name, and in brackets what differs from the defaults.
        entry: What is known of it without loading it.
        parameters: Knobs that differ from the defaults.
    """

    text: str
    name: str
    entry: Entry["Callable[..., Problem]"]
    parameters: dict[str, Any]

    @classmethod
    def parse(cls, text: str) -> "ProblemSpec":
        """Read a text; see the class.

        Raises:
            UnknownNameError: If no problem or knob has this name.
            PluginError: If a file does not register what is asked for.
            ParameterError: If the brackets cannot be read.
            StudyError: If a TOML file is not as it must be.
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
        """The problem itself.

        Raises:
            PluginError: If what is registered does not make a Problem.
        """
        from ...problems.base import Problem

        made = instantiate(self.name, self.parameters, self.entry.load())
        if not isinstance(made, Problem):
            raise PluginError(
                f"`{self.name}` must make a fusefront.Problem. Found {type(made).__name__}."
            )
        return made


def _find(target: str) -> tuple[Entry[Any], str]:
    """The entry, and the target in its one spelling."""
    if target.endswith(".toml"):
        from ...problems.custom import problem_entry

        path = Path(target).resolve()
        entry = problem_entry(path)
        if entry.name in PROBLEMS:
            raise StudyError(
                f"`name` in `{path}` must be none of the registered problems'. "
                f"Found `{entry.name}`. Choose another."
            )
        return entry, str(path)
    path_text, separator, attribute = target.rpartition(":")
    if separator and path_text.endswith(".py"):
        path = Path(path_text).resolve()
        return PROBLEMS.load_file(path, attribute), f"{path}:{attribute}"
    entry = PROBLEMS[target]
    return entry, entry.name
