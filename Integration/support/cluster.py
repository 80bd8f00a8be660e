"""A cluster as an operator has it: started, watched and broken by ./streamsocial, of either engine."""

import json
import os
import pathlib
import signal
import subprocess

from .frames import Connection
from .waiting import until

BROKERS = (1, 2, 3)
HEALTHY, UNHEALTHY = 0, 10


class CommandFailed(AssertionError):
    """./streamsocial ended with an error; `text` is what it said."""

    def __init__(self, words, process):
        self.code = process.returncode
        self.text = process.stderr + process.stdout
        super().__init__(f"streamsocial {' '.join(words)} ended with {self.code}:\n{self.text}")


class Cluster:
    def __init__(self, program, engine, port, directory, properties=(), options=("--dashboard-port", 0)):
        self.program = pathlib.Path(program)
        self.engine = engine
        self.port = port
        self.directory = pathlib.Path(directory)
        self.properties = list(properties)
        self.options = list(options)

    # Operating it

    def command(self, *words, expected=(0,), limit=120):
        """Runs ./streamsocial; returns the finished process."""
        process = subprocess.run(
            [self.program, *map(str, words)], capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL
        )
        if process.returncode not in expected:
            raise CommandFailed([str(word) for word in words], process)
        return process

    def up(self):
        words = ["up", "--engine", self.engine, "--detach", "--restart", "never"]
        words += ["--port", self.port, "--data-dir", self.directory, *self.options]
        for line in self.properties:
            words += ["--broker-property", line]
        try:
            self.command(*words, limit=180)
            self.wait_until_healthy()
        except BaseException:
            self.down()
            raise

    def down(self):
        """Shuts it down in order. One that does not run is down already."""
        self.command("down", "--data-dir", self.directory, expected=range(256))

    def status(self):
        process = self.command("status", "--data-dir", self.directory, "--output", "json", expected=(HEALTHY, UNHEALTHY))
        return json.loads(process.stdout)

    def kill(self, broker):
        self.command("kill", broker, "--data-dir", self.directory)
        until(lambda: self.process_id(broker) is None, 10, f"the process of broker {broker} is gone")

    def start(self, broker):
        self.command("start", broker, "--data-dir", self.directory)

    def make_whole(self):
        """Starts what is dead and wakes what is paused; returns once every replica is in sync."""
        for entry in self.status()["brokers"]:
            if entry["pid"] is None:
                self.start(entry["id"])
            else:
                os.kill(entry["pid"], signal.SIGCONT)
        self.wait_until_healthy()

    def wait_until_healthy(self, limit=90):
        """Until every broker runs and every replica is in sync."""
        return until(lambda: (status := self.status())["verdict"] == "healthy" and status, limit, "the cluster is healthy")

    # What it looks like

    @property
    def bootstrap(self):
        return ",".join(f"127.0.0.1:{self.port + broker - 1}" for broker in BROKERS)

    def address(self, broker):
        return "127.0.0.1", self.port + broker - 1

    def connect(self, broker=1):
        """A plain connection to a broker, for frames made by hand."""
        return Connection(*self.address(broker))

    def connect_to_any(self):
        for broker in BROKERS:
            try:
                return Connection(*self.address(broker))
            except OSError:
                continue
        raise AssertionError("no broker accepts connections")

    def process_id(self, broker):
        return next(entry["pid"] for entry in self.status()["brokers"] if entry["id"] == broker)

    def process_ids(self):
        return [entry["pid"] for entry in self.status()["brokers"]]

    def controller(self):
        return self.status()["controller"]

    def partitions(self, topic):
        """Of each partition its leader, replicas and isr, by its number; empty when there is no such topic."""
        found = [entry for entry in self.status()["topics"] if entry["name"] == topic]
        return {partition["id"]: partition for partition in found[0]["partitions"]} if found else {}

    def leader(self, topic, partition=0):
        return self.partitions(topic)[partition]["leader"]

    def coordinator(self, group):
        def ask():
            with self.connect_to_any() as connection:
                error, node = connection.find_coordinator(group)
                return node if error == 0 else None

        return until(ask, 30, f"group {group} has a coordinator")

    def log_directory(self, broker):
        return self.directory / f"broker-{broker}" / "data"

    def create_topic(self, name, partitions=3, replication_factor=3, configs=()):
        """Creates a topic and waits until every partition has a leader and all its replicas in sync."""
        with self.connect_to_any() as connection:
            error, message = connection.create_topic(name, partitions, replication_factor, configs)
        assert error == 0, f"creating {name}: error {error}, {message}"

        def whole():
            seen = self.partitions(name).values()
            return len(seen) == partitions and all(
                entry["leader"] > 0 and len(entry["isr"]) == replication_factor for entry in seen
            )

        until(whole, 30, f"topic {name} is whole")


def clean_environment(**changes):
    """This process's environment with changes; None removes a variable."""
    environment = {**os.environ, **{name: value for name, value in changes.items() if value is not None}}
    for name, value in changes.items():
        if value is None:
            environment.pop(name, None)
    return environment
