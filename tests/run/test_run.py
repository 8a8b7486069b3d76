"""`fxshim run`: exit codes, signals, streams, children, and the line at the end."""

import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import time
import venv
from pathlib import Path

import pytest

from shim.cli import run_program
from shim.cli._output import CommandError

LAUNCH = """
import os, sys
def keep(event, given):
    # What a signal ends is measured only if it is written before.
    if event == "os.kill" and given[0] == os.getpid() and "coverage" in sys.modules:
        sys.modules["coverage"].Coverage.current().save()
sys.addaudithook(keep)
from shim.cli import main
main()
"""
CALL = (
    "import http.client; c = http.client.HTTPSConnection('open.fxiaoke.com');"
    "c.request('POST', '/cgi/user/batchSetStatus', '{\"corpId\": \"a\"}');"
    "assert b'corpAccessToken is missing' in c.getresponse().read()"
)
"""An old call that the shim answers without any request."""
SETTINGS = {"FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": "FSUID_A", "FXIAOKE_SHIM_NOTICES": "ignore"}


@pytest.fixture
def begin():
    """Return a function that begins `fxshim run` with these arguments."""

    def start(*arguments, env=None, **options):
        return subprocess.Popen(
            [sys.executable, "-c", LAUNCH, "run", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **SETTINGS, **(env or {})},
            **options,
        )

    return start


@pytest.fixture
def run(begin):
    """Return a function that runs `fxshim run`, and returns exit code, stdout and stderr."""

    def whole(*arguments, stdin="", env=None):
        process = begin(*arguments, env=env)
        out, err = process.communicate(stdin, timeout=60)
        return process.returncode, out, err

    return whole


@pytest.fixture
def python(run):
    """Return a function that runs Python code under `fxshim run`."""

    def of(code, *arguments, **options):
        return run("--", sys.executable, "-c", textwrap.dedent(code), *arguments, **options)

    return of


def test_streams_arguments_and_exit_code_are_those_of_the_program(python):
    """And one line comes after them on stderr."""
    code, out, err = python(
        "import sys; print(sys.argv[1:], sys.stdin.read()); sys.stderr.write('e\\n'); sys.exit(7)",
        "--mode",
        "-x",
        stdin="in",
    )
    assert (code, out) == (7, "['--mode', '-x'] in\n")
    assert err == "e\nfxshim: run: 0 old calls seen, 0 translated, 1 process\n"


def test_program_that_a_signal_ends_is_reported_as_ended_by_it(python):
    """As a shell or a supervisor sees it."""
    for number in (signal.SIGKILL, signal.SIGTERM):
        code, _, err = python(f"import os; os.kill(os.getpid(), {int(number)})")
        assert code == -number
        assert err.endswith("1 process\n")


def test_signal_that_is_sent_to_the_command_reaches_the_program(begin):
    """It may end with an exit code of its own."""
    program = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(9));"
        "print('up', flush=True); time.sleep(60)"
    )
    process = begin("--", sys.executable, "-c", program)
    assert process.stdout.readline() == "up\n"
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 9


KEY = """
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
"""


def test_key_of_the_terminal_reaches_the_program_once():
    """From the terminal itself; a second one would be passed on before the other signal is."""
    program = (
        "import os, signal, sys; got = []; signal.signal(signal.SIGINT, lambda *_: got.append(1));"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(10 + len(got)));"
        "print('up', flush=True);\nwhile not got: signal.pause()\n"
        "os.kill(os.getppid(), signal.SIGTERM)\nwhile True: signal.pause()"
    )
    command = [sys.executable, "-c", LAUNCH, "run", "--", sys.executable, "-c", program]
    with subprocess.Popen(
        [sys.executable, "-c", KEY, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        while b"up" not in process.stdout.readline():
            assert process.poll() is None
        process.stdin.write(b"\x03")
        process.stdin.flush()
        process.stdout.read()
    assert process.returncode == 11


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's /proc")
def test_program_that_is_stopped_for_a_time_has_not_ended(begin):
    """As a job that a debugger or a supervisor holds."""
    program = "import os, signal; print(os.getpid(), flush=True);"
    program += "os.kill(os.getpid(), signal.SIGSTOP); raise SystemExit(3)"
    process = begin("--", sys.executable, "-c", program)
    number = int(process.stdout.readline())
    while Path(f"/proc/{number}/stat").read_text("ascii").rpartition(") ")[2][0] != "T":
        time.sleep(0.01)
    os.kill(number, signal.SIGCONT)
    process.communicate(timeout=60)
    assert process.returncode == 3


def test_program_gets_the_usual_signals(python):
    """The mask is empty, and a closed pipe ends a child as it does without the command."""
    code, out, _ = python(
        """
        import signal, subprocess
        print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        """
    )
    assert (code, out) == (0, "set()\nTrue\n")


def test_command_that_cannot_be_started_gives_the_exit_code_of_shells(run, tmp_path):
    """127: there is none; 126: it may not be executed."""
    (tmp_path / "plain").write_text("", encoding="utf-8")
    assert run("--", "no-such-program")[0] == 127
    assert run("--", str(tmp_path / "plain"))[0] == 126


@pytest.mark.parametrize(
    "child",
    [
        "import subprocess; subprocess.run([sys.executable, '-c', CALL])",
        "import subprocess as s, os\ns.run([sys.executable, '-c', CALL], env={**os.environ})",
        "import os\nif os.fork() == 0:\n    exec(CALL)\n    os._exit(0)\nos.wait()",
        "import os\nif os.fork() == 0:\n    exec(CALL)\n    os.kill(os.getpid(), 9)\nos.wait()",
    ],
)
def test_child_is_covered_and_counted(python, child):
    """Of subprocess, with a copied environment, by fork; ended by os._exit and by kill -9."""
    code, _, err = python(f"import sys\nCALL = {CALL!r}\n{child}")
    assert (code, err) == (0, "fxshim: run: 1 old calls seen, 1 translated, 2 processes\n")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_are_covered(run, tmp_path, method):
    """By each start method."""
    program = tmp_path / "program.py"
    program.write_text(
        f"import multiprocessing, sys\ndef work():\n    {CALL}\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    some = [context.Process(target=work) for _ in range(2)]\n"
        "    [one.start() for one in some]\n    [one.join() for one in some]\n",
        encoding="utf-8",
    )
    code, _, err = run("--", sys.executable, str(program))
    assert code == 0
    assert "2 old calls seen, 2 translated" in err


def test_workers_of_pytest_xdist_are_covered(run, tmp_path):
    """`pytest -n`."""
    tests = "".join(f"def test_{one}():\n    {CALL}\n" for one in "abcd")
    (tmp_path / "test_them.py").write_text(tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    code, out, err = run("--", *command, str(tmp_path / "test_them.py"))
    assert code == 0, out
    assert "4 old calls seen, 4 translated, 3 processes" in err


def test_workers_of_uvicorn_are_covered(begin, tmp_path):
    """`uvicorn --workers 2`, until it is interrupted."""
    (tmp_path / "service.py").write_text(
        f"import os, pathlib\n{CALL}\n"
        "pathlib.Path('up-%d' % os.getpid()).touch()\nasync def app(scope, receive, send): ...\n",
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--workers",
        "2",
        "--port",
        "0",
        "--lifespan",
        "off",
    ]
    process = begin("--", *command, "service:app", cwd=tmp_path)
    try:
        while len(list(tmp_path.glob("up-*"))) < 2 and process.poll() is None:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert int(err.rpartition("run: ")[2].split()[0]) >= 2


def test_workers_of_gunicorn_are_covered(begin, tmp_path):
    """`gunicorn --workers 2`, until it is terminated. They are made by fork."""
    (tmp_path / "service.py").write_text(
        f"import os, pathlib\n{CALL}\npathlib.Path('up-%d' % os.getpid()).touch()\n"
        "def app(environ, start_response): ...\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:0"]
    process = begin("--", *command, "service:app", cwd=tmp_path)
    try:
        while len(list(tmp_path.glob("up-*"))) < 2 and process.poll() is None:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert "2 old calls seen, 2 translated, 3 processes" in err, err


def test_workers_of_celery_are_covered(begin, tmp_path):
    """Its pool of processes, until the worker is terminated."""
    (tmp_path / "jobs.py").write_text(
        "import os, pathlib\nfrom celery import Celery, signals\n"
        "app = Celery('jobs', broker='memory://')\n"
        "@signals.worker_process_init.connect\ndef work(**_):\n"
        f"    {CALL}\n    pathlib.Path('up-%d' % os.getpid()).touch()\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "celery", "-A", "jobs", "worker", "-c", "2", "-P", "prefork"]
    process = begin("--", *command, "--without-gossip", "--without-mingle", cwd=tmp_path)
    try:
        while len(list(tmp_path.glob("up-*"))) < 2 and process.poll() is None:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert "2 old calls seen, 2 translated, 3 processes" in err, err


@pytest.mark.parametrize(
    ("child", "why"),
    [
        ("[sys.executable, '-I', '-c', 'pass']", "python -I"),
        ("[sys.executable, '-E', '-c', 'pass']", "python -E"),
        ("[sys.executable, '-W', 'error', '-uS', '-c', 'pass']", "python -S"),
        ("[sys.executable, '-c', 'pass'], env={}", "python with an environment that lacks"),
        ("['sh', '-c', 'exit']", "sh is no Python"),
        ("'exit', shell=True", "sh is no Python"),
    ],
)
def test_child_that_is_not_covered_is_named_with_the_reason(python, child, why):
    """It is not counted as a process of the run."""
    code, _, err = python(f"import subprocess, sys; subprocess.run({child}, check=True)")
    assert (code, f"1 process; not covered: {why}" in err) == (0, True), err


def test_tools_that_python_itself_starts_are_not_named(python):
    """`ctypes.util` looks for libraries with one of them."""
    code, _, err = python("import subprocess; subprocess.run(['uname'])")
    assert (code, err[-12:]) == (0, ", 1 process\n")


def test_python_without_the_package_is_named(run, tmp_path):
    """An environment of its own; a module `shim` of the program is not taken for the package."""
    venv.create(tmp_path / "bare")
    python = str(tmp_path / "bare" / "bin" / "python")
    (packages,) = (tmp_path / "bare").glob("lib/python*/site-packages")
    for module in (None, "shim.py"):
        if module is not None:
            (packages / module).touch()
        code, out, err = run("--", python, "-c", "print('runs')")
        assert (code, out) == (0, "runs\n")
        assert "1 process; not covered: no package shim in " in err


def test_process_that_cannot_import_the_package_is_named(python):
    """As one of an environment of its own; what it imports with may be of an old kind."""
    code, _, err = python(
        """
        import sys
        finders, sys.meta_path[:] = sys.meta_path[:], [object()]
        sys.modules["_fxshim_run"].begin("")
        sys.meta_path[:] = finders
        """
    )
    assert code == 0
    assert "1 process; not covered: no package shim in " in err


def loaded():
    """Return the module that each process of a run has."""
    spec = importlib.util.spec_from_file_location("run", run_program.AUTOLOAD / "_fxshim_run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_options_of_python_are_read_as_python_reads_them():
    """An option may take the next word; what comes after -c or the program is not Python's."""
    module = loaded()
    for given, found in (
        (["-c", "-I"], ""),
        (["-uIc", "x"], "-I"),
        (["-mE"], ""),
        (["-W", "-I", "-S"], "-S"),
        (["-XE", "-E"], "-E"),
        (["-u", "-I"], "-I"),
        (["program.py", "-I"], ""),
        (["-", "-I"], ""),
        (["--check-hash-based-pycs", "default"], ""),
        (["--version", "-E"], "-E"),
        ([], ""),
    ):
        assert module.ignoring_flag(given) == found, given
    for name in ("python", "python3", "python3.12", "python3.13t", "pypy3", "python.exe"):
        assert module.is_python(name)
    for name in ("python-config", "pythonista", "sh", "ipython"):
        assert not module.is_python(name)


def test_start_up_without_a_run_does_nothing():
    """The folder may be on the path of a process that outlives its run."""
    code = "import sys; print(sys.modules['_fxshim_run'].FOLDER, '_fxshim_start' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(run_program.AUTOLOAD)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("FXSHIM_RUN_FOLDER False\n", "")


def test_command_is_covered_if_it_is_a_python_that_gets_the_environment():
    """As audit events name commands: text or bytes, a list or a line."""
    uncovered = loaded().uncovered
    lacks = "python with an environment that lacks PYTHONPATH or FXSHIM_RUN_FOLDER"
    kept = {"PYTHONPATH": f"/own{os.pathsep}/b", "FXSHIM_RUN_FOLDER": "/f"}
    for program, given, environment, why in (
        (None, ["/usr/bin/python", "a.py"], None, ""),
        (b"/usr/bin/python", [b"python", b"-I"], None, "python -I"),
        ("/bin/sh", ["sh", "-c", "python"], None, "sh is no Python"),
        (None, "curl x", None, "curl x is no Python"),
        ("uname", None, None, ""),
        ("python", ["python"], kept, ""),
        ("python", ["python"], {os.fsencode(a): os.fsencode(b) for a, b in kept.items()}, ""),
        ("python", ["python"], {**kept, "PYTHONPATH": "/b"}, lacks),
        ("python", ["python"], {"PYTHONPATH": "/own"}, lacks),
    ):
        assert uncovered("/own", program, given, environment) == why


def test_command_that_cannot_be_read_is_started_all_the_same(tmp_path, monkeypatch):
    """Also if the records cannot be written: the folder of the run may be gone."""
    monkeypatch.chdir(tmp_path)
    module = loaded()
    module.audited("/own", "open", ("sh",))
    module.audited("/own", "os.exec", ())
    module.audited("/own", "os.exec", ("/bin/sh", ["sh"], None))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "records").touch()
    module.audited("/own", "os.exec", ("/bin/ls", ["ls"], None))
    assert (tmp_path / "records").read_text("utf-8") == f"N {os.getpid()} ls is no Python\n"


def test_program_that_never_loads_the_shim_is_reported(run):
    """`-I` for the program itself, and a program that is no Python."""
    for command in ([sys.executable, "-I", "-c", "pass"], ["sh", "-c", "exit"]):
        code, _, err = run("--", *command)
        assert (code, err[:26]) == (0, "fxshim: run: not covered: "), err


def test_sitecustomize_of_the_program_runs_as_ever(python, tmp_path):
    """The next one on the path; if it fails, Python reports it and goes on."""
    own = tmp_path / "own"
    own.mkdir()
    program = "import sys, sitecustomize as s; print(s.__file__, s.value, s.__name__)"
    (own / "sitecustomize.py").write_text("value = 5", encoding="utf-8")
    code, out, _ = python(program, env={"PYTHONPATH": str(own)})
    assert (code, out) == (0, f"{own / 'sitecustomize.py'} 5 sitecustomize\n")
    (own / "sitecustomize.py").write_text("raise ValueError('mine')", encoding="utf-8")
    code, out, err = python("print('runs')", env={"PYTHONPATH": str(own)})
    assert (code, out) == (0, "runs\n")
    assert "ValueError: mine" in err


def test_missing_module_in_the_sitecustomize_of_the_program_is_reported(python, tmp_path):
    """It is not taken for a missing sitecustomize."""
    (tmp_path / "sitecustomize.py").write_text("import no_such_thing", encoding="utf-8")
    code, _, err = python("pass", env={"PYTHONPATH": str(tmp_path)})
    assert code == 0
    assert "No module named 'no_such_thing'" in err


def test_error_of_the_shim_does_not_keep_the_program_from_starting(python, tmp_path):
    """It is reported at the end, if it can be."""
    (tmp_path / "_fxshim_run.py").write_text("raise ValueError('a')", encoding="utf-8")
    code, out, err = python(
        f"""
        import os, subprocess, sys
        path = {str(tmp_path)!r} + os.pathsep + os.environ["PYTHONPATH"]
        for changed in {{"FXSHIM_RUN_REROUTE": "wrong"}}, {{"PYTHONPATH": path}}:
            command = [sys.executable, "-c", "print('runs')"]
            subprocess.run(command, env={{**os.environ, **changed}}, check=True)
        """
    )
    assert (code, out) == (0, "runs\nruns\n")
    assert "2 processes; not covered: the shim did not start: ValueError" in err


def test_call_that_failed_is_named_with_the_reason(python):
    """Once in a process; it is seen, and not translated."""
    code, _, err = python(
        """
        import http.client, sys
        failed = 0
        for _ in range(2):
            connection = http.client.HTTPConnection("127.0.0.1", 9)
            try:
                connection.request("POST", "/cgi/user/batchSetStatus", iter([b"{}"]))
            except ConnectionRefusedError:
                failed += 1
        sys.exit(failed)
        """
    )
    line = "run: 2 old calls seen, 0 translated, 1 process; not covered: "
    assert (code, err) == (2, f"fxshim: {line}a body that can be read only once\n")


def test_program_sees_little_of_the_command(python):
    """No HTTP library and no package shim is loaded, and sys.path is as without it."""
    plain = subprocess.check_output(
        [sys.executable, "-c", "import sys; print(sys.path)"], text=True
    )
    code, out, _ = python(
        """
        import sys
        print(sys.path)
        print([one for one in ("shim", "httpx", "requests", "http", "ssl") if one in sys.modules])
        """
    )
    assert (code, out) == (0, f"{plain}[]\n")


def test_mode_is_set_for_the_program(run):
    """As the setting `mode`."""
    program = "import os; print(os.environ['FXIAOKE_SHIM_MODE'])"
    code, out, _ = run("--mode", "dry_run", "--", sys.executable, "-c", program)
    assert (code, out) == (0, "dry_run\n")


def test_sandbox_leads_all_hosts_to_a_new_tenant(run):
    """Its address and its acting employee are in the environment while the program runs."""
    program = (
        "import os, urllib.request\n"
        "base = os.environ['FXIAOKE_SHIM_BASE_URL']\n"
        "assert os.environ['FXIAOKE_SHIM_CURRENT_OPEN_USER_ID'].startswith('FSUID_')\n"
        "place = 'https://open.fxiaoke.com/_sandbox/describe'\n"
        "assert os.environ['FXSHIM_RUN_REROUTE'] == base\n"
        "print(urllib.request.urlopen(place).status)\n"
    )
    code, out, err = run("--sandbox", "--", sys.executable, "-c", program)
    assert (code, out) == (0, "200\n"), err


def test_no_file_is_left_behind(run, tmp_path):
    """The folder of the run is private while it is there."""
    program = "import os; print(oct(os.stat(os.environ['FXSHIM_RUN_FOLDER']).st_mode)[-3:])"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code, out, _ = run("--", sys.executable, "-c", program, env={"TMPDIR": str(temporary)})
    assert (code, out, list(temporary.iterdir())) == (0, "700\n", [])


def test_installation_without_interception_starts_nothing(tmp_path, monkeypatch):
    """A rehearsal would reach the real tenant."""
    monkeypatch.setattr(run_program, "AUTOLOAD", tmp_path)
    with pytest.raises(CommandError, match="no interception"):
        run_program.run(run_program.RunOptions(("sh", "-c", "exit"), sandbox=True))


def test_torn_record_is_not_counted():
    """And many reasons are cut to the most frequent ones."""
    counts = run_program.read(b"P 1 \nS 1 \nN 1 a\nN 1 b\nN 2 b\nN 1 c\nN 1 d\nT 1")
    assert (counts.seen, counts.translated) == (1, 0)
    assert run_program.summary(counts).endswith("1 process; not covered: b; a; c; 1 more")


def test_own_folder_comes_first_on_the_path_of_modules(tmp_path):
    """Once, before those of the program."""
    own = str(run_program.AUTOLOAD)
    for given, made in (("", own), (f"a{os.pathsep}{own}", f"{own}{os.pathsep}a")):
        options = run_program.RunOptions(("sh", "-c", "exit"))
        environment = run_program.environment_of(options, {"PYTHONPATH": given}, tmp_path)
        assert environment["PYTHONPATH"] == made
    assert Path(own).is_dir()
