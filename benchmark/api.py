"""The functions of the public interface: run, load, load_prerun."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..results.directory.seal import set_aside_if_damaged
from ..results.load import open_results
from ..results.results import Results
from .score import scores

if TYPE_CHECKING:
    from .study.study import Study


def load(path: str | Path) -> Results:
    """Load the results of a run directory, an archive, a single file (`results.zip`) or `NAME!`.

    `NAME!` is a pre-run archive. Scores are derived from raw values, with the metrics that are
    registered now.

    Raises:
        StoreError: If there are no results, or one of their files is damaged.
        IntegrityError: If a file of `NAME!` or of a single file is not the one that was packed.
    """
    with open_results(path) as folder:
        return scores.load(folder)


def load_prerun(name: str) -> Results:
    """Load results that ship with fusefront, such as `default`, after checking their hashes.

    Raises:
        UnknownNameError: If there is no such archive.
        IntegrityError: If a file does not have the hash in its manifest.
    """
    return load(f"{name}!")


def run(study: "Study", directory: str | Path, *, jobs: int = 1) -> Results:
    """Run a study in a directory, as `fusefront run` does, and return the results.

    Runs that the directory already has are not computed again. Workers are new processes: in a
    script, call this under `if __name__ == "__main__":`.

    Args:
        study: The study.
        directory: The run directory; created if it does not exist.
        jobs: Number of runs at once, one process each.

    Raises:
        StudyError: If the study cannot be run, or the directory's study names plug-ins that this
            study does not name.
        StoreError: If the directory cannot be written.
    """
    from .run.execute import execute
    from .run.plan import STUDY, finish, plan
    from .study.trust import check_trusted, code_of

    directory = Path(directory)
    set_aside_if_damaged(directory / STUDY)
    check_trusted(directory / STUDY, code_of(study), "If you trust it, add it to the study.")
    for _ in execute(plan(study, directory), directory, jobs=jobs):
        pass
    return finish(directory)
