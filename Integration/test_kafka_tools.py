"""Apache Kafka's own command-line tools. Each start of a JVM costs seconds: calls are grouped by what they look at."""

import re

import pytest

from support.clients import BY_NAME
from support.waiting import until

pytestmark = pytest.mark.kafka_tools


@pytest.fixture
def tool(cluster, kafka_tools):
    def run(name, *words, **options):
        return kafka_tools.run(name, "--bootstrap-server", cluster.bootstrap, *words, **options)

    return run


def test_topics_and_settings(cluster, tool):
    tool("kafka-topics", "--create", "--topic", "tooled", "--partitions", "2", "--replication-factor", "3")
    described = tool("kafka-topics", "--describe", "--topic", "tooled")
    assert "PartitionCount: 2" in described and "ReplicationFactor: 3" in described
    assert described.count("Leader: ") == 2
    tool("kafka-topics", "--alter", "--topic", "tooled", "--partitions", "4")
    until(lambda: len(cluster.partitions("tooled")) == 4, 15, "four partitions")
    topic = ["--entity-type", "topics", "--entity-name", "tooled"]
    tool("kafka-configs", "--alter", *topic, "--add-config", "retention.ms=3600000,cleanup.policy=compact")
    settings = tool("kafka-configs", "--describe", *topic)
    assert "retention.ms=3600000" in settings and "cleanup.policy=compact" in settings
    tool("kafka-topics", "--delete", "--topic", "tooled")
    until(lambda: not cluster.partitions("tooled"), 15, "the topic is gone")


def test_console_producer_and_consumer(tool, topic):
    sent = [f"key-{number}:value {number}" for number in range(20)]
    settings = ["--property", "parse.key=true", "--property", "key.separator=:"]
    tool("kafka-console-producer", "--topic", topic, *settings, text="\n".join(sent) + "\n")
    settings = ["--property", "print.key=true", "--property", "key.separator=:"]
    words = ["--topic", topic, "--from-beginning", "--max-messages", "20", "--group", "console", *settings]
    output = tool("kafka-console-consumer", *words)
    assert sorted(line for line in output.splitlines() if line.startswith("key-")) == sorted(sent)
    listed = tool("kafka-consumer-groups", "--list")
    assert "console" in listed.split()
    described = tool("kafka-consumer-groups", "--describe", "--group", "console")
    rows = [line.split() for line in described.splitlines() if topic in line]
    assert sum(int(row[3]) for row in rows) == 20 and all(row[5] == "0" for row in rows)
    tool("kafka-consumer-groups", "--reset-offsets", "--to-earliest", "--execute", "--group", "console", "--topic", topic)
    described = tool("kafka-consumer-groups", "--describe", "--group", "console", "--offsets")
    rows = [line.split() for line in described.splitlines() if topic in line]
    assert sum(int(row[3]) for row in rows) == 0 and sum(int(row[5]) for row in rows) == 20
    assert "was successful" in tool("kafka-consumer-groups", "--delete", "--group", "console")


def test_quorum_and_brokers(cluster, tool):
    status = tool("kafka-metadata-quorum", "describe", "--status")
    assert re.search(r"LeaderId:\s+(\d+)", status)[1] == str(cluster.controller())
    assert re.search(r"CurrentVoters:\s+\[(.*)\]", status)
    replication = tool("kafka-metadata-quorum", "describe", "--replication")
    assert len(re.findall(r"\b(?:Leader|Follower)\b", replication)) == 3
    versions = tool("kafka-broker-api-versions")
    assert versions.count("Produce(0)") == 3 and "ApiVersions(18)" in versions


def test_offsets_and_log_directories(cluster, tool, topic, scratch):
    BY_NAME["confluent-kafka"].produce(cluster.bootstrap, topic, 0, BY_NAME["kcat"].sample(seed=1))
    assert f"{topic}:0:30" in tool("kafka-get-offsets", "--topic", topic)
    asked = scratch / "delete.json"
    asked.write_text('{"partitions": [{"topic": "%s", "partition": 0, "offset": 7}], "version": 1}' % topic)
    assert "low_watermark: 7" in tool("kafka-delete-records", "--offset-json-file", asked)
    assert f"{topic}:0:7" in tool("kafka-get-offsets", "--topic", topic, "--time", "earliest")
    directories = tool("kafka-log-dirs", "--describe", "--topic-list", topic)
    assert directories.count(f'"partition":"{topic}-0"') == 3
    words = ["--election-type", "preferred", "--topic", topic, "--partition", "0"]
    assert "rror" not in tool("kafka-leader-election", *words)


def test_load_tools(cluster, tool, kafka_tools, topic):
    settings = [f"bootstrap.servers={cluster.bootstrap}", "acks=all"]
    words = ["--topic", topic, "--num-records", "20000", "--record-size", "300", "--throughput", "-1"]
    output = kafka_tools.run("kafka-producer-perf-test", *words, "--producer-props", *settings)
    assert "20000 records sent" in output
    output = tool("kafka-verifiable-producer", "--topic", topic, "--max-messages", "1000", "--acks", "-1")
    assert output.count("producer_send_success") == 1000
    with cluster.connect_to_any() as connection:
        leaders = {p["id"]: p["leader"] for p in connection.metadata([topic])["topics"][topic]["partitions"]}
    total = 0
    for partition, leader in leaders.items():
        with cluster.connect(leader) as connection:
            total += connection.end_offset(topic, partition)[1]
    assert total == 21000


def test_dump_log_reads_the_files(cluster, kafka_tools, topic):
    """Every broker's segment of a partition, with deep iteration: no complaint, and each record there."""
    BY_NAME["kafka-python"].produce(cluster.bootstrap, topic, 1, BY_NAME["kcat"].sample(seed=9), codec="zstd")
    files = [cluster.log_directory(broker) / f"{topic}-1" / "00000000000000000000.log" for broker in (1, 2, 3)]
    metadata = cluster.log_directory(1) / "__cluster_metadata-0" / "00000000000000000000.log"
    output = kafka_tools.run("kafka-dump-log", "--deep-iteration", "--files", ",".join(map(str, files)))
    assert len(re.findall(r"^\| offset: ", output, re.MULTILINE)) == 90
    assert "Found" not in output and "rror" not in output
    output = kafka_tools.run("kafka-dump-log", "--cluster-metadata-decoder", "--files", metadata)
    assert "REGISTER_BROKER_RECORD" in output and f'"name":"{topic}"' in output
