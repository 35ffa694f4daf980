"""One tree of seeds: every random choice of a run hangs from (study seed, ..., purpose)."""

import hashlib


def derive(*path: str | int) -> int:
    """A 63-bit seed that depends on every element of the path, and on nothing else.

    >>> derive(0, "digits-mnist-sum", 1, "data") == derive(0, "digits-mnist-sum", 1, "data")
    True
    """
    text = "/".join(str(part).replace("%", "%25").replace("/", "%2F") for part in path)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
