"""A WSGI app: gunicorn wsgi:app."""

import os


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"Python, process {os.getpid()}\n".encode()]
