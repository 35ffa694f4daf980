"""All built-in algorithms; nothing heavy is imported before an entry is loaded."""

from importlib import import_module
from typing import Final

from .registry import ALGORITHMS

# Each family registers its entries when it is imported. The order is that of `fusefront list`.
for _family in (
    *("merging", "search", "map", "adamerging", "gradient"),
    *("scalarization", "moe", "hypernetworks", "lowrank", "ensemble"),
):
    import_module(f"{__name__}.{_family}")

BUILT_IN: Final = ALGORITHMS.names()
"""Names of the algorithms of this package, without those of plug-ins."""

__all__ = ["ALGORITHMS", "BUILT_IN"]
