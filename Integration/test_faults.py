"""kill -9 of each role while an idempotent producer writes: nothing lost, nothing doubled, order kept."""

import os
import signal
import time

import confluent_kafka
import pytest

from support.frames import METADATA, NONE, NOT_ENOUGH_REPLICAS, array, record_batch, string
from support.traffic import PARTITIONS, Traffic, check_history, read_everything
from support.waiting import until

def member(cluster, group, topic):
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,
            "topic.metadata.refresh.interval.ms": 500,
        }
    )
    consumer.subscribe([topic])
    return consumer


@pytest.mark.parametrize("role", ["leader", "controller", "coordinator"])
def test_acknowledged_records_survive_the_death_of(whole, topic, role):
    """Goal: an idempotent run loses, doubles and reorders nothing, and goes on, whichever role dies.

    Method: a group reads along and commits. The victim is killed once every partition acknowledges; the run ends
    once every partition has acknowledged after the kill and the victim is back in every ISR. A fresh client reads
    all of it, and the group, too, must have seen each record.
    """
    group = f"readers-{role}"
    reader = member(whole, group, topic)
    traffic = Traffic(whole.bootstrap, topic)
    traffic.start()
    seen = set()

    def read(limit=0.0):
        for message in reader.consume(5000, timeout=max(0.05, limit)):
            if message.error() is None:
                seen.add((message.partition(), message.offset()))

    def started():
        read()
        return seen and traffic.acknowledges_since(0)

    until(started, 30, "everything flows", every=0)
    reader.commit(asynchronous=False)
    victim = {
        "leader": lambda: whole.leader(topic, 0),
        "controller": whole.controller,
        "coordinator": lambda: whole.coordinator(group),
    }[role]()
    whole.kill(victim)
    killed = time.monotonic()
    until(lambda: (read(), traffic.acknowledges_since(killed))[1], 45, "all partitions acknowledge again", every=0)

    whole.start(victim)
    restarted = time.monotonic()
    whole.wait_until_healthy()
    assert all(len(entry["isr"]) == 3 for entry in whole.partitions(topic).values())
    until(lambda: traffic.acknowledges_since(restarted), 30, "all partitions acknowledge after the restart")
    traffic.stop()

    check_history(traffic, read_everything(whole.bootstrap, topic))
    until(lambda: (read(), seen >= traffic.acknowledged.keys())[1], 60, "the group has seen everything", every=0)

    def commits():
        try:
            reader.commit(asynchronous=False)
            return True
        except confluent_kafka.KafkaException:
            reader.poll(0.1)
            return False

    until(commits, 30, "the group commits")
    reader.close()


def test_committed_offsets_survive_the_coordinators_death(whole, topic):
    """Offsets committed before the kill are what the next coordinator answers, and the group goes on from there."""
    group = "survivors"
    places = [confluent_kafka.TopicPartition(topic, index, 100 + index) for index in range(PARTITIONS)]
    settings = {"bootstrap.servers": whole.bootstrap, "group.id": group, "enable.auto.commit": False}
    consumer = confluent_kafka.Consumer(settings)
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()
    first = whole.coordinator(group)
    whole.kill(first)

    def moved():
        with whole.connect_to_any() as connection:
            error, node = connection.find_coordinator(group)
            return error == 0 and node != first

    until(moved, 45, "another broker coordinates")
    fresh = confluent_kafka.Consumer(settings)
    committed = fresh.committed([confluent_kafka.TopicPartition(topic, i) for i in range(PARTITIONS)], timeout=45)
    fresh.close()
    assert [place.offset for place in committed] == [100, 101, 102]


@pytest.mark.embedded_only
@pytest.mark.parametrize("role", ["leader", "controller"])
def test_who_asks_at_once_is_not_told_the_dead_leader(whole, topic, role):
    """Clients ask another broker in the moment in which theirs dies, before an election can be over. What they are told
    is true after it; Apache Kafka names the dead one until then."""
    group = f"askers-{role}"
    until(lambda: whole.coordinator(group), 30, "the group has a coordinator")
    victim = whole.leader(topic, 0) if role == "leader" else whole.controller()
    others = [broker for broker in (1, 2, 3) if broker != victim]
    mine, process = whole.connect(victim), whole.process_id(victim)
    askers = [whole.connect(broker) for broker in others]
    for asker in askers:
        asker.metadata([topic])
    # The pause is what is tested: who asks again after more than a second is answered a moment later, for this case.
    time.sleep(1.1)
    os.kill(process, signal.SIGKILL)
    assert mine.is_closed_by_broker()
    asked = [asker.frame(METADATA, 4, array([string(topic)]) + b"\x00") for asker in askers]
    for asker, frame in zip(askers, asked):
        asker.send(frame)
    for asker in askers:
        told = asker.metadata_reply()
        leaders = [partition["leader"] for partition in told["topics"][topic]["partitions"]]
        assert set(leaders) <= set(others), f"told {leaders} just after broker {victim} died"
        assert victim not in told["brokers"]
        assert asker.find_coordinator(group)[1] != victim
        asker.close()


def test_what_is_in_the_log_waits_for_replicas_to_come_back(whole, engine, request):
    """A batch is in the log when a replica falls out of sync, one too many for min.insync.replicas. It waits, and so does
    the same batch sent again, which Apache Kafka refuses as if it had never been written; new ones are refused."""
    topic = f"{request.node.name}-{time.time_ns()}"
    whole.create_topic(topic, 1, 3, {"min.insync.replicas": "3"})
    leader = whole.leader(topic)
    victim = next(broker for broker in (1, 2, 3) if broker not in (leader, whole.controller()))
    old, new = record_batch([b"x", b"y"], producer=(4_711, 0, 0)), record_batch([b"z"], producer=(4_711, 0, 2))
    with whole.connect(leader) as first, whole.connect(leader) as again, whole.connect(leader) as other:
        whole.command("pause", victim, "--data-dir", whole.directory)
        first.send_produce(topic, 0, old, timeout=60_000)
        until(lambda: len(whole.partitions(topic)[0]["isr"]) == 2, 60, "one replica is out of sync")
        assert other.produce(topic, 0, new)[0] == NOT_ENOUGH_REPLICAS
        if engine == "embedded":
            again.send_produce(topic, 0, old, timeout=60_000)
            assert not again.has_something(1.0)
        assert not first.has_something(1.0)
        whole.command("resume", victim, "--data-dir", whole.directory)
        assert first.produce_reply(topic, 0) == (NONE, 0)
        if engine == "embedded":
            assert again.produce_reply(topic, 0) == (NONE, 0)
        until(lambda: len(whole.partitions(topic)[0]["isr"]) == 3, 60, "it is in sync again")
        assert other.produce(topic, 0, old) == (NONE, 0)
        assert other.produce(topic, 0, new) == (NONE, 2)
