"""The baseline: a file of known call sites, so that a new one is noticed and a gone one removed.

A site is function, module, qualified name and service, so that edits above it change nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shim.usage._call_sites import SiteKey
from shim.usage.safe import in_json, one_line, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

NAME: Final = "fxiaoke-shim.baseline.json"
VERSION: Final = 2


class BaselineError(Exception):
    """A baseline cannot be used. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A baseline compared with the sites that were seen.

    Attributes:
        new: Seen, and not in the baseline.
        gone: In the baseline, and not seen.
        kept: In both, as the baseline has them.
    """

    new: tuple[SiteKey, ...]
    gone: tuple[SiteKey, ...]
    kept: tuple[SiteKey, ...]


def compare(known: Iterable[SiteKey], seen: Iterable[SiteKey]) -> Comparison:
    """Compare a baseline with the sites that were seen.

    Python 3.10 has no qualified names, so a name without a dot matches all names that end with it;
    a baseline and logs may come from different Pythons. A site without a service matches that site
    in any service: baselines of version 1, logs of version 0.1 and tests have no services.
    """
    known, seen = sorted(set(known)), sorted(set(seen))
    were, are = _marks(known), _marks(seen)
    return Comparison(
        new=tuple(one for one in seen if _is_new(one, were)),
        gone=tuple(one for one in known if _is_new(one, are)),
        kept=tuple(one for one in known if not _is_new(one, are)),
    )


# None matches any name with this last part, or any service.
_Mark = tuple[str, str, str, "str | None", "str | None"]


def _marks(keys: Iterable[SiteKey]) -> set[_Mark]:
    """Return all marks by which keys are found."""
    return {
        (*key[:2], _last(key), name, service)
        for key in keys
        for name in (key.qualified_name, None)
        for service in (key.service, None)
    }


def _is_new(key: SiteKey, others: set[_Mark]) -> bool:
    last = _last(key)
    names = {key.qualified_name, last} if "." in key.qualified_name else {None}
    among = {key.service, ""} if key.service else {None}
    return others.isdisjoint((*key[:2], last, name, service) for name in names for service in among)


def _last(key: SiteKey) -> str:
    return key.qualified_name.rpartition(".")[2]


def named(key: SiteKey) -> str:
    """Return a site in words, as one line: `update_member in hr.Sync.push of hr-sync`."""
    where = ".".join(filter(None, (key.module, key.qualified_name)))
    service = f" of {key.service}" if key.service else ""
    return one_line(f"{key.function} in {where}{service}")


def load(path: Path) -> list[SiteKey]:
    """Return the sites of a baseline.

    Raises:
        BaselineError: It cannot be read, is no baseline, or has a newer version.
    """
    try:
        if path.exists() and not path.is_file():
            # Reading a pipe would wait, and a pipe cannot be written again.
            msg = f"{path}: cannot be read: it is not a regular file"
            raise BaselineError(msg)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        msg = f"{path}: there is no baseline yet; write one first"
        raise BaselineError(msg) from None
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read ({type(error).__name__})"
        raise BaselineError(msg) from None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        # Probably a conflict marker of a merge.
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "some line"
        msg = f"{path}: is not valid JSON at {place}; fix it, or write the baseline again"
        raise BaselineError(msg) from None
    return _sites(path, content)


def _sites(path: Path, content: Any) -> list[SiteKey]:
    version = content.get("version") if isinstance(content, dict) else None
    if type(version) is not int or version < 1:
        msg = f"{path}: is not a baseline: it has no version"
        raise BaselineError(msg)
    if version > VERSION:
        msg = (
            f"{path}: has version {version}, and this fxshim reads versions up to {VERSION}: "
            "update fxiaoke-shim, or write the baseline again with this version"
        )
        raise BaselineError(msg)
    sites = content.get("sites")
    if not isinstance(sites, list) or content.keys() != {"version", "sites"}:
        msg = f"{path}: should hold version and sites, a list, and nothing else"
        raise BaselineError(msg)
    names = SiteKey._fields[: 3 if version == 1 else None]
    return [_site(path, number, one, names) for number, one in enumerate(sites, 1)]


def _site(path: Path, number: int, given: Any, names: tuple[str, ...]) -> SiteKey:
    if (
        not isinstance(given, dict)
        or given.keys() != set(names)
        or not all(isinstance(value, str) for value in given.values())
    ):
        msg = f"{path}: site no. {number} should hold {', '.join(names)}, as strings"
        raise BaselineError(msg)
    return SiteKey(**given)


def save(path: Path, sites: Collection[SiteKey]) -> None:
    """Write a baseline, one site a line, so that merges are easy. A failure changes nothing.

    Raises:
        BaselineError: It cannot be written; the old file stays.
    """
    rows = (json.dumps(one._asdict(), ensure_ascii=False) for one in sorted(set(sites)))
    inner = ",\n".join(f"    {in_json(row)}" for row in rows)
    text = f'{{\n  "version": {VERSION},\n  "sites": [\n{inner}\n  ]\n}}\n'
    try:
        write_whole(path, text)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror})"
        raise BaselineError(msg) from None
