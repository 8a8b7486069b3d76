"""A contender in a process of its own, which runs its task on request.

So no contender loads the libraries of another or warms its caches, each may have its own settings,
and the start of the interpreter is not measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, cast

from benchmarks.contenders import Task
from benchmarks.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.contenders import Program


@dataclass(frozen=True)
class Spent:
    """What an task has taken.

    Attributes:
        seconds: Time.
        cpu_seconds: Time on a processor, in the worker alone.
    """

    seconds: float
    cpu_seconds: float


class Worker:
    """The process, as its parent sees it."""

    def __init__(self, process: subprocess.Popen[str], members: int) -> None:
        self._orders = cast("IO[str]", process.stdin)
        self._reports = cast("IO[str]", process.stdout)
        self._members = members

    def start(self, status: int, members: int | None = None) -> None:
        """Have it bring its members, or the first `members` of them, to a state."""
        many = self._members if members is None else members
        self.send({"status": status, "members": many})

    def finish(self) -> Spent:
        """Wait until it has, and return what that took."""
        return Spent(**json.loads(self._reports.readline()))

    def run(self, status: int, members: int | None = None) -> Spent:
        """Have it done, and return what that took."""
        self.start(status, members)
        return self.finish()

    def send(self, what: Mapping[str, Any]) -> None:
        """Send it a line."""
        self._orders.write(json.dumps(what) + "\n")
        self._orders.flush()


@contextmanager
def worker(
    program: str,
    tenant: Tenant,
    ids: tuple[str, ...],
    at_once: int,
    environment: Mapping[str, str],
) -> Iterator[Worker]:
    """Keep a worker while the block lasts.

    Args:
        program: Module and function below `benchmarks.contenders`, such as `with_shim:many`.
        tenant: The tenant of its tasks.
        ids: Its members.
        at_once: How many calls it may have under way.
        environment: Its environment.
    """
    command = [sys.executable, "-m", "benchmarks.worker", program]
    with subprocess.Popen(  # noqa: S603 - our own interpreter.
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, "FXIAOKE_SHIM_CONCURRENCY": str(at_once)},
    ) as process:
        near = Worker(process, len(ids))
        near.send({"tenant": asdict(tenant), "ids": ids, "at_once": at_once})
        yield near


def _program(name: str) -> Program:
    module, _, function = name.partition(":")
    found: Program = getattr(import_module(f"benchmarks.contenders.{module}"), function)
    return found


def _spent(program: Program, task: Task) -> Spent:
    began, began_cpu = time.perf_counter(), time.process_time()
    program(task)
    return Spent(time.perf_counter() - began, time.process_time() - began_cpu)


def _work() -> None:
    """Run tasks in the process, one for each line on stdin."""
    program = _program(sys.argv[1])
    job = json.loads(sys.stdin.readline())
    tenant = Tenant(**job["tenant"])
    for line in sys.stdin:
        order = json.loads(line)
        task = Task(tenant, job["ids"][: order["members"]], order["status"], job["at_once"])
        sys.stdout.write(json.dumps(asdict(_spent(program, task))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _work()
