"""The comparisons that the page makes, their tests, and which of them survive correction."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pandas as pd

from fusefront.results.statistics.comparison import (
    beats,
    example_errors,
    example_test,
    holm,
    problem_test,
    rank_test,
    ranks,
)

from .study import DIRECTION, SOUP, Study

LEVEL: Final = 0.05
MERGED: Final = "the best merged constant"
CONSTANT: Final = "the best constant"
SEARCHES: Final = ("nsga2", "nsga3", "moead", "sms-emoa", "rvea", "age-moea")
PAIRS: Final = (
    *(("pamal", rival) for rival in ("lorpman", "palora")),
    *(
        ("pwemoe-corner-exact", rival)
        for rival in ("pwemoe-ls", "qlognparego", "cma-es", "map", "sobol-pool")
    ),
    *(("sobol-pool", rival) for rival in SEARCHES),
    *((name, "sobol-pool") for name in ("qlognparego", "cma-es", "map")),
    ("regmean-plus-plus", "regmean"),
    *((name, rival) for rival in (SOUP, "pamal") for name in ("tall-masks", "emr")),
    ("logits-fusion", SOUP),
)
"""Algorithms that the text compares with each other, beside all of them with the baselines."""


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Every comparison of the page, corrected together: columns `p_value` and `holm`."""

    study: Study

    @cached_property
    def single(self) -> pd.DataFrame:
        """Comparisons on one problem: a row by `against`, `problem` and `display_name`.

        `survives` means better after correction, `refuted` worse. Nothing is refuted by the best
        constants, whose scores are flattered since they were chosen by them.
        """
        own = self._single[self._single["display_name"] != self._single["baseline"]]
        corrected = own.assign(holm=self._corrected.loc["single"])
        sure = corrected["holm"] <= LEVEL
        return corrected.assign(
            survives=sure & corrected["better"],
            refuted=sure & (corrected["gain"] < 0) & ~corrected["against"].isin([MERGED, CONSTANT]),
        )

    @cached_property
    def general(self) -> pd.DataFrame:
        """Comparisons with problems as units: a row by `against` and `display_name`."""
        return self._general.assign(holm=self._corrected.loc["general"])

    @property
    def number(self) -> int:
        """The number of comparisons, which include the test of the ranks."""
        return len(self._corrected)

    def of(self, against: str) -> pd.DataFrame:
        """Return the single comparisons with one baseline."""
        return self.single[self.single["against"] == against]

    @cached_property
    def _single(self) -> pd.DataFrame:
        study = self.study
        baselines: dict[str, str | Mapping[str, str]] = {
            SOUP: SOUP,
            MERGED: study.merged_constants,
            CONSTANT: study.constants,
        }
        frames = [
            beats(study.rivals, baseline, direction=DIRECTION).assign(against=name)
            for name, baseline in baselines.items()
        ]
        frames += [
            beats(
                study.scores[study.scores["display_name"].isin([name, rival])],
                rival,
                direction=DIRECTION,
            ).assign(against=f"{rival} ({name})")
            for name, rival in PAIRS
        ]
        errors = example_errors(study.results)
        return example_test(pd.concat(frames, ignore_index=True), errors)

    @cached_property
    def _general(self) -> pd.DataFrame:
        tested = {
            against: problem_test(
                own.pivot_table(index="display_name", columns="problem", values="gain")
            )
            for against, own in self._single.groupby("against", sort=False)
        }
        general = pd.concat(tested, names=["against"]).reset_index()
        itself = (general["low"] == 0) & (general["high"] == 0)  # a baseline against itself
        return general[~itself].reset_index(drop=True)

    @cached_property
    def _corrected(self) -> "pd.Series[float]":
        own = self._single[self._single["display_name"] != self._single["baseline"]]
        families = {"single": own["p_value"], "general": self._general["p_value"]}
        found = rank_test(ranks(self.study.rivals, direction=DIRECTION))
        if found is not None:
            families["ranks"] = pd.Series([found.p_value])
        return holm(pd.concat(families))


def pairs(claims: Claims) -> pd.DataFrame:
    """Return the comparisons of two algorithms, with gain, interval and what survives."""
    rows = {}
    general = claims.general.set_index("against")
    for name, rival in PAIRS:
        against = f"{rival} ({name})"
        single = claims.of(against)
        gain, low, high, p_value, corrected = (
            float(general[column].to_dict()[against])
            for column in ("gain", "low", "high", "p_value", "holm")
        )
        rows[f"{name} against {rival}"] = {
            "gain over problems": interval(gain, low, high),
            "p": f"{p_value:.3f}",
            "Holm": f"{corrected:.2f}",
            "better on": int(single["better"].sum()),
            "survive": _names(single[single["survives"]], "problem"),
            "worse, survive": _names(single[single["refuted"]], "problem"),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("comparison")


def survivors(claims: Claims) -> str:
    """List the gains over the baselines on single problems that survive correction."""
    lines = []
    for against in (SOUP, MERGED, CONSTANT):
        own = claims.of(against)
        sure = own[own["survives"]].sort_values("gain", ascending=False)
        worse = f", and {own['refuted'].sum()} of {(own['gain'] < 0).sum()} higher ones"
        lines.append(
            f"Against {_code(against)}, {len(sure)} of {own['better'].sum()} lower means survive"
            f"{worse if against == SOUP else ''}:"
        )
        lines += [
            f"  - {problem}: "
            + ", ".join(
                f"`{name}` ({gain:.3f} ± {margin:.3f})"
                for name, gain, margin in found[["display_name", "gain", "margin"]].itertuples(
                    index=False
                )
            )
            for problem, found in sure.groupby("problem")
        ]
    return "\n".join(line if line.startswith(" ") else f"- {line}" for line in lines)


def counts(claims: Claims) -> str:
    """State the size of the family and the smallest p-value over problems."""
    n, general = claims.study.rivals["problem"].nunique(), claims.general
    single, margins = claims.single, claims.of(SOUP)["margin"]
    needed = n
    while 2.0 ** (1 - needed) * claims.number > LEVEL:
        needed += 1
    survive = single["survives"].sum() + single["refuted"].sum()
    return (
        f"The page makes {claims.number:,} comparisons: {len(single):,} on single problems, "
        f"{len(general)} over problems and the test of the ranks. Over problems, the least p-value "
        f"is {general['p_value'].min():.3f} and the least corrected one "
        f"{general['holm'].min():.2f}. For any to survive, {needed} problems would be needed. On "
        f"single problems, {survive} survive. Half of the 95 % interval of a gain over the soup is "
        f"{margins.min():.2f} to {margins.max():.2f} there, with a median of "
        f"{margins.median():.2f}."
    )


def interval(gain: float, low: float, high: float) -> str:
    """Return a mean gain with its interval over problems."""
    return f"{gain:.3f} [{low:.3f}, {high:.3f}]"


def _names(rows: pd.DataFrame, column: str) -> str:
    return ", ".join(rows[column]) or "none"


def _code(against: str) -> str:
    return f"`{against}`" if against == SOUP else against
