"""Requests to an ASGI application without a server."""


async def requested(gateway, method, path, body, headers=()):
    """Send one request to an ASGI application; return status, headers and body."""
    sent = []

    async def receive():
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
    }
    await gateway(scope, receive, send)
    content = b"".join(one.get("body", b"") for one in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), content
