"""plotly.js as it travels in a page: compressed once, and the hashes that let it run."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotlyScript:
    """The script and what a content-security policy must say to admit it."""

    packed: str
    """gzip, base64; the same bytes every time."""
    text: str
    """plotly.min.js itself."""
    script_hash: str
    """'sha256-…' of the script's text."""
    style_hashes: tuple[str, ...]
    """'sha256-…' of the style sheets it inserts."""


def sha256(text: str) -> str:
    """A hash source of a content-security policy.

    >>> sha256("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def plotly_script() -> PlotlyScript:
    """The script of the installed plotly, compressed without a time stamp."""
    from importlib.resources import files

    # plotly.offline.get_plotlyjs() reads the same file, after importing all of plotly
    text = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    packed = base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()
    return PlotlyScript(
        packed=packed,
        text=text,
        script_hash=sha256(text),
        style_hashes=tuple(sorted(sha256(s) for s in inserted_styles(text))),
    )


def inserted_styles(script: str) -> list[str]:
    r"""Style sheets that the script inserts as text, unescaped as a JavaScript engine would.

    >>> inserted_styles(r"e.textContent='.map{content:\'x\'}';")
    [".map{content:'x'}"]
    """
    found = re.findall(r"\.textContent=(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")", script)
    styles = [a or b for a, b in found]
    return [re.sub(r"\\(.)", r"\1", s) for s in styles if "{" in s]
