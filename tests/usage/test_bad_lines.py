"""Lines that name an event and cannot be read are counted, with a reason."""

import json

import pytest
from usage_logs import NOW, as_json, called, compared, keyed, only, write

from shim.usage import read_usage


class TestBadLines:
    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (as_json(called())[:90], "but is not a complete one"),
            (
                as_json(called()).replace('"site": 1', '"site": "x"'),
                "its field site is missing or wrong",
            ),
            (
                as_json(called()).replace('"calls": 1', '"calls": -1'),
                "its field calls is missing or wrong",
            ),
            (
                as_json(called()).replace('"calls": 1', '"calls": true'),
                "its field calls is missing or wrong",
            ),
            (
                as_json(called()).replace('"calls": 1', f'"calls": {10**15}'),
                "its field calls is missing or wrong",
            ),
            (as_json(called()).replace('"calls": 1,', ""), "its field calls is missing or wrong"),
            (as_json(called()).replace("T00:00", "T99:00"), "its field at is missing or wrong"),
            (
                as_json(called()).replace("-01T00:00", "-31T00:00"),
                "its field at is missing or wrong",
            ),
            (
                as_json(called()).replace('"at": "2026', '"at": 7, "x": "2026'),
                "its field at is missing or wrong",
            ),
            (
                as_json(called()).replace('"instance": "1-a"', '"instance": 5'),
                "its field instance is missing or wrong",
            ),
            (
                as_json(called()).replace('"instance": "1-a"', '"instance": []'),
                "its field instance is missing or wrong",
            ),
            (
                as_json(called()).replace('"instance": "1-a"', '"instance": ""'),
                "its field instance is missing or wrong",
            ),
            (
                as_json(called()).replace('"instance": "1-a"', '"process": 7'),
                "its field instance is missing or wrong",
            ),
            (as_json(called()).replace('"caller_module": "hr"', '"x": 1'), "field caller_module"),
            (
                as_json(called()).replace('"hr"', '"\\ud800"'),
                "its field caller_module is missing or wrong",
            ),
            (
                as_json(called()).replace('"hr"', '"\ufffd"'),
                "its field caller_module is missing or wrong",
            ),
            (
                as_json(called()).replace('"hr"', '"??"'),
                "its field caller_module is missing or wrong",
            ),
            (
                as_json(called()).replace('"hr"', '"\\u001b[2J"'),
                "its field caller_module is missing or wrong",
            ),
            (
                as_json(called()).replace("set_member_status_batch", ""),
                "its field function is missing or wrong",
            ),
            (as_json(called()).replace("FXO001", "x"), "its field code is missing or wrong"),
            (keyed(called()).partition(" calls=")[0], "its field address is missing or wrong"),
            (
                as_json(compared("match")).replace('"match"', "null"),
                "its field result is missing or wrong",
            ),
            (as_json(compared("match"))[1:-9], "its field at is missing or wrong"),
            ("shim.offline_api_called is what to look for", "but is not a complete one"),
            (
                '{"message": "we saw shim.offline_api_called in {the log}"}',
                "but is not a complete one",
            ),
            ('{"event": "shim.something_new", "instance": "1-0123456789ab"}', "of a later version"),
            ("{" * 5000 + "shim.offline_api_called", "but is not a complete one"),
            ('{"a":' * 200_000 + '"shim.offline_api_called"', "that is too long"),
            ('{"a": "' + '{"b": ' * 9 + 'shim.offline_api_called"}', "but is not a complete one"),
            ('{"a":' * 9 + '"shim.offline_api_called"' + "}" * 9, "but is not a complete one"),
            ("event=shim.offline_api_ca", "names an event in part"),
            ("Nov 01 10:00:00 host app[7]: [380B blob data]", "is not shown by journalctl"),
            ("s\0h\0i\0m\0.\0o\0f\0f\0l\0i\0n\0e", "in UTF-16, while the log is not"),
            ('{"MESSAGE": [115,104,105,109,46,111,112', "but is not a complete one"),
        ],
    )
    def test_are_counted_and_skipped(self, line, why, tmp_path):
        """And the first is named by its place, never by what is in it."""
        good = as_json(called(1))
        path = write(tmp_path / "a.log", [good, "other", line, good, line])
        usage = read_usage([path], now=NOW)
        assert (usage.log.events, usage.log.unread) == (2, 2)
        assert usage.log.unread_first.startswith(f"{path}:3 ")
        assert why in usage.log.unread_first
        assert only(usage).calls == 1

    @pytest.mark.parametrize(
        "line",
        [
            "GET /shim.css",
            '{"event": "shim.something_new", "process": "1-a"}',
            "from shim.offline import ENDPOINTS",
            "shim.settings.layers: read",
            "we have a shim.",
            "fxshim explain FXO001",
            "\x00\xff\xfe",
            "    m.process(shi)",
        ],
    )
    def test_others_may_look_like_it(self, line, tmp_path):
        """That is no event, and no broken one."""
        usage = read_usage([write(tmp_path / "a.log", ["x", line, "y"])], now=NOW)
        assert (usage.log.lines, usage.log.events, usage.log.unread) == (3, 0, 0)

    def test_what_0_1_wrote_is_read(self, tmp_path):
        """It named the process `process`, and no service."""
        fields = {"event": "shim.offline_api_called", **called(3).fields()}
        fields["process"] = fields.pop("instance")
        del fields["service"]
        usage = read_usage([write(tmp_path / "a.log", [json.dumps(fields)])], now=NOW)
        assert usage.log.unread == 0
        assert only(usage).calls == 3
        assert [key.service for key in usage.sites] == [""]
        assert usage.log.processes["1-a"].service == ""

    def test_a_time_in_microseconds(self, tmp_path):
        """As structlog's TimeStamper writes over ours."""
        line = as_json(called(3)).replace("00.000Z", "00.123456Z")
        assert only(read_usage([write(tmp_path / "a.log", [line])], now=NOW)).first.endswith(
            "T00:00:00.123Z"
        )

    def test_a_module_of_the_same_name(self, tmp_path):
        """A program may have a `shim.py`."""
        line = as_json(called(3, caller_file="/app/shim.py", caller_module="shim.jobs"))
        usage = read_usage([write(tmp_path / "a.log", [line])], now=NOW)
        assert (usage.log.events, usage.log.unread) == (1, 0)

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("event=sh", "im.offline_api_called code=FXO001"),
            ("event=shim", "    .offline_api_called code=FXO001"),
            ("x event=shim.", "  offline_api_called code=FXO001"),
            ("x event=shim.offline_api_ca     hooks.py:7", "  lled code=FXO001"),
        ],
    )
    def test_a_folded_name_is_counted(self, first, second, tmp_path):
        """By a console or a collector."""
        usage = read_usage([write(tmp_path / "a.log", ["x", first, second])], now=NOW)
        assert (usage.log.events, usage.log.unread) == (0, 1)
        assert ":2 " in usage.log.unread_first

    def test_mismatches_of_another_shape(self, tmp_path):
        """Are none; the comparison counts."""
        line = as_json(compared("mismatch")).replace('"mismatches": []', '"mismatches": 7')
        usage = read_usage([write(tmp_path / "a.log", [line])], now=NOW)
        assert (only(usage).mismatched, only(usage).paths) == (1, {})
