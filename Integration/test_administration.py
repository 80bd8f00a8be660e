"""Topics, partitions, settings and records, by each client's admin interface."""

import asyncio

import aiokafka.admin
import kafka
import kafka.admin
from confluent_kafka import TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from support.clients import BY_NAME
from support.waiting import until


def wait_for_partitions(cluster, topic, count):
    until(lambda: len(cluster.partitions(topic)) == count, 15, f"{topic} has {count} partitions")


def test_confluent_kafka_administers(cluster):
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    name = "by-confluent"
    admin.create_topics([NewTopic(name, 2, 3, config={"retention.ms": "3600000"})])[name].result(15)
    wait_for_partitions(cluster, name, 2)
    admin.create_partitions([NewPartitions(name, 4)])[name].result(15)
    wait_for_partitions(cluster, name, 4)

    resource = ConfigResource(ResourceType.TOPIC, name)

    def settings():
        return admin.describe_configs([resource])[resource].result(15)

    assert settings()["retention.ms"].value == "3600000"
    assert settings()["cleanup.policy"].value == "delete"
    change = ConfigResource(
        ResourceType.TOPIC,
        name,
        incremental_configs=[
            ConfigEntry("retention.ms", "7200000", incremental_operation=AlterConfigOpType.SET),
            ConfigEntry("segment.bytes", "1048576", incremental_operation=AlterConfigOpType.SET),
        ],
    )
    admin.incremental_alter_configs([change])[change].result(15)
    until(lambda: settings()["retention.ms"].value == "7200000", 15, "the new retention")
    assert settings()["segment.bytes"].value == "1048576"

    BY_NAME["confluent-kafka"].produce(cluster.bootstrap, name, 0, BY_NAME["kcat"].sample(seed=1))
    place = TopicPartition(name, 0)
    ends = admin.list_offsets({place: OffsetSpec.latest()})[place].result(15)
    assert ends.offset == 30
    removed = admin.delete_records([TopicPartition(name, 0, 12)])
    assert next(iter(removed.values())).result(15).low_watermark == 12
    starts = admin.list_offsets({place: OffsetSpec.earliest()})[place].result(15)
    assert starts.offset == 12

    admin.delete_topics([name])[name].result(15)
    until(lambda: not cluster.partitions(name), 15, "the topic is gone")


def test_kafka_python_administers(cluster):
    admin = kafka.KafkaAdminClient(bootstrap_servers=cluster.bootstrap.split(","))
    name = "by-kafka-python"
    admin.create_topics([kafka.admin.NewTopic(name, 2, 3, topic_configs={"max.message.bytes": "2000"})])
    wait_for_partitions(cluster, name, 2)
    admin.create_partitions({name: kafka.admin.NewPartitions(5)})
    wait_for_partitions(cluster, name, 5)
    assert name in admin.list_topics()
    admin.delete_topics([name])
    until(lambda: not cluster.partitions(name), 15, "the topic is gone")
    admin.close()


def test_aiokafka_administers(cluster):
    name = "by-aiokafka"

    async def run(step):
        admin = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        try:
            await step(admin)
        finally:
            await admin.close()

    asyncio.run(run(lambda admin: admin.create_topics([aiokafka.admin.NewTopic(name, 1, 3)])))
    wait_for_partitions(cluster, name, 1)
    asyncio.run(run(lambda admin: admin.create_partitions({name: aiokafka.admin.NewPartitions(3)})))
    wait_for_partitions(cluster, name, 3)
    asyncio.run(run(lambda admin: admin.delete_topics([name])))
    until(lambda: not cluster.partitions(name), 15, "the topic is gone")


def test_validating_creates_nothing(cluster):
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    admin.create_topics([NewTopic("only-validated", 1, 3)], validate_only=True)["only-validated"].result(15)
    assert not cluster.partitions("only-validated")


def test_a_deleted_topic_may_be_made_again(cluster):
    """The new one is empty: it has another id, and nothing of the old one's files."""
    for _ in range(2):
        cluster.create_topic("again", partitions=1)
        offsets = BY_NAME["confluent-kafka"].produce(cluster.bootstrap, "again", 0, BY_NAME["kcat"].sample(seed=1))
        assert offsets == list(range(30))
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
        admin.delete_topics(["again"])["again"].result(15)
        until(lambda: not cluster.partitions("again"), 15, "the topic is gone")
