"""Repositories of the hub: their folders on this machine, and the revision that is used."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, final

from ...errors import IntegrityError, MissingDataError
from ..base import Report
from ..cache import cache_directory, read_json, write_whole
from ..checkpoints.location import MIRROR, WANTED, find_in_mirror, locate
from .suites import pinned_revision

FORMER_NAMES: Final = {
    "openai-community/gpt2": "gpt2",
    "datasets/nyu-mll/glue": "datasets/glue",
    "datasets/ufldl-stanford/svhn": "datasets/svhn",
    "datasets/ylecun/mnist": "datasets/mnist",
}
"""Names of repositories before they had an owner, which mirrors and caches may still use."""

_DATA: Final = "datasets/"
_ABOUT: Final = ("README.md",)
"""The only file that `datasets` always leaves in the hub's cache; it fetches data by itself."""
_ANSWER_SECONDS: Final = 3.0


@final
class Place(NamedTuple):
    """A folder in the `mirror` or in the hub's `cache`."""

    folder: Path
    where: Literal["mirror", "cache"]

    @property
    def revision(self) -> str | None:
        """The commit, after which the hub's cache names folders; None in a mirror."""
        return self.folder.name if self.where == "cache" else None


def find(repository: str) -> Place | None:
    """Return the place of a repository on this machine, or None; the network is not used.

    Args:
        repository: `owner/name` of a model, `datasets/owner/name` of a data set.
    """
    for name in _names(repository):
        if (mirrored := find_mirrored(name)) is not None:
            return Place(mirrored, "mirror")
    return find_cached(repository)


def find_cached(repository: str) -> Place | None:
    """Return the place of a repository in the hub's cache, or None; the mirror is ignored."""
    for name in _names(repository):
        if (cached := _cached(name, revision(repository))) is not None:
            return Place(cached, "cache")
    return None


def find_mirrored(name: str) -> Path | None:
    """Return the folder of a model or of `datasets/...` in the mirror, or None."""
    if not name.startswith(_DATA):
        return find_in_mirror(name)
    root = find_in_mirror("datasets")
    folder = None if root is None else root / name.removeprefix(_DATA)
    return folder if folder is not None and folder.is_dir() else None


def fetch_model(repository: str, report: Report) -> Place:
    """Return the place of a model, which is downloaded if necessary; pin its revision.

    Raises:
        MissingDataError: If it is not on this machine and the hub cannot be reached.
    """
    place = find(repository)
    if place is None:
        if (reason := unreachable()) is not None:
            raise MissingDataError(needs_hub([repository], reason))
        report(f"downloading {repository}")
        nowhere = (
            cache_directory() / "no-local-paths"
        )  # a hub id must not be taken for a local path
        folder = locate(repository, base_folder=nowhere, revision=revision(repository))
        place = Place(folder, "cache")
    keep_revision(repository, place.revision)
    return place


def revision(repository: str) -> str | None:
    """Return the commit pinned by this project, else the one used first here, else None."""
    found: str | None = pinned_revision(repository) or _kept().get(repository)
    return found


def keep_revision(repository: str, commit: str | None) -> None:
    """Record the commit that is used first; None, from a mirror, is ignored."""
    if commit is not None and repository not in _kept() and pinned_revision(repository) is None:
        write_whole(_kept_path(), _dumped(_kept() | {repository: commit}))


def resolve_data(dataset: str) -> str | None:
    """Return the commit of a data set, which is requested from the hub once.

    Raises:
        MissingDataError: If the hub does not have the data set.
    """
    repository = _DATA + dataset
    commit = revision(repository)
    if commit is None and unreachable() is None:
        from huggingface_hub import HfApi

        try:
            commit = HfApi().dataset_info(dataset, timeout=_ANSWER_SECONDS).sha
        except Exception as error:  # the client lets any error of its transport through
            raise MissingDataError(needs_hub([repository], _first_line(error))) from error
        keep_revision(repository, commit)
    return commit


@cache
def unreachable() -> str | None:
    """Return why the hub cannot be reached, or None; checked once per process."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return "the hub is switched off by HF_HUB_OFFLINE"
    try:
        get_session().head(constants.ENDPOINT, timeout=_ANSWER_SECONDS)
    except Exception as error:  # the client lets any error of its transport through
        return f"{constants.ENDPOINT} does not answer: {_first_line(error)}"
    return None


def needs_hub(repositories: list[str], reason: str) -> str:
    """Return one line about repositories that are not on this machine."""
    shown = ", ".join(f"`{name}`" for name in repositories[:3])
    if repositories[3:]:
        shown += f" and {len(repositories) - 3} more"
    verb, it = ("needs", "it") if len(repositories) == 1 else ("need", "them")
    return (
        f"{shown} {verb} the Hugging Face hub or a mirror. Found neither: {reason}. Use "
        "`pip install 'fusefront[hub]'` and go online, or set "
        f"{MIRROR} to a folder that holds {it}."
    )


def _names(repository: str) -> list[str]:
    former = FORMER_NAMES.get(repository)
    return [repository] if former is None else [repository, former]


def _cached(name: str, commit: str | None) -> Path | None:
    """Return the snapshot of a data set, or of a model with weights, in the hub's cache."""
    from huggingface_hub import snapshot_download

    is_data = name.startswith(_DATA)
    try:
        folder = snapshot_download(
            name.removeprefix(_DATA),
            repo_type="dataset" if is_data else "model",
            revision=commit,
            allow_patterns=list(_ABOUT if is_data else WANTED),
            local_files_only=True,
        )
    except (OSError, ValueError):  # what the client raises for anything that is not cached
        return None
    found = Path(folder)
    return found if is_data or any(found.glob("*.safetensors")) else None


def _kept_path() -> Path:
    return cache_directory() / "hub" / "revisions.json"


def _kept() -> dict[str, Any]:
    kept = read_json(_kept_path())
    if kept is not None and not isinstance(kept, dict):
        raise IntegrityError(
            f"`{_kept_path()}` must contain a JSON object. Found {type(kept).__name__}. Delete it."
        )
    return kept or {}


def _dumped(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, indent=1, sort_keys=True).encode()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
