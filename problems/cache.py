"""The cache of this machine: trained experts, decoded data and measured anchors.

Files are written under a temporary name and renamed, so that readers never see half a file, and a
lock per file ensures that only one process creates it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout
from platformdirs import user_cache_path
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor

from ..errors import CacheError, IntegrityError
from .base import Report

ENVIRONMENT: Final = "FUSEFRONT_CACHE"


def cache_directory() -> Path:
    """Return `$FUSEFRONT_CACHE`, else `fusefront` in the user's cache folder; it need not exist."""
    if given := os.environ.get(ENVIRONMENT):
        return Path(given)
    return user_cache_path("fusefront", appauthor=False)  # no folder of an author on Windows


def digest(facts: object) -> str:
    """Return 16 hex digits that identify facts, which can be anything that JSON can hold."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it; missing folders are created.

    A file that has the content already is left alone, so that a full cache may be read-only.

    Raises:
        CacheError: If the file cannot be written.
    """
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise CacheError(
            f"`{path}` must be writable, because fusefront keeps what it prepared there. "
            f"Found: {error.strerror or error}. Free some space, or set {ENVIRONMENT} to another "
            "folder."
        ) from error


def read_json(path: Path) -> Any:
    """Return the content of a JSON file, or None if it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def cached_json(path: Path, make: Callable[[], Any]) -> Any:
    """Return the content of a JSON file; create it first if it is missing or damaged."""
    found = read_json(path)
    if found is None:
        found = make()
        write_whole(path, json.dumps(found).encode())
    return found


def cached_tensors(path: Path, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file; create it first if it is missing or damaged."""
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError):
        made = make()
        write_whole(path, serialise({name: t.contiguous() for name, t in made.items()}))
        return dict(load_file(path))


_REMAKE: Final = "Delete it and prepare the problem again, which recreates it."


def write_vouched(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write a safetensors file and its manifest: these facts and the file's `sha256`, as JSON.

    The manifest is written last, so that an interruption never leaves one without its file.
    """
    content = serialise({name: tensor.contiguous() for name, tensor in tensors.items()})
    write_whole(path, content)
    manifest = {"sha256": hashlib.sha256(content).hexdigest(), **facts}
    write_whole(path.with_suffix(".json"), (json.dumps(manifest, indent=1) + "\n").encode())


def read_manifest(
    path: Path, required: Sequence[str] = ("sha256",), *, fix: str = _REMAKE
) -> dict[str, Any]:
    """Return the manifest beside a file of `write_vouched`; the file itself is not read.

    Args:
        path: The safetensors file.
        required: Keys that the manifest must have.
        fix: The sentence that ends an error.

    Raises:
        IntegrityError: If the manifest is missing or damaged.
    """
    beside = path.with_suffix(".json")
    try:
        manifest = dict(json.loads(beside.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(beside, f"{type(error).__name__}: {error}", fix) from error
    lacking = [key for key in required if key not in manifest]
    if lacking:
        raise _damaged(beside, f"no {', '.join(lacking)}", fix)
    return manifest


def read_vouched(path: Path, *, fix: str = _REMAKE) -> dict[str, Tensor]:
    """Return the tensors of a file of `write_vouched`, checked against its manifest.

    Raises:
        IntegrityError: If the file or its manifest is missing or damaged, or they do not match.
    """
    content = read_checked(path, read_manifest(path, fix=fix)["sha256"], fix=fix)
    try:
        return dict(parse(content))
    except SafetensorError as error:
        raise _damaged(path, f"{type(error).__name__}: {error}", fix) from error


def read_checked(path: Path, sha256: str, *, fix: str) -> bytes:
    """Return the content of a file that must have this digest.

    Raises:
        IntegrityError: If the file is missing or has the wrong digest.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(path, f"{type(error).__name__}: {error}", fix) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise _damaged(path, f"sha256 {found[:12]} where {sha256[:12]} is expected", fix)
    return content


def _damaged(path: Path, found: str, fix: str) -> IntegrityError:
    return IntegrityError(f"`{path}` must be the file that was written. Found {found}. {fix}")


@contextmanager
def exclusive(path: Path, what: str, report: Report) -> Iterator[None]:
    """Keep other processes from working on `path`; a process that dies releases its lock.

    In a folder that cannot be written there is no lock: all processes can only read, and what is
    missing ends in the error of `write_whole`.
    """
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        report(f"{what}: waiting for another process that is working on it")
        lock.acquire()
    except OSError:
        yield
        return
    try:
        yield
    finally:
        lock.release()
