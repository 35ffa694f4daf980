"""Atomic output: folders that appear complete or not at all."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import StoreError


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Yield a hidden folder beside `target`, which is renamed to `target` at the end of the block.

    If the block raises, the folder is removed and the target is unchanged. A process that is
    killed leaves the folder behind as `.NAME.….tmp`, which no command reads.

    Raises:
        StoreError: If the target is not new or empty, or cannot be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StoreError(
            f"`{target}` must be new or empty, so that nothing is overwritten. Found files. "
            "Choose another folder."
        )
    place = Path(target.absolute())
    # Beside the target, since a rename is only atomic within a file system.
    folder = place.with_name(f".{place.name}.{uuid.uuid4().hex}.tmp")
    try:
        with _as_store_error(target):
            folder.mkdir(parents=True)
        yield folder
        with _as_store_error(target):
            if place.is_dir():
                place.rmdir()  # Windows cannot rename onto a folder, not even an empty one
            folder.replace(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _as_store_error(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"`{target}` must be writable. Found: {error.strerror or error}. Choose another folder."
        ) from error


def check_outside(target: Path, sources: list[Path]) -> None:
    """Refuse a target inside one of the sources, which writing it would change."""
    place = target.resolve()
    for source in sources:
        if source.is_dir() and place.is_relative_to(source.resolve()):
            raise StoreError(
                f"`{target}` must not be inside a source. Found it inside `{source}`. "
                "Choose another folder."
            )
