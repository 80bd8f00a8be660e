"""Fetch sessions (KIP-227) by hand, in Fetch v11: ids and epochs, what is answered, what is forgotten, what is refused."""

import struct
import time

import pytest

from support.frames import (
    FETCH, FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, NONE, OFFSET_OUT_OF_RANGE, array, record_batch, string,
)

FINAL_EPOCH = -1


class Fetched:
    def __init__(self, reader):
        reader.int32()
        self.error = reader.int16()
        self.session = reader.int32()
        self.partitions = {}
        for topic, rows in reader.array(lambda: (reader.string(), reader.array(lambda: self.row(reader)))):
            for index, row in rows:
                self.partitions[topic, index] = row

    @staticmethod
    def row(reader):
        index, error = reader.int32(), reader.int16()
        row = {"error": error, "high_watermark": reader.int64(), "stable": reader.int64(), "start": reader.int64()}
        reader.array(lambda: (reader.int64(), reader.int64()))
        reader.int32()
        size = reader.int32()
        row["bytes"] = size
        reader.take(max(0, size))
        return index, row


def fetch_body(session=0, epoch=0, ask=(), forget=(), wait=0, least=1, most=1 << 20):
    """`ask`: (topic, partition, offset); `forget`: (topic, partition)."""
    topics = [
        string(topic) + array([struct.pack(">iiqqi", partition, -1, offset, -1, 1 << 20)]) for topic, partition, offset in ask
    ]
    forgotten = [string(topic) + array([struct.pack(">i", partition)]) for topic, partition in forget]
    head = struct.pack(">iiiibii", -1, wait, least, most, 0, session, epoch)
    return head + array(topics) + array(forgotten) + string("")


def fetch(connection, **how):
    return Fetched(connection.ask(FETCH, 11, fetch_body(**how)))


@pytest.fixture
def one(cluster, request):
    """Two topics of one partition whose leader is the same broker, and a connection to it."""
    for attempt in range(40):
        names = [f"session-{request.node.name}-{attempt}-{half}"[:200].replace("[", "-").replace("]", "") for half in "ab"]
        for name in names:
            cluster.create_topic(name, partitions=1)
        leaders = {cluster.leader(name) for name in names}
        if len(leaders) == 1:
            break
    else:
        pytest.fail("no two topics on one leader")
    with cluster.connect(leaders.pop()) as connection:
        yield connection, names


def write(connection, topic, *values):
    error, base = connection.produce(topic, 0, record_batch(list(values), timestamp=int(time.time() * 1000)))
    assert error == NONE
    return base


def test_only_news_is_answered(one):
    connection, (a, b) = one
    write(connection, a, b"1")
    first = fetch(connection, ask=[(a, 0, 0), (b, 0, 0)])
    assert first.error == NONE and first.session > 0
    assert set(first.partitions) == {(a, 0), (b, 0)}, "a full request gets every partition"
    assert first.partitions[a, 0]["bytes"] > 0

    # Nothing is named: the same offsets as before, so the same record again, and nothing of b.
    second = fetch(connection, session=first.session, epoch=1)
    assert second.session == first.session
    assert set(second.partitions) == {(a, 0)} and second.partitions[a, 0]["bytes"] > 0

    third = fetch(connection, session=first.session, epoch=2, ask=[(a, 0, 1)])
    assert third.error == NONE and not third.partitions

    # News of a partition that no request since the first has named.
    write(connection, b, b"2", b"3")
    fourth = fetch(connection, session=first.session, epoch=3, wait=5000)
    assert set(fourth.partitions) == {(b, 0)}
    assert fourth.partitions[b, 0]["high_watermark"] == 2
    fifth = fetch(connection, session=first.session, epoch=4, ask=[(b, 0, 2)])
    assert not fifth.partitions


def test_what_is_forgotten_is_not_answered(one):
    connection, (a, b) = one
    session = fetch(connection, ask=[(a, 0, 0), (b, 0, 0)]).session
    assert not fetch(connection, session=session, epoch=1, forget=[(a, 0)]).partitions
    write(connection, a, b"1")
    write(connection, b, b"2")
    assert set(fetch(connection, session=session, epoch=2, wait=5000).partitions) == {(b, 0)}
    again = fetch(connection, session=session, epoch=3, ask=[(a, 0, 0), (b, 0, 1)], wait=5000)
    assert set(again.partitions) == {(a, 0)}
    # With its last partition the session ends.
    last = fetch(connection, session=session, epoch=4, forget=[(a, 0), (b, 0)])
    assert last.error == NONE and last.session == 0
    assert fetch(connection, session=session, epoch=5).error == FETCH_SESSION_ID_NOT_FOUND


def test_epochs_and_ids_are_checked(one):
    connection, (a, _) = one
    ask = [(a, 0, 0)]
    assert fetch(connection, session=12345, epoch=1, ask=ask).error == FETCH_SESSION_ID_NOT_FOUND
    session = fetch(connection, ask=ask).session
    for epoch in (2, 7):
        wrong = fetch(connection, session=session, epoch=epoch)
        assert wrong.error == INVALID_FETCH_SESSION_EPOCH and wrong.session == 0 and not wrong.partitions
    assert fetch(connection, session=session, epoch=1).error == NONE, "a wrong epoch does not end the session"
    assert fetch(connection, session=session, epoch=1).error == INVALID_FETCH_SESSION_EPOCH, "each epoch once"


def test_full_requests_end_the_session_that_they_name(one):
    connection, (a, _) = one
    ask = [(a, 0, 0)]
    session = fetch(connection, ask=ask).session
    other = fetch(connection, session=session, epoch=0, ask=ask).session
    assert other not in (0, session)
    assert fetch(connection, session=session, epoch=1).error == FETCH_SESSION_ID_NOT_FOUND
    last = fetch(connection, session=other, epoch=FINAL_EPOCH, ask=ask)
    assert last.error == NONE and last.session == 0 and set(last.partitions) == {(a, 0)}
    assert fetch(connection, session=other, epoch=1).error == FETCH_SESSION_ID_NOT_FOUND


def test_errors_are_told_until_they_are_gone(one):
    connection, (a, b) = one
    session = fetch(connection, ask=[(a, 0, 99), (b, 0, 0)]).session
    assert session > 0
    for epoch in (1, 2):
        answer = fetch(connection, session=session, epoch=epoch, wait=5000)
        assert {place: row["error"] for place, row in answer.partitions.items()} == {(a, 0): OFFSET_OUT_OF_RANGE}
    mended = fetch(connection, session=session, epoch=3, ask=[(a, 0, 0)])
    assert mended.partitions[a, 0]["error"] == NONE and mended.partitions[a, 0]["high_watermark"] == 0
    assert not fetch(connection, session=session, epoch=4).partitions


def test_a_long_poll_ends_with_news_and_not_before(one, cluster):
    connection, (a, b) = one
    session = fetch(connection, ask=[(a, 0, 0), (b, 0, 0)]).session
    started = time.monotonic()
    assert not fetch(connection, session=session, epoch=1, wait=700).partitions
    assert 0.6 < time.monotonic() - started < 5
    with cluster.connect(cluster.leader(a)) as writer:
        connection.send(connection.frame(FETCH, 11, fetch_body(session=session, epoch=2, wait=30_000)))
        write(writer, b, b"1")
        answer = Fetched(connection.reply())
        assert set(answer.partitions) == {(b, 0)}
        # The next poll waits for the least bytes that it asks for.
        body = fetch_body(session=session, epoch=3, ask=[(b, 0, 1)], wait=30_000, least=300)
        connection.send(connection.frame(FETCH, 11, body))
        write(writer, a, b"x" * 10)
        write(writer, b, b"y" * 300)
        answer = Fetched(connection.reply())
        assert set(answer.partitions) == {(a, 0), (b, 0)}


def test_partitions_take_turns_behind_a_byte_limit(one):
    """Each answer has room for one batch: what was answered goes behind what was not."""
    connection, (a, b) = one
    for topic in (a, b):
        write(connection, topic, b"v" * 500)
    session = fetch(connection, ask=[(a, 0, 0), (b, 0, 0)], most=10).session
    served = [
        next(iter(place for place, row in fetch(connection, session=session, epoch=epoch, most=10).partitions.items()
                  if row["bytes"] > 0))
        for epoch in range(1, 7)
    ]
    assert all(first != second for first, second in zip(served, served[1:])), served
