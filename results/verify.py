"""Verification of results: every file is read with its checksums and compared with the others."""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, final

import pyarrow as pa

from ..errors import IntegrityError, StoreError
from .archive.archive import MANIFEST, faults, manifest, prerun_path
from .archive.zip_file import FOREIGN, damaged_entries, extracted
from .directory.parts import OUTDATED, PARTS, PROBLEMS, part_ids, read_part
from .directory.planned import PLANNED, read_planned
from .directory.seal import is_damaged
from .files.parquet import DamagedFileError, NewerSchemaError, file_name, read_table
from .files.record import UNAVAILABLE
from .files.schema import STORED

_AGAIN: Final = "run the same `fusefront run` command again:"
_REPAIR: Final = (
    "run `fusefront verify DIRECTORY --repair`, which renames the file, and then the same "
    "`fusefront run` command, which makes it again"
)
_SUPERSEDE: Final = f"{_AGAIN} it moves the file to `outdated/`"
_COMPACT: Final = f"{_AGAIN} it compacts the parts again"
_FETCH: Final = "fetch the archive again, or reinstall fusefront if it came with it"
_DELETE: Final = "delete it: the study does not need it"
DAMAGED: Final = frozenset((_REPAIR, _COMPACT, _DELETE))
"""The remedies of faults in files of a run directory that can be set aside."""
_UPGRADE: Final = "upgrade: `pip install --upgrade fusefront`"


class Fault(NamedTuple):
    """A damaged or unknown file: its path inside the results, the damage, and the fix."""

    file: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.found}; {self.remedy}"


class Verification(NamedTuple):
    """The number of files that were read, and the faults among them."""

    files: int
    faults: list[Fault]


def verify(source: str | Path) -> Verification:
    """Read every file of a run directory, an archive, a single file or `NAME!`.

    Leftover temporary files and `*.damaged` files are ignored, as they are by all commands.

    Raises:
        StoreError: If there are no results.
        UnknownNameError: If no pre-run archive has this name.
    """
    text = str(source)
    path = prerun_path(text[:-1]) if text.endswith("!") else Path(source)
    if path.is_file():
        return _single_file(path)
    check = _Check(root=path)
    if (path / MANIFEST).is_file():
        check.archive()
    elif (path / PARTS).is_dir():
        check.run_directory()
    elif (path / "runs.parquet").is_file():
        check.tables(path, _COMPACT, None)
    else:
        raise StoreError(
            f"`{path}` must be a run directory (with `parts/`), an archive (with `{MANIFEST}`) or "
            "a single file (`.zip`). Found none of them. Pass the path that was given to `-o`."
        )
    return Verification(check.files, check.faults)


def _single_file(path: Path) -> Verification:
    try:
        bad = damaged_entries(path)
        if bad:
            found = [Fault(name, what, _FETCH) for name, what in bad.items()]
            return Verification(len(found), found)
        with extracted(path) as folder:
            return verify(folder)
    except NewerSchemaError as error:
        return Verification(1, [Fault(path.name, _version(error), _UPGRADE)])
    except IntegrityError as error:
        return Verification(1, [Fault(path.name, _found(error), FOREIGN)])


def _version(error: NewerSchemaError) -> str:
    return f"schema version {_found(error).partition(',')[0]}"


def _found(error: Exception) -> str:
    """Return the part of an error message that describes what was found."""
    return str(error).rpartition("Found ")[2].partition(". ")[0].rstrip(".")


@final
@dataclass(kw_only=True)
class _Check:
    root: Path
    files: int = 0
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: Path, found: str, remedy: str) -> None:
        self.faults.append(Fault(path.relative_to(self.root).as_posix(), found, remedy))

    def read(self, path: Path, reader: Callable[[Path], pa.Table], remedy: str) -> pa.Table | None:
        """Return the table, or record a fault and return None."""
        self.files += 1
        try:
            return reader(path)
        except NewerSchemaError as error:
            self.fault(path, _version(error), _UPGRADE)
        except DamagedFileError as error:
            self.fault(path, str(error), remedy)
        except StoreError as error:
            self.fault(path, str(error), "make it readable")
        return None

    def archive(self) -> None:
        self.files += 1
        try:
            names = manifest(self.root)["files"]
        except NewerSchemaError as error:
            self.fault(self.root / MANIFEST, _version(error), _UPGRADE)
            return
        except StoreError as error:
            self.fault(self.root / MANIFEST, str(error), _FETCH)
            return
        except IntegrityError as error:
            self.fault(self.root / MANIFEST, _found(error), _FETCH)
            return
        bad = faults(self.root)
        for name, found in bad.items():
            self.fault(self.root / name, found, _FETCH)
        for path in sorted(self.root.glob("[!.]*.parquet")):
            if path.name not in names:
                self.fault(path, "a file that is not in the manifest", "move it away")
        self.files += len(bad)
        self.tables(self.root, _FETCH, None, only=[name for name in names if name not in bad])

    def tables(
        self,
        folder: Path,
        remedy: str,
        run_ids: set[str] | None,
        only: Iterable[str] | None = None,
    ) -> None:
        """Check the tables of a folder: all undamaged, with rows of known runs only."""
        read: dict[str, pa.Table | None] = {}
        names = only if only is not None else [p.name for p in folder.glob("[!.]*.parquet")]
        for path in sorted(folder / name for name in names):
            if path.stem in STORED:
                read[path.stem] = self.read(path, _reader(path.stem), remedy)
            else:
                self.files += 1
                self.fault(path, "not a table of fusefront", "move it away")
        runs = read.get("runs")
        known = run_ids if run_ids is not None else _values(runs, "run_id")
        for name, table in read.items():
            if table is None or known is None or "run_id" not in table.column_names:
                continue
            unknown = sorted((_values(table, "run_id") or set()) - known)
            if unknown:
                found = f"rows of {len(unknown)} unknown runs ({', '.join(unknown[:3])})"
                self.fault(folder / f"{name}.parquet", found, remedy)
        problems = read.get("problems")
        if runs is not None and problems is not None:
            hashes = _hashes(problems)
            for row in _rows(runs):
                self._compare_hash(folder / "runs.parquet", row, hashes, remedy)

    def run_directory(self) -> None:
        wanted = self._planned()
        hashes: dict[str, str] = {}
        for path in sorted((self.root / PROBLEMS).glob("[!.]*.parquet")):
            table = self.read(path, _reader("problems"), _REPAIR)
            if table is not None:
                hashes |= self._problem(path, table)
        done = set()
        for path in sorted((self.root / PARTS).glob("[!.]*.parquet")):
            table = self.read(path, read_part, _REPAIR)
            if table is not None:
                (row,) = _rows(table)
                self._part(path, row, hashes, wanted)
                done |= {row["problem"]} if row["status"] == "done" else set()
        for path in (self.root / PROBLEMS / f"{file_name(name)}.parquet" for name in sorted(done)):
            if not path.exists():
                self.fault(path, "a missing file of a problem with runs", f"{_AGAIN} it writes it")
        for folder in OUTDATED:
            for path in sorted((self.root / folder).glob("[!.]*.parquet")):
                self.read(path, read_part, _DELETE)
        self.tables(self.root / "tables", _COMPACT, set(part_ids(self.root)))

    def _planned(self) -> dict[str, tuple[str, int]] | None:
        """Return problem and seed by run id of every planned run, or None without a plan."""
        for path in filter(Path.exists, [self.root / "study.toml"]):
            self.files += 1
            try:
                tomllib.loads(path.read_text(encoding="utf-8"))
                if is_damaged(path):
                    self.fault(path, "lines that differ from those that were written", _REPAIR)
            except (OSError, ValueError) as error:
                self.fault(path, f"a damaged file ({error})", _REPAIR)
        if not (self.root / PLANNED).exists():
            return None
        self.files += 1
        try:
            return {row[0]: (row[1], row[3]) for row in read_planned(self.root)}
        except StoreError:
            self.fault(self.root / PLANNED, "a damaged list of runs", _REPAIR)
            return None

    def _problem(self, path: Path, table: pa.Table) -> dict[str, str]:
        """Return the hash by problem, after checking that the table is of one problem and hash."""
        hashes = _hashes(table)
        names = set(table.column("problem").to_pylist())
        if {file_name(name) for name in names} != {path.stem}:
            self.fault(path, f"the table of {', '.join(sorted(names)) or 'no problem'}", _REPAIR)
            return {}
        if len(set(table.column("problem_hash").to_pylist())) != 1:
            self.fault(path, "rows of several problem hashes", _REPAIR)
            return {}
        return hashes

    def _part(
        self,
        path: Path,
        row: dict[str, Any],
        hashes: dict[str, str],
        wanted: dict[str, tuple[str, int]] | None,
    ) -> None:
        if wanted is not None and path.stem not in wanted:
            self.fault(path, "a run that is not in `planned.json`", _SUPERSEDE)
            return
        found = (row["problem"], row["seed"])
        if wanted is not None and wanted[path.stem] != found:
            self.fault(path, f"another run's row ({found[0]}, seed {found[1]})", _REPAIR)
            return
        self._compare_hash(path, row, hashes, _SUPERSEDE)

    def _compare_hash(
        self, path: Path, row: dict[str, Any], hashes: dict[str, str], remedy: str
    ) -> None:
        """Compare with the hash in the problem table; a missing table is reported elsewhere."""
        problem, found = row["problem"], row["problem_hash"]
        known = hashes.get(problem, found)
        if found not in (known, UNAVAILABLE):
            what = f"problem hash {found[:8]} of `{problem}`, {known[:8]} in the problem table"
            self.fault(path, what, remedy)


def _reader(name: str) -> Callable[[Path], pa.Table]:
    return lambda path: read_table(path, name=name, schema=STORED[name])


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    columns = ["run_id", "problem", "seed", "status", "problem_hash"]
    rows: list[dict[str, Any]] = table.select(columns).to_pylist()
    return rows


def _values(table: pa.Table | None, column: str) -> set[str] | None:
    return None if table is None else set(table.column(column).unique().to_pylist())


def _hashes(problems: pa.Table) -> dict[str, str]:
    columns = (problems.column(name).to_pylist() for name in ("problem", "problem_hash"))
    return dict(zip(*columns, strict=True))
