"""Somebody who is told of alerts, and a page of metrics that says what a test wants it to say."""

import http.server
import json
import threading
import time


class Server:
    """An HTTP server on a thread of its own; the port is the system's choice."""

    def __init__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.get(self)

            def do_POST(self):
                outer.post(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def answer(handler, status, body=b""):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if body:
            handler.wfile.write(body)


class Receiver(Server):
    """Keeps what it is told: (monotonic time, event, alert)."""

    def __init__(self):
        self.heard = []
        super().__init__()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/alerts"

    def post(self, handler, body):
        told = json.loads(body)
        self.heard.append((time.monotonic(), told["event"], told["alert"]))
        self.answer(handler, 204)

    def of(self, name):
        return [event for _, event, alert in list(self.heard) if alert["name"] == name]


class MetricsPages(Server):
    """The pages of three brokers: as they should be, with a log directory lost, or without an answer."""

    def __init__(self):
        self.offline = set()
        self.silent = set()
        self.ending = threading.Event()
        super().__init__()

    def __exit__(self, *details):
        self.ending.set()
        super().__exit__(*details)

    @property
    def options(self):
        return [
            word for broker in (1, 2, 3)
            for word in ("--metrics-url", f"{broker}=http://127.0.0.1:{self.port}/{broker}/metrics")
        ]

    def get(self, handler):
        broker = int(handler.path.split("/")[1])
        if broker in self.silent:
            self.ending.wait(10)
            return
        page = (
            f"kafka_log_logmanager_offlinelogdirectorycount {float(broker in self.offline)}\n"
            'kafka_log_log_size{topic="t",partition="0"} 1000.0\n'
        )
        self.answer(handler, 200, page.encode())
