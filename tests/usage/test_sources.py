"""Logs are read from every kind of file, and the days that they cover are known."""

import bz2
import codecs
import gzip
import lzma
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from usage_logs import NOW, as_json, called, finished, only, write

from shim.usage import SourceError, read_usage

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class TestSources:
    def test_missing_file_or_pattern_is_named(self, tmp_path):
        """The message says what to give."""
        for name in ("no.log", "no*.log"):
            with pytest.raises(SourceError, match=r"there is no such file; give log files"):
                read_usage([str(tmp_path / name)])

    def test_torn_or_broken_gzip_is_refused(self, tmp_path):
        """A compressed file that ends too soon, or is broken."""
        packed = gzip.compress(b"x" * 9999)
        broken = b"\x1f\x8b\x08" + b"\0" * 7 + b"\xff" * 50
        for content in (packed[:-9], b"\x1f\x8b\x08\0" + b"\xff" * 50, broken):
            path = tmp_path / "a.gz"
            path.write_bytes(content)
            with pytest.raises(SourceError, match="cannot be read to its end"):
                read_usage([str(path)])

    def test_long_lines_and_a_last_one_without_an_end(self, tmp_path):
        """Neither costs memory nor an event."""
        path = tmp_path / "a.log"
        path.write_bytes(b"x" * (9 << 20) + b"\n" + as_json(called(4)).encode())
        usage = read_usage([str(path)], now=NOW)
        assert (usage.log.lines, only(usage).calls) == (2, 4)

    def test_events_at_the_cut_of_two_pieces(self, tmp_path):
        """A file is read in pieces, a line is not."""
        lines = [as_json(finished(count)) for count in range(1, 6001)]
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert usage.log.events == 6000
        assert only(usage).calls == 6000

    def test_a_file_that_goes_away(self, tmp_path, monkeypatch):
        """Between being found and being read."""
        monkeypatch.setattr("os.path.exists", lambda _: True)
        with pytest.raises(SourceError, match="cannot be read"):
            read_usage([str(tmp_path / "gone.log")])


class TestFiles:
    """What a file is, is known by its first bytes."""

    EVENT = f"{as_json(called(4))}\n".encode()

    @pytest.mark.parametrize(
        "pack",
        [
            gzip.compress,
            bz2.compress,
            lzma.compress,
            zstd.compress,
            lambda content: gzip.compress(content[:40]) + gzip.compress(content[40:]),
            lambda content: bz2.compress(lzma.compress(gzip.compress(content))),
            lambda content: content.decode().encode("utf-16"),
            lambda content: content.decode().encode("utf-16-le"),
            lambda content: content.decode().encode("utf-16-be"),
            lambda content: gzip.compress(content.decode().encode("utf-16")),
            lambda content: codecs.BOM_UTF8 + content,
            lambda content: b"\0" * 70_000 + content,
        ],
    )
    def test_compressed_log_is_read_whatever_its_name(self, pack, tmp_path):
        """Whatever its name."""
        (tmp_path / "a.log").write_bytes(pack(self.EVENT))
        usage = read_usage([str(tmp_path / "a.log")], now=NOW)
        assert (usage.log.lines, only(usage).calls, usage.log.unread) == (1, 4, 0)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"PK\x03\x04", "it is a zip file"),
            (b"7z\xbc\xaf'\x1c", "it is a 7z file"),
            (b"\x04\x22\x4d\x18", "it is compressed with lz4"),
            (b"PAR1", "it is a parquet file"),
            (b"SQLite format 3\0", "it is an SQLite database"),
            (b"LPKSHHRH", "give what journalctl -o json prints"),
            ("x".encode("utf-32") * 99, "it is in UTF-32"),
            (("shim" * 99).encode("utf-32-le"), "it is not text"),
            (bytes(range(256)) * 9, "it is not text"),
            (b"a.log" + b"\0" * 252 + b"ustar\x0000", "it is a tar file; unpack it"),
            (bz2.compress(bz2.compress(bz2.compress(bz2.compress(b"x")))), "more than 3 times"),
            (b"x" * (65 << 20), "it has no end of line in 64 MB"),
            (zstd.compress(EVENT)[:-9], "to its end"),
            (zstd.compress(EVENT)[:6] + b"\xff" * 99, "to its end"),
            (lzma.compress(EVENT)[:20] + b"\xff" * 99, "to its end"),
        ],
    )
    def test_other_formats_are_refused_by_name(self, content, why, tmp_path):
        """By its name, and with what to do."""
        (tmp_path / "a.log").write_bytes(content)
        with pytest.raises(SourceError, match=r"a\.log: ") as raised:
            read_usage([str(tmp_path / "a.log")])
        assert why in str(raised.value)

    def test_zstd_without_its_extra_says_what_to_install(self, tmp_path, monkeypatch):
        """Before Python 3.14."""
        monkeypatch.setitem(sys.modules, "backports.zstd", None)
        monkeypatch.setitem(sys.modules, "compression.zstd", None)
        (tmp_path / "a.zst").write_bytes(zstd.compress(self.EVENT))
        with pytest.raises(SourceError, match=r"pip install 'fxiaoke-shim\[zstd\]'"):
            read_usage([str(tmp_path / "a.zst")])

    def test_a_directory_and_a_device(self, tmp_path):
        """Are no logs."""
        with pytest.raises(SourceError, match="a directory; give its files"):
            read_usage([str(tmp_path)])
        with pytest.raises(SourceError, match="neither a file nor a pipe"):
            read_usage(["/dev/zero"])

    def test_pipe_is_read_once_a_program_writes_to_it(self, tmp_path, monkeypatch):
        """Is read if a program writes to it, however late."""
        monkeypatch.setattr("shim.usage._sources._PATIENCE", 0.2)
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(SourceError, match="a pipe to which no program writes"):
            read_usage([str(pipe)])
        # Open for both, so that nothing waits for the other end.
        end = os.open(pipe, os.O_RDWR)

        def late():
            time.sleep(0.5)
            os.write(end, self.EVENT)
            os.close(end)

        with ThreadPoolExecutor() as threads:
            threads.submit(late)
            usage = read_usage([str(pipe)], now=NOW)
        assert only(usage).calls == 4

    @pytest.mark.parametrize(
        "unit",
        [
            *(
                "\\",
                '\\"',
                '"',
                "'",
                '"x"',
                "(",
                "{",
                '{\\"',
                "='",
                '=""',
                ":",
                "a=b\\ ",
                "a",
                "115,",
            ),
            *(' a="x\\', "\x1b]8;", "shim.offline_api_called ", "event=shim.offline_api_called "),
            '{"a":"shim.offline_api_called"}',
        ],
    )
    def test_no_line_takes_more_than_its_length(self, unit, tmp_path):
        """Whatever it is made of: seconds are for the slowest machine, minutes were before."""
        start = time.process_time()
        line = "event=shim.offline_api_called " + unit * (60_000 // len(unit))
        usage = read_usage([write(tmp_path / "a.log", [line])], now=NOW)
        assert usage.log.unread == 1
        assert time.process_time() - start < 5


class TestCoverage:
    def test_other_lines_are_log_as_well(self, tmp_path):
        """Days without a notice, but with a log."""
        lines = [f"2026-11-{day:02} 10:00:00 INFO started" for day in (1, 2, 5)]
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert usage.log.days == ["2026-11-01", "2026-11-02", "2026-11-05"]

    def test_a_date_that_there_is_not_is_none(self, tmp_path):
        """In the text of a line, as in its time."""
        lines = [
            "2026-11-01 10:00:00 x",
            "2026-11-03 10:00:00 until 2026-02-31 10:00:00",
            "2026-02-31 10:00:00 x",
            '{"until": "2026-02-31 10:00", "timestamp": "2026-11-04T10:00:00Z"}',
            "2026-11-05 10:00:00 x",
        ]
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert [one[-2:] for one in usage.log.days] == ["01", "03", "04", "05"]

    def test_many_lines_without_a_time_hide_no_day(self, tmp_path):
        """A long traceback at the beginning, and one at the end."""
        lines = [*["  at x"] * 200, "2026-11-01 10:00:00 x", *["  at x"] * 200]
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert usage.log.days == ["2026-11-01"]

    def test_days_to_come_are_none(self, tmp_path):
        """A clock may be wrong."""
        usage = read_usage([write(tmp_path / "a.log", ["2027-01-01T00:00 x"])], now=NOW)
        assert usage.log.days == []

    @pytest.mark.parametrize(
        ("line", "day"),
        [
            ("2026-11-03 10:00:00,123 INFO x due 2026-11-20T10:00", "2026-11-03"),
            ("INFO 2026-11-03 10:00:00 x", "2026-11-03"),
            ("[2026-11-03T10:00:00Z] x", "2026-11-03"),
            ("<134>1 2026-11-03T10:00:00Z host x", "2026-11-03"),
            ("web-1  | 2026-11-03T10:00:00Z x", "2026-11-03"),
            ("level=info ts=2026-11-03T10:00:00Z msg=x", "2026-11-03"),
            ("Tue Nov  3 10:00:00 2026 x", "2026-11-03"),
            ('10.0.0.1 - - [03/Nov/2026:10:00:00 +0000] "GET /"', "2026-11-03"),
            ('10.0.0.1 - - [03/Nov/2026:01:00:00 +0800] "GET /"', "2026-11-02"),
            ("2026-11-03T01:00:00+08:00 x", "2026-11-02"),
            ("2026-11-03T23:00:00-0500 x", "2026-11-04"),
            ('{"timestamp": "2026-11-03T10:00:00Z", "x": "2026-11-20T10:00:00Z"}', "2026-11-03"),
            ('{"ts": 1793700000.5, "due": "2026-11-20T10:00"}', "2026-11-03"),
            ('{"__REALTIME_TIMESTAMP": "1793700000123456"}', "2026-11-03"),
            ('{"record": {"time": {"timestamp": 1793700000.1}}}', "2026-11-03"),
            ('{"payload": {"timestamp": "2026-11-03T10:00:00Z"}}', None),
            ('{"ts": 7, "time": [], "date": 1e400, "at": "x"}', None),
            ('{"ts": "2026-11-31T10:00:00Z", "x": ', None),
            ("2026-11-31T10:00:00Z", None),
            ("due 2026-11-03T10:00", None),
            ("Nov 03 10:00:00 host x", None),
        ],
    )
    def test_the_date_of_a_line_is_its_own_time(self, line, day, tmp_path):
        """With its zone, and never a date in its text; the same among lines of other days."""
        for around in ([], ["2026-10-01T10:00:00Z x", "2026-10-02T10:00:00Z x"]):
            path = write(tmp_path / "a.log", [*around[:1], line, *around[1:]])
            days = {one[:10] for one in around} | ({day} if day else set())
            assert set(read_usage([path], now=NOW).log.days) == days

    def test_lines_without_a_time_cover_no_day(self, tmp_path):
        """Nothing is known then."""
        assert read_usage([write(tmp_path / "a.log", ["x"])], now=NOW).log.days == []

    def test_a_day_is_looked_for_once(self, tmp_path):
        """Many lines of one day."""
        lines = ["2026-11-03T10:00:00 x"] * 9999
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert usage.log.days == ["2026-11-03"]
