"""A WSGI app: gunicorn wsgi:app."""

import json
import os
import time
from urllib.parse import parse_qs


def page(environ):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(int(parse_qs(environ["QUERY_STRING"])["ms"][0]) / 1000)
    if path == "/crash":
        os._exit(3)
    if path == "/post":
        return f"{len(environ['wsgi.input'].read())} bytes\n"
    if path == "/pid":
        return f"{os.getpid()}\n"
    if path == "/env":
        return json.dumps(dict(os.environ))
    return "hello\n"


def app(environ, start_response):
    body = page(environ).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body))),
                              ("X-Pid", str(os.getpid())), ("X-Instance", os.environ.get("DROVER_INSTANCE", ""))])
    return [body]
