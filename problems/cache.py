"""The cache of this machine: trained experts, decoded data and anchors, written by one process."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout
from platformdirs import user_cache_path
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor

from ..errors import IntegrityError
from .base import Report

ENVIRONMENT: Final = "FUSEFRONT_CACHE"


def cache_directory() -> Path:
    """Return `$FUSEFRONT_CACHE`, else `fusefront` in the user's cache folder; it need not exist."""
    if given := os.environ.get(ENVIRONMENT):
        return Path(given)
    return user_cache_path("fusefront", appauthor=False)  # no folder of an author on Windows


def digest(facts: object) -> str:
    """Sixteen hex digits of anything that JSON can hold; equal facts, equal digest."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it; folders are made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def read_json(path: Path) -> Any:
    """What the JSON file holds, or None if it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def cached_json(path: Path, make: Callable[[], Any]) -> Any:
    """What the JSON file holds; made and written first if it is missing or damaged."""
    found = read_json(path)
    if found is None:
        found = make()
        write_whole(path, json.dumps(found).encode())
    return found


def cached_tensors(path: Path, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Tensors of a safetensors file; made and written first if it is missing or damaged."""
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError):
        made = make()
        write_whole(path, serialise({name: t.contiguous() for name, t in made.items()}))
        return dict(load_file(path))


def write_vouched(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write a safetensors file, then beside it a JSON with these facts and the file's `sha256`."""
    content = serialise({name: tensor.contiguous() for name, tensor in tensors.items()})
    write_whole(path, content)
    vouched = {"sha256": hashlib.sha256(content).hexdigest(), **facts}
    write_whole(path.with_suffix(".json"), json.dumps(vouched, indent=1).encode())


def read_facts(path: Path) -> dict[str, Any]:
    """The JSON beside a file of `write_vouched`; the file itself is not read.

    Raises:
        IntegrityError: If the JSON is missing or damaged.
    """
    beside = path.with_suffix(".json")
    try:
        facts = dict(json.loads(beside.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(beside, f"{type(error).__name__}: {error}") from error
    if not isinstance(facts.get("sha256"), str):
        raise _damaged(beside, "no `sha256`")
    return facts


def read_vouched(path: Path) -> dict[str, Tensor]:
    """Tensors of a file of `write_vouched`, after it was checked against its `sha256`.

    Raises:
        IntegrityError: If the file or the JSON beside it is missing, damaged or another's.
    """
    expected = read_facts(path)["sha256"]
    try:
        content = path.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            raise _damaged(path, f"sha256 {found[:12]} where {expected[:12]} is expected")
        return dict(parse(content))
    except (OSError, SafetensorError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _damaged(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be as it was written. Found {found}. "
        "Delete it and prepare the problem again: it is made anew."
    )


@contextmanager
def exclusive(path: Path, what: str, report: Report) -> Iterator[None]:
    """Inside, no other process works on `path`; one that dies gives its turn back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        report(f"{what}: another process is at it; waiting")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
