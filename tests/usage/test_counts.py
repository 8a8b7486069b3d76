"""Calls are counted exactly, in whatever order, files and forms the events come."""

from collections import Counter

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from usage_logs import (
    CALLER,
    NOW,
    WHAT,
    WRAPPINGS,
    as_json,
    at,
    called,
    compared,
    finished,
    only,
    read,
    summarized,
    write,
)

import shim
from shim.notices import (
    OfflineCallFellBack,
    QuotaStoreLost,
)
from shim.usage import SiteKey, read_usage


@pytest.mark.parametrize("wrapped", WRAPPINGS.values(), ids=WRAPPINGS)
def test_however_it_was_wrapped(wrapped, tmp_path):
    """The event is found, with all of its fields."""
    others = {"caller_file": 'C:\\jobs dir\\h"r.py', "caller_function": "go.<locals>.<lambda>"}
    events = [
        called(1, **others),
        finished(3, mode="shadow", **others),
        compared("mismatch", ("errorCode", "employees[].name"), **others),
        summarized(4, second=9, **others),
    ]
    usage = read_usage([write(tmp_path / "a.log", map(wrapped, events))], now=NOW)
    assert (usage.log.events, usage.log.unread) == (4, 0)
    site = usage.sites[SiteKey("set_member_status_batch", "hr", "go.<locals>.<lambda>", "hr-sync")]
    assert site.file == others["caller_file"]
    assert (site.code, site.line, site.replacement) == ("FXO001", 7, "PersonnelObj update")
    assert site.seen.calls == 4
    assert site.seen.modes == {"shadow": 1, "object": 3}
    assert site.seen.paths == {"errorCode": 1, "employees[].name": 1}
    assert (site.seen.first, site.seen.last) == (at(0), at(0, 9))


class TestCounts:
    def test_the_largest_of_each_process_counts(self, tmp_path):
        """Summed over processes and over the sites of one line."""
        usage = read(
            tmp_path,
            called(1),
            called(10, second=5),
            summarized(12, second=9),
            summarized(3, second=9, site=2),
            called(1, process="2-b"),
        )
        assert only(usage).calls == 12 + 3 + 1
        assert only(usage).processes == {"1-a", "2-b"}

    def test_the_same_file_twice_counts_once(self, tmp_path):
        """By another name, a pattern, a copy: the counts are cumulative."""
        path = write(tmp_path / "a.log", [as_json(summarized(5)), as_json(finished(5))])
        (tmp_path / "b.log").symlink_to(path)
        write(tmp_path / "copy.gz", [as_json(summarized(5)), as_json(finished(5))], packed=True)
        usage = read_usage([path, str(tmp_path / "*.log"), str(tmp_path / "copy.gz")], now=NOW)
        assert len(usage.log.files) == 2
        assert only(usage).calls == 5

    def test_calls_of_a_day_are_the_increase_of_its_count(self, tmp_path):
        """What was called on a day is how far the count came on it."""
        usage = read(
            tmp_path,
            called(1),
            finished(4),
            summarized(10, day=1),
            summarized(10, day=2),
            summarized(15, day=3),
        )
        assert only(usage).days == {"2026-11-01": 4, "2026-11-02": 6, "2026-11-04": 5}

    def test_last_seen_is_that_of_a_call_where_each_is_logged(self, tmp_path):
        """The summary at exit is no call."""
        assert only(
            read(tmp_path, called(1), finished(1, second=3), summarized(1, day=9))
        ).last == (at(0, 3))

    def test_and_else_when_the_last_count_was_told(self, tmp_path):
        """The call was not later, and perhaps earlier."""
        assert only(read(tmp_path, called(1), summarized(7, day=3), summarized(7, day=9))).last == (
            at(3)
        )

    def test_fallbacks_are_counted(self, tmp_path):
        """Calls that went the old way after all."""
        event = OfflineCallFellBack(**WHAT, **CALLER, error_code=15003, instance="1-a", at=at(0))
        assert only(read(tmp_path, called(1), event)).fell_back == 1

    def test_other_events_are_of_a_process(self, tmp_path):
        """Which thereby is known to have run."""
        lost = QuotaStoreLost(action="local", reason="x", instance="9-z", at=at(5))
        usage = read(tmp_path, lost)
        assert usage.sites == {}
        assert {name: one.days for name, one in usage.log.processes.items()} == {
            "9-z": {"2026-11-06"}
        }

    def test_several_lines_of_one_function(self, tmp_path):
        """One site of a baseline, each line with its calls."""
        usage = read(tmp_path, summarized(3), summarized(4, site=2, caller_line=9, second=5))
        (site,) = usage.sites.values()
        assert site.places == {"hr.py:7": 3, "hr.py:9": 4}
        assert site.place == "hr.py:9"

    def test_comparison_without_a_call_makes_a_site(self, tmp_path):
        """Its call's own line may be in another file."""
        seen = only(read(tmp_path, compared("match"), compared("not_compared")))
        assert (seen.calls, seen.compared, seen.not_compared) == (0, 1, 1)
        assert seen.mismatch_rate == 0


moments = st.integers(0, 5 * 86400)
histories = st.lists(
    st.tuples(
        st.sampled_from(["1-a", "2-b", "3-c"]),
        st.integers(1, 3),
        st.sampled_from(["go", "stop"]),
        st.lists(st.tuples(moments, st.booleans()), min_size=1, max_size=25),
    ),
    max_size=5,
    unique_by=lambda one: one[:2],
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories=histories, data=st.data())
def test_any_order_any_files_any_wrapping(histories, data, tmp_path):
    """The sums are those of a model that saw each call."""
    events, expected, days = [], Counter(), Counter()
    for process, number, name, calls in histories:
        kinds = {"process": process, "site": number, "caller_function": name}
        for count, (moment, logged) in enumerate(sorted(calls), 1):
            where = {"day": 0, "second": moment}
            if count in {1, 10}:
                events.append(called(count, **where, **kinds))
            elif logged:
                events.append(finished(count, **where, **kinds))
            else:
                # An event that is logged at once is logged on its day.
                events.append(summarized(count, **where, **kinds))
            expected[name] += 1
            days[name, at(0, moment)[:10]] += 1
        events.append(summarized(len(calls), day=6, **kinds))
    lines = data.draw(st.permutations([*events, *events[:3]]))
    wrapped = [data.draw(st.sampled_from(list(WRAPPINGS.values())))(one) for one in lines]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=2)))
    names = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        packed = data.draw(st.booleans())
        names.append(write(tmp_path / f"{number}.log", wrapped[start:end], packed=packed))
    usage = read_usage(names, now=NOW)
    assert {key.qualified_name: one.seen.calls for key, one in usage.sites.items()} == expected
    found = Counter(
        {
            (key.qualified_name, day): calls
            for key, one in usage.sites.items()
            for day, calls in one.seen.days.items()
        }
    )
    assert found == days
    assert usage.log.events == len(lines)


class TestJoin:
    """With what else knows call sites: a baseline, a scan of the sources."""

    def test_sites_known_but_unseen_and_seen_but_unknown_are_listed(self, tmp_path):
        """Seen and not known, known and not seen."""
        usage = read(tmp_path, called(1))
        seen, other = (
            SiteKey("set_member_status_batch", "hr", "go", "hr-sync"),
            SiteKey("f", "m", "q"),
        )
        assert usage.unknown([other]) == [seen]
        assert usage.unseen([other, seen]) == [other]
        assert usage.unknown([seen]) == []


class TestRealLog:
    def test_what_the_package_logs_is_what_is_read(self, tmp_path, tenant):
        """Two modes, two lines, through structlog as applications configure it."""
        made = tenant(2, mode="shadow")
        path = tmp_path / "app.log"
        with path.open("w", encoding="utf-8") as out:
            structlog.configure(
                processors=[
                    structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso"),
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
                logger_factory=structlog.WriteLoggerFactory(out),
            )
            args = (made.corp_access_token, made.corp_id)
            for _ in range(3):
                shim.set_member_status_batch(*args, made.open_user_ids, 1)
            shim.configure(mode="object")
            shim.set_member_status_batch(*args, made.open_user_ids, 2)
            structlog.reset_defaults()
        usage = read_usage([str(path)])
        (site,) = usage.sites.values()
        assert (site.seen.calls, site.seen.compared, site.seen.mismatched) == (4, 3, 0)
        assert site.seen.modes == {"shadow": 3, "object": 1}
        assert site.key.module == __name__
        assert len(site.places) == 2
