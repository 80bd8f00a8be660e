"""Four clients that others made, behind the two things that they all do: write records, read records.

Each keeps its own defaults except where a test says otherwise, so that they connect as their users do.
"""

import asyncio
import json
import pathlib
import subprocess
import tempfile

import aiokafka
import confluent_kafka
import kafka

from .records import Record, awkward_records, plain_records

PATIENCE = 30.0


class Client:
    """`sample(seed)` gives records that this client is able to send."""

    sample = staticmethod(awkward_records)

    def produce(self, servers, topic, partition, records, acks="all", codec="none", idempotent=False):
        """Writes the records in order; returns their offsets (none with acks=0) once they are acknowledged."""
        raise NotImplementedError

    def consume(self, servers, topic, partition, offset, count):
        """Reads `count` records from an offset on; returns pairs of offset and record."""
        raise NotImplementedError


class ConfluentKafka(Client):
    name = "confluent-kafka"

    def produce(self, servers, topic, partition, records, acks="all", codec="none", idempotent=False):
        producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": servers,
                "acks": acks,
                "compression.type": codec,
                "enable.idempotence": idempotent,
                "linger.ms": 5,
            }
        )
        offsets, errors = [], []

        def delivered(error, message):
            errors.append(error) if error else offsets.append(message.offset())

        for record in records:
            producer.produce(
                topic,
                value=record.value,
                key=record.key,
                partition=partition,
                headers=list(record.headers),
                on_delivery=delivered,
                **({} if record.timestamp is None else {"timestamp": record.timestamp}),
            )
        assert producer.flush(PATIENCE) == 0, "not everything was sent"
        assert not errors, errors
        return offsets if acks != "0" else []

    def consume(self, servers, topic, partition, offset, count):
        consumer = confluent_kafka.Consumer(
            {"bootstrap.servers": servers, "group.id": "unused", "enable.auto.commit": False, "check.crcs": True}
        )
        consumer.assign([confluent_kafka.TopicPartition(topic, partition, offset)])
        try:
            messages = consumer.consume(count, timeout=PATIENCE)
        finally:
            consumer.close()
        result = []
        for message in messages:
            assert message.error() is None, message.error()
            record = Record(
                message.key(), message.value(), tuple(message.headers() or ()), message.timestamp()[1]
            )
            result.append((message.offset(), record))
        return result


class KafkaPython(Client):
    name = "kafka-python"

    @staticmethod
    def sample(seed):
        """It refuses header values that are null."""
        return [record for record in awkward_records(seed) if all(value is not None for _, value in record.headers)]

    def produce(self, servers, topic, partition, records, acks="all", codec="none", idempotent=False):
        producer = kafka.KafkaProducer(
            bootstrap_servers=servers.split(","),
            acks=acks if acks == "all" else int(acks),
            compression_type=None if codec == "none" else codec,
            enable_idempotence=idempotent,
            linger_ms=5,
        )
        try:
            futures = [
                producer.send(
                    topic,
                    value=record.value,
                    key=record.key,
                    headers=list(record.headers),
                    partition=partition,
                    timestamp_ms=record.timestamp,
                )
                for record in records
            ]
            producer.flush(timeout=PATIENCE)
            offsets = [future.get(timeout=PATIENCE).offset for future in futures]
        finally:
            producer.close(timeout=10)
        return offsets if acks != "0" else []

    def consume(self, servers, topic, partition, offset, count):
        consumer = kafka.KafkaConsumer(
            bootstrap_servers=servers.split(","), consumer_timeout_ms=PATIENCE * 1000, enable_auto_commit=False
        )
        place = kafka.TopicPartition(topic, partition)
        consumer.assign([place])
        consumer.seek(place, offset)
        result = []
        try:
            while len(result) < count:
                message = next(consumer)
                record = Record(message.key, message.value, tuple(message.headers), message.timestamp)
                result.append((message.offset, record))
        finally:
            consumer.close()
        return result


class AIOKafka(Client):
    name = "aiokafka"

    def produce(self, servers, topic, partition, records, acks="all", codec="none", idempotent=False):
        async def run():
            producer = aiokafka.AIOKafkaProducer(
                bootstrap_servers=servers,
                acks=acks if acks == "all" else int(acks),
                compression_type=None if codec == "none" else codec,
                enable_idempotence=idempotent,
                linger_ms=5,
            )
            await producer.start()
            try:
                futures = [
                    await producer.send(
                        topic,
                        value=record.value,
                        key=record.key,
                        headers=list(record.headers),
                        partition=partition,
                        timestamp_ms=record.timestamp,
                    )
                    for record in records
                ]
                return [await future for future in futures]
            finally:
                await producer.stop()

        sent = asyncio.run(asyncio.wait_for(run(), PATIENCE))
        return [entry.offset for entry in sent] if acks != "0" else []

    def consume(self, servers, topic, partition, offset, count):
        async def run():
            consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
            place = aiokafka.TopicPartition(topic, partition)
            await consumer.start()
            try:
                consumer.assign([place])
                consumer.seek(place, offset)
                result = []
                while len(result) < count:
                    message = await consumer.getone()
                    record = Record(message.key, message.value, tuple(message.headers), message.timestamp)
                    result.append((message.offset, record))
                return result
            finally:
                await consumer.stop()

        return asyncio.run(asyncio.wait_for(run(), PATIENCE))


class Kcat(Client):
    name = "kcat"
    sample = staticmethod(plain_records)

    def produce(self, servers, topic, partition, records, acks="all", codec="none", idempotent=False):
        settings = ["-X", f"acks={acks}", "-X", f"enable.idempotence={str(idempotent).lower()}"]
        headers = [word for key, value in records[0].headers for word in ("-H", f"{key}={value.decode()}")]
        with tempfile.TemporaryDirectory() as directory:
            files = []
            for number, record in enumerate(records):
                files.append(pathlib.Path(directory) / f"{number:06}")
                files[-1].write_bytes(record.value)
            words = ["-P", "-t", topic, "-p", str(partition), "-z", codec, "-k", records[0].key.decode(), *headers]
            self.run(servers, *words, *settings, *map(str, files))
        return []  # kcat does not tell them

    def consume(self, servers, topic, partition, offset, count):
        words = ["-C", "-q", "-t", topic, "-p", str(partition), "-o", str(offset), "-c", str(count)]
        output = self.run(servers, *words, "-X", "check.crcs=true", "-f", "%o %T %K %S %h\n%k%s")
        result = []
        while output:
            line, output = output.split(b"\n", 1)
            at, timestamp, key, value, headers = line.split(b" ", 4)
            key, value = max(0, int(key)), max(0, int(value))
            record = Record(output[:key], output[key : key + value], self.headers(headers), int(timestamp))
            result.append((int(at), record))
            output = output[key + value :]
        return result

    @staticmethod
    def headers(text):
        pairs = (part.split(b"=", 1) for part in text.split(b",") if part)
        return tuple((pair[0].decode(), pair[1]) for pair in pairs)

    @staticmethod
    def run(servers, *words, text=None):
        process = subprocess.run(["kcat", "-b", servers, *words], input=text, capture_output=True, timeout=PATIENCE)
        assert process.returncode == 0, f"kcat {' '.join(words)[:200]} ended with {process.returncode}: {process.stderr}"
        return process.stdout

    def metadata(self, servers, *words):
        return json.loads(self.run(servers, "-L", "-J", *words))


CLIENTS = [ConfluentKafka(), KafkaPython(), AIOKafka(), Kcat()]
BY_NAME = {client.name: client for client in CLIENTS}
