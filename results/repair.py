"""Repair of run directories: damaged files are set aside, so that they are computed again."""

from pathlib import Path

from .directory.compaction import FOLDER, discard
from .directory.parts import set_aside
from .verify import DAMAGED, Verification, verify


def repair(directory: Path) -> tuple[Verification, list[Path]]:
    """Verify a run directory, and set aside the files in which a fault was found.

    A damaged file is renamed to `*.damaged`, and nothing else reads it. Compacted tables are
    deleted, because the parts hold all of their rows. The next `fusefront run` computes what is
    missing. Files of a newer schema, and runs that another study asked for, are left alone.

    Returns:
        What was found, and the new paths of the files that were set aside.

    Raises:
        StoreError: If a file cannot be renamed.
    """
    found = verify(directory)
    damaged = {fault.file for fault in found.faults if fault.remedy in DAMAGED}
    if any(Path(file).parts[0] == FOLDER for file in damaged):
        discard(directory)
    others = sorted(file for file in damaged if Path(file).parts[0] != FOLDER)
    return found, [set_aside(directory / file) for file in others if (directory / file).exists()]
