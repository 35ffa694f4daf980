"""The tables and generated sentences of the page."""

import pandas as pd
from scipy.stats import kendalltau

from fusefront.results.statistics.comparison import (
    mean_ranks,
    over_problems,
    rank_test,
    ranks,
    scored,
)
from fusefront.results.tables.notes import unranked

from .claims import CONSTANT, MERGED, Claims, interval
from .study import DIRECTION, METRIC, RANKED, SOUP, Study

TOP = 15
REFERENCES = [SOUP, "simple-average", "task-arithmetic", "experts"]
LARGE = ((1e6, "M"), (1e3, "k"))


def overall(study: Study, claims: Claims) -> pd.DataFrame:
    """Return all ranked algorithms, best mean rank first; `*` marks missing runs."""
    found = mean_ranks(study.rivals, direction=DIRECTION)
    counts = study.rivals.groupby("display_name")["value"].count()
    whole = counts.reindex(found.index) == study.runs_each
    frame = pd.DataFrame(index=found.index.rename("algorithm"))
    frame["rank"] = [
        f"{r:.1f}{'' if ok else '*'}" for r, ok in zip(found["rank"], whole, strict=True)
    ]
    frame["by hypervolume"] = _second_opinion(study).reindex(frame.index)
    frame = frame.join(_described(study, RANKED))
    place = list(frame.columns).index("units")
    frame.insert(place, "gain over soup", _gains(claims))
    frame.insert(place + 1, "beats soup", _beaten(claims, SOUP))
    frame.insert(place + 2, "beats merged constant", _beaten(claims, MERGED))
    frame.insert(place + 3, "beats constant", _beaten(claims, CONSTANT))
    frame = frame.fillna("")
    frame.attrs["best"] = _least(study)
    return frame


def apart(study: Study, kind: str) -> pd.DataFrame:
    """Return the algorithms of a kind that is not ranked with the others."""
    frame = _described(study, kind)
    passes = scored(study.results, "inference-passes").groupby("display_name")["value"].mean()
    frame["passes"] = passes.reindex(frame.index).map("{:.1f}".format)
    return frame.sort_index().fillna("")


def of_problem(study: Study, claims: Claims, problem: str) -> pd.DataFrame:
    """Return the best on one problem, then the reference methods that are not among them."""
    rivals = study.rivals[study.rivals["problem"] == problem]
    order = ranks(rivals, direction=DIRECTION)[problem].sort_values(kind="stable")
    marks = {
        study.merged_constants.get(problem): " (best merged constant)",
        study.constants.get(problem): " (best constant)",
    }
    shown = [*order.index[:TOP], *(n for n in [*REFERENCES, *marks] if n in order.index)]
    names = list(dict.fromkeys(shown))
    frame = pd.DataFrame({"rank": order[names].map("{:g}".format)}).join(
        study.kinds[["family", "output", "space"]]
    )
    for metric in (METRIC, "hypervolume", "corner-gap"):
        scores = scored(study.results, metric)
        means = over_problems(scores, {problem: "one"}).droplevel("group")
        frame[metric] = _spread(means)
        if metric == METRIC:
            frame = frame.join(_single_gains(claims, problem))
    costs = study.costs[study.costs["problem"] == problem]
    frame = frame.join(_costs(costs)[["seconds", "storage"]]).fillna("")
    labels = [f"{name}{marks.get(name, '')}" for name in frame.index]
    return frame.set_axis(pd.Index(labels, name="algorithm"))


def status(study: Study) -> str:
    """Count the runs, and list those without a result."""
    runs = study.results.runs
    counts = runs["status"].value_counts()
    missing = study.runs_each * runs["display_name"].nunique() - len(runs)
    words = [f"{count} {word}" for word, count in counts.items()]
    words += [f"{missing} not computed yet"] if missing else []
    lines = [f"{len(runs)} runs: {', '.join(words)}."]
    for word in ("failed", "skipped"):
        why = runs[runs["status"] == word].assign(
            why=lambda own: own["reason"].fillna(own["error_class"]).fillna("no reason")
        )
        groups = why.groupby(["display_name", "why"])["problem"].agg(["count", "unique"])
        lines += [
            f"{count} {word}: `{name}` on {', '.join(problems)} ({reason})."
            for name, reason, count, problems in groups.reset_index().itertuples(index=False)
        ]
    return "\n".join(f"- {line}" for line in lines)


def conditions(study: Study) -> str:
    """Describe budget, seeds, problems, algorithms and the resolution of the test sets."""
    runs, resolution = study.results.runs, study.results.problems["resolution"].dropna()
    budgets = ", ".join(f"{int(b):,}" for b in sorted(runs["budget_units"].dropna().unique()))
    return (
        f"Budget per fit: {budgets or 'no cap'} units; {study.seeds} seeds; "
        f"{len(study.groups)} problems; {runs['display_name'].nunique()} algorithms. One standard "
        "error of a test accuracy corresponds to "
        f"{1 / resolution.max():.3f} to {1 / resolution.min():.3f} in g on these problems."
    )


def constants(study: Study) -> str:
    """List the best constants of each problem, with their scores."""
    means = study.rivals.groupby(["problem", "display_name"])["value"].mean()
    return "\n".join(
        f"- {problem}: `{merged}` ({means[problem, merged]:.3f}) is the best merged constant, "
        f"`{constant}` ({means[problem, constant]:.3f}) the best of all."
        for problem, merged, constant in _baselines(study)
    )


def _baselines(study: Study) -> list[tuple[str, str, str]]:
    known = [problem for problem in study.groups if problem in study.merged_constants]
    return [(p, study.merged_constants[p], study.constants[p]) for p in known]


def test_of_ranks(study: Study) -> str:
    """Describe Friedman's test of the ranks."""
    each = ranks(study.rivals, direction=DIRECTION)
    found = rank_test(each)
    if found is None:
        return "Too few problems for a test of the ranks."
    means = each.mean(axis=1)
    close = (means <= means.min() + found.critical_difference).sum()
    return (
        f"Friedman's test over {found.algorithms} algorithms with a rank on all {found.problems} "
        f"problems, with problems as blocks: chi-squared {found.statistic:.1f}, p = "
        f"{found.p_value:.2g} by Iman and Davenport's F. Nemenyi's critical difference at 5 % is "
        f"{found.critical_difference:.1f} mean ranks, and {close} of the {found.algorithms} are "
        "this close to the first."
    )


def agreement(study: Study) -> str:
    """Compare the orders by expected utility and by hypervolume, problem by problem."""
    utility = ranks(study.rivals, direction=DIRECTION)
    volume = ranks(_volumes(study), direction="maximise")
    found = {
        problem: kendalltau(utility[problem], volume[problem].reindex(utility.index)).statistic
        for problem in volume.columns
    }
    taus = ", ".join(f"{tau:.2f} on {problem}" for problem, tau in found.items())
    return f"Kendall's tau between the orders by expected utility and by hypervolume: {taus}."


def _described(study: Study, kind: str) -> pd.DataFrame:
    """Return labels, scores by group and costs of the algorithms of a kind."""
    frame = study.kinds[study.kinds["kind"] == kind].drop(columns="kind")
    means = over_problems(study.scores, study.groups)
    known = set(means.index.get_level_values("group"))
    for group, column in _columns(study).items():
        frame[column] = _spread(means.loc[[group]].droplevel(0)) if group in known else ""
    return frame.join(_costs(study.costs))


def _second_opinion(study: Study) -> "pd.Series[str]":
    """Return mean ranks by hypervolume up to the pretrained model, where it can rank."""
    return mean_ranks(_volumes(study), direction="maximise")["rank"].map("{:.1f}".format)


def _volumes(study: Study) -> pd.DataFrame:
    scores = scored(study.results, "hypervolume")
    empty = unranked(study.results, study.results.scores_of("hypervolume"))
    return scores[scores["display_name"].isin(study.names(RANKED)) & ~scores["problem"].isin(empty)]


def _costs(costs: pd.DataFrame) -> pd.DataFrame:
    """Return mean costs over runs, as texts."""
    means = costs.pivot_table(index="display_name", columns="cost", values="value")
    return pd.DataFrame(
        {
            "units": means["units"].map(_short),
            "seconds": means["wall-seconds"].map("{:.2g}".format),
            "storage": means["storage"].map("{:.2f}".format),
            "peak MB": (means["peak-bytes"] / 1e6).map("{:.1f}".format),
        }
    )


def _spread(means: pd.DataFrame) -> "pd.Series[str]":
    """Return texts `mean (standard deviation)`, with the number of seeds if some have no score."""
    most = means["seeds"].max()
    texts = [
        f"{mean:.3f}{f' ({spread:.3f})' if seeds > 1 else ''}"
        + (f" [{seeds} of {most} seeds]" if seeds < most else "")
        for mean, spread, seeds in means[["mean", "spread", "seeds"]].itertuples(index=False)
    ]
    return pd.Series(texts, index=means.index)


def _gains(claims: Claims) -> "pd.Series[str]":
    """Return mean gains over the soup with their interval over problems."""
    own = claims.general[claims.general["against"] == SOUP].set_index("display_name")
    texts = [interval(*row) for row in own[["gain", "low", "high"]].itertuples(index=False)]
    return pd.Series(texts, index=own.index)


def _single_gains(claims: Claims, problem: str) -> pd.DataFrame:
    """Return gains over the soup on one problem, and their range over seeds."""
    own = claims.of(SOUP)
    own = own[own["problem"] == problem].set_index("display_name")
    sure = (own["survives"] | own["refuted"]).map({True: "*", False: ""})
    texts = {
        "gain over soup": own["gain"].map("{:.3f}".format)
        + own["margin"].map(" ± {:.3f}".format)
        + sure,
        "over seeds": own["low"].map("[{:.3f}, ".format) + own["high"].map("{:.3f}]".format),
    }
    return pd.DataFrame(texts)


def _beaten(claims: Claims, against: str) -> "pd.Series[str]":
    """Return on how many problems the baseline is beaten, and the comparisons that survive."""
    found = claims.of(against).groupby("display_name")[["better", "survives", "refuted"]].sum()
    lost = against == SOUP  # nothing is refuted by the other baselines
    texts = [
        f"{better} (+{survives}{f' -{refuted}' if lost else ''})"
        for better, survives, refuted in found.itertuples(index=False)
    ]
    return pd.Series(texts, index=found.index)


def _least(study: Study) -> list[tuple[str, str]]:
    """Return the cells of the best score of each group, which are set in bold."""
    found = over_problems(study.rivals, study.groups)
    means = found.loc[found["complete"], "mean"]
    columns = _columns(study)
    return [(name, columns[group]) for group, name in means.groupby("group").idxmin()]


def _columns(study: Study) -> dict[str, str]:
    """Return the heading of each group, with its number of problems."""
    groups = list(study.groups.values())
    return {group: f"{group} ({groups.count(group)}) ↓" for group in dict.fromkeys(groups)}


def _short(value: float) -> str:
    for factor, suffix in LARGE:
        if value >= factor:
            return f"{value / factor:.3g}{suffix}"
    return f"{value:.3g}"
