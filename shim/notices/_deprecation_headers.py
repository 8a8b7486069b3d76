"""What an HTTP answer says about the end of its address. Text in, values out; no I/O.

`Deprecation` (RFC 9745) is `@` and seconds since 1970. Servers that follow one of its drafts send
`true`, `?1`, an HTTP date, or `version="…", date="…"`; some send an ISO date. `Sunset` (RFC 8594)
is an HTTP date. `Link` (RFC 8288) says where to read more, and what to use instead.

All of it comes from a server, so every text has a bound, and what cannot be read is left out.
For `_watch` only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELD_AT_MOST: Final = 1024
"""Characters of a date field that are looked at."""
LINKS_AT_MOST: Final = 8192
"""Characters of a `Link` field that are looked at."""
TARGET_AT_MOST: Final = 300
"""A longer target of a link is left out."""
_URL_AT_MOST: Final = 4096
_PATH_AT_MOST: Final = 200
_SEGMENTS_AT_MOST: Final = 12
_HOST_AT_MOST: Final = 255
_METHOD_AT_MOST: Final = 16

# Boolean forms, and those that people write. Anything else that is there means "deprecated".
_NOT_DEPRECATED: Final = frozenset({"", "false", "?0", "0", "no", "none", "null"})
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_DAY: Final = r"(?P<day>\d{1,2})"
_MONTH: Final = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]{{0,6}}"
_CLOCK: Final = r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
_ZONE: Final = r"(?P<zone>[+-]\d\d:?\d\d)"
_FORMS: Final = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        # IMF and RFC 850, asctime (the three forms of an HTTP date), ISO.
        rf"\b{_DAY}[ -]{_MONTH}[ -](?P<year>\d{{4}}|\d\d)\b(?: {_CLOCK}(?: ?{_ZONE})?)?",
        rf"\b{_MONTH} {{1,2}}{_DAY} {_CLOCK} (?P<year>\d{{4}})\b",
        rf"\b(?P<year>\d{{4}})-(?P<month>\d\d)-{_DAY}(?:[T ]{_CLOCK}(?:\.\d+)?{_ZONE}?)?",
    )
)
_EPOCH: Final = re.compile(r"(?:^|,)\s*@?(-?\d{1,15})(?:\.\d{1,9})?\s*(?=$|[;,])", re.ASCII)
# Larger numbers are milliseconds: as seconds they are later than the year 5000.
_MILLISECONDS_FROM: Final = 100_000_000_000
_SINCE_1970: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_CENTURY_FROM: Final = 70

_LINK: Final = re.compile(r"<([^<>]*)>([^<]*)")
_RELATION: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\";,]+))", re.IGNORECASE)
# A word of an address, as `batchSetStatus` or `v2`; ids, numbers, mail addresses are none.
_WORD: Final = re.compile(r"[A-Za-z]{1,24}(?:[._~-][A-Za-z]{1,24}){0,6}|[vV]\d{1,3}", re.ASCII)
_HOST: Final = re.compile(r"[\w.:\[\]-]+")
_METHOD: Final = re.compile(r"[A-Z]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class WatchedRoute:
    """Which address of a server was called, without what differs from call to call.

    Attributes:
        method: The HTTP method; `*` if it is no usual one.
        host: Host, and the port if the address names one; empty if it cannot be read.
        path: The path; each part that is no plain word is `{}`, for it may be an id.
    """

    method: str
    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a server says about the end of an address.

    Attributes:
        since: Since when it is deprecated, or from when on: UTC, ISO 8601. Empty: no date is said.
        sunset: When it stops to answer: UTC, ISO 8601. Empty: no date is said.
        documentation: Address of the page about it, without its query. Empty: none.
        successor: Address to use instead, without ids and without its query. Empty: none.
    """

    since: str
    sunset: str
    documentation: str
    successor: str


def announcement(deprecation: str, sunset: str, link: str, url: str) -> Announcement | None:
    """Return what an answer announces, or None if it announces no end of its address.

    Args:
        deprecation: The field `Deprecation`; empty if there is none. Several are joined by commas.
        sunset: The field `Sunset`, likewise.
        link: The field `Link`, likewise.
        url: The address that was requested; targets of links are relative to it.
    """
    since, ends = deprecation[:FIELD_AT_MOST], sunset[:FIELD_AT_MOST]
    if since.strip().strip('"').lower() in _NOT_DEPRECATED and not _dates(ends):
        return None
    documentation, successor = _targets(link[:LINKS_AT_MOST], url)
    return Announcement(_earliest(since), _earliest(ends), documentation, successor)


def route(method: str, url: str) -> WatchedRoute:
    """Return which address was called; no query, no credentials, and no ids as far as can be seen.

    Args:
        method: The HTTP method.
        url: The whole address.
    """
    host, path = "", ""
    try:
        parts = urlsplit(url[:_URL_AT_MOST])
        host = _host(parts.netloc)
        path = _template(parts.path)
    except ValueError:
        pass
    name = method.upper()
    usual = len(name) <= _METHOD_AT_MOST and _METHOD.fullmatch(name)
    return WatchedRoute(name if usual else "*", host, path)


def _earliest(field: str) -> str:
    found = _dates(field)
    return f"{min(found):%Y-%m-%dT%H:%M:%SZ}" if found else ""


def _dates(field: str) -> list[datetime]:
    """Every date in a field: a proxy may have added one of its own, or two were joined."""
    found = [_epoch(int(one)) for one in _EPOCH.findall(field)]
    found += [_calendar(one) for form in _FORMS for one in form.finditer(field)]
    # From 1000 on, for strftime writes earlier years in fewer digits.
    return [one for one in found if one is not None and one.year >= 1000]  # noqa: PLR2004


def _epoch(seconds: int) -> datetime | None:
    if abs(seconds) >= _MILLISECONDS_FROM:
        seconds //= 1000
    # No number that a service would mean, as the 1 of "true".
    if abs(seconds) <= 1:
        return None
    try:
        return _SINCE_1970 + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _calendar(found: re.Match[str]) -> datetime | None:
    part = found.groupdict()
    month = part["month"].lower()
    year = int(part["year"])
    if len(part["year"]) == len("94"):
        year += 1900 if year >= _CENTURY_FROM else 2000
    zone = (part.get("zone") or "+0000").replace(":", "")
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    try:
        local = datetime(
            year,
            _MONTHS.index(month) + 1 if month in _MONTHS else int(month),
            int(part["day"]),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            # A leap second.
            min(int(part["second"] or 0), 59),
            tzinfo=timezone.utc,
        )
        return local + offset if zone[0] == "-" else local - offset
    except (ValueError, OverflowError):
        return None


def _targets(field: str, url: str) -> tuple[str, str]:
    """Return the targets of the first link to the documentation, and to the successor."""
    documentation = successor = ""
    for target, relations in _links(field):
        if "deprecation" in relations or "sunset" in relations:
            documentation = documentation or _address(url, target, templated=False)
        if "successor-version" in relations:
            successor = successor or _address(url, target, templated=True)
    return documentation, successor


def _links(field: str) -> Iterator[tuple[str, list[str]]]:
    for target, parameters in _LINK.findall(field):
        relation = _RELATION.search(parameters)
        if relation:
            yield target, (relation[1] or relation[2] or "").lower().split()


def _address(base: str, target: str, *, templated: bool) -> str:
    try:
        parts = urlsplit(urljoin(base[:_URL_AT_MOST], target.strip()))
        host = _host(parts.netloc)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    path = _template(parts.path) if templated else parts.path
    fragment = f"#{parts.fragment}" if parts.fragment and not templated else ""
    address = f"{parts.scheme}://{host}{path}{fragment}"
    usable = len(address) <= TARGET_AT_MOST and address.isascii() and address.isprintable()
    return address if usable and " " not in address else ""


def _host(netloc: str) -> str:
    host = netloc.rpartition("@")[2].lower()
    return host if len(host) <= _HOST_AT_MOST and _HOST.fullmatch(host) else ""


def _template(path: str) -> str:
    segments = path.split("/")
    some = segments[: _SEGMENTS_AT_MOST + 1]
    template = "/".join(one if not one or _WORD.fullmatch(one) else "{}" for one in some)
    if len(some) < len(segments) or len(template) > _PATH_AT_MOST:
        return f"{template[:_PATH_AT_MOST]}…"
    return template
