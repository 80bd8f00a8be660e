"""A broker whose disk is full ends, as Kafka's does when its last log directory fails; the others go on and nothing that
was acknowledged is lost. The disk is a small tmpfs, which takes root to mount."""

import contextlib
import os
import subprocess

import confluent_kafka
import pytest

from conftest import ROOT
from support.cluster import Cluster
from support.waiting import until

FULL = 2
SIZE = "48m"


def mount(*words):
    process = subprocess.run(["mount", *words], capture_output=True, text=True)
    return process.stderr if process.returncode else None


@pytest.fixture
def cramped(engine, port, scratch):
    """A cluster of which broker 2 has its data on a file system of 48 MB."""
    if os.geteuid() != 0:
        pytest.skip("skipped: mounting a small file system takes root")
    directory = scratch / "cramped"
    data = directory / f"broker-{FULL}" / "data"
    data.mkdir(parents=True)
    problem = mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(data))
    if problem:
        pytest.skip(f"skipped: no small file system can be mounted here: {problem.strip()}")
    with contextlib.ExitStack() as stack:
        stack.callback(subprocess.run, ["umount", "-l", str(data)], check=True)
        cluster = Cluster(ROOT / "streamsocial", engine, port + 50, directory)
        cluster.up()
        stack.callback(cluster.down)
        yield cluster, data


def test_a_full_disk_takes_its_broker_and_nothing_else(cramped):
    """Method: an idempotent run fills the small disk until its broker, leader of one partition and follower of the
    others, is gone; it goes on for as much again. Then the disk grows, and the broker comes back and is whole."""
    cluster, data = cramped
    topic = "filling"
    cluster.create_topic(topic, partitions=3)
    assert FULL in {entry["leader"] for entry in cluster.partitions(topic).values()}
    acknowledged, failures = {}, []
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": cluster.bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 5,
            "topic.metadata.refresh.interval.ms": 500, "delivery.timeout.ms": 120_000, "log_level": 0,
        }
    )
    sent = 0

    def write(count):
        nonlocal sent
        for _ in range(count):
            number = sent
            sent += 1

            def delivered(error, message, number=number):
                if error:
                    failures.append(error)
                else:
                    acknowledged[message.partition(), message.offset()] = number

            producer.produce(topic, str(number).encode().ljust(4000), partition=number % 3, on_delivery=delivered)
            producer.poll(0)
        assert producer.flush(90) == 0 and not failures, failures[:3]

    def filled():
        write(1000)
        return cluster.process_id(FULL) is None

    until(filled, 120, "the broker with the small disk is gone", every=0)
    for broker in (1, 3):
        assert cluster.process_id(broker) is not None
    write(3000)
    until(
        lambda: all(sorted(entry["isr"]) == [1, 3] for entry in cluster.partitions(topic).values()), 60,
        "the others are in sync without it",
    )
    if cluster.engine == "embedded":
        assert "noSpace" in (data.parent / "broker.log").read_text(), "its log says why"

    assert mount("-o", "remount,size=1g", str(data)) is None
    cluster.start(FULL)
    cluster.wait_until_healthy()
    assert all(len(entry["isr"]) == 3 for entry in cluster.partitions(topic).values())
    write(300)

    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "unused", "check.crcs": True}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, index, 0) for index in range(3)])
    found = {}
    while len(found) < sent:
        message = consumer.poll(30)
        assert message is not None and message.error() is None, message and message.error()
        found[message.partition(), message.offset()] = int(message.value())
    consumer.close()
    assert found == acknowledged
    assert sorted(found.values()) == list(range(sent))
