"""Single files to send by email: an uncompressed zip of an archive, with every hash checked.

A single file may come from a stranger. So no entry is trusted with its own name or size: only the
known names are read, and no entry can be larger than the file itself.
"""

import struct
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Final

from ...errors import FusefrontError, IntegrityError, StoreError
from ..files.parquet import write_bytes
from ..results import Results
from .archive import FILES, FURTHER, MANIFEST, is_complete, pack, parse_manifest

SUFFIX: Final = ".zip"
FOREIGN: Final = "pack the results again with `fusefront data pack DIR -o NAME.zip`"

_NAMES: Final = (MANIFEST, *(f"{name}.parquet" for name in (*FILES, *FURTHER)))
_MANIFEST_BYTES: Final = 1 << 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can store
_UNIX, _MODE = 3, 0o100644 << 16
_BAD_ZIP: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError),
    *(EOFError, OSError, ValueError, struct.error),
)


def pack_single(results: Results, path: Path, *, note: str) -> Path:
    """Write the results as an archive in one zip; equal results and notes give equal bytes.

    Entries are stored, since Parquet is compressed already. `created` in the manifest is the time
    at which the newest run started.

    Args:
        results: As for `archive.pack`.
        path: A new file, which ends in `.zip`.
        note: A description of the results.
    """
    if path.exists():
        raise StoreError(
            f"`{path}` must be new, since archives are never changed. Found a file. "
            "Choose another name."
        )
    created = max(results.runs["started"], default="")
    with tempfile.TemporaryDirectory(prefix="fusefront-") as temporary:
        folder = Path(temporary) / "archive"
        pack(results, folder, note=note, created=created)
        data = BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
            for name in filter(lambda name: (folder / name).exists(), _NAMES):
                archive.writestr(_info(name), (folder / name).read_bytes())
    write_bytes(path, data.getvalue())
    return path


@contextmanager
def extracted(path: Path) -> Iterator[Path]:
    """Yield a temporary folder with the archive of a single file, after verifying every entry.

    Raises:
        IntegrityError: If it is not a single file of fusefront, or an entry is damaged.
    """
    entries, bad = _read(path)
    for name, found in bad.items():
        raise IntegrityError(
            f"`{name}` in `{path}` must be the file that was packed. Found {found}. "
            "Ask for the file to be sent again."
        )
    with tempfile.TemporaryDirectory(prefix="fusefront-") as temporary:
        folder = Path(temporary) / path.name
        for name, data in entries.items():
            write_bytes(folder / name, data)
        yield folder


def damaged_entries(path: Path) -> dict[str, str]:
    """Return the fault of each damaged entry, by name; errors as in `extracted`."""
    return _read(path)[1]


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system, info.external_attr = _UNIX, _MODE
    return info


def _read(path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the undamaged entries by name, and the faults of the others.

    Sizes are checked before anything is read, so that a zip bomb cannot fill the memory.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = _checked(path, archive.infolist())
            return _entries(path, archive, infos)
    except _BAD_ZIP as error:
        if isinstance(error, FusefrontError):
            raise
        raise _foreign(path, f"a file that is not an intact zip ({error})") from error


def _checked(path: Path, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name, after checking the names and sizes of a single file."""
    names = sorted(info.filename for info in infos)
    tables = [name for name in names if name != MANIFEST]
    if len(set(names)) < len(names) or MANIFEST not in names or not is_complete(tables):
        needed = (MANIFEST, *(f"{name}.parquet" for name in FILES))
        known = [name for name in needed if name not in names]
        other = [name for name in names if name not in _NAMES]
        what = f"no entry {known[0]}" if known else "an entry twice"
        raise _foreign(path, f"an entry {other[0]!r}" if other else what)
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise _foreign(path, f"`{info.filename}` compressed or encrypted")
        if info.file_size != info.compress_size:
            raise _foreign(path, f"`{info.filename}` of two sizes")
    if sum(info.file_size for info in infos) > path.stat().st_size:
        raise _foreign(path, "entries that are larger than the file")
    return {info.filename: info for info in infos}


def _entries(
    path: Path, archive: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo]
) -> tuple[dict[str, bytes], dict[str, str]]:
    if infos[MANIFEST].file_size > _MANIFEST_BYTES:
        raise _foreign(path, f"a manifest of {infos[MANIFEST].file_size} bytes")
    text = archive.read(MANIFEST)
    content = parse_manifest(text, path / MANIFEST)
    if sorted([MANIFEST, *content["files"]]) != sorted(infos):
        raise _foreign(path, "other entries than those in the manifest")
    whole, bad = {MANIFEST: text}, {}
    for name, expected in content["files"].items():
        size = content.get("bytes", {}).get(name)
        if infos[name].file_size != size:
            bad[name] = f"{infos[name].file_size} bytes instead of {size}"
            continue
        try:
            data = archive.read(name)
        except _BAD_ZIP as error:
            bad[name] = f"a damaged entry ({error})"
            continue
        found = sha256(data).hexdigest()
        if found == expected:
            whole[name] = data
        else:
            bad[name] = f"sha256 {found[:8]} instead of {str(expected)[:8]}"
    return whole, bad


def _foreign(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"`{path}` must be a single file that `fusefront data pack DIR -o NAME.zip` wrote. "
        f"Found {found}. Ask for it to be packed again, or unzip it and use the folder."
    )
