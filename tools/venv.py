"""Make or complete a virtual environment for `make`, and report what it does in plain lines.

    python3 tools/venv.py FOLDER WHAT

WHAT is `demo` (the shim, its command and its sandbox) or a dependency group of pyproject.toml,
which comes with all extras. Exit code 2 and one line if it cannot be made.

Starts on any Python from 2.7, since it has to say that a Python is too old: ASCII only, no
annotations, no f-strings.
"""

from __future__ import print_function

import os
import subprocess
import sys
import time

OLDEST = (3, 10)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIZES = {"demo": "about 50 MB: the shim, its command and its sandbox"}
SIZE = "about 550 MB: the shim with all extras, and what its tests, linters and benchmarks need"
# What every version of pip writes if it cannot reach the package index.
NO_NETWORK = ("Retrying (Retry(", "NewConnectionError", "Failed to establish a new connection")


def why_unusable(version, executable):
    """Return why this Python cannot be used and what to do, or None."""
    if tuple(version[:2]) < OLDEST:
        return (
            "Python %d.%d or newer is needed, and %s is Python %d.%d. Name another: "
            "make demo PYTHON=python3.12" % (OLDEST + (executable, version[0], version[1]))
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return (
            "%s cannot make virtual environments with pip. Install that part (Debian, Ubuntu: "
            "apt-get install python3-venv) or name another: make demo PYTHON=python3.12"
            % executable
        )
    return None


def program(folder):
    """Return the environment's own Python."""
    return os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")


def ended_well(command, log):
    """Run a command with its output in the log; return whether it exited with 0."""
    environment = dict(os.environ, PIP_CONSTRAINT=os.path.join(ROOT, "constraints.txt"))
    # The user's own settings must not send an installation elsewhere.
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"):
        environment.pop(name, None)
    return subprocess.call(command, stdout=log, stderr=log, env=environment, cwd=ROOT) == 0


def is_usable(folder):
    """Return whether this Python has made an environment there, with a pip that starts."""
    test = "import pip, sys; sys.exit(sys.version_info[:2] != %r)" % (tuple(sys.version_info[:2]),)
    with open(os.devnull, "w") as nowhere:
        return os.path.exists(program(folder)) and ended_well(
            [program(folder), "-c", test], nowhere
        )


def why_failed(path):
    """Return in one line what pip's output says of a failure."""
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    if any(words in text for words in NO_NETWORK):
        return "the package index cannot be reached. Check network and proxy, then run it again."
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["it wrote nothing"]
    errors = [line for line in lines if line.startswith("ERROR: ")] or lines[-1:]
    return "pip failed: %s (all that it wrote: %s)" % (errors[0], path)


def megabytes(folder):
    """Return how much the files of a folder hold."""
    paths = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
    return sum(os.lstat(path).st_size for path in paths) / 1e6


def install(folder, what):
    """Make the environment if there is none and install into it; return what failed, or None."""
    make = [sys.executable, "-m", "venv", "--clear", folder]
    if not is_usable(folder) and not ended_well(make, sys.stderr):
        return "no virtual environment could be made in %s, see above" % folder
    pip = [program(folder), "-m", "pip", "install", "--disable-pip-version-check"]
    if what == "demo":
        steps = [pip + ["--editable", ".[cli,server]"]]
    else:
        # Groups need a pip of 2025 or later.
        steps = [pip + ["--upgrade", "pip"], pip + ["--editable", ".[all]", "--group", what]]
    path = os.path.join(folder, "install.log")
    with open(path, "w") as log:
        done = all(ended_well(step, log) for step in steps)
    return None if done else why_failed(path)


def main(folder, what):
    """Make the environment; return the exit code."""
    folder = os.path.join(ROOT, folder)
    began = time.time()
    trouble = why_unusable(sys.version_info, sys.executable)
    if trouble is None:
        python = "Python %d.%d" % sys.version_info[:2]
        print("Making %s with %s, once (%s) ..." % (folder, python, SIZES.get(what, SIZE)))
        sys.stdout.flush()
        trouble = install(folder, what)
    if trouble is not None:
        print("make: " + trouble, file=sys.stderr)
        return 2
    print("Made in %.0f s, %.0f MB." % (time.time() - began, megabytes(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
