"""What a cluster says of itself, to each client."""

import asyncio

import aiokafka.admin
import kafka
import kafka.admin
import pytest
from confluent_kafka.admin import AdminClient

from support.clients import BY_NAME
from support.cluster import BROKERS


@pytest.fixture(scope="module")
def described(cluster):
    cluster.create_topic("described", partitions=6)
    return "described"


def check_partitions(partitions):
    """Six partitions, spread over all brokers, each replica in sync; `partitions` yields leader, replicas, isr."""
    partitions = list(partitions)
    assert len(partitions) == 6
    for leader, replicas, isr in partitions:
        assert set(replicas) == set(isr) == set(BROKERS)
        assert leader == replicas[0], "the preferred replica leads"
    assert {leader for leader, _, _ in partitions} == set(BROKERS)


def test_every_broker_names_all_of_them(cluster, described):
    """Each broker by itself gives the same addresses and the same partitions, and some live broker as controller."""
    answers = []
    for broker in BROKERS:
        with cluster.connect(broker) as connection:
            answers.append(connection.metadata([described]))
    for answer in answers:
        assert answer["brokers"] == {broker: cluster.address(broker) for broker in BROKERS}
        assert answer["controller"] in BROKERS
        check_partitions((p["leader"], p["replicas"], p["isr"]) for p in answer["topics"][described]["partitions"])


def test_kcat_lists(cluster, described):
    seen = BY_NAME["kcat"].metadata(cluster.bootstrap)
    assert sorted(broker["id"] for broker in seen["brokers"]) == list(BROKERS)
    topic = next(topic for topic in seen["topics"] if topic["topic"] == described)
    check_partitions(
        (p["leader"], [r["id"] for r in p["replicas"]], [r["id"] for r in p["isrs"]]) for p in topic["partitions"]
    )


def test_confluent_kafka_describes(cluster, described):
    from confluent_kafka import TopicCollection

    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    metadata = admin.list_topics(timeout=15)
    assert sorted(metadata.brokers) == list(BROKERS)
    check_partitions((p.leader, p.replicas, p.isrs) for p in metadata.topics[described].partitions.values())
    whole = admin.describe_cluster().result(15)
    assert sorted(node.id for node in whole.nodes) == list(BROKERS)
    assert whole.controller.id in BROKERS
    topic = admin.describe_topics(TopicCollection([described]))[described].result(15)
    check_partitions((p.leader.id, [n.id for n in p.replicas], [n.id for n in p.isr]) for p in topic.partitions)


def test_kafka_python_describes(cluster, described):
    admin = kafka.KafkaAdminClient(bootstrap_servers=cluster.bootstrap.split(","))
    whole = admin.describe_cluster()
    assert sorted(broker.get("node_id", broker.get("broker_id")) for broker in whole["brokers"]) == list(BROKERS)
    topic = admin.describe_topics([described])[0]
    check_partitions((p["leader_id"], p["replica_nodes"], p["isr_nodes"]) for p in topic["partitions"])
    admin.close()


def test_aiokafka_describes(cluster, described):
    async def run():
        admin = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        try:
            return await admin.describe_cluster(), await admin.describe_topics([described])
        finally:
            await admin.close()

    whole, topics = asyncio.run(run())
    assert sorted(broker["node_id"] for broker in whole["brokers"]) == list(BROKERS)
    check_partitions((p["leader"], p["replicas"], p["isr"]) for p in topics[0]["partitions"])
