"""Requests to an ASGI application without a server."""


async def requested(gateway, method, path, body, headers=(), **changes):
    """Send one request to an ASGI application; return status, headers and body.

    None if there is no answer.

    Args:
        gateway: The application.
        method: The method.
        path: The path.
        body: The whole body; None: the client is gone before it.
        headers: Further headers, as pairs of bytes.
        **changes: Entries of the scope that differ.
    """
    sent = []

    async def receive():
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"gateway"), (b"content-type", b"application/json"), *headers],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 9),
        **changes,
    }
    await gateway(scope, receive, send)
    if not sent:
        return None
    content = b"".join(one.get("body", b"") for one in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), content
