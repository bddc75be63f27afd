"""Reads a page as a browser and a screen reader would, to ask what it holds: tags that are closed, tables, charts, pictures."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "img", "link", "br", "hr", "input"}
DRAWN = {"rect", "path", "line", "circle"}


@dataclass
class PageRead(HTMLParser):
    """What stands in a page; `text` is what a person reads, `charts` the JSON of each, `faults` what is wrong with it."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    charts: list[Any] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in VOID | DRAWN:
            self.open.append((tag, given))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.faults.append(f"</{tag}> where {self.open[-1][0] if self.open else 'nothing'} is open")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        tag, given = self.open[-1] if self.open else ("", {})
        if tag == "style":
            self.styles.append(data)
        elif tag == "script" and given.get("type") == "application/json":
            self.charts.append(json.loads(data))
        elif tag == "script":
            self.scripts.append(data)
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [given for name, given in self.tags if name == tag]

    def having(self, key: str) -> list[str]:
        return [str(given[key]) for _, given in self.tags if key in given]


def read_page(content: str) -> PageRead:
    """The page, with everything that is wrong with it in `faults`."""
    page = PageRead()
    page.feed(content)
    page.close()
    page.faults += [f"<{tag}> is never closed" for tag, _ in page.open]
    ids = page.having("id")
    page.faults += [f"the id {each} stands twice" for each in {*ids} if ids.count(each) > 1]
    page.faults += [
        f"a link to {each}"
        for each in page.having("href")
        if each != "data:," and (each[:1] != "#" or each[1:] not in ids)
    ]
    page.faults += [
        f"loads {each[:40]}" for each in page.having("src") if not each.startswith("data:image/png;base64,")
    ]
    page.faults += [
        f"the attribute {key}" for _, given in page.tags for key in given if key.startswith("on") or key == "style"
    ]
    page.faults += [
        "a head of a table without scope" for each in page.all("th") if each.get("scope") not in {"row", "col"}
    ]
    page.faults += ["a head of a table without words"] * len(re.findall(r"<th[^>]*>\s*</th>", content))
    page.faults += ["a picture without words" for each in page.all("img") if not each.get("alt")]
    page.faults += [f"named by {each}" for each in page.having("aria-labelledby") if each not in ids]
    page.faults += check_frame(page) + check_charts(page) + check_policy(page)
    return page


def check_frame(page: PageRead) -> list[str]:
    """Language, width, landmarks, one heading of the page, and no level of headings left out."""
    names = [tag for tag, _ in page.tags]
    once = [
        "h1",
        "main",
        "header",
        *(["nav"] if names.count("section") > 1 else []),
    ]  # a single part needs no way to it
    faults = [f"{names.count(tag)} times <{tag}>" for tag in once if names.count(tag) != 1]
    faults += [] if page.all("html")[0].get("lang") == "en" else ["no language"]
    levels = [int(tag[1]) for tag in names if re.fullmatch(r"h[1-6]", tag)]
    return faults + [f"h{after} below h{before}" for before, after in itertools.pairwise(levels) if after > before + 1]


def check_charts(page: PageRead) -> list[str]:
    """Each chart has words, can be reached by keys, and stands beside a table of its values."""
    plots = [given for given in page.all("div") if given.get("class") == "plot"]
    tables = page.all("details")
    faults = [
        "a chart without words or keys" for each in plots if not each.get("aria-label") or each.get("tabindex") != "0"
    ]
    faults += [] if len(plots) == len(page.charts) <= len(tables) else ["charts and their data or tables differ"]
    lengths = [{len(chart["x"]["values"]), *(len(line["values"]) for line in chart["lines"])} for chart in page.charts]
    return faults + ["a chart whose lines are not as long as its axis" for each in lengths if len(each) > 1]


def check_policy(page: PageRead) -> list[str]:
    """The policy lets nothing be loaded, and nothing run or style but what stands here."""
    [policy] = [
        str(each["content"]) for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    wanted = {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
    faults = [f"the policy of {name}" for name, value in wanted.items() if rules.get(name) != value]
    for name, texts in (("script-src", page.scripts), ("style-src", page.styles)):
        digests = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts}
        faults += [] if {*rules[name].split()} == digests and len(texts) == 1 else [f"the policy of {name}"]
    return faults
