"""Every event names the service that it comes from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import shim
from shim import settings
from shim.notices import QuotaStoreRecovered, emit


@pytest.fixture
def service(events):
    """Return the service of an event that is emitted now."""

    def service():
        emit(QuotaStoreRecovered(seconds=1))
        return events[-1].service

    return service


class TestSetting:
    def test_changes_with_the_settings(self, service):
        """From the next event on."""
        program = service()
        assert program
        shim.configure(service="hr-sync")
        assert service() == "hr-sync"
        shim.configure(service="人事")
        assert service() == "人事"
        shim.configure(service=None)
        assert service() == program
        shim.configure(service="hr-sync")
        settings.reset()
        assert service() == program

    def test_the_service_is_in_every_event_of_a_call(self, tenant, events):
        """In each of them."""
        made = tenant(2, service="hr-sync")
        shim.get_department_list(made.corp_access_token, made.corp_id)
        assert {one.service for one in events} == {"hr-sync"}

    @pytest.mark.parametrize("named", ["", " ", "hr\n", "hr\x1b[1m", " hr", "x" * 101, 7])
    def test_has_to_be_one_short_printable_line(self, named):
        """It is in each line of the log."""
        with pytest.raises(shim.ConfigurationError, match="service"):
            shim.configure(service=named)


class TestBeforeTheFirstCall:
    """Events of a process that has not called, as far as no model is needed."""

    def test_the_environment_counts_before_the_file(self, service, monkeypatch):
        """The environment counts before the file, as for every setting."""
        monkeypatch.setenv("FXIAOKE_SHIM_SERVICE", "by-environment")
        Path("fxiaoke-shim.toml").write_text('service = "by-file"\n')
        assert service() == "by-environment"

    def test_the_file_of_the_first_directory_counts(self, service, monkeypatch, tmp_path):
        """That of the directory in which it was asked first."""
        (tmp_path / "fxiaoke-shim.toml").write_text('service = "by-file"\n')
        assert service() == "by-file"
        monkeypatch.chdir("/")
        assert service() == "by-file"

    @pytest.mark.parametrize("content", ['service = "x', "service = 7", 'service = ""', "a = 1"])
    def test_what_cannot_be_used_is_not_named(self, service, content, tmp_path):
        """The first call says what is wrong with it."""
        (tmp_path / "fxiaoke-shim.toml").write_text(content)
        assert "by-file" not in service()
        with pytest.raises(shim.ConfigurationError):
            shim.configure()

    def test_the_service_is_known_without_the_settings_model(self, python):
        """Which takes long to import."""
        told = python(
            "import sys, shim\n"
            "from shim.notices import QuotaStoreRecovered\n"
            "print(QuotaStoreRecovered(seconds=1).service, 'pydantic' in sys.modules)",
            FXIAOKE_SHIM_SERVICE="hr-sync",
        )
        assert told == "hr-sync False\n"


class TestProgram:
    """The default."""

    @pytest.fixture
    def code(self, tmp_path):
        text = "from shim.notices import QuotaStoreRecovered as E\nprint(E(seconds=1).service)\n"
        (tmp_path / "hr_sync.py").write_text(text)
        (tmp_path / "hr").mkdir()
        (tmp_path / "hr" / "__main__.py").write_text(text)
        (tmp_path / "hr" / "worker.py").write_text(text)
        return text

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["hr_sync.py"], "hr_sync"),
            (["./hr_sync.py"], "hr_sync"),
            (["-m", "hr_sync"], "hr_sync"),
            (["-m", "hr"], "hr"),
            (["-m", "hr.worker"], "hr.worker"),
            (["hr"], "hr"),
        ],
    )
    @pytest.mark.usefixtures("code")
    def test_the_default_is_the_module_or_the_file(self, python, arguments, named):
        """However it is started."""
        assert python(arguments=arguments) == f"{named}\n"

    def test_a_program_without_a_file_is_named_python(self, python, code):
        """Nor has a prompt."""
        assert python(code) == "python\n"


@pytest.fixture
def python(tmp_path):
    """Run Python in the test's directory; return what it prints."""

    def python(code="", arguments=(), **environment):
        done = subprocess.run(
            [sys.executable, *(arguments or ["-c", code])],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stderr == ""
        return done.stdout

    return python
