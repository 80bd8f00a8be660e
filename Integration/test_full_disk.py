"""A broker whose disk is full ends, as Kafka's does when its last log directory fails; the others go on and nothing that
was acknowledged is lost. The disk is a small tmpfs."""

import confluent_kafka

from support.waiting import until


def test_a_full_disk_takes_its_broker_and_nothing_else(with_small_disk):
    """Method: an idempotent run fills the small disk until its broker, leader of one partition and follower of the
    others, is gone; it goes on for as much again. Then the disk grows, and the broker comes back and is whole."""
    cluster, disk = with_small_disk("48m")
    topic = "filling"
    cluster.create_topic(topic, partitions=3)
    assert disk.broker in {entry["leader"] for entry in cluster.partitions(topic).values()}
    acknowledged, failures = {}, []
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": cluster.bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 5,
            "topic.metadata.refresh.interval.ms": 500, "delivery.timeout.ms": 120_000, "log_level": 0,
        }
    )
    sent = 0

    def write(count):
        nonlocal sent
        for _ in range(count):
            number = sent
            sent += 1

            def delivered(error, message, number=number):
                if error:
                    failures.append(error)
                else:
                    acknowledged[message.partition(), message.offset()] = number

            producer.produce(topic, str(number).encode().ljust(4000), partition=number % 3, on_delivery=delivered)
            producer.poll(0)
        assert producer.flush(90) == 0 and not failures, failures[:3]

    def filled():
        write(1000)
        return cluster.process_id(disk.broker) is None

    until(filled, 120, "the broker with the small disk is gone", every=0)
    for broker in (1, 3):
        assert cluster.process_id(broker) is not None
    write(3000)
    until(
        lambda: all(sorted(entry["isr"]) == [1, 3] for entry in cluster.partitions(topic).values()), 60,
        "the others are in sync without it",
    )
    if cluster.engine == "embedded":
        assert "noSpace" in (disk.place.parent / "broker.log").read_text(), "its log says why"

    disk.resize("1g")
    cluster.start(disk.broker)
    cluster.wait_until_healthy()
    assert all(len(entry["isr"]) == 3 for entry in cluster.partitions(topic).values())
    write(300)

    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "unused", "check.crcs": True}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, index, 0) for index in range(3)])
    found = {}
    while len(found) < sent:
        message = consumer.poll(30)
        assert message is not None and message.error() is None, message and message.error()
        found[message.partition(), message.offset()] = int(message.value())
    consumer.close()
    assert found == acknowledged
    assert sorted(found.values()) == list(range(sent))
