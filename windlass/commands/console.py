"""psql on the server, logged in as the app is: what the SSH channel of a terminal runs."""

from __future__ import annotations

import base64
import shlex
import zlib
from importlib.resources import files
from pathlib import PurePosixPath

_START = """
import os, sys
def load(text):
    found = {}
    exec(text, found)
    return found
root, file, name = sys.argv[1:]
load(OWNER)["become_owner"](root)
os.chdir(os.path.expanduser("~"))
env = load(ENV)
if not os.access(file, os.R_OK):
    sys.exit(f"{file} cannot be read: is the app here, and is it yours?")
variables = env["requested"](["database"], env["read"](file), name, 0)
if not variables:
    sys.exit(f"{file} has no {name} that names a PostgreSQL")
os.environ.update(variables, PGCONNECT_TIMEOUT="10")
script = [] if os.isatty(0) else ["--set", "ON_ERROR_STOP=1"]
try:
    os.execvp("psql", ["psql", *script])
except FileNotFoundError:
    sys.exit("psql is not there: apt-get install postgresql-client")
"""


def console_command(root: PurePosixPath, env_file: PurePosixPath, url_name: str) -> str:
    """Read the database's URL from `.env`, as the app's owner where root comes, and become psql.

    The password goes from that file into psql's environment, and nowhere else.
    """
    modules = {
        name.upper(): files("windlass.agent").joinpath(f"{name}.py").read_text() for name in ("env", "owner")
    }
    text = "".join(f"{name} = {source!r}\n" for name, source in modules.items()) + _START
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    python = f"import base64,zlib;exec(zlib.decompress(base64.b64decode('{packed}')))"
    return f"exec {shlex.join(['python3', '-c', python, str(root), str(env_file), url_name])}"
