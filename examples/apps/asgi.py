"""An ASGI app: uvicorn asgi:app."""

import os


async def app(scope, receive, send):
    if scope["type"] == "http":
        body = f"Python, process {os.getpid()}\n".encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": body})
