"""Old names of public things: they keep working and warn."""

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

C = TypeVar("C", bound=type)


def warn_renamed(old: str, new: str, *, stacklevel: int = 3) -> None:
    """Warn that `old` is now called `new`, in the name of the caller's caller."""
    warnings.warn(f"`{old}` is now `{new}`.", DeprecationWarning, stacklevel=stacklevel)


def renamed_fields(**renames: str) -> Callable[[C], C]:
    """Return a class decorator that keeps old names of keyword arguments and attributes.

    Args:
        renames: New name of each old one.

    >>> @renamed_fields(base="pretrained")
    ... class Pool:
    ...     def __init__(self, *, pretrained: int) -> None:
    ...         self.pretrained = pretrained
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     print(Pool(base=3).base, len(caught))
    3 2
    """

    def decorate(cls: C) -> C:
        init: Callable[..., None] = cls.__init__  # type: ignore[misc] # wrapped, not called here

        @functools.wraps(init)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            for old in renames.keys() & kwargs.keys():
                warn_renamed(f"{cls.__name__}({old}=...)", f"{cls.__name__}({renames[old]}=...)")
                kwargs[renames[old]] = kwargs.pop(old)
            init(self, *args, **kwargs)

        cls.__init__ = __init__  # type: ignore[misc]
        for old, new in renames.items():
            setattr(cls, old, _alias(cls.__name__, old, new))
        return cls

    return decorate


def _alias(owner: str, old: str, new: str) -> property:
    def get(self: object) -> Any:
        warn_renamed(f"{owner}.{old}", f"{owner}.{new}")
        return getattr(self, new)

    get.__doc__ = f"Deprecated name of `{new}`."
    return property(get)
