"""Batches that are well sealed and wrong within: refused with Kafka's codes, and the partition goes on."""

import gzip
import select
import struct
import time

import confluent_kafka
import pytest

from support.frames import (
    FETCH, INVALID_RECORD, INVALID_TIMESTAMP, NONE, PRODUCE, UNKNOWN_SERVER_ERROR, Reader, array, byte_string, crc32c, string, varint,
)
from support.waiting import until
from test_fetch_sessions import fetch_body

GZIP = 1


def record(index, key=None, value=b"value", at=0, delta=None):
    """`at`: milliseconds after the batch's first timestamp; `delta`: the offset delta, if not its place."""
    body = b"\x00" + varint(at) + varint(index if delta is None else delta)
    body += varint(-1) if key is None else varint(len(key)) + key
    body += varint(len(value)) + value + varint(0)
    return varint(len(body)) + body


def batch(records, count, first=None, largest=None, attributes=0):
    """A batch whose header claims `count` records; gzip when its attributes say so."""
    first = int(time.time() * 1000) if first is None else first
    body = b"".join(records)
    if attributes & 7 == GZIP:
        body = gzip.compress(body)
    checked = struct.pack(
        ">hiqqqhii", attributes, count - 1, first, first if largest is None else largest, -1, -1, -1, count
    ) + body
    rest = struct.pack(">iBI", -1, 2, crc32c(checked)) + checked
    return struct.pack(">qi", 0, len(rest)) + rest


def produce(connection, topic, records):
    """Produce v8: error code, base offset, {index: message} of the record errors."""
    data = struct.pack(">i", 0) + byte_string(records)
    body = string(None) + struct.pack(">hi", -1, 15000) + array([string(topic) + array([data])])
    reader: Reader = connection.ask(PRODUCE, 8, body)
    assert reader.int32() == 1 and reader.string() == topic
    assert reader.int32() == 1 and reader.int32() == 0
    error, base = reader.int16(), reader.int64()
    reader.int64(), reader.int64()
    return error, base, dict(reader.array(lambda: (reader.int32(), reader.string())))


@pytest.fixture
def make(cluster, request):
    """Makes a topic of one partition with settings; returns its name and a connection to its leader."""
    opened = []

    def one(**configs):
        name = f"checked-{request.node.name}".replace("[", "-").replace("]", "")
        cluster.create_topic(name, 1, configs=[(key.replace("_", "."), value) for key, value in configs.items()])
        opened.append(cluster.connect(cluster.leader(name)))
        return opened[-1], name

    yield one
    for connection in opened:
        connection.close()


def values(cluster, topic, count):
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "unused", "check.crcs": True}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    found = []

    def read():
        found.extend(message for message in consumer.consume(100, timeout=0.2) if not message.error())
        return len(found) >= count

    until(read, 30, f"{count} records are read", every=0)
    consumer.close()
    return found


@pytest.mark.parametrize("attributes", [0, GZIP], ids=["plain", "gzip"])
def test_broken_records_are_refused(make, cluster, attributes):
    connection, topic = make()
    good = [record(index) for index in range(3)]
    broken = {
        "fewer records than declared": batch(good[:2], 3, attributes=attributes),
        "more records than declared": batch(good, 2, attributes=attributes),
        "the last record cut off": batch([*good[:2], good[2][:-2]], 3, attributes=attributes),
    }
    if attributes != GZIP:  # Kafka takes it when the batch is compressed
        broken["a length beyond the batch"] = batch([good[0], good[1], b"\x7e" + good[2][1:]], 3)
    for name, bytes_ in broken.items():
        assert produce(connection, topic, bytes_)[0] == INVALID_RECORD, name
    assert produce(connection, topic, batch(good, 3, attributes=attributes)) == (NONE, 0, {})
    assert [message.offset() for message in values(cluster, topic, 3)] == [0, 1, 2]


def test_inner_offsets_of_a_compressed_batch_count(make):
    connection, topic = make()
    twice = [record(0), record(1, delta=0), record(2)]
    # Kafka answers UNKNOWN_SERVER_ERROR, by mistake.
    assert produce(connection, topic, batch(twice, 3, attributes=GZIP))[0] in (INVALID_RECORD, UNKNOWN_SERVER_ERROR)


@pytest.mark.parametrize("attributes", [0, GZIP], ids=["plain", "gzip"])
def test_compacted_topics_want_keys(make, cluster, attributes):
    connection, topic = make(cleanup_policy="compact")
    mixed = [record(0, b"k"), record(1), record(2, b"k"), record(3)]
    error, _, records = produce(connection, topic, batch(mixed, 4, attributes=attributes))
    assert error == INVALID_RECORD and set(records) == {1, 3}
    assert all("key" in message for message in records.values())
    keyed = [record(index, b"k") for index in range(4)]
    assert produce(connection, topic, batch(keyed, 4, attributes=attributes))[0] == NONE


def test_timestamps_out_of_range_are_named(make):
    connection, topic = make(message_timestamp_before_max_ms="60000", message_timestamp_after_max_ms="60000")
    now = int(time.time() * 1000)
    records = [record(0), record(1, at=-120_000), record(2, at=5), record(3, at=120_000)]
    error, _, named = produce(connection, topic, batch(records, 4, first=now, largest=now + 5))
    assert error == INVALID_TIMESTAMP and set(named) == {1, 3}
    assert produce(connection, topic, batch([record(0), record(1, at=5)], 2, first=now, largest=now + 5))[0] == NONE


def test_a_false_largest_timestamp_is_set_right(make, cluster):
    """Looking up by time goes by it."""
    connection, topic = make()
    now = int(time.time() * 1000)
    assert produce(connection, topic, batch([record(0), record(1, at=7)], 2, first=now, largest=now + 50_000))[0] == NONE
    consumer = confluent_kafka.Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "unused"})
    place = confluent_kafka.TopicPartition
    at, after = [consumer.offsets_for_times([place(topic, 0, when)], timeout=15)[0] for when in (now + 7, now + 8)]
    consumer.close()
    assert at.offset == 1 and after.offset == -1


@pytest.mark.parametrize("codec", ["uncompressed", "gzip", "snappy", "lz4", "zstd"])
def test_topics_recompress(make, cluster, codec):
    """Whatever the producer's codec, the log has the topic's: told by the batch's attributes in a plain Fetch."""
    connection, topic = make(compression_type=codec)
    records = [record(index, b"key", b"value " * 20) for index in range(5)]
    assert produce(connection, topic, batch(records, 5, attributes=GZIP))[0] == NONE
    assert produce(connection, topic, batch(records, 5))[0] == NONE
    connection.send(connection.frame(FETCH, 11, fetch_body(ask=[(topic, 0, 0)], epoch=-1)))
    reply = connection.receive_frame()
    found = [message.value() for message in values(cluster, topic, 10)]
    assert found == [b"value " * 20] * 10
    wanted = ["uncompressed", "gzip", "snappy", "lz4", "zstd"].index(codec)
    assert stored_codecs(reply) == [wanted, wanted]


def test_who_unfolds_much_does_not_hold_up_the_others(make, cluster):
    """Thirty requests at once, each of a few kilobytes that unfold to sixteen megabytes: another client's questions are
    answered between them, not after the last."""
    connection, topic = make()
    other = cluster.connect(cluster.leader(topic))
    large = batch([record(0, value=bytes(16 << 20))], 1, attributes=GZIP)
    data = array([string(topic) + array([struct.pack(">i", 0) + byte_string(large)])])
    question = connection.frame(PRODUCE, 3, string(None) + struct.pack(">hi", 1, 15000) + data)
    requests = 30
    try:
        connection.send(question * requests)
        answered = between = 0
        while answered < requests:
            other.metadata([topic])
            between += 1
            while answered < requests and select.select([connection.socket], [], [], 0)[0]:
                connection.receive_frame()
                answered += 1
    finally:
        other.close()
    assert between >= requests // 2, f"{between} questions were answered meanwhile"
    assert connection.end_offset(topic, 0) == (NONE, requests)


def stored_codecs(reply):
    """The codecs of the batches at the end of a Fetch v11 reply."""
    # The batches are the last field of the last partition: their size precedes them.
    for start in range(len(reply) - 61):
        if start >= 4 and struct.unpack_from(">i", reply, start - 4)[0] == len(reply) - start:
            codecs, at = [], start
            while at < len(reply):
                codecs.append(struct.unpack_from(">h", reply, at + 21)[0] & 7)
                at += 12 + struct.unpack_from(">i", reply, at + 8)[0]
            return codecs
    raise AssertionError("no batches")
