"""What a broker reads of its logs after kill -9: what lies behind the recovery point, and no more."""

import re

import confluent_kafka
import pytest

from conftest import ROOT
from support.cluster import Cluster
from support.waiting import until

pytestmark = pytest.mark.embedded_only

SEGMENT_BYTES = 1 << 20


@pytest.fixture
def checkpointing(port, scratch):
    """A cluster that writes its recovery points every 200 ms."""
    cluster = Cluster(
        ROOT / "streamsocial", "embedded", port + 50, scratch / "checkpointing",
        ["log.flush.offset.checkpoint.interval.ms=200"],
    )
    cluster.up()
    yield cluster
    cluster.down()


def recovery_point(cluster, broker, topic, partition=0):
    """The row of a partition in recovery-point-offset-checkpoint: Kafka's format, version 0, a count, rows."""
    path = cluster.log_directory(broker) / "recovery-point-offset-checkpoint"
    version, count, *rows = path.read_text().splitlines()
    assert version == "0" and int(count) == len(rows)
    for row in rows:
        name, index, offset = row.split(" ")
        if (name, int(index)) == (topic, partition):
            return int(offset)
    return 0


def write(cluster, topic, records, size=1000):
    failures = []
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all", "linger.ms": 5})
    for number in range(records):
        producer.produce(
            topic, str(number).ljust(size).encode(), partition=0,
            on_delivery=lambda error, _: error and failures.append(error),
        )
        producer.poll(0)
    assert producer.flush(60) == 0 and not failures, failures[:3]


def read_back(cluster, topic, records):
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "unused", "check.crcs": True}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    values = []
    while len(values) < records:
        message = consumer.poll(30)
        assert message is not None and message.error() is None, message and message.error()
        values.append(int(message.value()))
    consumer.close()
    return values


def test_only_the_log_behind_the_recovery_point_is_scanned(checkpointing):
    """Method: eight segments and a kill. Leader and follower alike have synced all but the last one while they ran,
    so the restarted broker scans at most two segments' worth, and everything is there."""
    topic, records = "segments", 8000
    checkpointing.create_topic(topic, partitions=1, configs=[("segment.bytes", str(SEGMENT_BYTES))])
    write(checkpointing, topic, records)
    leader = checkpointing.leader(topic)
    follower = next(broker for broker in (1, 2, 3) if broker != leader)
    for broker in (leader, follower):
        until(lambda: recovery_point(checkpointing, broker, topic) > records * 3 // 4, 10, "the recovery point follows")
        checkpointing.kill(broker)
        checkpointing.start(broker)
        checkpointing.wait_until_healthy()
        log = (checkpointing.log_directory(broker).parent / "broker.log").read_text()
        opened = re.findall(r"partitions=(\d+) clean=false scanned_bytes=(\d+)", log)
        assert opened, "an unclean start was logged"
        assert 0 < int(opened[-1][1]) < 2 * SEGMENT_BYTES
    assert read_back(checkpointing, topic, records) == list(range(records))


@pytest.mark.parametrize("setting", [("flush.messages", "1"), ("flush.ms", "200")])
def test_flush_settings_sync_the_log(checkpointing, setting):
    """A topic that asks for syncs gets them on every replica: its recovery point reaches the log's end while it runs."""
    topic = f"synced-{setting[0]}"
    checkpointing.create_topic(topic, partitions=1, configs=[setting])
    write(checkpointing, topic, 100)
    for broker in (1, 2, 3):
        until(lambda: recovery_point(checkpointing, broker, topic) == 100, 10, f"broker {broker} has synced all")
