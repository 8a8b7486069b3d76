"""Runs the Python blocks of README.md and MIGRATION.md, in order, against a sandbox on a socket."""

import contextlib
import os
import sys
from pathlib import Path

from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

import shim
from shim import notices, settings
from shim.objectapi import http
from shim.sandbox import Sandbox

EXAMPLES = str(Path(__file__).parent / "examples")


class ReadersPython(CodeBlockParser):
    """Python as readers would fill it in: the documents say FSUID_ADMIN for whoever acts."""

    language = "python"

    def evaluate(self, example):
        who = example.namespace["tenant"].current_open_user_id
        source = example.parsed.replace("FSUID_ADMIN", who)
        lines_before = example.line + example.parsed.line_offset
        code = compile("\n" * lines_before + source, example.path, "exec", dont_inherit=True)
        exec(code, example.namespace)


def begin(namespace):
    """Give a document what its readers have: an old client, a token, some ids."""
    stack = namespace["stack"] = contextlib.ExitStack()
    tenant = namespace["tenant"] = Sandbox(5, seed=3)
    base_url = stack.enter_context(tenant.serve())
    stack.callback(start_anew)
    start_anew()
    os.environ["FXIAOKE_URL"] = base_url
    stack.callback(os.environ.pop, "FXIAOKE_URL")
    sys.path.insert(0, EXAMPLES)
    stack.callback(sys.path.remove, EXAMPLES)
    shim.configure(
        base_url=base_url, current_open_user_id=tenant.current_open_user_id, notices="log"
    )
    namespace.update(
        __name__="document",
        corpAccessToken=tenant.corp_access_token,
        corpId=tenant.corp_id,
        openUserIds=tenant.open_user_ids,
        leavers=tenant.open_user_ids,
    )


def start_anew():
    """Forget settings, call sites and connections."""
    settings.reset()
    notices.forget()
    shim.set_notice_hooks(None)
    http.start_anew()


def end(namespace):
    """Stop the sandbox."""
    namespace["stack"].close()


pytest_collect_file = Sybil(
    parsers=[ReadersPython()],
    filenames=["README.md", "MIGRATION.md"],
    setup=begin,
    teardown=end,
).pytest()
