"""The dashboard as an operator starts it: `streamsocial dashboard`, for a cluster that runs elsewhere."""

import json
import subprocess
import threading
import urllib.error
import urllib.request

import confluent_kafka

from .waiting import until


class Dashboard:
    """One dashboard process; `words` are further options."""

    def __init__(self, cluster, port, log, *words):
        self.port = port
        self.log = open(log, "wb")
        command = [cluster.program, "dashboard", "--bootstrap-servers", cluster.bootstrap, "--dashboard-port", port, *words]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        until(self.is_live, 20, "the dashboard answers")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path):
        with urllib.request.urlopen(f"{self.address}{path}", timeout=5) as answer:
            return json.load(answer)

    def is_live(self):
        assert self.process.poll() is None, f"the dashboard ended with {self.process.returncode}; see {self.log.name}"
        try:
            return self.get("health/live")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(20)
        self.log.close()


class Users:
    """People who post and a group that reads, some hundred events a second, so that there is something to see."""

    def __init__(self, servers, topic, group):
        self.ending = threading.Event()
        self.topic = topic
        self.producer = confluent_kafka.Producer(
            {"bootstrap.servers": servers, "acks": "all", "linger.ms": 5, "topic.metadata.refresh.interval.ms": 500}
        )
        self.consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": servers, "group.id": group, "auto.offset.reset": "earliest",
                "auto.commit.interval.ms": 500,
            }
        )
        self.consumer.subscribe([topic])
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._post, self._read)]
        for thread in self.threads:
            thread.start()

    def _post(self):
        number = 0
        while not self.ending.wait(0.05):
            for _ in range(25):
                number += 1
                value = json.dumps({"type": "post", "author": f"user-{number % 97}", "number": number})
                self.producer.produce(self.topic, value, f"user-{number % 97}")
            self.producer.poll(0)

    def _read(self):
        while not self.ending.is_set():
            self.consumer.consume(500, 0.2)

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(20)
        self.producer.flush(20)
        self.consumer.close()
