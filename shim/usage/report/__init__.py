"""The report: all that the logs say as one page that needs nothing beside it.

The page is whole without scripts; they only sort, filter and switch between light and dark. Text
gets into it through Jinja's escaping alone, and its policy lets it load nothing and run nothing but
its own style and script.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from shim.usage.report.chart import Chart
from shim.usage.safe import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CODE: Final = re.compile(r"FXO\d{3}")
_MODES: Final = ("object", "shadow", "dry_run", "legacy", "routed")


def render(data: Mapping[str, Any]) -> str:
    """Return the page.

    Args:
        data: What `shim.usage.figures.figures` returns.
    """
    environment = Environment(
        loader=DictLoader({"page": _read("page.html.jinja")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters.update(
        number="{:,}".format,
        percent="{:.1%}".format,
        minute=_minute,
        day=_day,
        breakable=_breakable,
        parted=_parted,
    )
    style, script = _read("page.css"), _read("page.js")
    return environment.get_template("page").render(
        data=data,
        log=data["log"],
        functions=[one for one in data["functions"] if one["sites"]],
        silent=[one for one in data["functions"] if not one["sites"]],
        sites=data["sites"],
        codes=_codes(data["functions"]),
        calls=sum(one["calls"] for one in data["functions"]),
        compared=sum(one["compared"] for one in data["functions"]),
        mismatched=sum(one["mismatched"] for one in data["functions"]),
        chart=Chart.of(data["days"], data["log"]["days"], data["target"]),
        modes=_MODES,
        shares=_shares,
        # Ours, not the data's: the one thing that is not escaped.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _day(at: str) -> str:
    return at[:10]


def _shown(value: Any) -> Any:
    """Return what a template prints, without characters that turn the text around."""
    return plain(value) if type(value) is str else value


def _codes(functions: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the functions that were called by their codes, which become anchors."""
    codes: dict[str, list[Mapping[str, Any]]] = {}
    for one in functions:
        if one["sites"] and _CODE.fullmatch(one["code"]):
            codes.setdefault(one["code"], []).append(one)
    return dict(sorted(codes.items()))


def _parted(verdict: Mapping[str, Any]) -> tuple[str, str]:
    """Return a verdict's text and, apart from it, the line that called."""
    if verdict["state"] != "called":
        return verdict["text"], ""
    text, _, place = verdict["text"].partition(" at ")
    return text, place


def _breakable(name: str) -> Markup:
    """Return a name, escaped, that may go on in the next line after a mark."""
    text = str(escape(plain(name)))
    return Markup(re.sub(r"(?<=[_./])(?=\w)", "<wbr>", text))  # noqa: S704 - escaped just now.


def _shares(modes: Mapping[str, int]) -> list[tuple[str, int, float, float]]:
    """Return each mode with its calls and where its part of a bar of 100 begins and how long."""
    total, begins, parts = sum(modes.values()), 0.0, []
    for mode in sorted(modes, key=lambda one: _MODES.index(one) if one in _MODES else len(_MODES)):
        length = modes[mode] / total * 100
        parts.append((mode, modes[mode], round(begins, 2), round(length, 2)))
        begins += length
    return parts
