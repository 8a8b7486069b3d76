"""Replies that are the same for all callers of a process: asked for once at a time, and kept.

As with tokens, the asking runs in a thread of its own, so that blocking and awaiting callers, on
any thread or loop, can wait for it without waiting for each other.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from shim.objectapi.calls import Reply


class Kept:
    """Replies by a key. One that is no success is forgotten, so that the next caller asks again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replies: dict[Hashable, Future[Reply]] = {}

    def ask(self, key: Hashable, find: Callable[[], Reply]) -> Future[Reply]:
        """Return a future of the reply under `key`.

        Args:
            key: What the reply is the same for.
            find: Makes the call, blocking; only run if there is no reply, and none on its way.
        """
        with self._lock:
            known = self._replies.get(key)
            if known is not None:
                return known
            pending = self._replies[key] = Future()
        thread = threading.Thread(
            target=self._run, args=(key, find, pending), name="fxiaoke-shim-employee", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is leaving and starts no thread any more; no other caller waits then.
            self._run(key, find, pending)
        return pending

    def _run(self, key: Hashable, find: Callable[[], Reply], pending: Future[Reply]) -> None:
        try:
            reply = find()
        except BaseException as error:  # noqa: BLE001 - those who wait must not wait for ever.
            self._forget(key)
            pending.set_exception(error)
            return
        if not reply.ok:
            self._forget(key)
        pending.set_result(reply)

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            del self._replies[key]
