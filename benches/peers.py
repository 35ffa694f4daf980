"""Single modules of peers, loaded from their files: their packages import far more than we need."""

import importlib.util
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

import pytest


def peer_module(package: str, file: str) -> ModuleType:
    """Load a module of an installed package from its file; skip the benchmark if it is missing."""
    spec = PathFinder.find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"{package} must be installed. Run `make peers`, then `make bench`.")
    path = Path(spec.origin).parent / file
    loaded = importlib.util.spec_from_file_location(f"peer_{path.stem}", path)
    assert loaded is not None
    assert loaded.loader is not None
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    return module


PWEMOE = ("fusion_bench", "method/pwe_moe/module.py")
EPO_SOLVER = ("fusion_bench", "method/pwe_moe/phn/solvers.py")
