"""Which algorithms are systems, which answer a preference with several models or passes.

One model and a system are not comparable, so figures mark systems and do not highlight them by
default. Runs record it since protocol version 2; for older ones, the caller can say.
"""

from ..results import Results
from .options import Options


def systems_of(results: Results, options: Options) -> set[str]:
    """Return the display names of systems.

    Args:
        results: Of any runs.
        options: With the names of registered algorithms that are systems.
    """
    runs = results.runs
    older = runs["delivery"].isna()
    named = runs["algorithm"].isin(list(options.systems)) | (runs["inference_passes"] > 1)
    return set(runs.loc[(runs["delivery"] == "system") | (older & named), "display_name"])
