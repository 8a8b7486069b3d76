"""Watch the HTTP libraries of a program, and hand offline calls to the shim. Standard library only.

For `shim.intercept.install()` and for `fxshim run`. Importable without the package `shim`: put this
folder on `sys.path` and `import _fxshim_start`. It imports no HTTP library and not the shim; the
shim is imported when the first request for an address of the offline API is made.

Interface:

- `start(reroute="", hosts=())`: wrap requests, urllib3, http.client (and so urllib.request), httpx,
  httpx2 and aiohttp: those that are imported now, the others when the program imports them. To
  start a second time changes only the arguments.
- `stop()`: put everything back as it was, and end the rerouting.
- `is_started()`.
- `COUNTS.seen`, `.translated`, `.failed`: numbers of requests, from 0, of this process (a forked
  child begins at 0). `seen`: at an address below `/cgi/` whose method and path are those of an
  offline call. `translated`: answered by the shim. `failed`: what may be an offline call that
  the shim could not look at, or that raised in the program. A request that was seen and is neither
  was looked at and is no offline call. `COUNTS.reasons`: reasons of `failed`, with their numbers.
- `HOSTS`: the hosts of Fxiaoke.

`reroute` is a base URL without a path, for example `http://127.0.0.1:8800`. While it is set, every
request for one of `HOSTS` or `hosts`, an offline call or not, goes there instead, past proxies. The
shim's own requests are left alone: they go by the setting `base_url`.

The wrappers never break a request: if something goes wrong before a call is made, the request goes
on as it was, and is counted in `failed`.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The hosts of the vendor's clouds (contract, section 1, grade B).
HOSTS = frozenset(
    {
        "open.fxiaoke.com",
        "open-hwcloud.fxiaoke.com",
        "open-ale.fxiaoke.com",
        "open-hws.fxiaoke.com",
        "open-ksc.sharecrm.com",
        "open-na.sharecrm.com",
        "open.71360.com",
    }
)
MARK = "/cgi/"
"""What every address of the offline API has in its path."""


class Counts:
    """Numbers of requests, counted without a lock: `next()` of a counter is one step."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin at 0."""
        self._counters = {name: count() for name in ("seen", "translated", "failed")}
        self.reasons: dict[str, int] = {}

    def add(self, name: Any) -> None:
        """Count one request."""
        next(self._counters[name])

    def fail(self, reason: Any) -> None:
        """Count one request as failed; the reasons are few fixed texts."""
        self.add("failed")
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def _number(self, name: str) -> int:
        # A counter shows its next number in its repr alone.
        return int(repr(self._counters[name])[len("count(") : -1])

    @property
    def seen(self) -> int:
        """Requests at an address of offline calls."""
        return self._number("seen")

    @property
    def translated(self) -> int:
        """Requests that the shim has answered."""
        return self._number("translated")

    @property
    def failed(self) -> int:
        """Requests that could not be looked at, or that raised."""
        return self._number("failed")


COUNTS = Counts()


class _State:
    """What is in force: whether to watch, where to reroute to, and what was put in place of what.

    Attributes:
        base: Scheme, host and port to reroute to, or None.
        hosts: The hosts whose requests are rerouted.
        wrapped: The originals, by owner and name.
    """

    def __init__(self) -> None:
        self.active = False
        self.base: tuple[str, str, int] | None = None
        self.hosts: frozenset[str] = HOSTS
        self.wrapped: dict[tuple[str, str, str], Any] = {}


_state = _State()
# The path of the request that was looked at and is being passed on: the library below sees the same
# request, which is not to be looked at twice.
_passing = ContextVar("fxshim_passing", default="")


def start(reroute: Any = "", hosts: Any = ()) -> None:
    """Wrap the HTTP libraries; see the module's docstring.

    Args:
        reroute: A base URL without a path, or "".
        hosts: More hosts that are rerouted.

    Raises:
        ValueError: `reroute` is no base URL, or has a path.
    """
    _state.base = _base(reroute)
    _state.hosts = HOSTS | {host.lower() for host in hosts}
    _state.active = True
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    for name in _WRAPPERS:
        module = sys.modules.get(name)
        if module is not None and not _is_initializing(module):
            _wrap(module)


def stop() -> None:
    """Put everything back as it was; what others have wrapped since stays, and does nothing.

    Requests that are under way end as they began.
    """
    _state.active = False
    _state.base = None
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for key in list(_state.wrapped):
        owner, name, original, ours = _state.wrapped.pop(key)
        if vars(owner).get(name) is ours:
            setattr(owner, name, original)


def is_started() -> Any:
    """Return whether the HTTP libraries are watched."""
    return _state.active


def _base(reroute: Any) -> Any:
    if not reroute:
        return None
    scheme, _, place = reroute.rstrip("/").partition("://")
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdigit():
        host, port = place, {"http": 80, "https": 443}.get(scheme, 0)
    if scheme not in {"http", "https"} or not host or set(place) & set("/?#@"):
        msg = "reroute should be scheme, host and port only, such as http://127.0.0.1:8800"
        raise ValueError(msg)
    return scheme, host.strip("[]"), int(port)


def _is_rerouted(host: Any) -> Any:
    """Whether requests for a host go elsewhere."""
    return _state.base is not None and _name(host) in _state.hosts and not _is_own()


def _name(host: Any) -> Any:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host or ""
    return name.lower().rstrip(".")


def _is_own() -> Any:
    """Whether the shim itself makes the request, through a transport of the user's."""
    module = sys.modules.get("shim._own_calls")
    return module is not None and module.OWN.get()


def _may_be_offline(path: Any) -> Any:
    """Whether a request is to be looked at: cheap, since every request of the program is asked."""
    return _state.active and MARK in path and _passing.get() != path and not _is_own()


def _put_back(token: Any) -> None:
    """Say that a request is not being passed on any more."""
    try:  # noqa: SIM105 - contextlib would have to be imported.
        _passing.reset(token)
    except ValueError:
        # A coroutine that is destroyed ends in another context, where nothing is to be put back.
        pass


def _clients(reason: Any) -> Any:
    """Return the part of the shim that knows the libraries; None if it cannot be imported."""
    try:
        from shim.intercept import _clients
    except Exception:  # noqa: BLE001 - a broken environment is no reason to break a request.
        COUNTS.add("seen")
        COUNTS.fail(reason)
        return None
    return _clients


# What `http.client` has in its signature as well; nothing changes it.
_NONE: dict[str, str] = {}


# Importing modules.


class _Finder:
    """Has a library wrapped at the end of its import."""

    def __init__(self) -> None:
        self._asked: ContextVar[str] = ContextVar("fxshim_asked", default="")

    def find_spec(self, name: Any, path: Any = None, target: Any = None) -> Any:
        """Return the module's own spec, with a loader that wraps it afterwards."""
        if name not in _WRAPPERS or self._asked.get() == name:
            return None
        token = self._asked.set(name)
        try:
            for finder in sys.meta_path:
                find = getattr(finder, "find_spec", None)
                spec = None if find is None or finder is self else find(name, path, target)
                if spec is not None:
                    if hasattr(spec.loader, "exec_module"):
                        spec.loader = _Loader(spec.loader)
                    return spec
        finally:
            self._asked.reset(token)
        return None


class _Loader:
    """A loader that wraps what another one has loaded, and leaves no trace of itself."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: Any) -> Any:
        return getattr(self._inner, name)

    def create_module(self, spec: Any) -> Any:
        """Return what the other one makes."""
        return self._inner.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """Run the module, and wrap it."""
        module.__spec__.loader = module.__loader__ = self._inner
        self._inner.exec_module(module)
        if _state.active:
            _wrap(module)


_finder = _Finder()


def _is_initializing(module: Any) -> Any:
    return getattr(getattr(module, "__spec__", None), "_initializing", False)


def _wrap(module: Any) -> None:
    """Wrap what a module has; a version of it that lacks something is counted, not broken."""
    for owner_name, name, make in _WRAPPERS[module.__name__]:
        owner = vars(module).get(owner_name)
        original = None if owner is None else vars(owner).get(name)
        if original is None:
            COUNTS.reasons[f"{module.__name__} has no {owner_name}.{name}"] = 0
            continue
        ours = make(original)
        ours.__name__, ours.__qualname__ = name, f"{owner_name}.{name}"
        ours.__doc__, ours.__module__ = original.__doc__, module.__name__
        ours.__wrapped__ = original
        key = (module.__name__, owner_name, name)
        # One step, so that of two threads only one wraps.
        mine = (owner, name, original, ours)
        if _state.wrapped.setdefault(key, mine) is mine:
            setattr(owner, name, ours)


# The wrappers. Each takes the original and returns what stands in its place.


def _requests_send(original: Any) -> Any:
    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        path = request.path_url if request.url else ""
        if not _may_be_offline(path):
            return original(self, request, *args, **kwargs)
        clients = _clients("the shim cannot be imported")
        if clients is not None:
            answer = clients.of_requests(self, request)
            if answer is not None:
                return answer
        token = _passing.set(path)
        try:
            return original(self, request, *args, **kwargs)
        finally:
            _put_back(token)

    return send


def _urllib3_urlopen(original: Any) -> Any:
    def urlopen(self: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        if _is_rerouted(_host_in(url) or self.host):
            clients = _clients("the shim cannot be imported")
            if clients is None:
                msg = "fxshim: this request cannot be rerouted, as the shim cannot be imported"
                raise RuntimeError(msg)
            self, url = clients.urllib3_pool(self, _state.base), _without_host(url)
            kwargs["assert_same_host"] = False
        path = _without_host(url) if isinstance(url, str) else ""
        if not _may_be_offline(path):
            return original(self, method, url, *args, **kwargs)
        clients = _clients("the shim cannot be imported")
        if clients is not None:
            answer = clients.of_urllib3(self, method, url, args, kwargs)
            if answer is not None:
                return answer
        token = _passing.set(path)
        try:
            return original(self, method, url, *args, **kwargs)
        finally:
            _put_back(token)

    return urlopen


def _client_request(original: Any) -> Any:
    def request(
        self: Any, method: Any, url: Any, body: Any = None, headers: Any = _NONE, **kwargs: Any
    ) -> Any:
        path = _without_host(url) if isinstance(url, str) else ""
        if not _may_be_offline(path):
            return original(self, method, url, body, headers, **kwargs)
        clients = _clients("the shim cannot be imported")
        if clients is not None and clients.of_http_client(self, method, url, body, headers):
            return None
        token = _passing.set(path)
        try:
            return original(self, method, url, body, headers, **kwargs)
        finally:
            _put_back(token)

    return request


def _client_putrequest(original: Any) -> Any:
    def putrequest(self: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        vars(self).pop("_fxshim_answer", None)
        path = _without_host(url) if isinstance(url, str) else ""
        if _may_be_offline(path):
            clients = _clients("the shim cannot be imported")
            if clients is not None:
                clients.not_covered(method, path, "http.client: putrequest instead of request")
        if _state.base is not None:
            host = _host_in(url)
            if _is_rerouted(host):
                # Meant for a proxy, which would pass it on to the real host.
                self.close()
                self.host, url = host, path
        return original(self, method, url, *args, **kwargs)

    return putrequest


def _client_getresponse(original: Any) -> Any:
    def getresponse(self: Any) -> Any:
        answer = vars(self).pop("_fxshim_answer", None)
        return original(self) if answer is None else answer

    return getresponse


def _client_connect(original: Any) -> Any:
    def connect(self: Any) -> Any:
        if not _is_rerouted(self._tunnel_host or self.host):
            return original(self)
        import socket

        scheme, host, port = _state.base or ("", "", 0)
        self.sock = socket.create_connection((host, port), self.timeout, self.source_address)
        if scheme == "https":
            import ssl

            trust = ssl.create_default_context()
            self.sock = trust.wrap_socket(self.sock, server_hostname=host)
        return None

    return connect


def _httpx_handle(original: Any) -> Any:
    def handle_request(self: Any, request: Any) -> Any:
        path = request.url.raw_path.decode("ascii", "replace")
        token = None
        if _may_be_offline(path):
            clients = _clients("the shim cannot be imported")
            if clients is not None:
                answer = clients.of_httpx(request)
                if answer is not None:
                    return answer
            token = _passing.set(path)
        try:
            if _is_rerouted(request.url.host):
                self, request = _rerouted(self, request, "HTTPTransport")
            return original(self, request)
        finally:
            if token is not None:
                _put_back(token)

    return handle_request


def _httpx_ahandle(original: Any) -> Any:
    async def handle_async_request(self: Any, request: Any) -> Any:
        path = request.url.raw_path.decode("ascii", "replace")
        token = None
        if _may_be_offline(path):
            clients = _clients("the shim cannot be imported")
            if clients is not None:
                answer = await clients.of_async_httpx(request)
                if answer is not None:
                    return answer
            token = _passing.set(path)
        try:
            if _is_rerouted(request.url.host):
                self, request = _rerouted(self, request, "AsyncHTTPTransport")
            return await original(self, request)
        finally:
            if token is not None:
                _put_back(token)

    return handle_async_request


def _rerouted(_transport: Any, request: Any, kind: Any) -> Any:
    """Return a transport without a proxy, and the request to send through it."""
    library = sys.modules[type(request.url).__module__.partition(".")[0]]
    scheme, host, port = _state.base or ("", "", 0)
    # No connection is kept: nothing would close it.
    transport = getattr(library, kind)(limits=library.Limits(max_keepalive_connections=0))
    moved = library.Request(
        request.method,
        request.url.copy_with(scheme=scheme, host=host, port=port),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )
    return transport, moved


def _aiohttp_connect(original: Any) -> Any:
    async def connect(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        path = req.url.raw_path_qs
        token = None
        if _may_be_offline(path):
            clients = _clients("the shim cannot be imported")
            if clients is not None:
                connection = await clients.of_aiohttp(self, req)
                if connection is not None:
                    return connection
            token = _passing.set(path)
        try:
            if _is_rerouted(req.url.host):
                scheme, host, port = _state.base or ("", "", 0)
                req.url = req.url.with_scheme(scheme).with_host(host).with_port(port)
                req.proxy = None
            return await original(self, req, *args, **kwargs)
        finally:
            if token is not None:
                _put_back(token)

    return connect


def _host_in(url: Any) -> Any:
    """Return the host of an absolute URL, as proxies are sent it; else ""."""
    if not isinstance(url, str) or "://" not in url.partition("?")[0]:
        return ""
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""


def _without_host(url: Any) -> Any:
    """Return path and query of a URL."""
    head, separator, rest = url.partition("://")
    if not separator or "/" in head:
        return url
    _, slash, path = rest.partition("/")
    return slash + path


_HTTPX = (
    ("HTTPTransport", "handle_request", _httpx_handle),
    ("AsyncHTTPTransport", "handle_async_request", _httpx_ahandle),
)
_WRAPPERS: dict[str, Any] = {
    "requests.adapters": (("HTTPAdapter", "send", _requests_send),),
    "urllib3.connectionpool": (("HTTPConnectionPool", "urlopen", _urllib3_urlopen),),
    "http.client": (
        ("HTTPConnection", "request", _client_request),
        ("HTTPConnection", "putrequest", _client_putrequest),
        ("HTTPConnection", "getresponse", _client_getresponse),
        ("HTTPConnection", "connect", _client_connect),
        ("HTTPSConnection", "connect", _client_connect),
    ),
    "httpx._transports.default": _HTTPX,
    "httpx2._transports.default": _HTTPX,
    "aiohttp.connector": (("BaseConnector", "connect", _aiohttp_connect),),
}


def _clear_after_fork() -> None:
    """Begin at 0 in a child: what the parent counted, the parent reports."""
    COUNTS.clear()
    _passing.set("")


try:
    from os import register_at_fork
except ImportError:  # pragma: no cover - Windows has no fork.
    pass
else:
    register_at_fork(after_in_child=_clear_after_fork)
