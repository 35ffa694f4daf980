"""Find checkpoints and data sets in a folder, in a mirror of the hub, or on the hub."""

import hashlib
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from ...errors import IntegrityError, MissingDataError

MIRROR: Final = "FUSEFRONT_MIRROR"
"""Environment variable: a folder that holds copies of hub repositories as `owner/name`."""

WANTED: Final = ("*.safetensors", "*.json", "*.txt", "*.model")
"""Files to download of a model: weights that are not pickles, configuration, tokenizer."""

_HUB_ID = re.compile(r"(?!.*\.\.)[\w-][\w.-]*(?:/[\w-][\w.-]*)?")


def locate(reference: str, *, base_folder: Path, revision: str | None = None) -> Path:
    """Return the folder of a checkpoint, downloaded if necessary.

    The order is: a local folder or file, the mirror, the hub's cache, the hub. A mirror holds one
    revision, so that `revision` matters for the cache and the hub only.

    Args:
        reference: A path, relative to `base_folder` or absolute, or a hub id `owner/name`.
        base_folder: The folder that paths are relative to.
        revision: Branch, tag or commit on the hub; its main branch if None.

    Raises:
        MissingDataError: If it is not found or cannot be downloaded.
    """
    here = find_here(reference, base_folder=base_folder, revision=revision)
    return here if here is not None else _from_hub(reference, revision)


def find_here(reference: str, *, base_folder: Path, revision: str | None = None) -> Path | None:
    """Same as `locate`, but without the network: None if only the hub can have it.

    Raises:
        MissingDataError: If `reference` can only be a local path, which does not exist. A name
            without owner or revision is one: a folder that is missing is far more likely than one
            of the few models of the hub without owner.
    """
    path = base_folder / Path(reference).expanduser()
    if path.exists():
        return path
    if _is_path(reference, base_folder):
        raise _no_path(reference, path, "")
    mirrored = find_in_mirror(reference)
    found = mirrored if mirrored is not None else _from_cache(reference, revision)
    if found is None and revision is None and "/" not in reference:
        raise _no_path(reference, path, ", or write the hub id as `owner/name`")
    return found


def check_on_hub(reference: str, revision: str | None = None) -> None:
    """Check that the hub has a model, without downloading it.

    Raises:
        MissingDataError: If it does not, or cannot be reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.constants import HF_HUB_OFFLINE

    if HF_HUB_OFFLINE:
        raise _missing(reference, _OFFLINE)
    try:
        HfApi().model_info(reference, revision=revision, timeout=_ANSWER_SECONDS)
    except Exception as error:  # the client lets any error of its transport through
        raise _missing(reference, _first_line(error)) from error


_OFFLINE: Final = "the hub is switched off by HF_HUB_OFFLINE"
_ANSWER_SECONDS: Final = 5.0


def _no_path(reference: str, path: Path, more: str) -> MissingDataError:
    return MissingDataError(
        f"`{reference}` must be a folder or file. Found none at `{path}`. Correct the path{more}."
    )


def find_in_mirror(reference: str) -> Path | None:
    """Return the folder `$FUSEFRONT_MIRROR/<reference>`, or None if it does not exist."""
    mirror = os.environ.get(MIRROR)
    if not mirror or not is_hub_id(reference):
        return None
    path = Path(mirror).expanduser() / reference
    return path if path.is_dir() else None


def is_hub_id(reference: str) -> bool:
    """Return whether this is a hub id, `name` or `owner/name`, which cannot leave its folder."""
    return _HUB_ID.fullmatch(reference) is not None


def _is_path(reference: str, base_folder: Path) -> bool:
    """Return whether this can only be a local path, so that a typo does not use the network."""
    first = reference.partition("/")[0]
    return not is_hub_id(reference) or ("/" in reference and (base_folder / first).is_dir())


def _from_cache(reference: str, revision: str | None) -> Path | None:
    try:
        folder = _snapshot(reference, revision, cached=True)
    except OSError:  # what the client raises for anything that is not cached
        return None
    return folder if any(folder.glob("*.safetensors")) else None


def _from_hub(reference: str, revision: str | None) -> Path:
    from huggingface_hub.constants import HF_HUB_OFFLINE

    if HF_HUB_OFFLINE:
        raise _missing(reference, _OFFLINE)
    try:
        return _snapshot(reference, revision, cached=False)
    except Exception as error:  # the client lets any error of its transport through
        raise _missing(reference, _first_line(error)) from error


def _snapshot(reference: str, revision: str | None, *, cached: bool) -> Path:
    from huggingface_hub import snapshot_download

    folder = snapshot_download(
        reference,
        revision=revision,
        allow_patterns=list(WANTED),
        local_files_only=cached,
        etag_timeout=5,
    )
    return Path(folder)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _missing(reference: str, found: str) -> MissingDataError:
    return MissingDataError(
        f"`{reference}` must be a local folder, in the mirror `${MIRROR}`, or on the Hugging Face "
        f"hub. Found it nowhere: {found}. Go online, or set {MIRROR} to a folder that has "
        f"`{reference}` in it."
    )


def file_sha256(path: Path) -> str:
    """Return the hex sha256 of a file, computed once per process unless the file changes."""
    facts = path.stat()
    return _file_sha256(path, facts.st_size, facts.st_mtime_ns)


@cache
def _file_sha256(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        IntegrityError: If it cannot be read or is not an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IntegrityError(
            f"`{path}` must be a JSON file. Found {type(error).__name__}: {error}. Save it again."
        ) from error
    if not isinstance(content, dict):
        raise IntegrityError(
            f"`{path}` must contain a JSON object. Found {type(content).__name__}. Save it again."
        )
    return content
