"""A Python function as a door: `shim.set_member_status_batch` and all the others.

A function counts the calling line, binds the arguments, and calls `perform`. It has the name, the
documentation and the signature of the documented call, and PEP 702's mark.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from shim._call import aperform, notice_of, perform
from shim.notices import noticed, noticed_async
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from shim._endpoint import Endpoint
    from shim.notices import Site
    from shim.offline.answer import Answer


F = TypeVar("F")


@cache
def function(endpoint: Endpoint) -> Callable[..., Answer]:
    """Return the function `shim.<name>` of an offline call; always the same one."""

    def called(site: Site, /, *args: Any, **kwargs: Any) -> Answer:
        try:
            return perform(endpoint, site, _bound(endpoint, args, kwargs))
        except ConfigurationError as error:
            # The text says it all; the line in here that raised it does not help the caller.
            raise error.with_traceback(None) from None

    dressed: Callable[..., Answer] = _dressed(called, endpoint, "shim")
    return _marked(noticed(dressed, notice_of(endpoint), sited=True), endpoint)


@cache
def awaitable(endpoint: Endpoint) -> Callable[..., Coroutine[Any, Any, Answer]]:
    """Return the function `shim.aio.<name>` of an offline call; always the same one."""

    async def called(site: Site, /, *args: Any, **kwargs: Any) -> Answer:
        try:
            return await aperform(endpoint, site, _bound(endpoint, args, kwargs))
        except ConfigurationError as error:
            raise error.with_traceback(None) from None

    dressed: Callable[..., Coroutine[Any, Any, Answer]] = _dressed(called, endpoint, "shim.aio")
    return _marked(noticed_async(dressed, notice_of(endpoint), sited=True), endpoint)


def _bound(endpoint: Endpoint, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments by name, undocumented ones included.

    Raises:
        TypeError: There are more arguments than parameters, or one is given twice.
    """
    if not args:
        return dict(kwargs)
    signature = endpoint.signature
    known = {name: value for name, value in kwargs.items() if name in signature.parameters}
    return {**kwargs, **signature.bind_partial(*args, **known).arguments}


def _dressed(called: Any, endpoint: Endpoint, module: str) -> Any:
    """Give a function the name, the documentation and the signature of the documented call."""
    returns = endpoint.returns.__name__
    called.__name__ = called.__qualname__ = endpoint.name
    called.__module__ = module
    called.__doc__ = endpoint.translation.__doc__
    called.__signature__ = endpoint.signature
    called.__annotations__ = {**endpoint.translation.__annotations__, "return": returns}
    return called


def _marked(door: F, endpoint: Endpoint) -> F:
    # PEP 702's mark, without `deprecated()` itself: that would warn of each call by its own rules.
    vars(door)["__deprecated__"] = endpoint.deprecation
    return door
