#!/usr/bin/env python3
"""
modules.py LOCK FOLDER: the packages of a package-lock.json to FOLDER/node_modules, from the npm registry
(or the one that npm_config_registry names). Each must have the hash that the lock file says; no script of
theirs is run. It is what `npm ci` would do, without the four hundred packages that npm itself is made of.
"""

import base64
import concurrent.futures
import hashlib
import io
import json
import os
import sys
import tarfile
import urllib.request

REGISTRY = os.environ.get("npm_config_registry", "https://registry.npmjs.org").rstrip("/")
SECONDS = 20  # for one of them


def fetch(path, package):
    """Its files, by name."""
    name = path.rpartition("node_modules/")[2]
    url = f"{REGISTRY}/{name}/-/{name.rpartition('/')[2]}-{package['version']}.tgz"
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        data = answer.read()
    kind, _, wanted = package["integrity"].partition("-")
    if base64.b64encode(hashlib.new(kind, data).digest()).decode() != wanted:
        raise ValueError(f"{url} is not what the lock file has")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name.partition("/")[2]: archive.extractfile(member).read() for member in archive if member.isfile()}


def store(folder, files):
    for name, data in files.items():
        to = os.path.normpath(os.path.join(folder, name))
        if not to.startswith(folder + os.sep):
            raise ValueError(f"{name} is no place in {folder}")
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with open(to, "wb") as file:
            file.write(data)


def main():
    lock, top = sys.argv[1], os.path.abspath(sys.argv[2])
    with open(lock, encoding="utf-8") as file:
        packages = {path: package for path, package in json.load(file)["packages"].items() if path}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for path, files in zip(packages, pool.map(fetch, packages, packages.values())):
            store(os.path.join(top, path), files)
    print(f"{len(packages)} packages in {top}")


main()
