"""A verdict is silent rather than wrong: one doubt, and nothing is ready."""

import json
from dataclasses import fields
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shim.notices import OfflineAPICalled, OfflineUsageSummarized, QuotaStoreLost
from shim.notices._events import LoggerDisabled, NoticeHookFailed, ProcessEnded, ProcessStarted
from shim.usage import read_usage
from shim.usage.course import course
from shim.usage.figures import figures
from shim.usage.verdict import Judge, missing_events

NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)
FUNCTION, NEVER = "set_member_status_batch", "update_member"
KNOWN = {NEVER: ("FXO003", "PersonnelObj update", "fxshim explain FXO003")}


def day(ago):
    return f"{NOW - timedelta(days=ago):%Y-%m-%d}"


def stamp(ago, service="hr-sync", instance="1-a"):
    return {"service": service, "instance": instance, "at": f"{day(ago)}T10:00:00.000Z"}


def line(event):
    return json.dumps({"event": event.name, **event.fields()}, default=list)


def site(kind, ago, calls=5, name="go", file="hr.py", **others):
    return line(
        kind(
            code="FXO001",
            function=FUNCTION,
            replacement="PersonnelObj update",
            address="fxshim explain FXO001",
            caller_file=file,
            caller_line=7,
            caller_module="hr" if file else "",
            caller_function=name if file else "",
            site=1,
            calls=calls,
            mode="object",
            **({"overflow": not file} if kind is OfflineUsageSummarized else {"calls_since": 1}),
            **stamp(ago, **others),
        )
    )


def summarized(ago, **others):
    return site(OfflineUsageSummarized, ago, **others)


def started(ago, **where):
    return line(ProcessStarted(version="1", **stamp(ago, **where)))


def ended(ago, **where):
    return line(ProcessEnded(version="1", calls=0, sites=0, **stamp(ago, **where)))


def failed(ago, kind=NoticeHookFailed, **where):
    own = {one.name: "x" for one in fields(kind) if one.name not in stamp(0)}
    return line(kind(**own, **stamp(ago, **where)))


def disabled(ago, **where):
    return failed(ago, LoggerDisabled, **where)


def of_version_0_1(text):
    """Return an event as version 0.1 wrote it."""
    told = json.loads(text)
    # A process is of one version.
    told["process"] = f"{told.pop('instance')}old"
    del told["service"]
    return json.dumps(told)


def covered(first=60, last=0, skip=()):
    """Return a line of another program for each day."""
    return [f"{day(ago)} 10:00:00 INFO" for ago in range(first, last - 1, -1) if ago not in skip]


UNREAD = site(OfflineAPICalled, 3)[:90]
QUIET = [*covered(), summarized(40, instance="7-g"), started(20), ended(19)]


@pytest.fixture
def judged(tmp_path):
    """Return the verdicts by function or by name of the calling function, and all figures."""

    def judged(lines, days=30, **options):
        path = tmp_path / "a.log"
        path.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
        usage = read_usage([str(path)], now=NOW)
        data = figures(usage, Judge(usage, days, **options), KNOWN)
        verdicts = {one["function"]: one["verdict"] for one in data["functions"]}
        for one in data["sites"]:
            key = f"{one['service']}/{one['qualified_name']}"
            verdicts[key] = one["verdict"]
        return verdicts, data

    return judged


class TestReady:
    def test_quiet_for_as_long_as_asked_and_the_logs_can_be_trusted(self, judged):
        """With what it rests on; a function that was never called is no such success."""
        verdicts, data = judged(QUIET)
        assert verdicts[FUNCTION] == {
            "state": "ready",
            "ready": True,
            "text": "nothing seen for 30 days: ready to remove (1 process, 30 of 30 days of log)",
        }
        assert verdicts["hr-sync/go"]["text"].endswith(
            "ready to remove (1 process of hr-sync, 30 of 30 days of log)"
        )
        assert verdicts[NEVER] == {
            "state": "never_called",
            "ready": False,
            "text": "never called in these logs (1 process, 30 of 30 days of log)",
        }
        assert data["summary"] == {
            "functions": 2,
            "called": 1,
            "ready": 1,
            "not_seen": 1,
            "never_called": 1,
        }
        assert data["doubts"] == []

    def test_called_since(self, judged):
        """Where."""
        verdicts, _ = judged([*QUIET, summarized(4)])
        assert verdicts[FUNCTION] == {
            "state": "called",
            "ready": False,
            "text": "called 4 days ago at hr.py:7",
        }

    @pytest.mark.parametrize(
        ("at", "ago"),
        [
            ("2026-11-26T00:00:00", "12 hours"),
            ("2026-11-26T11:56:40", "3 minutes"),
            ("2026-11-24T00:00:00", "2 days"),
            ("2026-11-27T00:00:00", "0 minutes"),
        ],
    )
    def test_how_long_ago(self, judged, at, ago):
        """In the unit that fits; clocks may differ."""
        lines = [summarized(0).replace("2026-11-26T10:00:00", at)]
        assert f"called {ago} ago" in judged(lines)[0][FUNCTION]["text"]

    def test_a_process_that_may_have_been_killed_is_named(self, judged):
        """What it counted since its last event is lost."""
        verdicts, data = judged([*QUIET, started(9, instance="2-b")])
        assert (
            "(2 processes, 1 of them without an end, 30 of 30 days of log)"
            in (verdicts[FUNCTION]["text"])
        )
        assert data["log"]["processes_without_end"] == 2

    def test_a_process_that_logs_nothing_for_weeks_was_there(self, judged):
        """It started before these days, and ended after them."""
        lines = [*covered(), started(50), summarized(45), ended(0)]
        assert judged(lines)[0][FUNCTION]["ready"]


class TestDays:
    @pytest.mark.parametrize(
        ("lines", "text"),
        [
            ([], "not yet: the log covers none of the 30 days before today"),
            (covered(0), "not yet: the log covers none of the 30 days before today"),
            (
                covered(11),
                "not yet: the log begins on 2026-11-15, so that it covers 11 of 30 days",
            ),
            (covered(56, 6), "not yet: the log ends on 2026-11-20"),
            (
                covered(skip=[22, 23]),
                "not yet: no log for 2 of 30 days (2026-11-03, 2026-11-04)",
            ),
            (
                covered(11, 6),
                "not yet: no log for 24 of 30 days (2026-10-27, 2026-10-28, 2026-10-29, …)",
            ),
        ],
    )
    def test_not_enough_log(self, judged, lines, text):
        """An old log, a short one, one with holes: none makes anything look ready."""
        assert judged(lines)[0][NEVER] == {"state": "not_known", "ready": False, "text": text}

    def test_gaps(self, judged):
        """Weekends may be without a log, if one says how many days they are."""
        lines = [*covered(skip=[22, 23]), *QUIET[-3:]]
        assert not judged(lines, gaps=1)[0][FUNCTION]["ready"]
        verdict = judged(lines, gaps=2)[0][FUNCTION]
        assert verdict["ready"]
        assert "(1 process, 28 of 30 days of log)" in verdict["text"]


class TestDoubts:
    @pytest.mark.parametrize(
        ("more", "text"),
        [
            ([UNREAD], "not known: 1 line was not read; see where the first is"),
            ([UNREAD, UNREAD], "not known: 2 lines that name an event were not read; see"),
            ([failed(2)], "shim.notice_hook_failed in the log of hr-sync: events are missing; fix"),
            ([disabled(2)], "events are missing; configure logging with disable_existing_loggers"),
        ],
    )
    def test_one_is_enough_for_all(self, judged, more, text):
        """Which it is, and what to do."""
        verdicts, data = judged([*QUIET, *more])
        assert {one["state"] for one in verdicts.values()} == {"not_known"}
        assert all(text in one["text"] for one in verdicts.values())
        assert len(data["doubts"]) == 1
        assert data["summary"]["ready"] == 0

    def test_an_old_fault_is_over(self, judged):
        """If its process ended before these days."""
        verdicts, data = judged([*QUIET, failed(50, instance="8-h")])
        assert verdicts[FUNCTION]["ready"]
        assert data["doubts"] == []
        assert len(data["missing_events"]) == 1

    def test_a_fault_of_another_service_leaves_a_site_alone(self, judged):
        """But no function, which may be called there as well."""
        verdicts, _ = judged([*QUIET, failed(2, service="portal", instance="3-c")])
        assert verdicts["hr-sync/go"]["ready"]
        assert verdicts[FUNCTION]["state"] == "not_known"

    @pytest.mark.parametrize("of_0_1", ["site", "fault"])
    def test_a_fault_of_an_unknown_service_may_be_any_ones(self, judged, of_0_1):
        """And so may a site be."""
        fault, quiet = failed(2, instance="3-c"), QUIET[-3]
        if of_0_1 == "site":
            quiet = of_version_0_1(quiet)
            lines = [*QUIET[:-3], quiet, of_version_0_1(summarized(20, calls=0, name="x")), fault]
        else:
            lines = [*QUIET, of_version_0_1(fault)]
        verdicts, _ = judged(lines)
        name = "/go" if of_0_1 == "site" else "hr-sync/go"
        assert "shim.notice_hook_failed" in verdicts[name]["text"]

    def test_calls_that_were_not_told_apart(self, judged):
        """May have been of any site; the function has been quiet all the same."""
        verdicts, _ = judged([*QUIET, summarized(40, file="", instance="7-g")])
        assert verdicts["hr-sync/go"]["state"] == "not_known"
        assert "the table of call sites was full" in verdicts["hr-sync/go"]["text"]
        assert verdicts[FUNCTION]["ready"]


class TestServices:
    def test_of_which_no_process_was_seen(self, judged):
        """Nobody knows of its sites, nor of a function, which it may call."""
        verdicts, _ = judged([*QUIET, summarized(40, service="portal", instance="3-c")])
        assert verdicts["hr-sync/go"]["ready"]
        for name in ("portal/go", FUNCTION, NEVER):
            assert verdicts[name]["state"] == "not_known"
            assert verdicts[name]["text"] == (
                "not known: no process of portal was seen in these 30 days; give its logs; if it "
                "is switched off, say --gone portal"
            )

    def test_that_are_switched_off(self, judged):
        """Need not be seen, if somebody says so."""
        verdicts, _ = judged(
            [*QUIET, summarized(40, service="portal", instance="3-c")], gone=["portal"]
        )
        assert {one["state"] for one in verdicts.values()} == {"ready", "never_called"}

    def test_none_at_all(self, judged):
        """Days of log without the shim say nothing about it."""
        verdicts, _ = judged(covered())
        assert verdicts[NEVER]["text"] == (
            "not known: no process with the shim was seen in these 30 days; give its logs, and let "
            "warnings of the logger `shim` through"
        )

    def test_of_version_0_1(self, judged):
        """Have no name: their sites go by processes without one."""
        old = of_version_0_1(summarized(40, instance="7-g"))
        verdicts, data = judged(
            [*covered(), old, of_version_0_1(summarized(33, calls=9, name="x"))]
        )
        assert "no process of version 0.1, whose log names no service" in verdicts["/go"]["text"]
        lost = line(QuotaStoreLost(action="local", reason="x", **stamp(3, instance="2-b")))
        verdicts, data = judged([*covered(), old, of_version_0_1(lost)])
        assert verdicts["/go"]["ready"]
        assert (
            "(1 process, of no known service, 1 of them without an end, 30"
            in (verdicts["/go"]["text"])
        )
        assert data["services"][0]["service"] == ""

    def test_of_a_process_that_was_named_after_its_first_call(self, judged):
        """It was there under both names, and its fault is one of both."""
        early = summarized(40, service="python", instance="1-a")
        lines = [*covered(), early, summarized(40, instance="1-a", calls=7), ended(3)]
        verdicts, _ = judged(lines)
        assert verdicts["python/go"]["ready"]
        assert verdicts["hr-sync/go"]["ready"]
        verdicts, _ = judged([*lines, failed(2)])
        assert verdicts["python/go"]["state"] == "not_known"

    def test_two_with_the_same_function_are_two(self, judged):
        """As with `__main__.main`."""
        other = {"service": "portal", "instance": "3-c"}
        verdicts, data = judged([*QUIET, summarized(2, **other), ended(1, **other)])
        assert verdicts["hr-sync/go"]["ready"]
        assert verdicts["portal/go"]["state"] == "called"
        assert [
            (one["service"], one["sites"], one["calls"], one["processes"], one["last_day"])
            for one in data["services"]
        ] == [("hr-sync", 1, 5, 2, day(19)), ("portal", 1, 5, 1, day(1))]


ago = st.integers(0, 59)
where = st.sampled_from(["hr-sync 1-a", "hr-sync 2-b", "portal 3-c", "portal 4-d"]).map(
    lambda text: dict(zip(("service", "instance"), text.split(), strict=True))
)
events = st.one_of(
    st.builds(lambda when, at: started(when, **at), ago, where),
    st.builds(lambda when, at: ended(when, **at), ago, where),
    st.builds(
        lambda when, at, name, calls: summarized(when, name=name, calls=calls, **at),
        ago,
        where,
        st.sampled_from(["go", "run"]),
        st.integers(1, 99),
    ),
).flatmap(lambda text: st.sampled_from([text, of_version_0_1(text)]))
missing = st.one_of(
    st.just(UNREAD),
    st.builds(
        lambda make, when, at: make(when, **{**at, "instance": "9-z"}),
        st.sampled_from([failed, disabled]),
        st.integers(0, 29),
        where,
    ),
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(events, max_size=12), more=missing, data=st.data())
def test_with_anything_missing_no_function_is_ready(judged, lines, more, data):
    """Whatever else the logs hold; a site only if all that is missing is another service's."""
    mixed = data.draw(st.permutations([*lines, more]))
    verdicts, found = judged([*covered(), *mixed])
    assert {verdicts[one["function"]]["state"] for one in found["functions"]} <= {
        "called",
        "not_known",
    }
    fault = next(one for one in found["doubts"] if one["kind"] != "no_process")
    for one in found["sites"]:
        if fault["service"] in {None, "", one["service"]} or not one["service"]:
            assert one["verdict"]["state"] in {"called", "not_known"}
    assert found["summary"]["ready"] == 0


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(events, max_size=12))
def test_what_is_ready_has_a_process_and_no_call(judged, lines):
    """In these days, of its own service; and a function of every service that is in the logs."""
    _, found = judged([*covered(), *lines])
    told = [json.loads(one) for one in lines]
    spans = {}
    for one in told:
        key = one.get("instance", one.get("process"))
        spans.setdefault((key, one.get("service", "")), []).append(one["at"][:10])
    seen = {service for (_, service), days in spans.items() if max(days) >= day(30)}
    for one in found["sites"]:
        if one["verdict"]["ready"]:
            assert one["service"] in seen
            assert one["last_seen"] < day(29)
    services = {one.get("service", "") for one in told}
    if any(one["verdict"]["ready"] for one in found["functions"]):
        assert services <= seen


class TestCourse:
    """The line to zero."""

    def course(self, tmp_path, calls, target, more=()):
        """Return the course of daily calls, the last of them yesterday's."""
        lines, total = [*more], 0
        for number, of_day in enumerate(calls):
            total += of_day
            before = len(calls) - number
            lines += [*covered(before, before), *[summarized(before, calls=total)] * bool(total)]
        path = tmp_path / "a.log"
        path.write_text("\n".join(lines), encoding="utf-8")
        usage = read_usage([str(path)], now=NOW)
        return course(usage, Judge(usage, 30), target)

    def test_calls_that_fall(self, tmp_path):
        """Ten fewer each day: zero in ten days."""
        found = self.course(tmp_path, range(400, 100, -10), NOW.date() + timedelta(days=20))
        assert (found.on_course, found.slope, found.first) == (True, -10, day(30))
        assert found.zero_on == f"{NOW + timedelta(days=11):%Y-%m-%d}"
        assert found.text == (
            "on course for 2026-12-16: 110 calls a day now, and zero on 2026-12-07 if they go on "
            "falling like this"
        )
        late = self.course(tmp_path, range(400, 100, -10), NOW.date() + timedelta(days=9))
        assert not late.on_course
        assert late.text.endswith("and zero on 2026-12-07, 2 days later")

    def test_calls_that_do_not(self, tmp_path):
        """Never end."""
        found = self.course(tmp_path, [5] * 30, NOW.date())
        assert (found.on_course, found.zero_on) == (False, None)
        assert found.text.endswith("5 calls a day now, and they do not fall")

    def test_no_call_left(self, tmp_path):
        """It is done."""
        found = self.course(tmp_path, [0] * 30, NOW.date())
        assert found.on_course
        assert "no call in the last 30 days" in found.text

    def test_nobody_knows(self, tmp_path):
        """By a few days, or if events are missing."""
        few = self.course(tmp_path, [5] * 6, NOW.date())
        assert (few.on_course, few.zero_on) == (None, None)
        assert few.text.endswith("the log covers 6 of the last 30 days, and 7 are needed")
        torn = self.course(tmp_path, [5] * 30, NOW.date(), more=[UNREAD])
        assert torn.on_course is None
        assert "1 line was not read" in torn.text

    @given(
        calls=st.lists(st.integers(0, 1000), min_size=7, max_size=30), days=st.integers(-9, 4000)
    )
    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    def test_the_day_is_where_the_line_is_at_zero(self, tmp_path, calls, days):
        """And on course is what ends by the target."""
        target = NOW.date() + timedelta(days=days)
        found = self.course(tmp_path, calls, target)
        if found.zero_on is None:
            assert found.on_course is False
        else:
            assert found.on_course == (found.zero_on <= str(target))
            ahead = (
                datetime.fromisoformat(found.zero_on) - datetime.fromisoformat(found.first)
            ).days
            assert found.first_calls + found.slope * ahead <= 1e-6 * max(calls) + 1e-9


def test_what_is_missing_at_any_time(judged, tmp_path):
    """Is what a baseline goes by."""
    judged([*QUIET, failed(50, instance="8-h"), UNREAD])
    usage = read_usage([str(tmp_path / "a.log")], now=NOW)
    assert [one.kind for one in missing_events(usage)] == ["unread", "fault"]
