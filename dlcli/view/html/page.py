"""A page: parts below each other with a table of contents, all that it needs inside it, and nothing from the network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from dlcli import __version__
from dlcli.view.group import MemberShown, left_out_words
from dlcli.view.html.markup import asset, markup, unescaped
from dlcli.view.html.part import Part

STYLES, SCRIPTS = ("uplot.css", "page.css"), ("uplot.js", "page.js")


@dataclass(frozen=True)
class Page:
    """The title of a page, a line below it, its parts, and the members of groups that it is without."""

    title: str
    about: str
    parts: Sequence[Part]
    live: bool = False
    """Whether it goes on asking the board that served it."""
    left_out: Sequence[MemberShown] = ()
    asks: str | None = None
    """The name of a script, with its style, by which it asks the server that it came from."""

    @property
    def notes(self) -> list[str]:
        """What to know of all of its parts."""
        return [f"without {words}" for words in left_out_words(self.left_out)]


def page_html(page: Page) -> str:
    """The whole page as text. Its policy names the digests of the one style and the one script that may take effect."""
    own = "board" if page.live else page.asks
    names = [STYLES, SCRIPTS] if own is None else [(*STYLES, f"{own}.css"), (*SCRIPTS, f"{own}.js")]
    style, script = ("".join(f"\n{asset(name)}" for name in each) for each in names)
    policy = f"default-src 'none'; img-src data:; style-src {digest(style)}; script-src {digest(script)}; "
    policy += "base-uri 'none'; form-action 'none'" + ("" if own is None else "; connect-src 'self'")
    return str(
        markup("page", page=page, style=unescaped(style), script=unescaped(script), policy=policy, version=__version__)
    )


def digest(text: str) -> str:
    """What a policy calls a text by: nothing else that stands in the page can run or colour anything."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
