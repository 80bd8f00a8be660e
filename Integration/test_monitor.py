"""The monitor's verdict on a live cluster that is broken and mended: `status` and the dashboard share it."""

import json
import subprocess
import threading
import time

import pytest

from support.waiting import until


class Watch:
    """`streamsocial status --watch`: a line a second."""

    def __init__(self, cluster):
        words = [cluster.program, "status", "--watch", "--output", "json", "--data-dir", cluster.directory]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), json.loads(line)))

    def after(self, begin, condition, limit):
        """The first line since `begin` that the condition holds for, with the seconds that it took."""
        found = until(
            lambda: next(((at, line) for at, line in list(self.lines) if at >= begin and condition(line)), None),
            limit, f"a line of the monitor; the last: {self.lines[-1:]}",
        )
        return found[0] - begin, found[1]

    def close(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def watch(cluster, topic):
    watch = Watch(cluster)
    try:
        watch.after(0, lambda line: line["verdict"] == "healthy", 30)
        yield watch
    finally:
        watch.close()


def state(line, broker):
    return next(entry["state"] for entry in line["brokers"] if entry["id"] == broker)


def test_a_killed_broker_shows_within_two_seconds_and_clears_after_its_return(cluster, watch, topic):
    victim = cluster.leader(topic)
    begin = time.monotonic()
    cluster.kill(victim)
    took, line = watch.after(begin, lambda line: line["verdict"] != "healthy", 10)
    assert took < 2, line
    assert state(line, victim) == "FAILED"
    assert "broker-down" in line["reasons"]
    assert line["failures_tolerated"] == 0
    assert f"broker {victim}" in line["sentence"]
    assert "BrokerDown" in {alert["name"] for alert in line["alerts"]}
    status = cluster.status()
    assert status["verdict"] != "healthy"
    assert {"BrokerDown", "NoFailureTolerated"} <= {alert["name"] for alert in status["alerts"]}
    # It writes no test events, and says so rather than showing a figure.
    assert status["produce_p99_ms"] is None and line["produce_p99_ms"] is None
    _, line = watch.after(begin, lambda line: "writes go on" in line["sentence"] and line["verdict"] == "degraded", 30)
    assert line["offline"] == 0
    cluster.start(victim)
    _, line = watch.after(time.monotonic(), lambda line: line["verdict"] == "healthy", 90)
    assert state(line, victim) == "RUNNING"
    assert line["failures_tolerated"] == 1
    assert line["under_replicated"] == 0


def test_two_dead_brokers_are_unavailable_and_status_says_so_too(cluster, watch, topic):
    victims = (2, 3)
    try:
        for victim in victims:
            cluster.kill(victim)
        _, line = watch.after(time.monotonic(), lambda line: line["verdict"] == "unavailable", 10)
        assert line["under_min_isr"] > 0
        assert line["failures_tolerated"] == 0
        status = cluster.status()
        assert status["verdict"] == "unavailable"
        assert status["failures_tolerated"] == 0
    finally:
        for victim in victims:
            cluster.start(victim)
    watch.after(time.monotonic(), lambda line: line["verdict"] == "healthy", 90)
    cluster.wait_until_healthy()
