"""Consumer groups: two members and a rebalance, commits, resuming, administration."""

import asyncio
import concurrent.futures
import contextlib

import aiokafka
import confluent_kafka
import kafka
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from support.clients import BY_NAME
from support.waiting import until

ALL = {0, 1, 2}


def fill(cluster, topic, count=30):
    """`count` records in each partition."""
    for partition in ALL:
        records = BY_NAME["kcat"].sample(seed=partition, count=count)
        BY_NAME["confluent-kafka"].produce(cluster.bootstrap, topic, partition, records)


def share_out(members, shares, step):
    """Polls all members until they share all partitions as many ways as asked."""

    def settled():
        step()
        parts = [shares(member) for member in members]
        return all(parts) and set().union(*parts) == ALL and sum(map(len, parts)) == len(ALL)

    until(settled, 45, "the members share all partitions", every=0)


def confluent_member(cluster, group, topic):
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    return consumer


def test_confluent_kafka_rebalances_and_resumes(cluster, topic):
    """One member has everything, two share it, the one that stays has everything again, from where it was left."""
    fill(cluster, topic)
    first = confluent_member(cluster, "confluent", topic)
    seen = []

    def poll(*members):
        for member in members:
            seen.extend(member.consume(100, timeout=0.1))

    def parts(member):
        return {place.partition for place in member.assignment()}

    share_out([first], parts, lambda: poll(first))
    until(lambda: (poll(first), len(seen) >= 90)[1], 30, "all is read", every=0)
    first.commit(asynchronous=False)
    second = confluent_member(cluster, "confluent", topic)
    share_out([first, second], parts, lambda: poll(first, second))
    first.close()
    share_out([second], parts, lambda: poll(second))
    committed = second.committed([TopicPartition(topic, index) for index in ALL], timeout=15)
    assert [place.offset for place in committed] == [30, 30, 30]
    fill(cluster, topic, count=5)
    until(lambda: (poll(second), len(seen) >= 105)[1], 30, "what is new is read", every=0)
    second.close()
    assert sorted(message.offset() for message in seen) == sorted([*range(35)] * 3), "each record once"


def test_kafka_python_rebalances_and_resumes(cluster, topic):
    fill(cluster, topic)

    def member():
        return kafka.KafkaConsumer(
            topic,
            bootstrap_servers=cluster.bootstrap.split(","),
            group_id="kafka-python",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            heartbeat_interval_ms=200,
        )

    seen = []

    def poll(*members):
        # In long polls and at the same time, as in programs of their own: kafka-python 3.0 can forget a join that ends
        # just as a poll does, and then polls for ever without an assignment (10 of 300 members with polls of 100 ms on
        # a busy machine, none of 300 with these).
        for polled in list(threads.map(lambda one: one.poll(timeout_ms=3000), members)):
            for records in polled.values():
                seen.extend(records)

    def parts(one):
        return {place.partition for place in one.assignment()}

    with contextlib.ExitStack() as stack:
        threads = stack.enter_context(concurrent.futures.ThreadPoolExecutor(2))
        first = member()
        stack.callback(first.close)
        share_out([first], parts, lambda: poll(first))
        until(lambda: (poll(first), len(seen) >= 90)[1], 30, "all is read", every=0)
        first.commit()
        second = member()
        stack.callback(second.close)
        share_out([first, second], parts, lambda: poll(first, second))
        first.close()
        share_out([second], parts, lambda: poll(second))
        assert [second.committed(kafka.TopicPartition(topic, index)) for index in sorted(ALL)] == [30, 30, 30]
        fill(cluster, topic, count=5)
        until(lambda: (poll(second), len(seen) >= 105)[1], 30, "what is new is read", every=0)
    assert sorted(record.offset for record in seen) == sorted([*range(35)] * 3), "each record once"


def test_aiokafka_rebalances_and_resumes(cluster, topic):
    fill(cluster, topic)

    async def member():
        consumer = aiokafka.AIOKafkaConsumer(
            topic,
            bootstrap_servers=cluster.bootstrap,
            group_id="aiokafka",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        return consumer

    async def run():
        seen = []

        async def shared(*members):
            while True:
                for one in members:
                    for records in (await one.getmany(timeout_ms=100)).values():
                        seen.extend(records)
                parts = [{place.partition for place in one.assignment()} for one in members]
                if all(parts) and set().union(*parts) == ALL and sum(map(len, parts)) == len(ALL):
                    return

        async def read(one, count):
            while len(seen) < count:
                for records in (await one.getmany(timeout_ms=500)).values():
                    seen.extend(records)

        first = await member()
        await shared(first)
        await read(first, 90)
        await first.commit()
        second = await member()
        await shared(first, second)
        await first.stop()
        await shared(second)
        assert [await second.committed(aiokafka.TopicPartition(topic, index)) for index in sorted(ALL)] == [30, 30, 30]
        await asyncio.to_thread(fill, cluster, topic, 5)
        await read(second, 105)
        await second.stop()
        return sorted(record.offset for record in seen)

    offsets = asyncio.run(asyncio.wait_for(run(), 90))
    assert offsets == sorted([*range(35)] * 3), "each record once"


def test_groups_are_listed_described_reset_and_deleted(cluster, topic):
    """By confluent-kafka's admin client; what it changes is what consumers and kafka-python see."""
    group = "administered"
    fill(cluster, topic)
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    python = kafka.KafkaAdminClient(bootstrap_servers=cluster.bootstrap.split(","))
    consumer = confluent_member(cluster, group, topic)
    until(lambda: consumer.poll(0.2), 30, "it reads", every=0)
    consumer.commit(offsets=[TopicPartition(topic, index, 10) for index in ALL], asynchronous=False)

    assert group in {entry.group_id for entry in admin.list_consumer_groups().result(15).valid}
    described = admin.describe_consumer_groups([group])[group].result(15)
    assert described.state == confluent_kafka.ConsumerGroupState.STABLE
    assert {place.partition for place in described.members[0].assignment.topic_partitions} == ALL
    assert described.coordinator.id == cluster.coordinator(group)
    consumer.close()

    def offsets():
        found = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(15)
        return {place.partition: place.offset for place in found.topic_partitions}

    assert offsets() == {0: 10, 1: 10, 2: 10}
    wanted = [TopicPartition(topic, index, 3 + index) for index in ALL]
    admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, wanted)])[group].result(15)
    assert offsets() == {0: 3, 1: 4, 2: 5}
    seen = python.list_group_offsets(group)
    assert sorted(entry.offset for entry in seen[group].values()) == [3, 4, 5]
    python.close()

    admin.delete_consumer_groups([group])[group].result(15)
    assert group not in {entry.group_id for entry in admin.list_consumer_groups().result(15).valid}
