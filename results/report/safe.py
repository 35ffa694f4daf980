"""Text that is safe within a page: JSON that cannot end its element, and hashes of scripts."""

import base64
import hashlib
import json
from typing import Any, Final

import numpy as np

_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def as_json(data: Any) -> str:
    r"""Return JSON for a `<script type="application/json">`: names in it are never markup.

    >>> as_json({"</script>": 1})
    '{"\\u003c/script\\u003e":1}'
    """
    text = json.dumps(data, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def script_hash(text: str) -> str:
    """Return the source expression of a Content-Security-Policy that allows one inline script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def number(value: Any, digits: int = 4) -> float | None:
    """Return a number with so many significant digits, or None if it is not finite.

    >>> number(0.123456), number(float("nan"))
    (0.1235, None)
    """
    try:
        found = float(value)
    except (TypeError, ValueError):  # missing values of nullable columns are neither
        return None
    return float(f"{found:.{digits}g}") if np.isfinite(found) else None
