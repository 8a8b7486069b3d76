"""The settings file is a switch that needs no restart, and a broken one changes nothing."""

import contextlib
import os
import socket
from pathlib import Path
from typing import ClassVar

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import shim
from shim import settings
from shim.notices import SettingsFileRead, SettingsFileRefused
from shim.settings import _file as settings_file


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

    def test_a_file_that_appears_later_is_read(self, tmp_path, until):
        """May be made later: the kill switch of a program that never had one."""
        assert settings.current().mode == "object"
        replaced(tmp_path / "fxiaoke-shim.toml", 'mode = "legacy"\n')
        until(lambda: settings.current().mode == "legacy")

    def test_the_place_of_the_file_is_that_of_the_first_call(
        self, file, tmp_path, monkeypatch, until
    ):
        """A later chdir must not change where tokens go."""
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "fxiaoke-shim.toml").write_text('base_url = "https://evil.example"\n')
        monkeypatch.chdir(elsewhere)
        replaced(file, 'mode = "shadow"\n')
        until(lambda: settings.current().mode == "shadow")
        shim.configure(concurrency=2)
        assert settings.current().base_url == "https://open.fxiaoke.com"

    def test_a_relative_path_in_the_environment_is_of_the_first_directory(
        self, tmp_path, monkeypatch, until
    ):
        """Is one from where the program was at its first call."""
        (tmp_path / "named.toml").write_text('mode = "shadow"\n')
        monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", "named.toml")
        assert settings.current().mode == "shadow"
        monkeypatch.chdir("/")
        replaced(tmp_path / "named.toml", 'mode = "legacy"\n')
        until(lambda: settings.current().mode == "legacy")

    def test_a_file_that_is_being_written_is_not_read(self, file, until, clock):
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

    def test_a_touched_file_is_read(self, file, events, until):
        """The time of the change is one of the marks."""
        os.utime(file, (1, 1))
        until(lambda: heard(events, SettingsFileRead))
        assert settings.current().mode == "legacy"

    def test_an_edit_that_keeps_size_and_time_is_seen(self, file, until):
        """As `cp -p` and editors that restore the time make it."""
        before = file.stat()
        file.write_text('mode = "object"\n')
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert file.stat().st_size == before.st_size
        until(lambda: settings.current().mode == "object")

    @pytest.mark.parametrize("lines", ["mode = 'shadow'\r\n", "# 模式\nmode = 'shadow'\n"])
    def test_a_byte_order_mark_is_skipped(self, file, until, lines):
        """Notepad writes one. It is at the beginning of the first file and of later ones."""
        file.write_bytes(b"\xef\xbb\xbf" + lines.encode())
        until(lambda: settings.current().mode == "shadow")
        settings.reset()
        assert settings.current().mode == "shadow"


class TestWhereTokensGo:
    CHANGED: ClassVar = {
        "base_url": '"https://evil.example"',
        "redis_url": '"redis://evil.example"',
        "allow_plain_http": "true",
    }

    @pytest.mark.parametrize("key", CHANGED)
    @pytest.mark.parametrize("first", ['mode = "legacy"\n', ""])
    def test_a_file_that_no_one_named_gives_addresses_at_its_first_reading_only(  # noqa: PLR0913, PLR0917 - most are fixtures.
        self, file, events, until, clock, key, first
    ):
        """The rest of it stays a switch, and the log names the keys that were ignored."""
        file.write_text(first) if first else file.unlink()
        settings.reset(clock.now)
        before = settings.current()
        replaced(file, f'mode = "shadow"\n{key} = {self.CHANGED[key]}\n')
        until(lambda: settings.current().mode == "shadow")
        assert getattr(settings.current(), key) == getattr(before, key)
        assert getattr(shim.configure(concurrency=2), key) == getattr(before, key)
        [event] = heard(events, SettingsFileRead)
        assert event.ignored == (key,)
        assert "evil" not in repr(events)

    def test_addresses_of_the_first_reading_stay_in_force(self, file, events, until, clock):
        """Also when the lines are gone, and when they change again; unchanged ones are no news."""
        file.write_text('base_url = "https://first.example"\n')
        settings.reset(clock.now)
        assert settings.current().base_url == "https://first.example"
        for text, ignored in (
            ('base_url = "https://first.example"\nmode = "shadow"', ()),
            ('mode = "legacy"', ("base_url",)),
            ('mode = "dry_run"\nbase_url = "https://evil.example"', ("base_url",)),
        ):
            events.clear()
            replaced(file, text)
            until(lambda: heard(events, SettingsFileRead))
            assert heard(events, SettingsFileRead)[0].ignored == ignored
            assert settings.current().base_url == "https://first.example"
        assert settings.current().mode == "dry_run"

    def test_a_file_that_was_named_may_change_addresses(
        self, file, events, monkeypatch, until, clock
    ):
        """It is not there by chance."""
        monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", str(file))
        settings.reset(clock.now)
        assert settings.current().base_url == "https://open.fxiaoke.com"
        replaced(file, 'base_url = "https://other.example"\n')
        until(lambda: settings.current().base_url == "https://other.example")
        assert heard(events, SettingsFileRead)[0].ignored == ()


def write(data):
    return lambda path: path.write_bytes(data)


def of_another_user(path):
    path.write_text('mode = "object"\n')
    os.chown(path, 65534, -1)


def writable_by_any_user(path):
    path.write_text('mode = "object"\n')
    path.chmod(0o646)


def link_of_another_user(path):
    beside = path.with_name("target")
    beside.write_text('mode = "object"\n')
    path.symlink_to(beside)
    os.chown(path, 65534, -1, follow_symlinks=False)


def listening(path):
    with contextlib.chdir(path.parent) if hasattr(contextlib, "chdir") else at(path.parent):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path.name)
        listener.close()


UNUSABLE = {
    "directory": (Path.mkdir, "is no regular file"),
    "pipe": (os.mkfifo, "is no regular file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is no regular file"),
    "socket": (listening, "is no regular file"),
    "link to nowhere": (lambda path: path.symlink_to("nowhere"), "cannot be read"),
    "link to itself": (lambda path: path.symlink_to(path.name), "cannot be read"),
    "long": (write(b"#" * 1_000_001), "longer than 1,000,000 bytes"),
    "UTF-16": (write('mode = "object"'.encode("utf-16")), "UTF-16 do: save it as UTF-8"),
    "UTF-16 without a mark": (write('mode = "x"'.encode("utf-16-le")), "save it as UTF-8"),
    "UTF-32": (write('mode = "object"'.encode("utf-32")), "save it as UTF-8"),
    "GBK": (write('# a\n# 试运行\nmode = "object"'.encode("gbk")), "GBK (see line 2): save it as"),
    "Latin-1": (write("# a\n# ü".encode("latin-1")), "is not in UTF-8 (see line 2): save it as"),
    "zero bytes": (write(b"\0" * 10), "holds zero bytes"),
    "deep list": (write(b"a = " + b"[" * 5000 + b"]" * 5000), "is nested too deeply"),
    "deep table": (write(b"a = " + b"{a = " * 5000 + b"}" * 5000), "is nested too deeply"),
    "deep key": (write(b"a." * 100_000 + b"a = 1"), "has a line with 100000 dots"),
    "deep heading": (write(b"[" + b"a." * 900 + b"a]\n" + b"a.b = 1\n" * 9000), "dots"),
    "large number": (write(b"concurrency = " + b"9" * 5000), "is not valid TOML"),
    "twice": (write(b'mode = "object"\nmode = "legacy"\n'), "is not valid TOML at line 2"),
    "writable by any user": (writable_by_any_user, "any user may write to it: chmod o-w"),
    "of another user": (of_another_user, "another user owns it"),
    "link of another user": (link_of_another_user, "another user owns it"),
}
FOREIGN = {name for name in UNUSABLE if "of another user" in name}


@contextlib.contextmanager
def at(folder):
    """Be in a folder: a socket's path must be short."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture(params=UNUSABLE)
def unusable(request):
    if request.param in FOREIGN and os.geteuid():
        pytest.skip("root, to give a file to another user")
    return UNUSABLE[request.param]


class TestUnusable:
    """At the first reading an error, later an event; never a hang, never something else."""

    @pytest.mark.parametrize("named", [False, True])
    def test_an_unusable_file_raises_at_the_first_call(
        self, unusable, named, tmp_path, monkeypatch
    ):
        put, expected = unusable
        path = tmp_path / "fxiaoke-shim.toml"
        put(path)
        if named:
            monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", str(path))
        for ask in (settings.current, shim.configure):
            with pytest.raises(shim.ConfigurationError) as caught:
                ask()
            assert str(caught.value).startswith(f"{path}: ")
            assert expected in str(caught.value)

    def test_what_was_read_last_stays_in_force(self, unusable, file, events, until):
        """And `configure()` works."""
        put, expected = unusable
        file.unlink()
        put(file)
        until(lambda: heard(events, SettingsFileRefused))
        assert shim.configure(concurrency=2).mode == "legacy"
        [event] = heard(events, SettingsFileRefused)
        assert expected in event.reason

    def test_a_file_with_corrected_permissions_is_read(self, file, events, until):
        """A change of its mode is a change."""
        writable_by_any_user(file)
        until(lambda: heard(events, SettingsFileRefused))
        file.chmod(0o664)
        until(lambda: settings.current().mode == "object")

    def test_project_files_that_do_not_mention_us_are_ignored(self, tmp_path, unusable):
        """Whatever is wrong with them. One that cannot be read may mention us."""
        put, expected = unusable
        put(tmp_path / "pyproject.toml")
        if expected in {"is no regular file", "cannot be read"}:
            with pytest.raises(shim.ConfigurationError, match=expected):
                settings.current()
        else:
            assert settings.current().mode == "object"

    @pytest.mark.parametrize("encoding", ["utf-16", "gbk"])
    def test_a_project_file_in_another_encoding_may_mention_us(self, tmp_path, encoding):
        """Then it is an error, not a file without settings."""
        text = "# 试运行\n[tool.fxiaoke-shim]\nmode = 'legacy'\n"
        (tmp_path / "pyproject.toml").write_bytes(text.encode(encoding))
        with pytest.raises(shim.ConfigurationError, match="save it as UTF-8"):
            settings.current()

    def test_many_dots_and_long_lines_are_accepted(self, tmp_path):
        """As lists of modules and of tenants have them."""
        modules = [f"our.wrapper.no_{number}" for number in range(500)]
        tenants = [f"FSCID_{number:032}" for number in range(20_000)]
        path = tmp_path / "fxiaoke-shim.toml"
        path.write_text(
            f"look_through = {modules}\nroutes = [{{mode='legacy', corp_ids={tenants}}}]"
        )
        assert settings.current().routes[0].corp_ids == tuple(tenants)


class TestWithoutAPlace:
    def test_a_current_directory_that_is_gone_holds_no_file(self, tmp_path, monkeypatch):
        """The other layers work."""
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        monkeypatch.setenv("FXIAOKE_SHIM_MODE", "shadow")
        assert shim.configure(concurrency=2).mode == "shadow"

    def test_a_relative_path_without_a_current_directory_is_an_error(self, tmp_path, monkeypatch):
        """An absolute one is none."""
        gone = tmp_path / "gone"
        gone.mkdir()
        (tmp_path / "there.toml").write_text("concurrency = 3\n")
        monkeypatch.chdir(gone)
        gone.rmdir()
        monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", "there.toml")
        with pytest.raises(shim.ConfigurationError, match="write an absolute path"):
            settings.current()
        monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", str(tmp_path / "there.toml"))
        assert settings.current().concurrency == 3

    def test_a_directory_that_may_not_be_searched_is_an_error(self, tmp_path, monkeypatch):
        """As after `sudo` in a home. Nothing can be found there; a named file has to be."""
        path = tmp_path / "closed" / "fxiaoke-shim.toml"
        path.parent.mkdir()
        path.write_text("concurrency = 3\n")
        monkeypatch.chdir(path.parent)
        assert settings.current().concurrency == 3
        settings.reset()
        with without_permissions(path.parent):
            assert settings.current().concurrency == 8
            settings.reset()
            monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", str(path))
            with pytest.raises(
                shim.ConfigurationError, match=r"cannot be read \(PermissionError\)"
            ):
                settings.current()


@contextlib.contextmanager
def without_permissions(folder):
    """Close a folder to this process."""
    user = os.geteuid()
    folder.chmod(0)
    if not user:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o700)


LINES = (
    *(b"mode = ", b'"object"', b"'legacy'\n", b"concurrency = ", b"7\n", b"true", b"inf", b"\n"),
    *(b"[[routes]]\n", b"[triggers]\n", b"base_url = ", b'"https://a.b"\n', b"\xef\xbb\xbf"),
    *(b"[tool.fxiaoke-shim]\n", b'"""', b"\\", b"#", b"\xd6\xd0", b"a.b = 1\n", b"[" * 99, b"\0"),
)


@pytest.mark.parametrize("name", ["fxiaoke-shim.toml", "pyproject.toml"])
def test_any_bytes_are_settings_or_an_error(name, tmp_path, clock):
    """The file is read at first, and again."""
    path = tmp_path / name

    @hypothesis.settings(deadline=None)
    @given(st.binary(max_size=40) | st.lists(st.sampled_from(LINES)).map(b"".join))
    @example(b'mode = "legacy"\n')
    def read(data):
        path.unlink(missing_ok=True)
        settings.reset(clock.now)
        assert settings.current().mode == "object"
        path.write_bytes(data)
        for _ in range(3):
            clock.sleep(settings.LOOK_SECONDS)
            later = settings.current()
        settings.reset(clock.now)
        try:
            assert settings.current().mode == later.mode
        except shim.ConfigurationError as error:
            assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either is right.

    read()


def test_what_was_read_is_not_in_a_repr(tmp_path):
    """Tools that report errors show the values of variables."""
    (tmp_path / "fxiaoke-shim.toml").write_text('corp_access_token = "canary"\n')
    where = settings_file.files()
    looks = settings_file.look(where)
    table = settings_file.table(where, looks)
    assert table.values == {"corp_access_token": "canary"}
    assert "canary" not in repr((where, looks, table))


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

    def test_a_file_that_has_gone_changes_nothing(self, file, events, until):
        """Is no reason to go another way."""
        file.unlink()
        until(lambda: heard(events, SettingsFileRefused))
        assert settings.current().mode == "legacy"

    def test_a_named_file_that_has_gone_is_reported(self, file, events, monkeypatch, until, clock):
        """The same, where the environment names it."""
        monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", str(file))
        settings.reset(clock.now)
        assert settings.current().mode == "legacy"
        file.unlink()
        until(lambda: heard(events, SettingsFileRefused))
        assert settings.current().mode == "legacy"

    def test_a_file_that_was_broken_counts_when_it_is_fixed(self, file, events, until):
        """Without a restart."""
        replaced(file, "mode")
        until(lambda: heard(events, SettingsFileRefused))
        replaced(file, 'mode = "object"')
        until(lambda: settings.current().mode == "object")

    def test_no_value_of_a_refused_file_is_logged(self, file, events, until):
        """A secret in a broken line stays in its line."""
        replaced(file, 'app_secret = "canary\nmode = "x"')
        until(lambda: heard(events, SettingsFileRefused))
        assert "canary" not in repr(events)
