"""An ASGI app: uvicorn asgi:app."""

import asyncio
import json
import os
from urllib.parse import parse_qs


async def read_body(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def page(scope, receive):
    path = scope["path"]
    if path == "/slow":
        await asyncio.sleep(int(parse_qs(scope["query_string"].decode())["ms"][0]) / 1000)
    if path == "/crash":
        os._exit(3)
    if path == "/post":
        return f"{len(await read_body(receive))} bytes\n"
    if path == "/pid":
        return f"{os.getpid()}\n"
    if path == "/env":
        return json.dumps(dict(os.environ))
    return "hello\n"


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = (await page(scope, receive)).encode()
    fields = {"content-type": "text/plain", "content-length": str(len(body)), "x-pid": str(os.getpid()),
              "x-instance": os.environ.get("DROVER_INSTANCE", "")}
    await send({"type": "http.response.start", "status": 200,
                "headers": [(name.encode(), value.encode()) for name, value in fields.items()]})
    await send({"type": "http.response.body", "body": body})
