"""The report holds every number, and no text from a log becomes markup."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shim.usage import Log, ProcessSeen, Seen, SiteKey, SiteSeen, Usage
from shim.usage.figures import figures
from shim.usage.report import Chart, render
from shim.usage.verdict import Judge

NOW = datetime(2026, 11, 26, 8, tzinfo=timezone.utc)
KNOWN = {
    "update_member": ("FXO003", "PersonnelObj update", "fxshim explain FXO003"),
    "update_department": ("FXO009", "DepartmentObj update", "fxshim explain FXO009"),
}


class Page(HTMLParser):
    """What a browser makes of a page: its elements, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text.append(data)


def usage(sites=(), days=(), **log):
    given_log = {
        "files": ("a.log",),
        "lines": 12,
        "events": 3,
        "unread": 0,
        "unread_first": "",
        "days": days,
        "processes": {"1-a": ProcessSeen("hr-sync", set(days), ended=True, faults=())},
    }
    return Usage(Log(**{**given_log, **log}), {one.key: one for one in sites}, NOW)


def page(*args, known=KNOWN, **kwargs):
    found = usage(*args, **kwargs)
    return render(figures(found, Judge(found, 30), known))


def seen_site(function="update_member", module="hr", name="go", place="hr.py:3", **seen):
    file, _, line = place.rpartition(":")
    standard = {
        "calls": 7,
        "first": "2026-11-01T10:00:00.000Z",
        "last": "2026-11-25T10:00:00.000Z",
        "modes": {"object": 7},
        "days": {"2026-11-01": 6, "2026-11-25": 1},
    }
    return SiteSeen(
        SiteKey(function, module, name),
        "FXO003",
        "PersonnelObj update",
        "fxshim explain FXO003",
        file,
        int(line),
        {place: 7},
        overflow=not file,
        seen=Seen(**{**standard, **seen}),
    )


def test_all_numbers_are_there():
    """What is in the logs is on the page."""
    text = page(
        [
            seen_site(calls=1234, compared=8, mismatched=2, paths={"employees[].name": 2}),
            seen_site(name="other", calls=5, fell_back=3, modes={"legacy": 2, "shadow": 3}),
            seen_site(module="", name="", place=":0"),
        ],
        days=["2026-11-01"],
        unread=1,
        unread_first="a.log:9 has no time",
        lines=9876,
    )
    for expected in (
        "1,234",
        "25.0% of 8 differ",
        "employees[].name</code> 2",
        "3 fell back",
        "(sites counted together)",
        "9,876 lines",
        "<strong>1 line was not read</strong> (the first: a.log:9 has no time)",
        "29 of the last 30 days are in no log",
        "1 function of which these logs have no call",
        "called 22 hours ago",
    ):
        assert expected in text, expected


def test_report_of_an_empty_log_says_so():
    """An empty log makes a page that says so."""
    text = page()
    assert "No call in these logs." in text
    assert "No call site in these logs." in text
    assert "none compared" in text


words = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["</script><b>", "\"'><img src=x onerror=y>", "{{ 7 * 7 }}", "{% raw %}", "<!--", "&lt;", "]]>"]
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(module=words, name=words, file=words, path=words, function=words, first=words)
def test_no_name_becomes_part_of_the_page(module, name, file, path, function, first):  # noqa: PLR0913, PLR0917 - each may be anything.
    """Whatever modules, functions, files and paths are called, the elements are the same."""

    def made(*args):
        one, two, three, four, five, six = args
        return Page(
            page(
                [
                    seen_site(
                        five, one, two, f"{three}:3", compared=1, mismatched=1, paths={four: 1}
                    )
                ],
                days=["2026-11-01"],
                unread=1,
                unread_first=six,
            )
        )

    plain, given_names = made(*"abcdef"), made(module, name, file, path, function, first)
    # A long name may be broken in more places.
    assert [one for one in given_names.elements if one != "wbr"] == [
        one for one in plain.elements if one != "wbr"
    ]
    assert given_names.attributes == plain.attributes
    assert "49" not in "".join(given_names.text).replace(module, "") or "49" in first + path


def test_a_site_with_many_lines_takes_little_room():
    """Those with the most calls are shown, the others unfolded."""
    places = {f"hr.py:{number}": 20 - number for number in range(1, 13)}
    text = page([replace(seen_site(), places=places)])
    before, _, after = text.partition("<summary>9 more lines</summary>")
    assert [f">hr.py:{number}<" in before for number in (1, 3, 4)] == [True, True, False]
    assert ">hr.py:12<" in after
    assert "more line" not in page([seen_site()])


def test_names_turn_no_text_around():
    """Nor hold what a terminal would obey, if the page is looked at there."""
    hostile = "a\u202eb\x1b[2J\x9bc\u2028"
    text = page([seen_site(hostile, hostile, hostile, f"{hostile}:3", paths={hostile: 1})])
    assert not set(text) & set("\u202e\x1b\x9b\u2028")
    assert r"a\u202eb\x1b[2J\x9bc\u2028" in text


def test_the_target_is_on_the_page():
    """In words, with the line."""
    days = [f"{NOW - timedelta(days=ago):%Y-%m-%d}" for ago in range(1, 31)]
    sites = [seen_site(days=dict.fromkeys(days, 5), calls=150)]
    found = usage(sites, days=days)
    text = render(figures(found, Judge(found, 30), KNOWN, date(2027, 3, 31)))
    assert "<strong>Target 2027-03-31</strong>: not on course for 2027-03-31: 5 calls a day" in text
    assert 'class="falling"' in text
    assert 'class="needed"' in text
    assert "Target" not in page(sites, days=days)


@pytest.mark.parametrize("ready", [False, True])
def test_the_banner_says_what_the_logs_do_not_say(ready):
    """What was not read, what failed, which service was not seen, which days."""
    days = [f"{NOW - timedelta(days=ago):%Y-%m-%d}" for ago in range(1, 31)]
    processes = {
        "1-a": ProcessSeen("hr-sync", set(days), ended=True, faults=()),
        "2-b": ProcessSeen("portal", {"2026-09-01"}, ended=True, faults={"shim.logger_disabled"}),
    }
    site = seen_site(first="2026-09-01T10:00:00.000Z", last="2026-09-01T10:00:00.000Z")
    site = replace(site, key=site.key._replace(service="hr-sync"))
    unread = {} if ready else {"unread": 2, "unread_first": "a.log:7 has no time"}
    found = usage([site], days=days, processes=processes, **unread)
    text = render(figures(found, Judge(found, 30), {}))
    assert 'class="banner"' in text
    assert "no process of portal was seen in these 30 days" in text
    assert "Before the last 30 days: shim.logger_disabled in the log of portal" in text
    assert ("2 lines that name an event were not read" in text) != ready
    quiet = usage([site], days=days, processes={"1-a": processes["1-a"]})
    text = render(figures(quiet, Judge(quiet, 30), {}))
    assert 'class="banner"' not in text
    assert "<dd>1 <small>of 1 called" in text


def test_the_policy_allows_its_own_script_and_style_only():
    """By their hashes; and the page asks for nothing."""
    text = page([seen_site()], days=["2026-11-01"])
    policy = re.search(r'content="(default-src [^"]*)"', text)[1]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"""\b(?:src|href)=["'](?!#)""", text)
    assert "style=" not in text
    assert "url(" not in text


def test_page_without_data_is_small():
    """Without its data."""
    assert len(page()) < 30_000


def rows(days, functions=1, calls=5):
    start = datetime(2025, 1, 1, tzinfo=timezone.utc)
    return [
        {"day": f"{start + timedelta(days=day):%Y-%m-%d}", "function": f"f{n}", "calls": calls}
        for day in range(days)
        for n in range(functions)
    ]


class TestChart:
    def test_no_calls_give_no_chart(self):
        """Nothing to draw."""
        assert Chart.of([], ["2026-11-01"]) is None

    def test_single_day_fills_the_width(self):
        """Fills the width."""
        chart = Chart.of(rows(1), [])
        [bar] = chart.bars
        assert (bar.total, bar.missing, chart.unit) == (5, False, "day")
        assert bar.parts[0].y + bar.parts[0].height == chart.base

    def test_400_days_are_drawn_by_week(self):
        """And none is lost."""
        chart = Chart.of(rows(400), [])
        assert chart.unit == "week"
        assert len(chart.bars) == 58
        assert sum(bar.total for bar in chart.bars) == 2000

    def test_days_without_a_log_are_not_days_without_calls(self):
        """They are marked."""
        given_rows = [rows(1)[0], rows(4)[3]]
        bars = Chart.of(given_rows, ["2025-01-01", "2025-01-02"]).bars
        assert [bar.missing for bar in bars] == [False, False, True, False]
        assert [bar.total for bar in bars] == [5, 0, 0, 5]

    def test_days_of_a_wrong_clock_leave_room_for_the_others(self):
        """A day of the year 1 is left out, and with it no other."""
        chart = Chart.of([*rows(10), {"day": "0001-01-01", "function": "f0", "calls": 5}], [])
        assert len(chart.bars) < 300
        assert sum(bar.total for bar in chart.bars) == 50

    @pytest.mark.parametrize("count", [30, 200])
    def test_trend_reaches_zero_and_target_line_ends_on_the_target(self, count):
        """Falls to the bottom; what is needed ends on the target. No day to come is missing."""
        calls = [{**row, "calls": 10 * (count - n)} for n, row in enumerate(rows(count))]
        last = calls[-1]["day"]
        end = f"{datetime.fromisoformat(last) + timedelta(days=30):%Y-%m-%d}"
        target = {
            "target": end,
            "first": calls[-30]["day"],
            "first_calls": calls[-30]["calls"],
            "slope": -10,
            "zero_on": f"{datetime.fromisoformat(last) + timedelta(days=1):%Y-%m-%d}",
        }
        chart = Chart.of(calls, [row["day"] for row in calls], target)
        assert not any(bar.missing for bar in chart.bars)
        assert chart.bars[-1].x <= chart.needed[2] <= chart.bars[-1].x + chart.step
        assert chart.needed[3] == chart.falling[3] == chart.base
        assert chart.falling[0] < chart.falling[2] <= chart.needed[2]
        for _, high, _, low in (chart.falling, chart.needed):
            assert chart.top <= high <= low

    @pytest.mark.parametrize(
        "target",
        [
            {
                "target": "2026-01-01",
                "first": None,
                "first_calls": 0.0,
                "slope": 0,
                "zero_on": None,
            },
            {"target": "2024-01-01", "first": "2025-01-01", "first_calls": 0.0, "slope": 0.0}
            | {"zero_on": "2025-01-01"},
        ],
    )
    def test_days_stay_if_there_is_no_trend(self, target):
        """If it is not known, or no call is left, the days are as without a target."""
        chart = Chart.of(rows(9), [], target)
        assert (chart.falling, chart.needed) == (None, None)
        assert len(chart.bars) == 9

    def test_many_functions_share_the_last_colour(self):
        """Those with the fewest calls."""
        chart = Chart.of(rows(2, functions=20), [])
        assert len(chart.legend) == 7
        assert chart.legend[-1] == ("others", 14 * 10)
        assert {part.colour for bar in chart.bars for part in bar.parts} == set(range(7))
        assert sum(part.calls for part in chart.bars[0].parts) == 100

    @settings(max_examples=50)
    @given(most=st.integers(1, 10**9))
    def test_ticks_hold_the_tallest(self, most):
        """From 0 to a number that is easy to read, and not too many."""
        chart = Chart.of(rows(1, calls=most), [])
        numbers = [number for number, _ in chart.ticks]
        assert numbers[0] == 0
        assert numbers[-1] >= most > numbers[-2]
        assert 2 <= len(numbers) <= 6
        assert chart.bars[0].parts[0].height <= chart.base - chart.top


@pytest.mark.parametrize("count", [1, 2])
def test_counts_of_one_are_singular(count):
    """One is one."""
    processes = {
        str(number): ProcessSeen("hr-sync", {"2026-11-25"}, ended=True, faults=())
        for number in range(count)
    }
    text = page([], days=["2026-11-25"], processes=processes)
    assert ("1 process," in text) == (count == 1)
    assert ("2 processes," in text) == (count == 2)
