"""What brokers say of themselves: counts that agree with what was sent, and states that come and go."""

import pathlib
import shutil
import socket
import subprocess

import confluent_kafka
import pytest

from support import frames, metrics
from support.frames import record_batch
from support.waiting import until

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_ENOUGH_REPLICAS = 19
TOPICS = "kafka_server_brokertopicmetrics_"
REQUESTS = "kafka_network_requestmetrics_"
REPLICAS = "kafka_server_replicamanager_"
CONTROLLER = "kafka_controller_kafkacontroller_"
# Other rule files than the exporter's example name these so.
OTHER_RULES = (
    "kafka_server_raftmetrics_",
    "kafka_network_socketserver_networkprocessoravgidle_percent",
    "kafka_server_socket_server_metrics_connection_",
)


def urls(cluster):
    return {entry["id"]: entry["metrics_url"] for entry in cluster.status()["brokers"]}


def pages(cluster, brokers=(1, 2, 3)):
    found = urls(cluster)
    return {broker: metrics.page(found[broker]) for broker in brokers}


def total(cluster, name, brokers=(1, 2, 3), **labels):
    return sum(page.sum(name, **labels) for page in pages(cluster, brokers).values())


def exact(cluster, name, **labels):
    """Over all brokers the sum of the sample with exactly these labels."""
    return sum(page.get(name, **labels) or 0 for page in pages(cluster).values())


def accepts(address):
    try:
        socket.create_connection(address, timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.embedded_only
def test_each_broker_has_a_page_of_its_own(cluster):
    for broker, url in urls(cluster).items():
        page = metrics.page(url)
        assert page.get("kafka_server_kafkaserver_brokerstate") == 3
        assert page.get("streamsocial_broker_state", state="RUNNING") == 1
        assert page.get("streamsocial_loop_answered", loop="data") == 1
        assert page.get("kafka_server_raft_metrics_number_of_voters") == 3
        assert page.get("kafka_server_raft_metrics_current_leader") == cluster.controller()
        assert page.get(CONTROLLER + "activecontrollercount") == (broker == cluster.controller())
        assert page.get(CONTROLLER + "activebrokercount") == 3
        assert page.get(CONTROLLER + "fencedbrokercount") == 0
        pid = cluster.process_id(broker)
        resident = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
        assert abs(page.get("process_resident_memory_bytes") - resident) < 20 << 20
        files = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
        assert page.get("process_open_fds") == pytest.approx(files, abs=4)
        free = shutil.disk_usage(cluster.log_directory(broker)).free
        directory = str(cluster.log_directory(broker))
        told = page.get("streamsocial_log_directory_free_bytes", log_directory=directory)
        assert told == pytest.approx(free, rel=0.05)


@pytest.mark.embedded_only
def test_names_types_and_labels_are_apache_kafkas(cluster, topic):
    """Against the pages of a real 4.3.1 (Tests/Vectors/metrics)."""
    real = {}
    for line in (ROOT / "Tests/Vectors/metrics/apache-kafka-4.3.1.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, kind, labels = line.split(" ")
            real[name] = kind, set(labels.split("|"))
    seen = 0
    for page in pages(cluster).values():
        for name, kind in page.types.items():
            if name.startswith(("streamsocial_", "process_", *OTHER_RULES)):
                continue
            assert name in real, f"{name} is not Kafka's"
            assert kind == real[name][0], name
            assert page.label_names(name) <= real[name][1] | ({"topic"} if name.startswith(TOPICS) else set()), name
            seen += 1
    assert seen > 200


# What people watch a Kafka cluster by, with the labels it has.
MUST_HAVE = {
    REPLICAS + "underreplicatedpartitions": "-",
    REPLICAS + "underminisrpartitioncount": "-",
    REPLICAS + "atminisrpartitioncount": "-",
    REPLICAS + "offlinereplicacount": "-",
    REPLICAS + "isrshrinks_total": "-",
    REPLICAS + "isrexpands_total": "-",
    "kafka_server_replicafetchermanager_maxlag": "clientId",
    CONTROLLER + "offlinepartitionscount": "-",
    CONTROLLER + "activecontrollercount": "-",
    CONTROLLER + "activebrokercount": "-",
    CONTROLLER + "fencedbrokercount": "-",
    "kafka_controller_controllerstats_uncleanleaderelections_total": "-",
    TOPICS + "messagesin_total": "-|topic",
    TOPICS + "bytesin_total": "-|topic",
    TOPICS + "bytesout_total": "-|topic",
    TOPICS + "failedproducerequests_total": "-",
    TOPICS + "failedfetchrequests_total": "-",
    REQUESTS + "errors_total": "error,request",
    REQUESTS + "totaltimems": "quantile,request",
    REQUESTS + "requestqueuetimems": "quantile,request",
    REQUESTS + "localtimems": "quantile,request",
    REQUESTS + "remotetimems": "quantile,request",
    REQUESTS + "responsequeuetimems": "quantile,request",
    REQUESTS + "responsesendtimems": "quantile,request",
    "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent": "-",
    "kafka_server_kafkarequesthandlerpool_brokerrequesthandleravgidle_percent": "-",
    "kafka_server_kafkarequesthandlerpool_controllerrequesthandleravgidle_percent": "-",
    "kafka_network_socketserver_networkprocessoravgidle_percent": "-",
    "kafka_network_requestchannel_requestqueuesize": "-",
    "kafka_log_logmanager_offlinelogdirectorycount": "-",
    "kafka_coordinator_group_groupmetadatamanager_numgroupspreparingrebalance": "-",
    "kafka_server_raftmetrics_current_leader": "-",
    "kafka_server_raftmetrics_current_epoch": "-",
    "kafka_server_raftmetrics_high_watermark": "-",
    "kafka_server_raftmetrics_commit_latency_avg": "-",
    "kafka_server_raftmetrics_election_latency_avg": "-",
    "kafka_cluster_partition_atminisr": "partition,topic",
    "kafka_cluster_partition_underreplicated": "partition,topic",
}


@pytest.mark.embedded_only
def test_what_people_watch_kafka_by_is_on_every_page(cluster, topic):
    missing = []

    def lacking():
        missing[:] = [
            (broker, name, labels)
            for broker, page in pages(cluster).items()
            for name, alternatives in MUST_HAVE.items()
            for labels in alternatives.split("|")
            if labels not in page.label_names(name)
        ]
        return missing

    # Idleness is known once a loop has been watched for some seconds.
    until(lambda: not lacking(), 20, missing)
    for page in pages(cluster).values():
        assert page.get(REQUESTS + "totaltimems", request="Produce", quantile="0.99") is not None
        assert page.types["kafka_network_requestchannel_requestqueuesize"] == "gauge"
        # Less than one request waits at a time where next to nothing is asked.
        assert 0 <= page.get("kafka_network_requestchannel_requestqueuesize") < 1


@pytest.mark.embedded_only
@pytest.mark.skipif(not shutil.which("promtool"), reason="skipped: promtool is not installed")
def test_promtool_reads_the_page(cluster, topic):
    """It has opinions on Kafka's names, but no trouble with the page."""
    for page in pages(cluster).values():
        process = subprocess.run(["promtool", "check", "metrics"], input=page.text, capture_output=True, text=True)
        complaints = [
            line
            for line in (process.stdout + process.stderr).splitlines()
            if not any(known in line for known in ("'snake_case'", 'not have "quantile"', 'not have "_count" suffix'))
        ]
        assert not complaints, complaints[:5]


def test_topics_count_what_was_written_and_read(cluster, topic):
    """Bytes and records to the last one: by leaders, by followers, by consumers."""
    before = pages(cluster)
    batches, records = 0, 0
    with_partition = {index: cluster.leader(topic, index) for index in range(3)}
    for index, leader in with_partition.items():
        with cluster.connect(leader) as connection:
            for number in range(1, 11):
                batch = record_batch([b"x" * 100 * number] * number)
                error, offset = connection.produce(topic, index, batch)[:2]
                assert error == frames.NONE, error
                batches += len(batch)
                records += number
    assert exact(cluster, TOPICS + "messagesin_total", topic=topic) == records
    assert exact(cluster, TOPICS + "bytesin_total", topic=topic) == batches
    assert exact(cluster, TOPICS + "totalproducerequests_total", topic=topic) == 30
    for name, count in (("messagesin_total", records), ("bytesin_total", batches)):
        assert exact(cluster, TOPICS + name) - sum(page.get(TOPICS + name) for page in before.values()) == count
    # acks=all: at least one follower has it; both have it soon.
    for broker in (1, 2, 3):
        until(
            lambda: pages(cluster, [broker])[broker].sum("kafka_log_log_logendoffset", topic=topic) == records,
            10,
            f"broker {broker} has all records",
        )
    copied = exact(cluster, TOPICS + "replicationbytesin_total") - sum(
        page.get(TOPICS + "replicationbytesin_total") for page in before.values()
    )
    assert copied == 2 * batches
    assert total(cluster, "kafka_log_log_size", topic=topic) == 3 * batches

    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "unused", "enable.auto.commit": False}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, index, 0) for index in range(3)])
    read = 0
    while read < records:
        message = consumer.poll(30)
        assert message is not None and not message.error()
        read += 1
    consumer.close()
    assert exact(cluster, TOPICS + "bytesout_total", topic=topic) == batches


def test_requests_are_counted_by_version_and_error(cluster, topic):
    """And what a request takes is the sum of its parts, as far as the client can tell."""
    leader = cluster.leader(topic)

    def count(name, **labels):
        return pages(cluster, [leader])[leader].get(name, **labels) or 0

    def figures():
        page = pages(cluster, [leader])[leader]
        return [
            page.get(REQUESTS + "errors_total", request="Produce", error=error) or 0
            for error in ("NONE", "CORRUPT_MESSAGE", "MESSAGE_TOO_LARGE", "INVALID_REQUIRED_ACKS")
        ] + [
            page.get(TOPICS + "invalidmessagecrcrecords_total"),
            page.get(TOPICS + "bytesrejected_total", topic=topic) or 0,
            page.get(REQUESTS + "totaltimems_count_total", request="Produce"),
        ]

    large = record_batch([b"x" * 2_000_000])
    before = figures()
    with cluster.connect(leader) as connection:
        for _ in range(5):
            assert connection.produce(topic, 0, record_batch([b"fine"]))[0] == frames.NONE
        assert connection.produce(topic, 0, record_batch([b"x"], damage_crc=True))[0] == frames.CORRUPT_MESSAGE
        assert connection.produce(topic, 0, large)[0] == frames.MESSAGE_TOO_LARGE
        assert connection.produce(topic, 0, record_batch([b"x"]), acks=7)[0] == frames.INVALID_REQUIRED_ACKS
    difference = [after - first for after, first in zip(figures(), before)]
    assert difference == [5, 1, 1, 1, 1, len(large), 8]
    page = pages(cluster, [leader])[leader]
    p99 = page.get(REQUESTS + "totaltimems", request="Produce", quantile="0.99")
    assert 0 < p99 < 10_000
    # Produce with acks=all waits for a follower.
    assert page.get(REQUESTS + "remotetimems", request="Produce", quantile="0.50") > 0
    largest = page.get(REQUESTS + "requestbytes", request="Produce", quantile="0.999")
    assert largest == pytest.approx(len(large), rel=0.05)
    assert page.get(REQUESTS + "totaltimems_count_total", request="FetchFollower") > 0


def test_records_that_a_topic_refuses_are_counted(cluster, topic):
    """A compacted topic takes no record without a key; each such record counts."""
    compacted = f"compacted-{topic}"
    cluster.create_topic(compacted, partitions=1, configs={"cleanup.policy": "compact"}.items())
    leader = cluster.leader(compacted)
    name = TOPICS + "nokeycompactedtopicrecords_total"
    before = pages(cluster, [leader])[leader].get(name)
    with cluster.connect(leader) as connection:
        assert connection.produce(compacted, 0, record_batch([b"1", b"2", b"3"]))[0] == frames.INVALID_RECORD
    page = pages(cluster, [leader])[leader]
    assert page.get(name) - before == 3
    assert page.get(TOPICS + "failedproducerequests_total", topic=compacted) == 1
    assert not page.get(TOPICS + "messagesin_total", topic=compacted)


@pytest.mark.embedded_only  # Apache Kafka brings these up to date once a minute
def test_groups_are_seen_by_their_coordinator(cluster, topic):
    prefix = "kafka_coordinator_group_groupmetadatamanager_"
    before = total(cluster, prefix + "numgroups")
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": f"group-of-{topic}", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    until(lambda: consumer.poll(0.1) is None and consumer.assignment(), 30, "the group has members")
    assert total(cluster, prefix + "numgroups") == before + 1
    assert total(cluster, prefix + "numgroupsstable") >= 1
    offsets = total(cluster, prefix + "numoffsets")
    consumer.commit(offsets=[confluent_kafka.TopicPartition(topic, 0, 0)], asynchronous=False)
    assert total(cluster, prefix + "numoffsets") == offsets + 1
    stable = total(cluster, prefix + "numgroupsstable")
    consumer.close()
    until(lambda: total(cluster, prefix + "numgroupsstable") == stable - 1, 10, "the group is empty")


def test_a_kill_shows_and_clears(cluster, topic, engine):
    """kill -9 of a follower's and leader's broker: the others say what is missing, and later that nothing is."""
    cluster.wait_until_healthy()
    victim = cluster.leader(topic)
    others = [broker for broker in (1, 2, 3) if broker != victim]
    url = urls(cluster)[victim]
    registration = CONTROLLER + "brokerregistrationstate"
    before = pages(cluster, others)
    tellers = [broker for broker in others if before[broker].get(registration, broker=str(victim)) == 30]
    # A controller of Apache Kafka may not tell of a broker whose registration was in the first thing that it loaded.
    assert tellers == others or (engine == "kafka" and tellers)
    # A broker that restarts has its leaderships back after a while; until then other leaders took it in.
    expands = total(cluster, REPLICAS + "isrexpands_total", others)
    assert total(cluster, REPLICAS + "underreplicatedpartitions") == 0
    assert total(cluster, REPLICAS + "atminisrpartitioncount") == 0
    cluster.kill(victim)
    with pytest.raises(OSError):
        metrics.page(url)

    def facts():
        found = pages(cluster, others)
        return {
            "under-replicated": sum(page.get(REPLICAS + "underreplicatedpartitions") for page in found.values()),
            "led": sum(page.get(REPLICAS + "leadercount") for page in found.values()),
            "at min ISR": sum(page.get(REPLICAS + "atminisrpartitioncount") for page in found.values()),
            "fenced": {page.get(CONTROLLER + "fencedbrokercount") for page in found.values()},
            "active": {page.get(CONTROLLER + "activebrokercount") for page in found.values()},
            "controllers": sum(page.get(CONTROLLER + "activecontrollercount") for page in found.values()),
            "offline": {page.get(CONTROLLER + "offlinepartitionscount") for page in found.values()},
            "victim": {found[broker].get(registration, broker=str(victim)) for broker in tellers},
        }

    def degraded():
        seen = facts()
        partitions = pages(cluster, others)[others[0]].get(CONTROLLER + "globalpartitioncount")
        whole = seen["under-replicated"] == seen["at min ISR"] == seen["led"] == partitions
        return whole and seen["fenced"] == {1} and seen["active"] == {2} and seen["controllers"] == 1 and seen

    seen = until(degraded, 20, "the others say what is missing")
    assert seen["offline"] == {0} and seen["victim"] == {10}
    for broker in others:
        found = pages(cluster, others)[broker]
        led = [index for index in range(3) if cluster.leader(topic, index) == broker]
        for index in led:
            assert found.get("kafka_cluster_partition_underreplicated", topic=topic, partition=str(index)) == 1
            assert found.get("kafka_cluster_partition_insyncreplicascount", topic=topic, partition=str(index)) == 2

    cluster.start(victim)
    cluster.wait_until_healthy()

    def left():
        """What is not as it was: broker, name, value."""
        found = pages(cluster)
        names = [CONTROLLER + "fencedbrokercount"]
        for name in ("underreplicatedpartitions", "atminisrpartitioncount", "underminisrpartitioncount"):
            names.append(REPLICAS + name)
        facts = [(broker, name, page.get(name)) for broker, page in found.items() for name in names]
        lag = "kafka_server_replicafetchermanager_maxlag"
        facts += [(broker, lag, page.get(lag, clientId="Replica")) for broker, page in found.items()]
        state = {broker: found[broker].get(registration, broker=str(victim)) for broker in tellers}
        facts += [(broker, registration, value - 30) for broker, value in state.items()]
        return [fact for fact in facts if fact[2] != 0]

    seen = []
    until(lambda: not seen.append(left()) and not seen[-1], 30, seen)
    assert total(cluster, REPLICAS + "isrexpands_total", others) > expands
    assert total(cluster, "kafka_controller_controllerstats_uncleanleaderelections_total") == 0


def test_offline_and_under_min_isr_show_and_clear(cluster, topic):
    """A topic with one copy, and one that wants all three: their broker's death stops the one and blocks the other."""
    single, strict = f"single-{topic}", f"strict-{topic}"
    cluster.create_topic(single, partitions=1, replication_factor=1)
    cluster.create_topic(strict, partitions=3, replication_factor=3, configs={"min.insync.replicas": "3"}.items())
    victim = cluster.leader(single)
    others = [broker for broker in (1, 2, 3) if broker != victim]
    until(lambda: total(cluster, REPLICAS + "atminisrpartitioncount") == 4, 10, "none of the four can lose one")
    assert {page.get(CONTROLLER + "offlinepartitionscount") for page in pages(cluster).values()} == {0}
    cluster.kill(victim)
    until(
        lambda: {page.get(CONTROLLER + "offlinepartitionscount") for page in pages(cluster, others).values()} == {1},
        20,
        "one partition is offline",
    )
    until(lambda: total(cluster, REPLICAS + "underminisrpartitioncount", others) == 3, 20, "strict is under min ISR")
    leader = cluster.leader(strict)
    before = pages(cluster, [leader])[leader]
    with cluster.connect(leader) as connection:
        assert connection.produce(strict, 0, record_batch([b"x"]))[0] == NOT_ENOUGH_REPLICAS
    after = pages(cluster, [leader])[leader]
    for name, labels in (
        (REQUESTS + "errors_total", {"request": "Produce", "error": "NOT_ENOUGH_REPLICAS"}),
        (TOPICS + "failedproducerequests_total", {}),
        (TOPICS + "failedproducerequests_total", {"topic": strict}),
    ):
        assert after.get(name, **labels) - (before.get(name, **labels) or 0) == 1, name
    cluster.start(victim)
    cluster.wait_until_healthy()
    until(lambda: total(cluster, REPLICAS + "underminisrpartitioncount") == 0, 20, "strict takes writes again")
    assert {page.get(CONTROLLER + "offlinepartitionscount") for page in pages(cluster).values()} == {0}


def test_a_replica_without_a_leader_is_not_an_offline_one(cluster, topic):
    """Of two copies the one in sync is gone, the other is there and may not lead. No log directory has failed."""
    name = f"left-{topic}"
    one = {"min.insync.replicas": "1"}
    cluster.create_topic(name, partitions=1, replication_factor=2, configs=one.items())
    partition = cluster.partitions(name)[0]
    leader = partition["leader"]
    (follower,) = (broker for broker in partition["replicas"] if broker != leader)
    cluster.kill(follower)
    until(lambda: cluster.partitions(name)[0]["isr"] == [leader], 20, "the leader is alone in sync")
    cluster.kill(leader)
    cluster.start(follower)
    until(lambda: cluster.partitions(name)[0]["leader"] == -1, 30, "nobody leads the partition")
    offline = CONTROLLER + "offlinepartitionscount"
    page = pages(cluster, [follower])[follower]
    assert page.get("kafka_cluster_partition_replicascount", topic=name, partition="0") == 0
    assert page.get(offline) >= 1
    assert page.get(REPLICAS + "offlinereplicacount") == 0
    cluster.start(leader)
    cluster.wait_until_healthy()
    until(lambda: {page.get(offline) for page in pages(cluster).values()} == {0}, 20, "every partition has a leader")


def test_without_a_majority_no_controller_is_active(cluster):
    cluster.wait_until_healthy()
    survivor, *victims = (1, 2, 3)
    url = urls(cluster)[survivor]
    for victim in victims:
        cluster.kill(victim)

    def knows_no_leader():
        """Apache Kafka's voters keep the leader they knew while they ask whether they would be elected."""
        page = metrics.page(url)
        state = "kafka_server_raftmetrics_current_state"
        asks = any(page.get(state, state=name) == 1 for name in ("prospective", "prospective-voted"))
        return page.get("kafka_server_raftmetrics_current_leader") == -1 or asks

    until(knows_no_leader, 20, "no quorum")
    assert metrics.page(url).get(CONTROLLER + "activecontrollercount") == 0
    for victim in victims:
        cluster.start(victim)
    cluster.wait_until_healthy()
    until(lambda: total(cluster, CONTROLLER + "activecontrollercount") == 1, 20, "one active controller")
    assert total(cluster, REPLICAS + "underreplicatedpartitions") == 0


def test_who_comes_back_lets_clients_in_when_the_controller_has_let_it_in(cluster):
    """What it knew when it ended may be long past: the metadata of the others still have it in sync."""
    cluster.wait_until_healthy()
    found = urls(cluster)
    victims = (2, 3)
    for victim in victims:
        cluster.kill(victim)
        assert not accepts(cluster.address(victim))
    for victim in victims:
        # Returns when clients are accepted.
        cluster.start(victim)
        assert accepts(cluster.address(victim))
        assert metrics.page(found[victim]).get("kafka_server_kafkaserver_brokerstate") >= 2
    cluster.wait_until_healthy()
    assert {page.get("kafka_server_kafkaserver_brokerstate") for page in pages(cluster).values()} == {3}


@pytest.mark.embedded_only
def test_ready_means_that_clients_are_served(cluster, scratch, port):
    """A broker alone finds no quorum: it lives, and is not ready."""
    for url in urls(cluster).values():
        status, body = metrics.health(url, "ready")
        assert (status, body["ready"], body["state"], body["reason"]) == (200, True, "RUNNING", "")
        status, body = metrics.health(url, "live")
        assert (status, body["live"], body["reason"]) == (200, True, "")
    base = port + 40
    directory = scratch / "alone"
    directory.mkdir()
    voters = ",".join(f"{node}@127.0.0.1:{base + node}" for node in (1, 2, 3))
    (directory / "server.properties").write_text(
        f"""node.id=1
process.roles=broker,controller
cluster.id=AAAAAAAAAAAAAAAAAAAAAA
listeners=PLAINTEXT://127.0.0.1:{base},CONTROLLER://127.0.0.1:{base + 1}
controller.quorum.voters={voters}
log.dirs={directory}/data
streamsocial.metrics.listener=127.0.0.1:{base + 5}
"""
    )
    url = f"http://127.0.0.1:{base + 5}/metrics"
    broker = subprocess.Popen(
        [ROOT / "streamsocial", "broker", "--config", directory / "server.properties"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:

        def answer():
            assert broker.poll() is None, "it ended"
            try:
                return metrics.health(url, "ready")
            except OSError:
                return None

        status, body = until(answer, 20, "it answers")
        assert (status, body["ready"], body["state"]) == (503, False, "STARTING")
        assert body["reason"]
        assert metrics.health(url, "live")[0] == 200
        # Controllers are listened to, and clients are refused.
        until(lambda: accepts(("127.0.0.1", base + 1)), 20, "its controllers' port is open")
        assert not accepts(("127.0.0.1", base))
        # It answers while it still opens its logs; figures come with its loops.
        leader = "kafka_server_raft_metrics_current_leader"
        until(lambda: metrics.page(url).get(leader) == -1, 20, "it has figures, and no leader")
        assert metrics.page(url).get("kafka_server_kafkaserver_brokerstate") == 1
        assert metrics.get(url.replace("/metrics", "/else"))[0] == 404
    finally:
        broker.terminate()
        broker.wait(15)
