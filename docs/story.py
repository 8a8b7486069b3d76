"""The story in MIGRATION.md, played: a service leaves the offline API step by step.

    python docs/story.py            prints it
    python docs/story.py --write    puts it into MIGRATION.md (`make derived` does)

Twenty sandboxes are the service's tenants, and the calendar is made up; all else is real: the
service (`examples/hr_service.py`), the settings file that is turned under it, the log, and what
`fxshim usage` makes of that.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

import shim
from shim import notices, settings
from shim.notices._events import ProcessEnded, ProcessStarted
from shim.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from shim.notices import NoticeEvent

ROOT = Path(__file__).resolve().parent.parent
MIGRATION = ROOT / "MIGRATION.md"
MARKS = "<!-- story -->\n", "<!-- /story -->\n"
FIRST_DAY = datetime(2026, 3, 2, 2, tzinfo=timezone.utc)
TENANTS = 20
QUERY = "/cgi/crm/v2/data/query"

STEPS = (
    (
        0,
        "One import line is changed, and nothing else. Every call goes to its old address.",
        'mode = "legacy"\n',
    ),
    (
        7,
        (
            "The old call still does the work; the object API is only read, and compared. In one "
            "tenant the acting employee may not read PersonnelObj. The log shows it in time."
        ),
        'mode = "shadow"\n',
    ),
    (8, "The permission is given. Both answers agree in all tenants.", 'mode = "shadow"\n# seen\n'),
    (
        14,
        "One pair of function and tenant in ten uses the object API.",
        'mode = "legacy"\n\n[[routes]]\nmode = "object"\npercent = 10\n',
    ),
    (
        21,
        "Half of the pairs. Those within 10 % are also within 50 %.",
        'mode = "legacy"\n\n[[routes]]\nmode = "object"\npercent = 50\n',
    ),
    (28, "All. To roll back, change this line; no restart.", 'mode = "object"\n'),
)
SERVICE = "hr-service"
REWRITTEN = 42
JUDGED = 75


class Gateway(httpx.BaseTransport):
    """One address for all tenants; each is a sandbox of its own."""

    def __init__(self, tenants: dict[str, Sandbox]) -> None:
        self._transports = {corp_id: one.transport() for corp_id, one in tenants.items()}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to whom it names."""
        corp_id = json.loads(request.content)["corpId"]
        response: httpx.Response = self._transports[corp_id].handle_request(request)
        return response


class Log:
    """Writes what happens as JSON lines, by the story's calendar."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.day = FIRST_DAY
        self.events: list[NoticeEvent] = []

    def __call__(self, event: NoticeEvent) -> None:
        """Hear an event."""
        self.events.append(event)
        self._write_event(event)

    def _write_event(self, event: NoticeEvent, **others: str) -> None:
        at = f"{self.day:%Y-%m-%dT%H:%M:%S}.000Z"
        fields = {**event.fields(), "service": SERVICE, "at": at, **others}
        self.write({"event": event.name, **fields})

    def write(self, line: dict[str, Any]) -> None:
        """Append a line."""
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, default=list) + "\n")

    def pass_days(self, until: int) -> None:
        """Let days go by; the service is started each morning, and ended."""
        while self.day < FIRST_DAY + timedelta(days=until):
            self.day += timedelta(days=1)
            instance = f"{self.day:%j}-0"
            self._write_event(ProcessStarted(version="0"), instance=instance)
            self._write_event(ProcessEnded(version="0", calls=0, sites=0), instance=instance)


class Story:
    """Plays the steps, and keeps the text."""

    def __init__(self, folder: Path) -> None:
        made = [Sandbox(3, departments=3, seed=seed, objects={}) for seed in range(TENANTS)]
        self.tenants = {one.corp_id: one for one in made}
        self.gateway = Gateway(self.tenants)
        self.file = folder / "fxiaoke-shim.toml"
        self.log = Log(folder / "service.log")
        self.lines: list[str] = []
        self._rounds = 0

    def play(self) -> str:
        """Return the story as Markdown."""
        self.log.write({"event": "started", "timestamp": f"{FIRST_DAY:%Y-%m-%dT%H:%M:%SZ}"})
        blind = next(iter(self.tenants.values()))
        for number, (day, text, toml) in enumerate(STEPS):
            self.log.pass_days(day)
            if number == 1:
                blind.add_faults(Fault(kind="hide_rows", path=QUERY))
            elif number == 2:  # noqa: PLR2004 - the step after that.
                blind.reset()
            self._turn(toml)
            self._title(f"{_date(self.log.day)}: {_first_word(toml)}", text)
            self._block("toml", toml.replace("# seen\n", ""))
            self._round(_service())
        self._rewrite()
        self._judge()
        return "\n".join(self.lines)

    def _turn(self, toml: str) -> None:
        """Turn the file, and wait until it is in force, as calls would find it."""
        beside = self.file.with_suffix(".new")
        beside.write_text(f'notices = "log"\nquota_calls = 0\n{toml}', encoding="utf-8")
        first = not self.file.exists()
        beside.replace(self.file)
        if first:
            one = next(iter(self.tenants.values()))
            shim.configure(
                base_url=one.base_url,
                transport=self.gateway,
                current_open_user_id=one.current_open_user_id,
            )
            shim.set_notice_hooks([self.log])
            return
        until = time.monotonic() + 10
        while self.log.events[-1].name != "shim.settings_file_read":
            if time.monotonic() > until:
                sys.exit("the settings file was not read again")
            settings.current()
            time.sleep(0.01)

    def _round(self, service: ModuleType) -> None:
        """Let the service do a day's work at each tenant, and show what the log has of it."""
        start = len(self.log.events)
        self._rounds += 1
        for corp_id, tenant in self.tenants.items():
            # Who acts is another employee in each; with one tenant this is a line of the file.
            shim.configure(current_open_user_id=tenant.current_open_user_id)
            token, people = tenant.corp_access_token, tenant.open_user_ids
            service.disable_leavers(token, corp_id, [people[self._rounds % 3]])
            directory = service.Directory(token, corp_id)
            directory.promote(people[0], f"Grade {self._rounds}")
            directory.departments()
        notices.summarize_now_and_then(1e-9)
        self._block("text", _lines(self.log.events[start:]))

    def _rewrite(self) -> None:
        """Let the rewritten service work: nothing is logged any more."""
        self.log.pass_days(REWRITTEN)
        service = _service("hr_service_rewritten")
        events = len(self.log.events)
        for corp_id, tenant in self.tenants.items():
            with httpx.Client(transport=tenant.transport(), base_url=tenant.base_url) as client:
                api = service.ObjectAPI(
                    client, tenant.corp_access_token, corp_id, tenant.current_open_user_id
                )
                people = tenant.open_user_ids
                done = (
                    service.disable_leavers(api, people),
                    service.promote(api, people[0], "Chief"),
                )
                if done != (True, True) or len(service.departments(api)) != len(
                    tenant.departments()
                ):
                    sys.exit("the rewritten service does not do what it should")
        if len(self.log.events) > events:
            sys.exit("the rewritten service still calls the offline API")
        self._title(
            f"{_date(self.log.day)}: the call sites are rewritten",
            "By hand, one after the other: [hr_service_rewritten.py]"
            "(examples/hr_service_rewritten.py). The log has no notice any more.",
        )
        self._told_by("--since", "30d", only=["disable_leavers", "promote", "departments"])

    def _judge(self) -> None:
        self.log.pass_days(JUDGED)
        self._title(
            f"{_date(self.log.day)}: the verdict",
            "The shim can be removed from the service: its three functions are ready to remove.",
        )
        self._told_by("--since", "30d", only=["disable_leavers", "promote", "departments"])

    def _told_by(self, *arguments: str, only: list[str]) -> None:
        """Run `fxshim usage` on the log and show its lines about some sites."""
        today = f"{self.log.day:%Y-%m-%d}"
        command = Path(sys.executable).with_name("fxshim")
        done = subprocess.run(  # noqa: S603 - our own command.
            [str(command), "usage", str(self.log.path), *arguments, "--as-of", today],
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        rows = [
            re.sub(r" {2,}", "   ", line.replace(f"{ROOT}/", "")).strip()
            for line in done.stdout.splitlines()
            if any(f".{name} " in line for name in only)
        ]
        shown = " ".join(["$ fxshim usage service.log", *arguments])
        self._block("text", "\n".join([shown, *sorted(rows)]))

    def _title(self, title: str, text: str) -> None:
        self.lines += [f"#### {title}", "", _wrapped(text), ""]

    def _block(self, kind: str, text: str) -> None:
        self.lines += [f"```{kind}", text.rstrip("\n"), "```", ""]


def _lines(events: list[NoticeEvent]) -> str:
    """Return each kind of line of a round once, with how often it came."""
    counts: dict[str, int] = {}
    for event in events:
        fields = event.fields()
        shown = {name: fields[name] for name in SHOWN.get(event.name, ())}
        if event.name not in SHOWN:
            continue
        text = " ".join(f"{name}={_flat(value)}" for name, value in shown.items())
        line = f"event={event.name} {text}"
        counts[line] = counts.get(line, 0) + 1
    return "\n".join(f"{count:>3} x {line}" for line, count in sorted(counts.items()))


SHOWN = {
    "shim.offline_call_finished": ("function", "mode", "reason", "error_code"),
    "shim.shadow_compared": ("function", "result", "mismatches"),
}


def _flat(value: object) -> str:
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    return f'"{text}"' if " " in text else text


def _service(name: str = "hr_service") -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    if spec is None or spec.loader is None:
        sys.exit(f"examples/{name}.py is not there")
    module = importlib.util.module_from_spec(spec)
    # The same module in every round, as in a service that is not restarted.
    if name not in sys.modules:
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def _first_word(toml: str) -> str:
    percent = re.search(r"percent = (\d+)", toml)
    mode = re.search(r'mode = "(\w+)"', toml)
    return f"{percent[1]} %" if percent else mode[1] if mode else ""


def _date(day: datetime) -> str:
    return f"{day:%Y-%m-%d}"


def _wrapped(text: str, width: int = 99) -> str:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


@contextmanager
def _stage() -> Iterator[Path]:
    """Give the story a folder, and leave the process as it was found."""
    before = os.environ.get("FXIAOKE_SHIM_CONFIG")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FXIAOKE_SHIM_CONFIG"] = str(Path(folder, "fxiaoke-shim.toml"))
        reset: list[Callable[[], object]] = [
            # The file is looked at often, so that no step waits for it.
            lambda: settings.reset(lambda: 50 * time.monotonic()),
            notices.forget,
            lambda: shim.set_notice_hooks(None),
        ]
        for one in reset:
            one()
        try:
            yield Path(folder)
        finally:
            del os.environ["FXIAOKE_SHIM_CONFIG"]
            if before is not None:
                os.environ["FXIAOKE_SHIM_CONFIG"] = before
            for one in reset:
                one()


def play() -> str:
    """Play the story and return it as Markdown."""
    with _stage() as folder:
        return Story(folder).play()


def main(arguments: list[str]) -> None:
    """Print the story, or put it into MIGRATION.md."""
    story = play()
    if arguments != ["--write"]:
        print(story)  # noqa: T201
        return
    text = MIGRATION.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    MIGRATION.write_text(f"{before}{MARKS[0]}{story}{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
