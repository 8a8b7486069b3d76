"""What servers say about the end of an address, in every form met in the field."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shim.notices._deprecation_headers import (
    TARGET_AT_MOST,
    Announcement,
    WatchedRoute,
    announcement,
    route,
)

URL = "https://api.example.com/v1/users/1453?token=secret"
STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?")


def said(deprecation="", sunset="", link=""):
    return announcement(deprecation, sunset, link, URL)


class TestDates:
    @pytest.mark.parametrize(
        "field",
        [
            "@1768780800",
            "@1768780800;note=1",
            "@1768780800.0",
            "1768780800",
            "1768780800000",
            "Mon, 19 Jan 2026 00:00:00 GMT",
            "Mon, 19 Jan 2026 08:00:00 +0800",
            "Sun, 18 Jan 2026 19:00:00 -05:00",
            "Monday, 19-Jan-26 00:00:00 GMT",
            "Mon Jan 19 00:00:00 2026",
            "19 January 2026",
            "2026-01-19",
            '"2026-01-19"',
            "2026-01-19T00:00:00Z",
            "2026-01-19 00:00",
            "2026-01-19T08:00:00.000+08:00",
            'version="v1", date="Mon, 19 Jan 2026 00:00:00 GMT"',
            "Mon, 19 Jan 2026 00:00:00 GMT, Tue, 20 Jan 2026 00:00:00 GMT",
            "@1768867200, @1768780800",
            "true, @1768780800",
        ],
    )
    def test_each_form_of_a_date_is_read_in_both_fields(self, field):
        """Of several dates in one field the earliest counts."""
        assert said(field).since == "2026-01-19T00:00:00Z"
        assert said(sunset=field).sunset == "2026-01-19T00:00:00Z"

    @pytest.mark.parametrize("field", ["true", "?1", "1", "@1", "yes", "soon", "@" + "9" * 15, "?"])
    def test_deprecation_without_a_readable_date_is_announced_without_one(self, field):
        """The field is there, so the server means something by it."""
        assert said(field) == Announcement("", "", "", "")

    @pytest.mark.parametrize("field", ["", " ", "false", "False", '"false"', "?0", "0", "null"])
    def test_a_field_that_says_not_deprecated_announces_nothing(self, field):
        """Some servers send the header with each answer."""
        assert said(field) is None
        assert said(field, sunset="2027-01-01").sunset == "2027-01-01T00:00:00Z"

    @pytest.mark.parametrize(
        "field", ["", "soon", "true", "Mon, 31 Feb 2026 00:00:00 GMT", "2026-13-01", "0000-01-01"]
    )
    def test_sunset_without_a_readable_date_alone_announces_nothing(self, field):
        """Of `Sunset` the date is all that it says."""
        assert said(sunset=field) is None

    def test_leap_second_and_two_digit_years_are_read(self):
        """As RFC 9110 asks of a recipient."""
        assert said("Wed, 31 Dec 2025 23:59:60 GMT").since == "2025-12-31T23:59:59Z"
        assert said("Sunday, 06-Nov-94 08:49:37 GMT").since == "1994-11-06T08:49:37Z"

    def test_zone_beyond_the_last_year_is_no_date(self):
        """The sum is outside of what a date can be."""
        assert said("Fri, 31 Dec 9999 23:00:00 -0500").since == ""


class TestLinks:
    @pytest.mark.parametrize(
        "link",
        [
            '<https://docs.example.com/old>; rel="deprecation"; type="text/html"',
            "<https://docs.example.com/old>;rel=deprecation",
            '</next>; rel=next, <https://docs.example.com/old>; rel="help Deprecation"',
            '<https://docs.example.com/old?key=1>; title="a; b"; rel="sunset"',
            '<https://me:pw@docs.example.com/old>; rel="deprecation"',
        ],
    )
    def test_documentation_is_found_and_loses_its_query_and_credentials(self, link):
        """`rel="sunset"` of RFC 8594 names such a page as well."""
        assert said("true", link=link).documentation == "https://docs.example.com/old"

    def test_fragment_of_the_documentation_is_kept(self):
        """It is a place in a page."""
        link = '<https://docs.example.com/a#b>; rel="deprecation"'
        assert said("true", link=link).documentation == "https://docs.example.com/a#b"

    def test_successor_is_relative_to_the_request_and_loses_ids(self):
        """The server may repeat the id of the request in it."""
        link = '</v2/users/1453?token=secret#x>; rel="successor-version"'
        assert said("true", link=link).successor == "https://api.example.com/v2/users/{}"

    @pytest.mark.parametrize(
        "link",
        [
            "",
            "nonsense",
            '<javascript:alert(1)>; rel="deprecation"',
            '<file:///etc/passwd>; rel="deprecation"',
            '<https://[1/>; rel="deprecation"',
            '<https://@/nowhere>; rel="deprecation"',
            '<https://docs.example.com/a b>; rel="deprecation"',
            '<https://docs.example.com/\x1b[31m>; rel="deprecation"',
            f'<https://docs.example.com/{"a" * TARGET_AT_MOST}>; rel="deprecation"',
            "<https://docs.example.com/old>; rel",
        ],
    )
    def test_unusable_links_are_left_out(self, link):
        """The answer is announced all the same."""
        assert said("true", link=link) == Announcement("", "", "", "")


class TestRoute:
    @pytest.mark.parametrize(
        ("path", "template"),
        [
            ("/cgi/user/batchSetStatus", "/cgi/user/batchSetStatus"),
            ("/cgi/crm/v2/data/update", "/cgi/crm/v2/data/update"),
            ("/users/1453", "/users/{}"),
            ("/users/FSUID_0A1B2C/", "/users/{}/"),
            ("/u/ada@example.com", "/u/{}"),
            ("/u/%E5%BC%A0", "/u/{}"),
            ("/f/6ba7b810-9dad-11d1-80b4-00c04fd430c8/x.json", "/f/{}/x.json"),
            ("/k/sdkfjhSKDJFHskdjfhSKDJFHskdj", "/k/{}"),
            ("", ""),
            ("/a" * 13, "/a" * 12 + "…"),
            ("/" + "/".join(["a" * 24] * 10), ("/" + "a" * 24) * 8 + "…"),
        ],
    )
    def test_path_keeps_plain_words_only(self, path, template):
        """Ids, numbers, mail addresses and long random words are none."""
        asked = route("get", f"https://me:pw@API.example.com:8443{path}?mobile=139#x")
        assert asked == WatchedRoute("GET", "api.example.com:8443", template)

    def test_unreadable_addresses_and_methods_are_counted_without(self):
        """A client may send anything."""
        assert route("GET", "https://[1/") == WatchedRoute("GET", "", "")
        assert route("G\nT", "https://a b/x") == WatchedRoute("*", "", "/x")
        assert route("X" * 17, "/x") == WatchedRoute("*", "", "/x")


FIELDS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                *"@?=;,<>\"'- :0179",
                "true",
                "date=",
                "Mon, ",
                "99 Feb 2026 ",
                "31-Dec-99 ",
                "24:00:00",
                "+9959",
                "9999-12-31T23:59:59-23:59",
                "0001-01-01T00:00:00+23:59",
                "@" + "9" * 15,
                "@-62135596801",
                "rel=",
                "deprecation",
                "https://x/",
                "//[",
                "\x00",
                "\ud800",
                "٣",
            ]
        ),
        max_size=12,
    ).map("".join),
)


class TestAnyField:
    @given(FIELDS, FIELDS, FIELDS, FIELDS)
    @settings(max_examples=500)
    @example("@" + "9" * 15, "@-" + "9" * 15, "", "")
    def test_no_field_raises_and_every_text_is_bounded_and_printable(
        self, deprecation, sunset, link, url
    ):
        """Whatever a server sends, the client gets its answer, and the log one line."""
        found = announcement(deprecation, sunset, f"<{link}>; rel=deprecation", url)
        if found is not None:
            assert STAMP.fullmatch(found.since)
            assert STAMP.fullmatch(found.sunset)
            for target in (found.documentation, found.successor):
                assert len(target) <= TARGET_AT_MOST
                assert target.isprintable()
        asked = route(deprecation, url)
        assert len(asked.host) <= 255
        assert len(asked.path) <= 201
        assert asked.path.isprintable()

    @pytest.mark.parametrize(
        "part", ["<", "a", ";", "; rel", "1", ",", "@1,", "Jan ", "2026-", " "]
    )
    def test_a_megabyte_of_a_header_costs_no_more_than_its_first_characters(self, part):
        """No pattern looks back over what it has read."""
        field = part * (1_000_000 // len(part))
        started = time.process_time()
        announcement(field, field, field, f"https://x/{field}")
        route("GET", f"https://x/{field}")
        # Seconds of this process; it takes milliseconds.
        assert time.process_time() - started < 2
