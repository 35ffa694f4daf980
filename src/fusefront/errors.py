"""Every error that fusefront raises on purpose; each is also a subclass of a built-in error."""

import difflib
from pathlib import Path

from .deprecation import warn_renamed


class FusefrontError(Exception):
    """Base of all deliberate errors. Messages state what must hold, what was found, and the fix."""


class UnknownNameError(FusefrontError, LookupError):
    """A name that is not that of any registry entry, label, table or column."""


class ParameterError(FusefrontError, ValueError):
    """A hyper-parameter, option or argument outside what is allowed."""


class PreferenceError(FusefrontError, ValueError):
    """A vector that is not a preference: non-negative, finite, summing to one."""


class ShapeError(FusefrontError, ValueError):
    """Arrays whose shapes do not match."""


class PluginError(FusefrontError, ImportError):
    """A plug-in that cannot be loaded or does not satisfy the contract."""


class PluginResultError(FusefrontError, TypeError):
    """A fit of a plug-in that broke a promise: what it returned, or the data that it used."""


class IntegrityError(FusefrontError, ValueError):
    """Weights or tables that are damaged, or that do not match their hash."""


class CacheError(FusefrontError, OSError):
    """A file of the cache that cannot be written."""


class ParetoSetFileError(FusefrontError, ValueError):
    """A stored Pareto set that is damaged, belongs to other experts, or cannot be stored."""


class MissingDataError(FusefrontError, ImportError):
    """Data that a problem needs and this machine lacks; the message has the install line."""


class StoreError(FusefrontError, OSError):
    """A results directory or file that cannot be read or written."""


class StudyError(FusefrontError, ValueError):
    """A study, or a file that belongs to one, that cannot be used as it is written.

    Args:
        message: What must hold, what was found, how to fix it.
        file: The file that is wrong, if the message names it. Callers that read the file then do
            not name it a second time.
    """

    def __init__(self, message: str, *, file: Path | None = None) -> None:
        super().__init__(message)
        self.file = file


class BudgetExhausted(FusefrontError, RuntimeError):
    """The budget's cap would be crossed by the call that raised this."""


class NotApplicableError(FusefrontError, RuntimeError):
    """Raised when an algorithm does not apply to a problem; the run is skipped for this reason."""


def unknown_name(kind: str, name: str, known: list[str]) -> UnknownNameError:
    """Return the error for a name that is not among `known`, with the nearest matches."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"Known: {', '.join(known) or 'none'}."
    if near:
        hint = f"Did you mean {' or '.join(f'`{n}`' for n in near)}?"
    return UnknownNameError(f"{kind} must be a known name. Found `{name}`. {hint}")


def __getattr__(name: str) -> type[FusefrontError]:
    """Return a class under its deprecated name."""
    if name != "AnswerFileError":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warn_renamed("AnswerFileError", "ParetoSetFileError")
    return ParetoSetFileError
