"""Make the picture of the report in docs/usage.md, of a made-up company in the middle of leaving.

`make screenshot` runs it. The log lines are written by the package's own events and read by its own
reader; only the company is invented.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shim.notices import NoticeEvent, OfflineCallFinished, OfflineUsageSummarized, ShadowCompared
from shim.notices._events import ProcessEnded, ProcessStarted
from shim.offline import ENDPOINTS
from shim.usage import read_usage
from shim.usage.figures import figures
from shim.usage.report import render
from shim.usage.verdict import Judge

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 26, 8, tzinfo=timezone.utc)
DAYS = 60
TARGET = date(2026, 12, 31)
SEED = 7
PICTURE = Path(__file__).with_name("report.png")
SIZE = 1280, 1560
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Story:
    """One call site, and how its calls change over the days."""

    service: str
    function: str
    module: str
    qualified_name: str
    line: int
    calls: int
    shadow: int
    object: int
    gone: int
    mismatches: float = 0.0

    def mode(self, day: int) -> str:
        """Return the mode of its calls on a day."""
        return "object" if day >= self.object else "shadow" if day >= self.shadow else "legacy"


STORIES = (
    Story(
        "hr-sync",
        "set_member_status_batch",
        "hr.integration.fxiaoke.leavers",
        "Departures.disable_leavers",
        1233,
        420,
        8,
        20,
        52,
    ),
    Story("hr-sync", "set_member_status_batch", "hr.returners", "enable", 18, 90, 8, 20, 29),
    Story("helpdesk", "set_member_status", "helpdesk.commands", "Lock.run", 71, 150, 12, 26, 27),
    Story("hr-sync", "update_member", "hr.sync", "Sync.push_changes", 204, 260, 16, 40, 99, 0.08),
    Story(
        "portal",
        "query_employee_info_by_open_user_id",
        "portal.views",
        "profile",
        52,
        610,
        14,
        30,
        28,
    ),
    Story("hr-sync", "get_department_list", "hr.sync", "Sync.pull_tree", 118, 24, 14, 34, 99, 0.02),
)


def lines() -> Iterator[str]:
    """Yield the log, day by day."""
    dice = random.Random(SEED)  # noqa: S311 - a made-up company.
    for day in range(DAYS):
        morning = NOW - timedelta(days=DAYS - 1 - day, hours=5)
        for service in dict.fromkeys(story.service for story in STORIES):
            for event in _process(service, morning):
                yield json.dumps({"event": event.name, **event.fields()})
        weekend = morning.weekday() >= 5  # noqa: PLR2004
        for number, story in enumerate(STORIES, 1):
            if day < story.gone:
                calls = int(story.calls * dice.uniform(0.85, 1.15) * (0.15 if weekend else 1))
                for event in _events(story, day, number, calls, dice):
                    yield json.dumps({"event": event.name, **event.fields()})


def _process(service: str, at: datetime) -> tuple[NoticeEvent, ...]:
    """Return what a process of a service logs besides its calls: it is restarted each day."""
    begin, end = (f"{at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}.000Z" for hours in (0, 4))
    instance = _instance(service, at)
    return (
        ProcessStarted(version="1", service=service, instance=instance, at=begin),
        ProcessEnded(version="1", calls=0, sites=0, service=service, instance=instance, at=end),
    )


def _instance(service: str, at: datetime) -> str:
    return f"{1000 + at.toordinal() % 9000}-{service.encode().hex()[:12]}"


def _events(
    story: Story, day: int, number: int, calls: int, dice: random.Random
) -> Iterator[NoticeEvent]:
    endpoint, mode = ENDPOINTS[story.function], story.mode(day)
    moment = NOW - timedelta(days=DAYS - 1 - day, hours=3)
    at = f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
    release = f"/srv/apps/{story.service}/releases/20260914103355/src"
    site: dict[str, Any] = {
        "code": endpoint.code,
        "function": story.function,
        "caller_file": f"{release}/{story.module.replace('.', '/')}.py",
        "caller_line": story.line,
        "caller_module": story.module,
        "caller_function": story.qualified_name,
        "service": story.service,
        "instance": _instance(story.service, moment),
        "at": at,
    }
    about: dict[str, Any] = {"replacement": str(endpoint.replacement), "address": endpoint.advice}
    finished = OfflineCallFinished(
        **site,
        mode=mode,
        reason="routes.0",
        site=number,
        calls=0,
        members=1,
        changed=1,
        unchanged=0,
        failed=0,
        accepted=0,
        planned=0,
        api_calls={},
        seconds=0.2,
        error_code=0,
        trace_id="",
        trace_id_count=0,
    )
    stamps = {name: site[name] for name in ("service", "instance", "at")}
    for call in range(1, calls + 1):
        yield replace(finished, calls=call, **stamps)
        if mode == "shadow":
            differs = dice.random() < story.mismatches
            yield ShadowCompared(
                **site,
                result="mismatch" if differs else "match",
                against="object",
                mismatches=(dice.choice(("errorCode", "employees[].position")),) if differs else (),
                expected=(),
                predicted_error_code=0,
                reason="",
                seconds=0.1,
            )
    yield OfflineUsageSummarized(
        **site, **about, site=number, calls=calls, mode=mode, overflow=False
    )


def page() -> str:
    """Return the report of that company."""
    with tempfile.NamedTemporaryFile("w", suffix=".log", encoding="utf-8", delete=False) as log:
        log.writelines(f"{line}\n" for line in lines())
    path = Path(log.name)
    try:
        usage = read_usage([str(path)], now=NOW)
    finally:
        path.unlink()
    known = {one.name: (one.code, str(one.replacement), one.advice) for one in ENDPOINTS.values()}
    return render(figures(usage, Judge(usage, 30), known, TARGET))


def main() -> None:
    """Write the page, and have a browser take its picture."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("there is no Chromium on PATH to take the picture with (Debian: chromium)")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.html")
        file.write_text(page(), encoding="utf-8")
        subprocess.run(  # noqa: S603 - the browser that was found.
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                f"--user-data-dir={folder}/profile",
                f"--window-size={SIZE[0]},{SIZE[1]}",
                f"--screenshot={PICTURE}",
                file.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
    print(f"wrote {PICTURE.name}, {PICTURE.stat().st_size // 1024} KB")  # noqa: T201


if __name__ == "__main__":
    main()
