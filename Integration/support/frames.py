"""Kafka's protocol by hand: frames, the few requests that the tests send themselves, record batches.

Shares no code with any client or broker, so that it can also say what no well-behaved client would.
"""

import select
import socket
import struct

PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR, API_VERSIONS, CREATE_TOPICS = 0, 1, 2, 3, 10, 18, 19

UNKNOWN_SERVER_ERROR = -1
NONE = 0
OFFSET_OUT_OF_RANGE = 1
CORRUPT_MESSAGE = 2
UNKNOWN_TOPIC_OR_PARTITION = 3
NOT_LEADER_OR_FOLLOWER = 6
REQUEST_TIMED_OUT = 7
MESSAGE_TOO_LARGE = 10
INVALID_TOPIC_EXCEPTION = 17
NOT_ENOUGH_REPLICAS = 19
INVALID_REQUIRED_ACKS = 21
INVALID_TIMESTAMP = 32
UNSUPPORTED_VERSION = 35
TOPIC_ALREADY_EXISTS = 36
INVALID_PARTITIONS = 37
INVALID_REPLICATION_FACTOR = 38
INVALID_CONFIG = 40
INVALID_REQUEST = 42
FETCH_SESSION_ID_NOT_FOUND = 70
INVALID_FETCH_SESSION_EPOCH = 71
UNSUPPORTED_COMPRESSION_TYPE = 76
INVALID_RECORD = 87


def string(text):
    if text is None:
        return struct.pack(">h", -1)
    data = text.encode() if isinstance(text, str) else text
    return struct.pack(">h", len(data)) + data


def byte_string(data):
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def array(items):
    return struct.pack(">i", -1) if items is None else struct.pack(">i", len(items)) + b"".join(items)


def unsigned_varint(number):
    result = bytearray()
    while number > 0x7F:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def varint(number):
    """Zigzag, as records use it."""
    return unsigned_varint((number << 1) ^ (number >> 63))


def compact_string(text):
    data = text.encode() if isinstance(text, str) else text
    return unsigned_varint(len(data) + 1) + data


class Reader:
    """Reads a reply from its beginning."""

    def __init__(self, data):
        self.data = data
        self.position = 0

    def take(self, count):
        part = self.data[self.position : self.position + count]
        assert len(part) == count, f"the reply ends early: {self.data.hex()}"
        self.position += count
        return part

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))[0]

    def int16(self):
        return self.number("h")

    def int32(self):
        return self.number("i")

    def int64(self):
        return self.number("q")

    def boolean(self):
        return self.number("?")

    def string(self):
        length = self.int16()
        return None if length < 0 else self.take(length).decode()

    def array(self, read):
        return [read() for _ in range(max(0, self.int32()))]

    @property
    def left(self):
        return len(self.data) - self.position


class Closed(Exception):
    """The broker closed the connection."""


class Connection:
    """One TCP connection; requests are answered in order, so one at a time suffices."""

    def __init__(self, host, port, limit=15.0):
        self.socket = socket.create_connection((host, port), timeout=limit)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, count):
        result = bytearray()
        while len(result) < count:
            try:
                part = self.socket.recv(count - len(result))
            except ConnectionError as error:
                raise Closed() from error
            if not part:
                raise Closed()
            result += part
        return bytes(result)

    def is_closed_by_broker(self, limit=15.0):
        """Waits for the broker to close, and says whether it did without having sent anything."""
        self.socket.settimeout(limit)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def has_something(self, limit):
        """Whether anything comes within so many seconds."""
        return bool(select.select([self.socket], [], [], limit)[0])

    def receive_frame(self):
        return self.receive(struct.unpack(">i", self.receive(4))[0])

    def frame(self, key, version, body, flexible=False, client="by-hand"):
        """A whole request with its length; header version 1, or 2 (with no tagged fields) when flexible."""
        self.correlation += 1
        header = struct.pack(">hhi", key, version, self.correlation) + string(client)
        data = header + (b"\x00" if flexible else b"") + body
        return struct.pack(">i", len(data)) + data

    def reply(self):
        reader = Reader(self.receive_frame())
        assert reader.int32() == self.correlation, "the reply answers another request"
        return reader

    def ask(self, key, version, body, **options):
        self.send(self.frame(key, version, body, **options))
        return self.reply()

    # Requests that several tests need

    def api_versions(self):
        """The served version range of each API key."""
        reader = self.ask(API_VERSIONS, 0, b"")
        assert reader.int16() == NONE
        return dict(reader.array(lambda: (reader.int16(), (reader.int16(), reader.int16()))))

    def metadata(self, topics=None, trailing=b""):
        """Metadata v4 without creating topics: brokers by id, and error and partitions by topic."""
        names = None if topics is None else [string(name) for name in topics]
        self.send(self.frame(METADATA, 4, array(names) + b"\x00" + trailing))
        return self.metadata_reply()

    def metadata_reply(self):
        """The answer to Metadata v4: see `metadata`."""
        reader = self.reply()
        reader.int32()
        brokers = {}
        for node, host, port, _rack in reader.array(
            lambda: (reader.int32(), reader.string(), reader.int32(), reader.string())
        ):
            brokers[node] = (host, port)
        reader.string()
        controller = reader.int32()
        found = {}

        def partition():
            error, index, leader = reader.int16(), reader.int32(), reader.int32()
            replicas, isr = reader.array(reader.int32), reader.array(reader.int32)
            return {"id": index, "error": error, "leader": leader, "replicas": replicas, "isr": isr}

        for _ in range(reader.int32()):
            error, name = reader.int16(), reader.string()
            reader.boolean()
            found[name] = {"error": error, "partitions": reader.array(partition)}
        assert reader.left == 0, "bytes after the end of the reply"
        return {"brokers": brokers, "controller": controller, "topics": found}

    def find_coordinator(self, group):
        """Error code and node of a group's coordinator."""
        reader = self.ask(FIND_COORDINATOR, 1, string(group) + b"\x00")
        reader.int32()
        error = reader.int16()
        reader.string()
        return error, reader.int32()

    def create_topic(self, name, partitions, replication_factor, configs=()):
        """Error code and message."""
        settings = [string(key) + string(value) for key, value in dict(configs).items()]
        topic = string(name) + struct.pack(">ih", partitions, replication_factor) + array([]) + array(settings)
        reader = self.ask(CREATE_TOPICS, 2, array([topic]) + struct.pack(">i", 15000) + b"\x00")
        reader.int32()
        assert reader.int32() == 1
        reader.string()
        return reader.int16(), reader.string()

    def produce(self, topic, partition, records, acks=-1, timeout=15000):
        """Produce v3 of the bytes of a record batch: error code and base offset. `timeout`: milliseconds."""
        self.send_produce(topic, partition, records, acks, timeout)
        return self.produce_reply(topic, partition)

    def send_produce(self, topic, partition, records, acks=-1, timeout=15000):
        data = struct.pack(">i", partition) + byte_string(records)
        body = string(None) + struct.pack(">hi", acks, timeout) + array([string(topic) + array([data])])
        self.send(self.frame(PRODUCE, 3, body))

    def produce_reply(self, topic, partition):
        """Error code and base offset."""
        reader = self.reply()
        assert reader.int32() == 1
        assert reader.string() == topic
        assert reader.int32() == 1
        assert reader.int32() == partition
        return reader.int16(), reader.int64()

    def end_offset(self, topic, partition):
        """ListOffsets v1 of the high watermark."""
        data = struct.pack(">iq", partition, -1)
        reader = self.ask(LIST_OFFSETS, 1, struct.pack(">i", -1) + array([string(topic) + array([data])]))
        assert reader.int32() == 1
        reader.string()
        assert reader.int32() == 1
        assert reader.int32() == partition
        error = reader.int16()
        reader.int64()
        return error, reader.int64()


_CRC_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = (_byte >> 1) ^ (0x82F63B78 if _byte & 1 else 0)
    _CRC_TABLE.append(_byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def record_batch(values, timestamp=1_700_000_000_000, attributes=0, damage_crc=False, claimed_count=None, magic=2, producer=None):
    """A batch of format 2, not compressed; lies where asked to. `producer`: an idempotent one's id, epoch and sequence."""
    records = b""
    for index, value in enumerate(values):
        body = b"\x00" + varint(0) + varint(index) + varint(-1) + varint(len(value)) + value + varint(0)
        records += varint(len(body)) + body
    count = len(values) if claimed_count is None else claimed_count
    checked = struct.pack(
        ">hiqqqhii", attributes, len(values) - 1, timestamp, timestamp, *(producer or (-1, -1, -1)), count
    ) + records
    crc = crc32c(checked) ^ (1 if damage_crc else 0)
    rest = struct.pack(">iBI", -1, magic, crc) + checked
    return struct.pack(">qi", 0, len(rest)) + rest
