"""Archives: the tables of finished results, with a manifest of the hash of every file."""

import hashlib
import json
from collections.abc import Collection
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from ...errors import IntegrityError, StoreError
from ...registry import unknown_name
from ..files.parquet import check_version, staged, write_bytes, write_table
from ..files.schema import SCHEMA_VERSION, from_frame
from ..results import Results

FILES: Final = ("runs", "fronts", "points", "traces", "problems")
FURTHER: Final = ("milestones", "outcomes")
"""Tables that archives have if their runs measured them; those of protocol 1 never do."""
MANIFEST: Final = "manifest.json"
PRERUN = Path(__file__).parents[1] / "prerun"

# Dictionaries for repeated texts and byte planes for numbers halve the files without any loss.
_TEXTS = ["run_id", "problem", "algorithm", "display_name"]
_DICTIONARY = {
    "runs": True,
    "fronts": [*_TEXTS, "task"],
    "points": [*_TEXTS, "space", "anchor"],
    "traces": [*_TEXTS, "metric"],
    "problems": True,
    "milestones": [*_TEXTS, "task"],
    "outcomes": [*_TEXTS, "task"],
}


def pack(results: Results, directory: Path, *, note: str, created: str | None = None) -> Path:
    """Write the results as an archive to `directory`, which must be new or empty.

    Scores are left out: they are derived again when they are needed.

    Args:
        results: The results to pack.
        directory: The folder of the archive.
        note: A description of the results.
        created: The time in the manifest, ISO in UTC; by default now.

    Returns:
        The path of the manifest.
    """
    names = [*FILES, *(name for name in FURTHER if len(results.arrow(name)))]
    with staged(directory) as folder:
        for name in names:
            table = from_frame(getattr(results, name), name)
            options: dict[str, Any] = {
                "use_dictionary": _DICTIONARY[name],
                "use_byte_stream_split": name != "outcomes",  # packed bits have no byte planes
                "compression_level": 19,
            }
            write_table(folder / f"{name}.parquet", table, name=name, **options)
        files = [folder / f"{name}.parquet" for name in names]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = {
            "fusefront": metadata.version("fusefront"),
            "schema_version": SCHEMA_VERSION,
            "created": now if created is None else created,
            "note": note,
            "runs": len(results.runs),
            "files": {path.name: _sha256(path) for path in files},
            "bytes": {path.name: path.stat().st_size for path in files},
        }
        write_bytes(folder / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())
    return directory / MANIFEST


def manifest(directory: Path) -> dict[str, Any]:
    """Return the content of the manifest of an archive, without checking the files."""
    path = directory / MANIFEST
    try:
        text = path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"`{directory}` must be an archive, with `{MANIFEST}`. Found: {error.strerror}. "
            "Pass a folder that `fusefront data pack` wrote."
        ) from error
    return parse_manifest(text, path)


def parse_manifest(text: bytes, path: Path) -> dict[str, Any]:
    """Parse the bytes of a manifest, which errors call `path`.

    Raises:
        IntegrityError: If it is not the manifest of an archive.
        NewerSchemaError: If the archive is of a schema version above ours.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _tampered(path, "text that is not JSON") from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(version, int):
        check_version(path, version)
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, dict) or not is_complete(files):
        raise _tampered(path, "files that do not belong to an archive")
    if not isinstance(content.get("bytes", {}), dict):
        raise _tampered(path, "no sizes of the files")
    return dict(content)


def is_complete(names: Collection[str]) -> bool:
    """Return whether the names are those of the tables of an archive, whole and without others."""
    required, further = ({f"{name}.parquet" for name in group} for group in (FILES, FURTHER))
    return required <= set(names) <= required | further


def verify(directory: Path) -> None:
    """Compare every file of the archive with its hash in the manifest.

    Raises:
        IntegrityError: If a file is missing or has the wrong hash; the message names it.
    """
    for name, found in faults(directory).items():
        raise _tampered(directory / name, found)


def faults(directory: Path) -> dict[str, str]:
    """Return the fault of each file that differs from the manifest, by name."""
    wrong = {}
    for name, expected in manifest(directory)["files"].items():
        path = directory / name
        if not path.is_file():
            wrong[name] = "no such file"
        elif (found := _sha256(path)) != expected:
            wrong[name] = f"sha256 {found[:8]} instead of {str(expected)[:8]}"
    return wrong


def prerun_names() -> list[str]:
    """Return the names of the pre-run archives that ship with fusefront."""
    return sorted(path.parent.name for path in PRERUN.glob(f"*/{MANIFEST}"))


def prerun_path(name: str) -> Path:
    """Return the folder of a pre-run archive; `_` in its name stands for `-`."""
    known = prerun_names()
    if name.replace("_", "-") not in known:
        raise unknown_name("Pre-run archive", name, known)
    return PRERUN / name.replace("_", "-")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tampered(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be the file that was packed. Found {found}. "
        "Fetch the archive again, or reinstall fusefront if it came with it."
    )
