"""What one client writes, another reads: the same bytes, in the same order, whatever the acks and the codec."""

import itertools
import time

import confluent_kafka
import kafka
import pytest

from support.clients import BY_NAME, CLIENTS

ACKS = ["all", "1", "0"]
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
CASES = list(itertools.product(ACKS, CODECS))
IDS = [client.name for client in CLIENTS]


@pytest.fixture(scope="module")
def shelf(cluster):
    """A topic for each producing client, with a partition for each case."""
    for client in CLIENTS:
        cluster.create_topic(f"codecs-{client.name}", partitions=len(CASES))
    return lambda client: f"codecs-{client.name}"


def readable(reader, sample):
    """kcat's text form cannot tell null from empty and stops header values at a NUL: it gets records without those."""
    if reader.name != "kcat":
        return sample
    return [
        record
        for record in sample
        if record.key and record.value and all(value and b"\x00" not in value for _, value in record.headers)
    ]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("acks", ACKS)
@pytest.mark.parametrize("producer", CLIENTS, ids=IDS)
def test_other_clients_read_the_same_bytes(cluster, shelf, producer, acks, codec):
    """Goal: keys, values, headers, timestamps and order survive each codec and each acks, from every client.

    Method: one partition a case; the reader is another client each time, so that all pairs meet.
    """
    case = CASES.index((acks, codec))
    topic, partition = shelf(producer), case
    others = [client for client in CLIENTS if client is not producer]
    reader = others[case % len(others)]
    sent = readable(reader, producer.sample(seed=case))

    before = int(time.time() * 1000)
    offsets = producer.produce(cluster.bootstrap, topic, partition, sent, acks=acks, codec=codec)
    assert offsets in ([], list(range(len(sent))))
    got = reader.consume(cluster.bootstrap, topic, partition, 0, len(sent))

    assert [offset for offset, _ in got] == list(range(len(sent)))
    for wanted, (_, seen) in zip(sent, got, strict=True):
        assert (seen.key, seen.value, seen.headers) == (wanted.key, wanted.value, wanted.headers)
        if wanted.timestamp is None:
            assert before <= seen.timestamp <= int(time.time() * 1000)
        else:
            assert seen.timestamp == wanted.timestamp


@pytest.mark.parametrize("producer", CLIENTS, ids=IDS)
def test_idempotent_producers(cluster, topic, producer):
    """Two sessions of an idempotent producer, each with a producer id of its own, leave every record once."""
    first, second = producer.sample(seed=1), producer.sample(seed=2)
    for records in (first, second):
        producer.produce(cluster.bootstrap, topic, 0, records, idempotent=True)
    got = BY_NAME["confluent-kafka"].consume(cluster.bootstrap, topic, 0, 0, len(first) + len(second))
    assert [record.value for _, record in got] == [record.value for record in first + second]
    with cluster.connect(cluster.leader(topic)) as connection:
        assert connection.end_offset(topic, 0) == (0, len(first) + len(second))


@pytest.mark.parametrize("reader", CLIENTS, ids=IDS)
def test_consuming_from_the_middle(cluster, topic, reader):
    """An offset inside a batch: the record with that offset is the first one delivered."""
    sent = BY_NAME["kcat"].sample(seed=3)
    BY_NAME["aiokafka"].produce(cluster.bootstrap, topic, 1, sent, codec="lz4")
    got = reader.consume(cluster.bootstrap, topic, 1, 17, 5)
    assert [offset for offset, _ in got] == [17, 18, 19, 20, 21]
    assert [record.value for _, record in got] == [record.value for record in sent[17:22]]


def test_offsets_by_timestamp(cluster, topic):
    """The first record at or after a time, by three clients; none after the last; earliest and latest."""
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap})
    times = [1_700_000_000_000 + 1000 * number for number in range(20)]
    for time_of_record in times:
        producer.produce(topic, b"x", partition=0, timestamp=time_of_record)
        producer.flush()  # each a batch of its own
    cases = {times[0] - 5: 0, times[7]: 7, times[7] + 1: 8, times[-1]: 19}

    confluent = confluent_kafka.Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "unused"})
    for asked, wanted in cases.items():
        found = confluent.offsets_for_times([confluent_kafka.TopicPartition(topic, 0, asked)], timeout=15)
        assert [(place.offset, place.error) for place in found] == [(wanted, None)]
    found = confluent.offsets_for_times([confluent_kafka.TopicPartition(topic, 0, times[-1] + 1)], timeout=15)
    assert found[0].offset == confluent_kafka.OFFSET_END
    assert confluent.get_watermark_offsets(confluent_kafka.TopicPartition(topic, 0), timeout=15) == (0, 20)
    confluent.close()

    consumer = kafka.KafkaConsumer(bootstrap_servers=cluster.bootstrap.split(","))
    place = kafka.TopicPartition(topic, 0)
    for asked, wanted in cases.items():
        found = consumer.offsets_for_times({place: asked})[place]
        assert found.offset == wanted
        assert found.timestamp == times[wanted]
    assert consumer.offsets_for_times({place: times[-1] + 1})[place] is None
    assert consumer.beginning_offsets([place]) == {place: 0}
    assert consumer.end_offsets([place]) == {place: 20}
    consumer.close()

    for asked, wanted in cases.items():
        output = BY_NAME["kcat"].run(cluster.bootstrap, "-Q", "-t", f"{topic}:0:{asked}")
        assert f"offset {wanted}".encode() in output


def test_latest_sees_only_what_comes_later(cluster, topic):
    """A consumer that stands at the end gets the next record, and nothing before it."""
    BY_NAME["kafka-python"].produce(cluster.bootstrap, topic, 2, BY_NAME["kcat"].sample(seed=4))
    place = kafka.TopicPartition(topic, 2)
    consumer = kafka.KafkaConsumer(bootstrap_servers=cluster.bootstrap.split(","), consumer_timeout_ms=15_000)
    consumer.assign([place])
    consumer.seek_to_end(place)
    assert consumer.position(place) == 30
    later = BY_NAME["kcat"].sample(seed=5)[:1]
    BY_NAME["confluent-kafka"].produce(cluster.bootstrap, topic, 2, later)
    message = next(consumer)
    consumer.close()
    assert (message.offset, message.value) == (30, later[0].value)
