"""An adapter of requests that answers offline calls, for use by hand."""

from __future__ import annotations

from typing import Any

import requests.adapters

from shim.intercept._clients import requests_answer
from shim.intercept._offline import OfflineCall, is_candidate, is_offline, whole


class InterceptingAdapter(requests.adapters.BaseAdapter):
    """Answers offline calls through the shim; passes all else on."""

    def __init__(self, inner: requests.adapters.BaseAdapter) -> None:
        super().__init__()
        self._inner = inner

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer an offline call, or have the inner adapter send the request."""
        call = _call(request)
        if call is not None:
            return requests_answer(self._inner, request, call.perform())
        return self._inner.send(request, *args, **kwargs)

    def close(self) -> None:
        """Close the inner adapter."""
        self._inner.close()


def _call(request: requests.PreparedRequest) -> OfflineCall | None:
    method, url = request.method or "", request.url or ""
    if not is_candidate(method, url):
        return None
    body = whole(request.body)
    if body is None:
        return None
    headers = [(str(name), str(value)) for name, value in request.headers.items()]
    return is_offline(method, url, headers, body)


def adapter(inner: Any) -> InterceptingAdapter:
    """Return an adapter around another one."""
    return InterceptingAdapter(requests.adapters.HTTPAdapter() if inner is None else inner)
