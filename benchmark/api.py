"""The functions of the public surface: run, load, load_prerun."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..results.load import open_results
from ..results.results import Results
from .score import load as loading

if TYPE_CHECKING:
    from .study.study import Study


def load(path: str | Path) -> Results:
    """The tables of a run directory, an archive, a single file (`results.zip`) or `NAME!`.

    `NAME!` is a pre-run archive. Scores are derived from raw objectives with the metrics that are
    registered now.

    Raises:
        StoreError: If there are no results, or a file of them is damaged; it is named.
        IntegrityError: If a file of `NAME!` or of a single file is not the one that was packed.
    """
    with open_results(path) as folder:
        return loading.load(folder)


def load_prerun(name: str) -> Results:
    """Results that ship with fusefront, such as `default`; their hashes are checked.

    Raises:
        UnknownNameError: If there is no such archive.
        IntegrityError: If a file is not the one its manifest names.
    """
    return load(f"{name}!")


def run(study: "Study", directory: str | Path, *, jobs: int = 1) -> Results:
    """Run a study into a directory, as `fusefront run` does, and return its results.

    Workers are new processes: in a script, call this under `if __name__ == "__main__":`.

    Raises:
        StudyError: If the study cannot be run as it is written.
        StoreError: If the directory cannot be written.
    """
    from .run import plan as runner
    from .run.execute import run_plan

    planned = runner.plan(study, Path(directory))
    for _ in run_plan(planned, Path(directory), jobs=jobs):
        pass
    return runner.finish(Path(directory))
