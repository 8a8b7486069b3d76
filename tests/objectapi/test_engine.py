"""The HTTP library: which one a process speaks through, and what it says when there is none."""

import os
import subprocess
import sys

import pytest

from shim.objectapi._environment import VARIABLE

# Makes one call, and tells the library of each request that it makes.
CALL = """
import sys
import shim
from shim.sandbox import Sandbox, SandboxTransport

class Watched(SandboxTransport):
    def handle_request(self, request):
        print(type(request).__module__)
        return super().handle_request(request)

tenant = Sandbox(1)
who = tenant.open_user_ids
me = tenant.current_open_user_id
shim.configure(transport=Watched(tenant), current_open_user_id=me, notices="ignore")
try:
    answer = shim.set_member_status_batch(tenant.corp_access_token, tenant.corp_id, who, 1)
except shim.ConfigurationError as error:
    sys.exit(str(error))
assert answer["errorCode"] == 0, answer
"""

needs_python = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.11, for httpx2")


def calling(name, before=""):
    """Make the call in a process with this text in the variable; return code, output, complaint."""
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if name is not None:
        environment[VARIABLE] = name
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", before + CALL],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, set(done.stdout.split()), done.stderr.strip()


@pytest.mark.parametrize("name", [None, "", "httpx"])
def test_httpx_is_the_default_library(name):
    """Without the variable, and where it is empty."""
    assert calling(name) == (0, {"httpx"}, "")


@needs_python
def test_httpx2_is_used_if_the_variable_asks_for_it():
    """The whole call goes through httpx2."""
    assert calling("httpx2") == (0, {"httpx2"}, "")


def test_an_unknown_library_is_refused_by_the_name_of_the_variable():
    """The variable and what it may say, and not what it said."""
    assert calling("canary") == (1, set(), f"{VARIABLE}: should be httpx or httpx2")


def test_a_library_that_is_not_installed_names_what_to_install():
    """What to install, instead of a traceback or of the other library unasked."""
    code, libraries, complaint = calling("httpx2", "import sys\nsys.modules['httpx2'] = None\n")
    assert (code, libraries) == (1, set())
    assert complaint.startswith(f"{VARIABLE} asks for httpx2, which is not installed")
    assert "pip install httpx2" in complaint
