"""Every red state on purpose: broken, seen to fire within two seconds of the fact, mended, seen to clear."""

import os
import signal
import time

import confluent_kafka
import pytest

from support.waiting import until
from support.watching import Watch, alert_settings

# A fact is seen by the next round, at most a second later, and that round may take 0.8 s when somebody is silent.
SOON = 2.0

# What has to be well for five or ten seconds before it clears needs one here: nobody waits for that, six times over.
CLEAR_SOON = alert_settings(
    *(
        f"{rule}.clears=1s"
        for rule in (
            "BrokerDown", "BrokerLeft", "BrokerNotRecovering", "CanaryFailing", "CanarySlow", "ErrorRate",
            "GroupStalled", "GroupStopped", "NoController", "NoFailureTolerated", "OfflinePartitions", "UnderMinISR",
            "UnderReplicated",
        )
    )
)

pytestmark = pytest.mark.usefixtures("whole")


@pytest.fixture(scope="module")
def stopped_group(cluster):
    """A group that read ten of a hundred events and went away; returns its topic and what resumes it."""
    cluster.create_topic("watched", partitions=1)
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})
    for number in range(100):
        producer.produce("watched", str(number).encode())
    assert producer.flush(30) == 0
    commit(cluster, "stopped", 10)
    return "stopped"


@pytest.fixture
def watch(cluster, stopped_group):
    """A monitor of its own for each test: what comes back within five minutes takes longer to clear each time."""
    watch = Watch(cluster, *alert_settings("BrokerNotRecovering.after=2s", "BrokerLeft.after=2s"), *CLEAR_SOON)
    until(lambda: watch.lines and "HEALTHY" in watch.lines[-1][1], 20, "a healthy line")
    yield watch
    watch.stop()


def commit(cluster, group, offset):
    """Joins, commits, leaves."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": group, "enable.auto.commit": False}
    )
    place = confluent_kafka.TopicPartition("watched", 0, offset)
    consumer.assign([place])
    consumer.commit(offsets=[place], asynchronous=False)
    consumer.close()


def kill_9(cluster, broker):
    """Returns the moment of death."""
    os.kill(cluster.process_id(broker), signal.SIGKILL)
    return time.monotonic()


def test_one_broker_dies(cluster, watch):
    died = kill_9(cluster, 2)
    watch.fires("BrokerDown(broker_2)", "NoFailureTolerated", "UnderReplicated", since=died, within=SOON)
    assert " DEGRADED " in watch.lines[-1][1]
    cluster.start(2)
    watch.clears(60)


def test_one_broker_dies_that_some_partitions_cannot_do_without(cluster, watch):
    """One replica alone: offline. Three needed of three: no acks=all writes."""
    cluster.create_topic("all-three-needed", partitions=1, configs=[("min.insync.replicas", "3")])
    cluster.create_topic("single", partitions=3, replication_factor=1)
    victim = cluster.leader("single")
    died = kill_9(cluster, victim)
    watch.fires("OfflinePartitions", "UnderMinISR", since=died, within=SOON)
    assert " UNAVAILABLE " in watch.lines[-1][1]
    cluster.start(victim)
    until(lambda: not watch.alerts & {"OfflinePartitions", "UnderMinISR"}, 60, "these two clear")
    # Topics that never tolerate a failure are not held against the others: all clears although they are there.
    watch.clears(60)
    for topic in ("single", "all-three-needed"):
        cluster.command("topics", "delete", topic, "--bootstrap-servers", cluster.bootstrap)


def test_two_brokers_die_and_with_them_the_quorum(cluster, watch):
    """The survivor cannot shrink any ISR without a controller: writes through it wait, which the canary tells."""
    until(lambda: "produce_p99_ms=?" not in watch.lines[-1][1], 40, "the canary writes")
    survivor = next(broker for broker in (1, 2, 3) if broker != cluster.controller())
    victims = [broker for broker in (1, 2, 3) if broker != survivor]
    died = max([kill_9(cluster, broker) for broker in victims])
    watch.fires(*(f"BrokerDown(broker_{broker})" for broker in victims), "NoController", since=died, within=SOON)
    watch.fires(f"CanaryFailing(broker_{survivor})", since=died, within=SOON)
    assert " UNAVAILABLE " in watch.lines[-1][1]
    # It waits for a quorum, in LEADER_ELECTION, until a majority is back.
    until(lambda: f"BrokerNotRecovering(broker_{survivor})" in watch.alerts, 20, "the survivor does not get well")
    for broker in victims:
        cluster.start(broker)
    # The canary's p99 of ten seconds and the error rate follow later.
    gone = ("BrokerDown", "CanaryFailing", "NoController", "BrokerNotRecovering", "UnderMinISR")
    until(lambda: not any(alert.startswith(gone) for alert in watch.alerts), 60, "they clear")


def test_a_broker_that_is_paused(cluster, watch):
    """SIGSTOP: connections stay open and nobody answers."""
    process = cluster.process_id(2)
    paused = time.monotonic()
    os.kill(process, signal.SIGSTOP)
    try:
        watch.fires("BrokerDown(broker_2)", "NoFailureTolerated", since=paused, within=SOON)
    finally:
        os.kill(process, signal.SIGCONT)
    watch.clears(60)


@pytest.mark.parametrize("role", ["controller", "not the controller"])
def test_a_broker_that_is_shut_down_in_order(cluster, watch, role):
    """SIGTERM: it hands its leaderships over first, which is no failure. Only that it stays away is worth a word."""
    controller = cluster.controller()
    victim = controller if role == "controller" else controller % 3 + 1
    # Only who leads something has something to hand over: after the tests before, leaders have to return first.
    leads = lambda: next(one["leaders"] for one in cluster.status()["brokers"] if one["id"] == victim)
    until(leads, 60, f"broker {victim} leads something")
    lines = len(watch.lines)
    until(lambda: len(watch.lines) > lines + 1, 10, "the monitor has seen that")
    begin = time.monotonic()
    os.kill(cluster.process_id(victim), signal.SIGTERM)
    until(lambda: f"BrokerLeft(broker_{victim})" in watch.alerts, 60, "the broker counts as left")
    assert watch.first(f"BrokerDown(broker_{victim})", begin) is None, watch.story(begin)
    # Who started it knows even without having seen it leave.
    until(lambda: cluster.process_id(victim) is None, 60, "its process has ended")
    assert f"broker {victim} was shut down" in cluster.status()["sentence"]
    cluster.start(victim)
    watch.clears(60)
    died = kill_9(cluster, victim)
    watch.fires(f"BrokerDown(broker_{victim})", since=died, within=SOON)
    assert f"BrokerLeft(broker_{victim})" not in watch.alerts
    assert f"broker {victim}" in (sentence := cluster.status()["sentence"]) and "was shut down" not in sentence
    cluster.start(victim)
    watch.clears(60)


def test_nobody_answers(cluster, watch):
    """Nothing is known then, and nothing else is claimed: no other alert fires, none clears."""
    processes = cluster.process_ids()
    paused = time.monotonic()
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        watch.fires("ClusterUnreachable", since=paused, within=SOON)
        assert " UNKNOWN " in watch.lines[-1][1]
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    watch.clears(60)


def test_groups_that_stand_still(cluster, watch, stopped_group):
    """Events wait and no commit moves: stopped without members, stalled with one. Level again, both are well."""
    stopped, stalled = f"GroupStopped(group_{stopped_group})", "GroupStalled(group_stalled)"
    commit(cluster, "stalled", 5)
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "stalled", "enable.auto.commit": False}
    )
    consumer.subscribe(["watched"])

    def fire():
        consumer.poll(0.1)
        return {stopped, stalled} <= watch.alerts

    until(fire, 60, "one counts as stopped, the other as stalled")
    consumer.commit(offsets=[confluent_kafka.TopicPartition("watched", 0, 100)], asynchronous=False)
    consumer.close()
    commit(cluster, stopped_group, 100)
    until(lambda: not watch.alerts & {stopped, stalled}, 30, "both are level")
