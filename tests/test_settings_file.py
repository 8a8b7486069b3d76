"""The settings file is a switch that needs no restart, and a broken one changes nothing."""

import os
import sys
import threading
from pathlib import Path

import pytest

import shim
from shim import settings
from shim.notices import SettingsFileRead, SettingsFileRefused


@pytest.fixture(autouse=True)
def _clock(clock):
    settings.reset(clock.now)


@pytest.fixture
def file(tmp_path, _clock):
    path = tmp_path / "fxiaoke-shim.toml"
    path.write_text('mode = "legacy"\n')
    assert settings.current().mode == "legacy"
    return path


@pytest.fixture
def until(clock):
    """Return a function that looks again and again, as calls do, until it is so."""

    def until(condition, seconds=5.0):
        end = clock.now() + seconds
        while not condition():
            assert clock.now() < end, "it did not come to pass"
            clock.sleep(0.02)

    return until


def replaced(path, text):
    """Write a file as one should: whole or not at all."""
    beside = path.with_name("beside")
    beside.write_text(text)
    beside.replace(path)


def heard(events, kind):
    settings.current()
    return [event for event in events if isinstance(event, kind)]


class TestRead:
    def test_a_changed_file_is_in_force_within_a_second(self, file, events, until, clock):
        """And that is an event."""
        before = clock.now()
        replaced(file, 'mode = "object"\n')
        until(lambda: settings.current().mode == "object")
        assert clock.now() - before < 1.0
        assert len(heard(events, SettingsFileRead)) == 1

    def test_environment_and_configure_still_win(self, file, monkeypatch, until):
        """The layers stay what they are."""
        monkeypatch.setenv("FXIAOKE_SHIM_NOTICES", "log")
        shim.configure(concurrency=3)
        replaced(file, 'mode = "shadow"\nnotices = "error"\nconcurrency = 5\n')
        until(lambda: settings.current().mode == "shadow")
        now = settings.current()
        assert (now.notices, now.concurrency) == ("log", 3)

    def test_a_file_that_was_not_there(self, tmp_path, until):
        """May be made later: the kill switch of a program that never had one."""
        assert settings.current().mode == "object"
        replaced(tmp_path / "fxiaoke-shim.toml", 'mode = "legacy"\n')
        until(lambda: settings.current().mode == "legacy")

    def test_the_place_is_that_of_the_first_call(self, file, tmp_path, monkeypatch, until):
        """A later chdir must not change where tokens go."""
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "fxiaoke-shim.toml").write_text('base_url = "https://evil.example"\n')
        monkeypatch.chdir(elsewhere)
        replaced(file, 'mode = "shadow"\n')
        until(lambda: settings.current().mode == "shadow")
        shim.configure(concurrency=2)
        assert settings.current().base_url == "https://open.fxiaoke.com"

    def test_a_relative_path_in_the_environment(self, tmp_path, monkeypatch, until):
        """Is one from where the program was at its first call."""
        (tmp_path / "named.toml").write_text('mode = "shadow"\n')
        monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", "named.toml")
        assert settings.current().mode == "shadow"
        monkeypatch.chdir("/")
        replaced(tmp_path / "named.toml", 'mode = "legacy"\n')
        until(lambda: settings.current().mode == "legacy")

    def test_a_file_that_is_being_written_is_let_alone(self, file, until, clock):
        """What is half there may be valid; it is read once it has stopped changing."""
        seen = set()
        with file.open("w") as out:
            for _ in range(8):
                out.write("# more\n")
                out.flush()
                seen.add(settings.current().mode)
                clock.sleep(settings.LOOK_SECONDS)
            out.write('mode = "shadow"\n')
        assert seen == {"legacy"}
        until(lambda: settings.current().mode == "shadow")

    def test_a_touched_file_is_as_good_as_a_changed_one(self, file, events, until):
        """The time of the change is one of the marks."""
        os.utime(file, (1, 1))
        until(lambda: heard(events, SettingsFileRead))
        assert settings.current().mode == "legacy"


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("mode = objec", "is not valid TOML at line 1"),
            ('mode = "somehow"', "mode: Input should be 'object'"),
            ("percent = 10", "there is no setting 'percent'"),
            ("", "is gone, or holds no settings any more"),
            ("# nothing\n", "is gone, or holds no settings any more"),
        ],
    )
    def test_what_was_read_last_stays_in_force(  # noqa: PLR0913, PLR0917 - most are fixtures.
        self, file, events, text, expected, until, clock
    ):
        """It is said once what is wrong, with file and key."""
        replaced(file, text)
        until(lambda: heard(events, SettingsFileRefused))
        for _ in range(3):
            clock.sleep(settings.LOOK_SECONDS)
            assert settings.current().mode == "legacy"
        [event] = heard(events, SettingsFileRefused)
        assert event.reason.startswith(f"{file}: ")
        assert expected in event.reason

    def test_a_file_that_has_gone(self, file, events, until):
        """Is no reason to go another way."""
        file.unlink()
        until(lambda: heard(events, SettingsFileRefused))
        assert settings.current().mode == "legacy"

    def test_one_that_was_named_and_has_gone(self, file, events, monkeypatch, until, clock):
        """The same, where the environment names it."""
        monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", str(file))
        settings.reset(clock.now)
        assert settings.current().mode == "legacy"
        file.unlink()
        until(lambda: heard(events, SettingsFileRefused))
        assert settings.current().mode == "legacy"

    def test_and_back_again(self, file, events, until):
        """Once it is mended, it is in force."""
        replaced(file, "mode")
        until(lambda: heard(events, SettingsFileRefused))
        replaced(file, 'mode = "object"')
        until(lambda: settings.current().mode == "object")

    def test_no_value_is_repeated(self, file, events, until):
        """A secret in a broken line stays in its line."""
        replaced(file, 'app_secret = "canary\nmode = "x"')
        until(lambda: heard(events, SettingsFileRefused))
        assert "canary" not in repr(events)


def test_many_threads_look_at_once(file, events, clock):
    """One of them reads; none waits for another's hook, and all go on."""
    replaced(file, 'mode = "object"\n')
    modes = []

    def look():
        for _ in range(100):
            clock.sleep(settings.LOOK_SECONDS / 20)
            modes.append(settings.current().mode)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert settings.current().mode == "object"
    assert set(modes) <= {"legacy", "object"}
    assert len(heard(events, SettingsFileRead)) == 1


def test_of_two_that_find_it_is_time_one_looks(file, clock):
    """Else a file just written would pass for one that looks the same as last time."""
    first, second = threading.get_ident(), threading.Thread(target=settings.current)
    readings = []

    def racing():
        readings.append(threading.get_ident())
        if readings == [first, first]:
            # The first holds the lock and has not said yet that it looks: now the second comes.
            second.start()
            while sys._current_frames()[second.ident].f_code.co_name != "_looked":  # noqa: SLF001
                assert second.is_alive()
        return clock.now()

    settings.reset(racing)
    settings.current()
    readings.clear()
    replaced(file, 'mode = "object"\n')
    clock.sleep(settings.LOOK_SECONDS)
    assert settings.current().mode == "legacy"
    second.join()
    assert readings.count(first) > 2, "the first has looked"
    assert readings.count(second.ident) == 2, "it was time for the second, and then it was not"
    assert settings.current().mode == "legacy"
    clock.sleep(settings.LOOK_SECONDS)
    assert settings.current().mode == "object"


def test_pinned_settings_hold_inside(file):
    """What belongs together goes by the same settings, whatever the file says meanwhile."""
    now = settings.current()
    with settings.pinned(now.model_copy(update={"mode": "dry_run"})):
        assert settings.current().mode == "dry_run"
    assert settings.current() is now
    assert Path(file).is_file()
