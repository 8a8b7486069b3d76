"""The results file: readable after any crash, and no other file is changed."""

import json
import os
import resource
import stat
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shim.cli._results import ResultsError, ResultsFile, failed_ids
from shim.offline.answer import Outcome

OUTCOMES = st.builds(
    Outcome,
    open_user_id=st.sampled_from(["FSUID_1", "FSUID_2", "员工\u2028", 'a"\n']),
    state=st.sampled_from(["changed", "unchanged", "failed", "planned"]),
    error_code=st.integers(-2, 99_999),
    # Halves of surrogate pairs too: a vendor's JSON may hold them.
    message=st.text(st.characters(categories=None)),
    trace_id=st.text(max_size=3),
)
RUNS = st.lists(st.tuples(st.sampled_from(["disabled", "enabled"]), st.lists(OUTCOMES)))
OURS = (
    '{"openUserId": "F", "asked": "disabled", "state": "failed", "errorCode": 1, "message": "", '
    '"traceId": "", "at": ""}\n'
)


def outcome(open_user_id="F", state="failed"):
    return Outcome(open_user_id, state, 1, "why", "E-O.1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


def write(path, runs):
    for asked, outcomes in runs:
        with ResultsFile(path, asked) as results:
            results.append(outcomes)


@contextmanager
def room_for(count):
    """Have no file of this process grow beyond `count` bytes, as a full disk would."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, former[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, former)


class TestWriting:
    """A line for each outcome."""

    def test_a_line_says_what_became_of_a_member(self, tmp_path):
        """Seven keys, in UTF-8, in a file for this user alone."""
        path = tmp_path / "out.jsonl"
        write(path, [("disabled", [Outcome("员工", "failed", 20012, "没有", "E-O.1")])])
        row = json.loads(path.read_text(encoding="utf-8"))
        assert row.pop("at").endswith("Z")
        assert row == {
            "openUserId": "员工",
            "asked": "disabled",
            "state": "failed",
            "errorCode": 20012,
            "message": "没有",
            "traceId": "E-O.1",
        }
        assert "没有" in path.read_text(encoding="utf-8")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    @settings(max_examples=50)  # Each waits for the disk.
    @given(before=RUNS, after=RUNS, share=st.floats(0, 1))
    def test_any_truncation_can_be_appended_to(self, folder, before, after, share):
        """Whole lines stay, a torn one goes, what comes is whole: all of it is JSON lines."""
        path = folder / "out.jsonl"
        path.unlink(missing_ok=True)
        write(path, [*before, ("disabled", [outcome()])])
        data = path.read_bytes()
        kept = data[: round(share * len(data))]
        path.write_bytes(kept)
        lost = len(kept) < len(data)
        write(path, [*after, ("enabled", [outcome("last")])])
        lines = path.read_bytes().decode().split("\n")
        assert lines.pop() == ""
        rows = [json.loads(line) for line in lines]
        count = sum(len(outcomes) for _, outcomes in after) + 1
        whole = [line for line in data.decode().split("\n") if line][: len(rows) - count]
        assert lines[: len(rows) - count] == whole
        assert len(whole) >= kept.count(b"\n")
        assert lost or len(whole) == data.count(b"\n")
        assert rows[-1]["openUserId"] == "last"

    def test_a_torn_line_of_any_length_is_cut_off(self, tmp_path):
        """Also one that is longer than a block, and what a power loss leaves."""
        for torn in (OURS[:-9], OURS[:12] + "x" * 200_000, "\0" * 70_000):
            path = tmp_path / "out.jsonl"
            path.write_text(OURS + torn)
            write(path, [("disabled", [])])
            assert path.read_text() == OURS

    def test_a_lost_line_end_is_put_back(self, tmp_path):
        """A line that lacks nothing else is whole."""
        path = tmp_path / "out.jsonl"
        path.write_text(OURS + OURS.strip())
        write(path, [("disabled", [])])
        assert path.read_text() == OURS + OURS

    def test_a_full_disk_is_an_error(self, tmp_path):
        """It says which file; what fitted is there, and the next run goes on behind it."""
        path = tmp_path / "out.jsonl"
        with ResultsFile(path, "disabled") as results:
            results.append([outcome()])
            with (
                room_for(path.stat().st_size + 10),
                pytest.raises(ResultsError, match="cannot be written: "),
            ):
                results.append([outcome()])
        assert failed_ids(path, "disabled") == ({"F"}, 1)
        write(path, [("disabled", [outcome("G")])])
        assert failed_ids(path, "disabled") == ({"F", "G"}, 0)

    def test_a_full_disk_at_the_start_is_an_error(self, tmp_path):
        """There the line end that is put back does not fit."""
        path = tmp_path / "out.jsonl"
        path.write_text(OURS + OURS.strip())
        with room_for(path.stat().st_size), pytest.raises(ResultsError, match="cannot be written"):
            ResultsFile(path, "disabled")


class TestForeign:
    """Files that are not ours."""

    @pytest.mark.parametrize(
        "text",
        [
            "openUserId\nFSUID_1\n",
            '{"openUserId": "FSUID_1"}\n',
            '{"openUserId": "FSUID_1"}',
            "FSUID_1",
            "[]\n" + OURS,
            "\n" + OURS,
            OURS.replace('"F"', "1"),
            "[" * 100_000,
        ],
    )
    def test_they_are_refused_and_stay_as_they_are(self, tmp_path, text):
        """A list of ids above all: it looks like results."""
        path = tmp_path / "mine"
        path.write_text(text)
        for use in (ResultsFile, failed_ids):
            with pytest.raises(ResultsError, match="not a results file"):
                use(path, "disabled")
        assert path.read_text() == text

    def test_what_cannot_be_a_results_file(self, tmp_path):
        """A pipe, a folder, a file in a folder that is not there."""
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ResultsError, match="not a regular file"):
            ResultsFile(tmp_path / "pipe", "disabled")
        for path in (tmp_path, tmp_path / "none" / "out.jsonl"):
            with pytest.raises(ResultsError, match="cannot be written"):
                ResultsFile(path, "disabled")
            with pytest.raises(ResultsError, match="cannot be read"):
                failed_ids(path, "disabled")


class TestOnlyFailed:
    """Whose last word it is that they failed."""

    @settings(max_examples=50)
    @given(runs=RUNS, asked=st.sampled_from(["disabled", "enabled"]))
    def test_the_last_line_of_each_id_decides(self, folder, runs, asked):
        """Of those that asked the same; a dry run's plans decide nothing."""
        path = folder / "out.jsonl"
        path.unlink(missing_ok=True)
        path.touch()
        write(path, runs)
        last = {
            one.open_user_id: one.state
            for what, outcomes in runs
            for one in outcomes
            if what == asked and one.state != "planned"
        }
        failed = {one for one, state in last.items() if state == "failed"}
        assert failed_ids(path, asked) == (failed, 0)

    def test_lines_that_are_not_ours_are_counted(self, tmp_path):
        """Torn ones, and what others have put in between."""
        path = tmp_path / "out.jsonl"
        path.write_text(OURS + "{}\n\nhello\n" + OURS + OURS[:20])
        assert failed_ids(path, "disabled") == ({"F"}, 4)

    def test_a_file_with_nothing_but_a_torn_line(self, tmp_path):
        """No member is known to have failed."""
        path = tmp_path / "out.jsonl"
        path.write_text(OURS[:40])
        assert failed_ids(path, "disabled") == (set(), 1)
