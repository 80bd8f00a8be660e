"""Alerts with a limit: brought over it on a live cluster, seen to fire, brought back, seen to clear.

Their times and limits are set low, as an operator may (`--alert-setting`), so that nobody waits for minutes here.
"""

import contextlib
import os
import signal
import threading
import time

import confluent_kafka
import pytest

from support.frames import record_batch
from support.waiting import until
from support.watching import Watch, alert_settings
from support.webhooks import MetricsPages

SOON = 2.0

pytestmark = pytest.mark.usefixtures("whole")


@contextlib.contextmanager
def watching(cluster, *words):
    watch = Watch(cluster, *words)
    try:
        until(watch.is_healthy, 60, "a healthy line without alerts")
        yield watch
    finally:
        watch.stop()


def test_a_controller_that_keeps_changing(cluster, engine):
    """Killed twice within the window. It clears when the first of the changes is out of the window."""
    window = {"embedded": "12s", "kafka": "60s"}[engine]
    settings = alert_settings("ControllerFlapping.limit=2", f"ControllerFlapping.within={window}", "ControllerFlapping.clears=1s")
    with watching(cluster, "--no-canary", *settings) as watch:
        for number in range(2):
            victim = watch.controller()
            os.kill(cluster.process_id(victim), signal.SIGKILL)
            until(lambda: watch.controller() not in (victim, None), 30, "another controller")
            assert ("ControllerFlapping" in watch.alerts) == (number == 1)
            cluster.start(victim)
            if number == 0:
                until(lambda: " HEALTHY " in watch.lines[-1][1], 60, "the cluster is whole again", every=0.1)
        until(lambda: "ControllerFlapping" not in watch.alerts, 90, "it clears")


def test_writes_that_are_slow(cluster):
    """A follower that is paused holds back every acks=all write until it is out of the in-sync set."""
    settings = alert_settings("CanarySlow.limit=300ms", "CanarySlow.after=1s", "CanarySlow.clears=1s")
    with watching(cluster, *settings) as watch:
        until(lambda: "produce_p99_ms=?" not in watch.lines[-1][1], 40, "the canary writes")
        process = cluster.process_id(3)
        os.kill(process, signal.SIGSTOP)
        try:
            until(lambda: "CanarySlow" in watch.alerts, 20, "writes are slow")
        finally:
            os.kill(process, signal.SIGCONT)
        # The slow ones stay in the percentile for ten seconds.
        watch.clears(60)


def test_a_group_that_falls_behind(cluster, topic):
    """A member stops reading while events flow; then it reads all."""
    ending = threading.Event()
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap, "linger.ms": 5})

    def post():
        while not ending.wait(0.02):
            producer.produce(topic, b"event", partition=0)
            producer.poll(0)

    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": cluster.bootstrap, "group.id": "falls-behind", "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    posting = threading.Thread(target=post, daemon=True)
    posting.start()

    def read_and_commit():
        messages = consumer.consume(1000, 0.2)
        if messages:
            consumer.commit(asynchronous=False)
        return messages

    settings = alert_settings("GroupLagGrowing.limit=2s", "GroupLagGrowing.after=1s", "GroupLagGrowing.clears=1s")
    alert = "GroupLagGrowing(group_falls-behind)"
    try:
        until(read_and_commit, 30, "it reads")
        with watching(cluster, "--no-canary", *settings) as watch:
            until(lambda: alert in watch.alerts, 14, "it falls behind")
            ending.set()
            posting.join()
            producer.flush(10)

            def clear():
                read_and_commit()
                return alert not in watch.alerts

            until(clear, 30, "it is level again")
    finally:
        ending.set()
        consumer.close()


def test_requests_that_fail(cluster, topic):
    """A client that writes to a topic that is not there, and records that are too large, again and again."""
    pages = {entry["id"]: entry["metrics_url"] for entry in cluster.status()["brokers"]}
    if None in pages.values():
        pytest.skip("skipped: these brokers serve no metrics, so nobody counts their errors")
    words = [word for broker, url in pages.items() for word in ("--metrics-url", f"{broker}={url}")]
    words += alert_settings("ErrorRate.after=2s", "ErrorRate.clears=1s")
    with watching(cluster, "--no-canary", *words) as watch, cluster.connect(1) as connection:

        def fail():
            for _ in range(5):
                error, _ = connection.produce("no-such-topic", 0, record_batch([b"lost"]))
                assert error == 3
            return "ErrorRate" in watch.alerts

        until(fail, 20, "errors are counted", every=0.2)
        watch.clears(30)


def test_metrics_that_tell_of_a_lost_log_directory_or_nothing(cluster):
    """A broker with several log directories serves on when it loses one, and says so on its page. (Ours has one and ends
    with it.) A page that does not answer leaves its broker's figures unknown."""
    settings = alert_settings(
        "MetricsStale.after=1s", "MetricsStale.clears=1s", "LogDirectoryOffline.clears=1s",
    )
    with MetricsPages() as pages, watching(cluster, "--no-canary", *pages.options, *settings) as watch:
        lost = time.monotonic()
        pages.offline.add(2)
        watch.fires("LogDirectoryOffline", since=lost, within=SOON)
        assert " DEGRADED " in watch.lines[-1][1]
        pages.offline.clear()
        watch.clears(20)
        pages.silent.add(3)
        until(lambda: "MetricsStale" in watch.alerts, 20, "the page counts as silent")
        assert " HEALTHY " in watch.lines[-1][1], "nobody's writes depend on a page"
        pages.silent.clear()
        pages.ending.set()
        watch.clears(20)


def test_a_disk_with_little_room(with_small_disk):
    """The brokers' own word, without their metrics pages: Apache Kafka's have nothing about room."""
    cluster, disk = with_small_disk("4g")
    settings = alert_settings("DiskSpace.after=1s", "DiskSpace.clears=1s", "DiskSpace.limit=256MiB")
    with watching(cluster, "--no-canary", *settings) as watch:
        disk.resize("200m")
        until(lambda: f"DiskSpace(broker_{disk.broker})" in watch.alerts, 20, "the disk has little room")
        assert " HEALTHY " in watch.lines[-1][1], "it serves as well as before"
        disk.resize("4g")
        watch.clears(30)
