"""The page of a report: everything in one file, which opens no connection."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..plots.style import COLOURS
from .safe import as_json, script_hash
from .vendored import SCRIPTS, STYLES, embedded, libraries

_OWN: Final = files(__package__) / "assets"
OWN_SCRIPTS: Final = ("common.js", "fronts.js", "figures.js", "tables.js", "report.js")
_DARK: Final = {
    "#000000": "#FFFFFF",
    "#0072B2": "#4BA3DE",
    "#882255": "#D4709F",
    "#332288": "#A99BFF",
}
"""Lighter versions, for dark backgrounds, of the colours that would be too dark there."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a page shows.

    Attributes:
        title: Of the page.
        summary: Sentences.
        caption: Of the leaderboard.
        data: For the scripts; see `figure_data` and `write_report`.
        sections: Rows of texts: `conditions`, `failures`, `provenance` and `references`.
    """

    title: str
    summary: list[str]
    caption: str
    data: dict[str, Any]
    sections: dict[str, list[list[str]]]


def render_page(content: Content) -> str:
    """Return the HTML of a report. Texts of results are escaped, and never markup or code."""
    scripts = [*map(embedded, SCRIPTS), *((_OWN / name).read_text("utf-8") for name in OWN_SCRIPTS)]
    policy = (
        f"default-src 'none'; script-src {' '.join(map(script_hash, scripts))}; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    environment = Environment(
        loader=PackageLoader(str(__package__), "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    styles = [*map(embedded, STYLES), colours(), (_OWN / "report.css").read_text("utf-8")]
    return environment.get_template("report.html.jinja").render(
        content=content,
        policy=policy,
        # These texts are files of this package, and the data have no `<`.
        scripts=[Markup(text) for text in scripts],
        styles=[Markup(text) for text in styles],
        data=Markup(as_json(content.data)),
        libraries=libraries(),
    )


def colours() -> str:
    """Return the colours of algorithms as custom properties, for light and dark backgrounds."""
    light = "".join(f"--c{i}:{colour};" for i, colour in enumerate(COLOURS))
    dark = "".join(f"--c{i}:{_DARK.get(colour, colour)};" for i, colour in enumerate(COLOURS))
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
