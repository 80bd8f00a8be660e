"""Numbered records of many keys, written without a pause, and what must be true of them at the end."""

import collections
import threading
import time

import confluent_kafka

KEYS = 40
PARTITIONS = 3


class Traffic(threading.Thread):
    """Writes numbered records for each key, acks=all and idempotent, until told to stop."""

    def __init__(self, servers, topic):
        super().__init__(daemon=True)
        self.producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": servers,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "topic.metadata.refresh.interval.ms": 500,
                "reconnect.backoff.max.ms": 500,
                "delivery.timeout.ms": 60_000,
            }
        )
        self.topic = topic
        self.sent = collections.Counter()
        self.acknowledged = {}  # (partition, offset) -> (key, number)
        self.last_acknowledged = [0.0] * PARTITIONS
        self.errors = []
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set():
            for key in range(KEYS):
                self.write(key)
            self.producer.poll(0.02)
        self.left = self.producer.flush(60)

    def write(self, key):
        number = self.sent[key]
        self.sent[key] += 1

        def delivered(error, message):
            if error:
                self.errors.append(error)
            else:
                self.acknowledged[message.partition(), message.offset()] = (key, number)
                self.last_acknowledged[message.partition()] = time.monotonic()

        self.producer.produce(
            self.topic, str(number).encode(), str(key).encode(), partition=key % PARTITIONS, on_delivery=delivered
        )

    def acknowledges_since(self, moment):
        return all(last > moment for last in self.last_acknowledged)

    def abandon(self):
        """Ends it without what is still to be acknowledged."""
        self.ending.set()
        self.producer.purge()
        self.join(20)

    def newest(self):
        """When the last acknowledgement came."""
        return max(self.last_acknowledged)

    def stop(self):
        self.ending.set()
        self.join(90)
        assert not self.is_alive() and self.left == 0, "not everything was sent"
        assert not self.errors, self.errors[:3]
        assert len(self.acknowledged) == sum(self.sent.values())


def read_everything(servers, topic):
    """All records from first to last offset, by a fresh client: (partition, offset) -> (key, number)."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": servers, "group.id": "unused", "enable.partition.eof": True, "check.crcs": True}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, index, 0) for index in range(PARTITIONS)])
    found, ended = {}, set()
    while len(ended) < PARTITIONS:
        message = consumer.poll(30)
        assert message is not None, "reading back stopped"
        if message.error():
            assert message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, message.error()
            ended.add(message.partition())
        elif message.key() is not None:  # Others write without a key.
            found[message.partition(), message.offset()] = (int(message.key()), int(message.value()))
    consumer.close()
    return found


def check_history(traffic, found):
    missing = {place: entry for place, entry in traffic.acknowledged.items() if found.get(place) != entry}
    places = {entry: place for place, entry in found.items()}
    told = [(place, entry, found.get(place), places.get(entry)) for place, entry in sorted(missing.items())[:3]]
    assert not missing, (
        f"{len(missing)} of {len(traffic.acknowledged)} acknowledged records are not where they were acknowledged;"
        f" place, record, what is there, where the record is: {told}"
    )
    seen = collections.defaultdict(list)
    for place in sorted(found):
        key, number = found[place]
        seen[key].append(number)
    for key, numbers in seen.items():
        assert numbers == list(range(traffic.sent[key])), f"key {key}: lost, doubled or reordered"
