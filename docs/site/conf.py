"""Configuration of Sphinx; `docs.site` passes the folder of assembled pages."""

from importlib.metadata import version as package_version

from docs.site.docstrings import convert_fences

project = "fusefront"
author = "the fusefront authors"
version = release = package_version("fusefront")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "markdown"}
root_doc = "index"
nitpicky = True
# No intersphinx: its inventories are fetched, and the site must build offline. So types in
# signatures that are not documented here (of other packages, or private) stay without a link.
nitpick_ignore_regex = [(r"py:.*", r".*")]

default_role = "code"  # docstrings write `name` as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
autodoc_inherit_docstrings = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # attributes as a list, not as one index entry each

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
suppress_warnings: list[str] = []

html_theme = "furo"
html_title = f"fusefront {release}"
html_static_path: list[str] = []
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "default"
pygments_dark_style = "github-dark"


def follow_imported(app, module, attribute):  # type: ignore[no-untyped-def] # as below
    """Return where a name is defined, for the links to source code.

    Annotated types such as `Fraction` say that they are defined in `builtins`, as `float` is.
    """
    return module if module == "fusefront.domains" else None


def setup(app):  # type: ignore[no-untyped-def] # Sphinx calls it with its application
    """Connect the conversion of docstrings, and the places of names."""
    app.connect("autodoc-process-docstring", convert_fences)
    app.connect("viewcode-follow-imported", follow_imported)
    return {"parallel_read_safe": True}
