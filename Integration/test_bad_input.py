"""Malformed, hostile and impossible requests: each gets Kafka's answer, and nobody else feels anything."""

import socket
import struct
import time

import pytest

from support import frames
from support.clients import BY_NAME
from support.frames import Closed, array, compact_string, record_batch, string


@pytest.fixture(scope="module")
def bystanders(cluster):
    """A topic and a connection to each broker that were there before."""
    cluster.create_topic("bystander", partitions=3)
    connections = {broker: cluster.connect(broker) for broker in (1, 2, 3)}
    yield connections
    for connection in connections.values():
        connection.close()


@pytest.fixture(autouse=True)
def nobody_else_suffers(cluster, bystanders):
    """After each test the same processes run, old connections are answered, and writing and reading work."""
    processes = cluster.process_ids()
    yield
    assert cluster.process_ids() == processes
    for connection in bystanders.values():
        topic = connection.metadata(["bystander"])["topics"]["bystander"]
        assert topic["error"] == 0 and all(len(partition["isr"]) == 3 for partition in topic["partitions"])
        for partition in topic["partitions"]:
            if partition["leader"] in bystanders:
                error, _ = bystanders[partition["leader"]].produce("bystander", partition["id"], record_batch([b"well"]))
                assert error == 0


GARBAGE = {
    "negative length": struct.pack(">i", -1) + b"x" * 20,
    "most negative length": struct.pack(">i", -(2**31)) + b"x" * 20,
    "two gigabytes announced": struct.pack(">i", 2**31 - 1) + b"x" * 1000,
    "more than socket.request.max.bytes": struct.pack(">i", 104857601) + b"x" * 1000,
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a TLS greeting": bytes.fromhex("16030100c8010000c40303") + b"\x42" * 190,
    "an empty frame": struct.pack(">i", 0),
    "a frame of one byte": struct.pack(">i", 1) + b"x",
    "a header without an end": struct.pack(">i", 9) + struct.pack(">hhi", 3, 4, 1) + b"\x00",
    "a client id longer than the frame": struct.pack(">i", 10) + struct.pack(">hhih", 3, 4, 1, 30000),
    "random bytes": struct.pack(">i", 64) + bytes(range(191, 255)),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_costs_its_sender_the_connection(cluster, data):
    with cluster.connect() as connection:
        connection.send(data)
        assert connection.is_closed_by_broker()


def test_truncated_frames_are_forgotten(cluster):
    """Frames that never end, because their sender leaves or because it stays away."""
    waiting = cluster.connect()
    waiting.send(struct.pack(">i", 1000) + b"x" * 10)
    for _ in range(50):
        with cluster.connect() as connection:
            connection.send(struct.pack(">i", 1000) + b"x" * 10)
    with cluster.connect() as connection:
        assert frames.METADATA in connection.api_versions()
    waiting.close()


@pytest.mark.parametrize("key,version", [(999, 0), (-1, 0), (32767, 32767), (frames.METADATA, 99), (frames.METADATA, -1)])
def test_unknown_apis_and_versions_close_the_connection(cluster, key, version):
    with cluster.connect() as connection:
        connection.send(connection.frame(key, version, b"\x00" * 8))
        assert connection.is_closed_by_broker()


def test_an_unknown_version_of_api_versions_is_answered_in_version_0(cluster):
    """KIP-511: error 35 and the range of ApiVersions itself, so that the client may ask again on this connection."""
    with cluster.connect() as connection:
        reader = connection.ask(frames.API_VERSIONS, 99, b"\x01\x01\x00", flexible=True)
        assert reader.int16() == frames.UNSUPPORTED_VERSION
        ranges = dict(reader.array(lambda: (reader.int16(), (reader.int16(), reader.int16()))))
        assert frames.API_VERSIONS in ranges and reader.left == 0
        assert frames.PRODUCE in connection.api_versions()


@pytest.mark.parametrize("name", ["bad name!", "", "-starts-with-a-dash"])
def test_bad_software_names_are_refused(cluster, name):
    with cluster.connect() as connection:
        body = compact_string(name) + compact_string("1.0") + b"\x00"
        reader = connection.ask(frames.API_VERSIONS, 3, body, flexible=True)
        assert reader.int16() == frames.INVALID_REQUEST


def test_bytes_after_the_end_of_a_request_are_ignored(cluster):
    """librdkafka sends some."""
    with cluster.connect() as connection:
        assert len(connection.metadata(["bystander"], trailing=b"\x00\x00\x00\x00trailing")["brokers"]) == 3


ARRAYS = {
    "two billion topics": struct.pack(">i", 2**31 - 1),
    "an absurd negative count": struct.pack(">i", -77),
    "more than there is": struct.pack(">i", 1000) + string("one"),
}


@pytest.mark.parametrize("body", ARRAYS.values(), ids=ARRAYS.keys())
def test_arrays_that_claim_too_much(cluster, body):
    """Closed, or (for a negative count) read as null: never an allocation of what is claimed."""
    with cluster.connect() as connection:
        connection.send(connection.frame(frames.METADATA, 4, body))
        if not body.startswith(b"\xff"):
            assert connection.is_closed_by_broker()


DAMAGED = {
    "wrong CRC": (lambda: record_batch([b"x" * 100], damage_crc=True), {frames.CORRUPT_MESSAGE}),
    "cut short": (lambda: record_batch([b"x" * 100])[:-10], {frames.INVALID_RECORD}),
    "a count that lies": (lambda: record_batch([b"x"], claimed_count=1000), {frames.CORRUPT_MESSAGE, frames.INVALID_RECORD}),
    "unknown magic": (lambda: record_batch([b"x"], magic=9), {frames.CORRUPT_MESSAGE, frames.INVALID_RECORD}),
    "unknown codec": (lambda: record_batch([b"x"], attributes=7), {frames.INVALID_RECORD, frames.UNSUPPORTED_COMPRESSION_TYPE, frames.CORRUPT_MESSAGE, -1}),
    "two batches": (lambda: record_batch([b"x"]) * 2, {frames.INVALID_RECORD}),
}


@pytest.mark.parametrize("damage,errors", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_batches_are_refused(cluster, topic, damage, errors):
    """Refused by an error or by closing, and not a byte of it in the log."""
    with cluster.connect(cluster.leader(topic)) as connection:
        try:
            error, _ = connection.produce(topic, 0, damage())
            assert error in errors
        except Closed:
            assert len(errors) > 1, "Kafka answers this one"
    with cluster.connect(cluster.leader(topic)) as connection:
        assert connection.end_offset(topic, 0) == (0, 0)
        assert connection.produce(topic, 0, record_batch([b"sound"])) == (0, 0)


def test_too_large_a_message(cluster):
    cluster.create_topic("small-messages", partitions=1, configs={"max.message.bytes": "1000"})
    with cluster.connect(cluster.leader("small-messages")) as connection:
        assert connection.produce("small-messages", 0, record_batch([b"x" * 2000]))[0] == frames.MESSAGE_TOO_LARGE
        assert connection.produce("small-messages", 0, record_batch([b"x" * 200])) == (0, 0)


def test_unknown_topics_and_partitions(cluster, topic):
    with cluster.connect(cluster.leader(topic)) as connection:
        for name, partition in (("no-such-topic", 0), (topic, 77), (topic, -1)):
            assert connection.produce(name, partition, record_batch([b"x"]))[0] == frames.UNKNOWN_TOPIC_OR_PARTITION
            assert connection.end_offset(name, partition)[0] == frames.UNKNOWN_TOPIC_OR_PARTITION
        assert connection.metadata(["no-such-topic"])["topics"]["no-such-topic"]["error"] == frames.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "with space", "x" * 250, "ünïcode", "nul\x00"])
def test_invalid_topic_names(cluster, name):
    with cluster.connect() as connection:
        assert connection.create_topic(name, 1, 3)[0] == frames.INVALID_TOPIC_EXCEPTION
        assert connection.metadata([name])["topics"][name]["error"] == frames.INVALID_TOPIC_EXCEPTION


def test_impossible_topics(cluster, topic):
    """Also: more replicas than there are brokers."""
    with cluster.connect() as connection:
        assert connection.create_topic("too-many-replicas", 1, 4)[0] == frames.INVALID_REPLICATION_FACTOR
        assert connection.create_topic("no-replicas", 1, 0)[0] == frames.INVALID_REPLICATION_FACTOR
        assert connection.create_topic("no-partitions", 0, 3)[0] == frames.INVALID_PARTITIONS
        assert connection.create_topic("bad-config", 1, 3, {"no.such.config": "1"})[0] == frames.INVALID_CONFIG
        assert connection.create_topic("bad-value", 1, 3, {"retention.ms": "soon"})[0] == frames.INVALID_CONFIG
        assert connection.create_topic(topic, 1, 3)[0] == frames.TOPIC_ALREADY_EXISTS


def test_frames_that_arrive_byte_by_byte(cluster):
    with cluster.connect() as connection:
        for byte in connection.frame(frames.API_VERSIONS, 0, b""):
            connection.send(bytes([byte]))
            time.sleep(0.002)
        assert connection.reply().int16() == 0


def test_pipelined_requests_are_answered_in_order(cluster):
    with cluster.connect() as connection:
        first = connection.correlation
        connection.send(b"".join(connection.frame(frames.API_VERSIONS, 0, b"") for _ in range(100)))
        answered = [struct.unpack(">i", connection.receive_frame()[:4])[0] for _ in range(100)]
        assert answered == list(range(first + 1, first + 101))


def test_five_hundred_idle_connections(cluster):
    """They stay, and cost the others nothing."""
    idle = [socket.create_connection(cluster.address(1)) for _ in range(500)]
    try:
        records = BY_NAME["kcat"].sample(seed=1)
        BY_NAME["confluent-kafka"].produce(cluster.bootstrap, "bystander", 0, records)
        with cluster.connect(1) as connection:
            assert frames.PRODUCE in connection.api_versions()
    finally:
        for one in idle:
            one.close()


def test_a_reader_that_never_reads(cluster):
    """Asks for much and takes nothing: its own connection fills up, and nobody waits for it."""
    with cluster.connect() as connection:
        connection.socket.settimeout(1)
        data = connection.frame(frames.METADATA, 4, array(None) + b"\x00")
        try:
            for _ in range(20_000):
                connection.send(data)
        except (TimeoutError, ConnectionError):
            pass
        with cluster.connect() as other:
            assert other.metadata(["bystander"])["topics"]["bystander"]["error"] == 0


def test_acks_that_do_not_exist(cluster, topic):
    """INVALID_REQUIRED_ACKS, and nothing is written."""
    with cluster.connect(cluster.leader(topic)) as connection:
        assert connection.produce(topic, 0, record_batch([b"x"]), acks=7)[0] == frames.INVALID_REQUIRED_ACKS
        assert connection.end_offset(topic, 0) == (0, 0)
