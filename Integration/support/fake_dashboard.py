"""A test double of the dashboard's server: the real page, over imaginary clusters (cluster_models.py).

By hand: python3 -m support.fake_dashboard --scenario degraded --port 34000
"""

import argparse
import http.server
import json
import pathlib
import queue
import threading
import urllib.parse

from .cluster_models import ImaginaryCluster

WEB = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "Dashboard" / "Web"
POLICY = "default-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class FakeDashboard:
    """Serves one imaginary cluster, a model a second (or whenever `step` is called, when `paced` is false)."""

    def __init__(self, scenario="healthy", port=0, paced=True, allow_actions=False):
        self.cluster = ImaginaryCluster(scenario)
        self.allow_actions = allow_actions
        self.posts = []
        self.listeners = []
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"fake": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        if paced:
            threading.Thread(target=self._pace, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}/"

    def stop(self):
        self.silence()
        self.server.shutdown()
        self.server.server_close()

    def silence(self):
        """No more models; streams end."""
        self.stopped.set()
        with self.lock:
            for listener in self.listeners:
                listener.put(None)

    def step(self):
        with self.lock:
            second = self.cluster.tick()
            self._send("second", second)
            self._send("model", self.cluster.model())

    def switch(self, scenario):
        """The cluster breaks or is mended, and everyone is told at once."""
        with self.lock:
            self.cluster.tick()
            self._send("second", self.cluster.switch(scenario))
            self._send("model", self.cluster.model())
            self._send("partitions", self.cluster.partition_map())
            self._send("alerts", self.cluster.alerts())

    def change_partitions(self):
        with self.lock:
            self.cluster.version += 1
            self._send("partitions", self.cluster.partition_map())

    def _send(self, name, value):
        for listener in self.listeners:
            listener.put((name, value))

    def _pace(self):
        while not self.stopped.wait(1):
            self.step()


class _Handler(http.server.BaseHTTPRequestHandler):
    fake: FakeDashboard
    protocol_version = "HTTP/1.0"  # no connection outlives its answer, so a server that stopped is gone

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind="application/json"):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def json(self, value):
        self.answer(200, json.dumps(value).encode())

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        words = [urllib.parse.unquote(word) for word in url.path.strip("/").split("/")]
        cluster = self.fake.cluster
        match words:
            case ["api", "v1", "events"]:
                self.events()
            case ["api", "v1", "about"]:
                allowed = self.fake.allow_actions
                self.json({
                    "version": "0.9.0", "bootstrapServers": "127.0.0.1:9092", "allowActions": allowed, "canControlBrokers": allowed,
                    "engine": "embedded",
                })
            case ["api", "v1", "model"]:
                self.json(cluster.model())
            case ["api", "v1", "timeline"]:
                self.json({"points": cluster.points, "markers": cluster.markers})
            case ["api", "v1", "partitions"]:
                self.json(cluster.partition_map())
            case ["api", "v1", "alerts"]:
                self.json(cluster.alerts())
            case ["api", "v1", "groups", name]:
                self.json(cluster.group(name))
            case ["api", "v1", "topics", name, "messages"]:
                self.json(cluster.messages(name))
            case ["api", "v1", "topics", name]:
                found = next(topic for topic in cluster.partition_map()["topics"] if topic["name"] == name)
                for partition in found["partitions"]:
                    partition |= {"start": 0, "end": 401_020}
                settings = [
                    {"name": "min.insync.replicas", "value": "2", "source": "topic"},
                    {"name": "retention.ms", "value": "604800000", "source": "default"},
                    {"name": "cleanup.policy", "value": "delete", "source": "default"},
                ]
                self.json({"name": name, "settings": settings, "partitions": found["partitions"]})
            case [name] if (WEB / (name or "index.html")).is_file():
                file = WEB / (name or "index.html")
                self.answer(200, file.read_bytes(), TYPES[file.suffix])
            case _:
                self.answer(404, json.dumps({"error": {"code": "NOT_FOUND", "message": "no such thing"}}).encode())

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or "{}")
        if not self.fake.allow_actions:
            self.answer(403, json.dumps({"error": {"code": "READ_ONLY", "message": "read-only", "next": "start with --allow-actions"}}).encode())
            return
        self.fake.posts.append((urllib.parse.unquote(self.path), body))
        if self.path.endswith("/messages"):
            self.json({"partition": 1, "offset": 4001})
        elif "/brokers/" in self.path:
            self.answer(202)
        else:
            cluster = self.fake.cluster
            if self.path.endswith("/silences"):
                cluster.silenced[body["name"]] = cluster.now + body["minutes"] * 60_000
            else:
                cluster.acknowledged[urllib.parse.unquote(self.path.split("/")[-2])] = body["by"]
            self.answer(204)
            with self.fake.lock:
                self.fake._send("alerts", cluster.alerts())

    def events(self):
        mine = queue.Queue()
        with self.fake.lock:
            cluster = self.fake.cluster
            mine.put(("model", cluster.model()))
            mine.put(("partitions", cluster.partition_map()))
            mine.put(("alerts", cluster.alerts()))
            self.fake.listeners.append(mine)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        try:
            self.wfile.write(b"retry: 1000\n\n")
            while (entry := mine.get()) is not None:
                name, value = entry
                self.wfile.write(f"event: {name}\ndata: {json.dumps(value)}\n\n".encode())
        except OSError:
            pass
        finally:
            with self.fake.lock:
                self.fake.listeners.remove(mine)
            self.close_connection = True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="healthy")
    parser.add_argument("--port", type=int, default=34000)
    parser.add_argument("--allow-actions", action="store_true")
    words = parser.parse_args()
    fake = FakeDashboard(words.scenario, words.port, allow_actions=words.allow_actions)
    print(fake.address)
    threading.Event().wait()
