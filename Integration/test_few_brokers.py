"""Topics that ask for more brokers than are alive, or than there are."""

import pytest

from support.frames import INVALID_REPLICATION_FACTOR, NONE
from support.waiting import until
from test_append_validation import batch, produce, record


@pytest.fixture
def one_dead(cluster):
    """A cluster that knows that one of its brokers is dead, and which."""
    cluster.wait_until_healthy()
    dead = next(broker for broker in (1, 2, 3) if broker != cluster.controller())
    cluster.create_topic("witness", partitions=3)
    cluster.kill(dead)
    until(
        lambda: all(dead not in entry["isr"] for entry in cluster.partitions("witness").values()), 30,
        "the dead broker has left every ISR",
    )
    yield cluster, dead
    if cluster.process_id(dead) is None:
        cluster.start(dead)
    cluster.wait_until_healthy()


def test_topics_are_made_without_the_dead(one_dead):
    """More replicas than registered brokers: INVALID_REPLICATION_FACTOR, and nothing is made. As many as are registered,
    though not alive: made, the dead never leading and not in sync, writable at once, whole when the dead is back."""
    cluster, dead = one_dead
    with cluster.connect_to_any() as connection:
        error, message = connection.create_topic("too-many", 2, 4)
        assert error == INVALID_REPLICATION_FACTOR and "4" in message and "3 broker" in message
        assert connection.create_topic("fits", 3, 2) == (NONE, None)
        assert connection.create_topic("with-the-dead", 3, 3) == (NONE, None)

    def made(topic):
        return until(lambda: len(found := cluster.partitions(topic)) == 3 and found.values(), 15, f"{topic} is there")

    assert all(dead not in entry["replicas"] for entry in made("fits"))
    for entry in made("with-the-dead"):
        assert entry["replicas"][-1] == dead and entry["leader"] not in (dead, -1)
        assert sorted(entry["isr"]) == sorted(set(entry["replicas"]) - {dead})
    assert not cluster.partitions("too-many")
    with cluster.connect(cluster.leader("with-the-dead")) as connection:
        until(
            lambda: produce(connection, "with-the-dead", batch([record(0)], 1))[0] == NONE, 15,
            "two in sync are enough to acknowledge",
        )
    cluster.start(dead)
    until(
        lambda: all(len(entry["isr"]) == 3 for entry in cluster.partitions("with-the-dead").values()), 60,
        "the one that was dead is in sync",
    )
