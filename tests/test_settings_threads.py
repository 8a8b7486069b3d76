"""Many threads, one settings file: one of them looks, and none waits for it."""

import sys
import threading

import pytest

from shim import settings
from shim.notices import SettingsFileRead


@pytest.fixture(autouse=True)
def _clock(clock):
    settings.reset(clock.now)


@pytest.fixture
def file(tmp_path, _clock):
    path = tmp_path / "fxiaoke-shim.toml"
    path.write_text('mode = "legacy"\n')
    assert settings.current().mode == "legacy"
    return path


def replaced(path, text):
    """Write a file as one should: whole or not at all."""
    beside = path.with_name("beside")
    beside.write_text(text)
    beside.replace(path)


def heard(events, kind):
    settings.current()
    return [event for event in events if isinstance(event, kind)]


def test_many_threads_look_at_the_file_at_once(file, events, clock):
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


def test_of_two_threads_one_looks_at_the_file(file, clock):
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
