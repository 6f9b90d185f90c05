"""A web app that misbehaves as its arguments say, and a supervisor that restarts it as pm2 does.

Run as a program: `python app.py serve|supervise OPTIONS`, the options being one JSON object. A file
`behaviour.json` in the working directory changes the answers while it runs.
"""

import contextlib
import ctypes
import http.server
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

asked = itertools.count()
PR_SET_DUMPABLE = 4
"""Set to 0, the process's files are hidden from its own user too."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        if ":" in self.server_address[0]:
            self.socket.close()
            self.socket = socket.socket(socket.AF_INET6)
        if options.get("shared"):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        told = dict(options)
        with contextlib.suppress(OSError, ValueError):
            told.update(json.loads(Path("behaviour.json").read_text()))
        if "cycle" in told:
            told["status"] = told["cycle"][next(asked) % len(told["cycle"])]
        time.sleep(told.get("delay", 0))
        body = told.get("body", "ok").encode()
        self.send_response(500 if self.path == told.get("broken") else told.get("status", 200))
        self.send_header("Content-Length", str(len(body)))
        if "location" in told:
            self.send_header("Location", told["location"])
        self.end_headers()
        size = 1 if "drip" in told else len(body) or 1
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            time.sleep(told.get("drip", 0))

    def log_message(self, *_):
        pass


def serve():
    if options.get("crash"):
        sys.exit(1)
    if options.get("die_after"):
        timer = threading.Timer(options["die_after"], os._exit, (1,))
        timer.daemon = True
        timer.start()
    if options.get("hidden"):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)
    if options.get("never_listen"):
        signal.pause()
    time.sleep(options.get("boot", 0))
    Server((options.get("address", "127.0.0.1"), options["port"]), Handler).serve_forever()


def supervise():
    """Write the child's pid as it starts, remove it as it ends, start it again."""
    pid_file = Path(options["pid_file"])
    while True:
        child = subprocess.Popen([sys.executable, "-I", __file__, "serve", sys.argv[2]])
        pid_file.write_text(str(child.pid))
        child.wait()
        pid_file.unlink()
        time.sleep(options.get("pause", 0.1))


if __name__ == "__main__":
    options = json.loads(sys.argv[2])
    {"serve": serve, "supervise": supervise}[sys.argv[1]]()
