"""A script that has set up nothing sees each fact once on stderr."""

from types import SimpleNamespace

import pytest

from shim.notices._notice import is_only_displayed

SCRIPT = """
import warnings
from shim.notices import Notice, NoticeContext, noticed
n = Notice("FXO001", "f", "r", "a", lambda: NoticeContext("warn", "object"))
door = noticed(lambda: None, n)
def call():
    door()
"""
CALLED, SUMMARIZED = "event=shim.offline_api_called ", "event=shim.offline_usage_summarized "


@pytest.fixture
def said(run):
    """Run a script; return what its stderr says."""

    def said(program, *options):
        done = run(SCRIPT + program, options=options)
        assert (done.code, done.out) == (0, "")
        return done.err.splitlines()

    return said


class TestNothingSetUp:
    def test_one_call_is_one_line(self, said):
        """Neither the warning nor the summary says it again."""
        (line,) = said("call()\n")
        assert line.startswith(CALLED + "function=f caller_file=")

    def test_summary_that_says_something_new_is_printed(self, said):
        """The exact count."""
        called, summarized = said("for _ in range(3): call()\n")
        assert (called.startswith(CALLED), summarized.startswith(SUMMARIZED)) == (True, True)
        assert " calls=3 " in summarized

    def test_summary_that_says_nothing_new_is_not(self, said):
        """The tenth call is logged by itself."""
        lines = said("for _ in range(10): call()\n")
        assert [line.split(" ")[0] for line in lines] == [CALLED.strip()] * 2
        assert " calls=10 " in lines[1]

    def test_call_of_a_module_is_one_line_as_well(self, said):
        """Python would not display the warning."""
        (line,) = said("exec(compile('door()', 'm.py', 'exec'), {'__name__': 'm', 'door': door})\n")
        assert line.startswith(CALLED)

    def test_call_of_a_late_exit_handler(self, said):
        """Once, too."""
        (line,) = said("import atexit\natexit.register(call)\n")
        assert line.startswith(CALLED)


class TestWarning:
    def test_filters_of_the_program_get_the_warning(self, said):
        """As an error, recorded or displayed, whatever is printed beside it."""
        lines = said(
            "with warnings.catch_warnings(record=True) as caught:\n"
            "    warnings.simplefilter('always')\n"
            "    call()\n"
            "assert len(caught) == 1\n"
            "warnings.simplefilter('error')\n"
            "def other(): door()\n"
            "for _ in range(2):\n"
            "    try: other()\n"
            "    except DeprecationWarning: continue\n"
            "    raise SystemExit(1)\n"
        )
        assert sum(CALLED in line for line in lines) == 2

    @pytest.mark.parametrize(
        ("filters", "given"),
        [
            ("warnings.simplefilter('ignore', ResourceWarning)", False),
            ("warnings.simplefilter('default', DeprecationWarning)", True),
            ("warnings.filterwarnings('default', 'FXO001')", True),
            ("warnings.resetwarnings()", True),
        ],
    )
    def test_filters_that_concern_this_warning_count(self, said, filters, given):
        """Those of others do not."""
        lines = said(f"{filters}\ncall()\n")
        assert any("OfflineAPIDeprecationWarning: FXO001" in one for one in lines) == given
        assert sum(CALLED in one for one in lines) == 1

    def test_filters_of_a_context_are_not_known(self):
        """Python 3.14 may have some."""
        assert not is_only_displayed(SimpleNamespace(context_aware_warnings=True))

    def test_options_of_the_interpreter_are_filters(self, said):
        """Who asks for warnings gets them."""
        assert any("OfflineAPIDeprecationWarning: FXO001" in one for one in said("call()", "-Wd"))
        assert any("OfflineAPIDeprecationWarning: FXO001" in one for one in said("call()", "-Xdev"))

    @pytest.mark.parametrize(
        "quiet",
        [
            "logging.getLogger('shim').setLevel('ERROR')",
            "logging.getLogger('shim').addHandler(logging.NullHandler())",
            "logging.disable()",
            "logging.lastResort = None",
            "__import__('shim').set_notice_hooks(())",
        ],
    )
    def test_is_displayed_if_the_event_is_not(self, said, quiet):
        """So that the script says it at all."""
        lines = said(f"import logging\n{quiet}\ncall()\n")
        assert any("OfflineAPIDeprecationWarning: FXO001" in line for line in lines)
        assert not any(CALLED in line for line in lines)

    def test_is_displayed_if_logging_is_set_up(self, said):
        """The log may be a file."""
        lines = said("import logging\nlogging.basicConfig(filename='app.log')\ncall()\n")
        assert "OfflineAPIDeprecationWarning: FXO001" in lines[0]
