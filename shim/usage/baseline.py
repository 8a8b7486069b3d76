"""The ratchet: a file of known call sites that may lose some and never gain one unseen.

A site is function, module and qualified name, so that an edit above it changes nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shim.usage.model import SiteKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

NAME: Final = "fxiaoke-shim.baseline.json"
VERSION: Final = 2


class BaselineError(Exception):
    """A baseline cannot be used; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A baseline beside what was seen.

    Attributes:
        new: Seen, and not in the baseline.
        gone: In the baseline, and not seen.
        kept: In both, as the baseline has them.
    """

    new: tuple[SiteKey, ...]
    gone: tuple[SiteKey, ...]
    kept: tuple[SiteKey, ...]


def compare(known: Iterable[SiteKey], seen: Iterable[SiteKey]) -> Comparison:
    """Compare a baseline with what was seen.

    Python 3.10 knows no qualified names, so that one without a dot there stands for all that end
    like it; a baseline and logs may come from different Pythons.
    """
    known, seen = sorted(set(known)), sorted(set(seen))
    kept = [one for one in known if any(_same(one, other) for other in seen)]
    return Comparison(
        new=tuple(one for one in seen if not any(_same(other, one) for other in known)),
        gone=tuple(one for one in known if one not in kept),
        kept=tuple(kept),
    )


def _same(one: SiteKey, other: SiteKey) -> bool:
    if one[:2] != other[:2]:
        return False
    # Of version 1, and in logs of version 0.1, no service is known.
    if one.service != other.service and one.service and other.service:
        return False
    names = one.qualified_name, other.qualified_name
    if names[0] == names[1]:
        return True
    short = any("." not in name for name in names)
    return short and names[0].rpartition(".")[2] == names[1].rpartition(".")[2]


def load(path: Path) -> list[SiteKey]:
    """Return the sites of a baseline.

    Raises:
        BaselineError: It cannot be read, is none, or is of a newer version.
    """
    try:
        if path.exists() and not path.is_file():
            # A pipe would be waited for, and could not be written again.
            msg = f"{path}: cannot be read: it is no regular file"
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
        # A conflict marker of a merge, most likely.
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "some line"
        msg = f"{path}: is not valid JSON at {place}; mend it, or write it anew"
        raise BaselineError(msg) from None
    return _sites(path, content)


def _sites(path: Path, content: Any) -> list[SiteKey]:
    version = content.get("version") if isinstance(content, dict) else None
    if type(version) is not int or version < 1:
        msg = f"{path}: is no baseline: it has no version"
        raise BaselineError(msg)
    if version > VERSION:
        msg = (
            f"{path}: is of version {version}, and this fxshim knows versions up to {VERSION}: "
            "update fxiaoke-shim, or write the baseline anew with this one"
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
    """Write a baseline: whole or not at all, a site a line, so that merges are easy.

    Raises:
        BaselineError: It cannot be written; what was there stays.
    """
    lines = [json.dumps(one._asdict(), ensure_ascii=False) for one in sorted(set(sites))]
    inner = ",\n".join(f"    {line}" for line in lines)
    text = f'{{\n  "version": {VERSION},\n  "sites": [\n{inner}\n  ]\n}}\n'
    # Through a link to the file itself, and with its permissions.
    target = path.resolve()
    beside = ""
    try:
        descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with open(descriptor, "w", encoding="utf-8", errors="replace", newline="\n") as out:  # noqa: PTH123 - a descriptor.
            out.write(text)
        mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
        os.chmod(beside, mode)  # noqa: PTH101 - beside is a name.
        os.replace(beside, target)  # noqa: PTH105 - as above.
    except OSError as error:
        with suppress(OSError):
            os.unlink(beside)  # noqa: PTH108 - as above.
        msg = f"{path}: cannot be written ({error.strerror})"
        raise BaselineError(msg) from None


def _umask() -> int:
    # There is no way to ask but to set it.
    umask = os.umask(0o22)
    os.umask(umask)
    return umask
