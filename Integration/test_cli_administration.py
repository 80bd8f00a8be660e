"""Topics, groups and completion from the command line, as an operator types them."""

import json
import pathlib
import subprocess

import confluent_kafka
import pytest

from support.cluster import BROKERS
from support.commands import ok, run
from support.waiting import until


@pytest.fixture
def cli(cluster):
    def call(*words, may_fail=False, **options):
        return (run if may_fail else ok)(cluster.program, *words, "-b", cluster.bootstrap, **options)

    return call


def produced(cli, topic, count=9):
    cli("produce", topic, "--raw", "-q", given=b"".join(b"%d\n" % number for number in range(count)))


def committed(cli, group):
    described = json.loads(cli("groups", "describe", group, "-o", "json").text)
    return {(entry["topic"], entry["partition"]): entry["committed"] for entry in described["offsets"]}


def test_a_group_is_put_elsewhere(cli, topic):
    """start, end, a number before the end, a time: the next member reads from there."""
    group = f"{topic}-g"
    produced(cli, topic)
    assert len(cli("consume", topic, "-g", group, "-e").out.splitlines()) == 9
    dry = cli("groups", "seek", group, "--to", "start", "--dry-run").text
    assert "Nothing was changed" in dry and set(committed(cli, group).values()) == {3}
    cli("groups", "seek", group, "--to", "start")
    assert set(committed(cli, group).values()) == {0}
    assert len(cli("consume", topic, "-g", group, "-e").out.splitlines()) == 9
    cli("groups", "seek", group, "--to", "-1")
    assert len(cli("consume", topic, "-g", group, "-e").out.splitlines()) == 3
    moved = json.loads(cli("groups", "seek", group, "--to", "@-1h", "-o", "json").text)
    assert [(entry["before"], entry["after"]) for entry in moved] == [(3, 0)] * 3
    cli("groups", "seek", group, "--to", "end")
    assert cli("consume", topic, "-g", group, "-e").out == b""
    # More than there is becomes what there is.
    cli("groups", "seek", group, "--to", "99999")
    assert set(committed(cli, group).values()) == {3}


def test_a_new_group_begins_where_it_is_told(cli, topic):
    produced(cli, topic)
    refused = cli("groups", "seek", f"{topic}-new", "--to", "end", may_fail=True)
    assert refused.code == 1 and "--topics" in refused.error
    cli("groups", "seek", f"{topic}-new", "--to", "end", "--topics", topic)
    assert cli("consume", topic, "-g", f"{topic}-new", "-e").out == b""


def test_members_are_shown_and_not_disturbed(cluster, cli, topic):
    """With a member in the group, seek and delete are refused and say who it is."""
    group = f"{topic}-busy"
    produced(cli, topic)
    member = confluent_kafka.Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": group, "client.id": "somebody", "auto.offset.reset": "earliest"}
    )
    try:
        member.subscribe([topic])
        until(lambda: member.poll(0.1) is not None, 30, "the member reads")
        member.commit(asynchronous=False)
        described = json.loads(cli("groups", "describe", group, "-o", "json").text)
        assert described["members"][0]["client_id"] == "somebody"
        assert described["members"][0]["partitions"] == [{"topic": topic, "partition": number} for number in range(3)]
        assert "somebody" in cli("groups", "describe", group).text
        before = committed(cli, group)
        for words in (("seek", group, "--to", "start"), ("delete", group)):
            refused = cli("groups", *words, may_fail=True)
            assert refused.code == 1 and "members" in refused.error
        assert committed(cli, group) == before
    finally:
        member.close()
    until(lambda: cli("groups", "delete", group, may_fail=True).code == 0, 10, "the empty group is deleted")
    assert group not in cli("groups", "list").text
    assert "there is no group" in cli("groups", "delete", group, may_fail=True).error


def test_settings_come_and_go_with_their_source(cli, topic):
    cli("topics", "alter", topic, "-c", "retention.ms=3600000", "-c", "segment.bytes=1048576")

    def settings():
        described = json.loads(cli("topics", "describe", topic, "-o", "json").text)[0]
        return {entry["name"]: (entry["value"], entry["source"]) for entry in described["settings"]}

    until(lambda: settings()["retention.ms"] == ("3600000", "topic"), 10, "the setting is there")
    assert settings()["cleanup.policy"] == ("delete", "default")
    # Apache Kafka 4.3 moves this one from server.properties into its metadata (KIP-966); either is not the topic's own.
    assert settings()["min.insync.replicas"] in {("2", "server.properties"), ("2", "all brokers, set at run time")}
    text = cli("topics", "describe", topic).text
    assert "segment.bytes" in text and "cleanup.policy" not in text
    assert "cleanup.policy" in cli("topics", "describe", topic, "-c").text
    cli("topics", "alter", topic, "--unset", "retention.ms")
    until(lambda: settings()["retention.ms"][1] == "default", 10, "the default is back")


def test_partitions_are_added(cluster, cli, topic):
    assert cli("topics", "add-partitions", topic, "--num", 2).text == f"{topic} has 5 partitions now\n"
    until(lambda: len(cluster.partitions(topic)) == 5, 10, "five partitions")
    fewer = cli("topics", "alter", topic, "--partitions", 2, may_fail=True)
    assert fewer.code == 1 and "INVALID_PARTITIONS" in fewer.error


def test_the_clusters_own_topics_are_not_deleted_by_the_way(cli, topic):
    cli("consume", topic, "-g", f"{topic}-g", "-e")
    refused = cli("topics", "delete", "__consumer_offsets", may_fail=True)
    assert refused.code == 1 and "--force" in refused.error
    assert "__consumer_offsets" in cli("topics", "list").text


def test_typos_are_answered(cli, topic):
    for words in (("describe", f"{topic}s"), ("delete", f"{topic}s"), ("alter", f"{topic}s", "-c", "retention.ms=1")):
        ended = cli("topics", *words, may_fail=True)
        assert ended.code == 1 and f"Did you mean {topic}?" in ended.error, words


def test_the_directory_is_enough(cluster, topic):
    """Without -b the cluster in --data-dir is asked, any of its brokers: also when the first one is dead."""
    words = (cluster.program, "topics", "describe", topic, "--data-dir", cluster.directory)
    assert topic in ok(*words).text
    cluster.kill(1)
    try:
        assert topic in ok(*words).text
    finally:
        cluster.start(1)
        cluster.wait_until_healthy()


def test_nobody_there_is_explained(cluster, scratch):
    ended = run(cluster.program, "topics", "list", "-b", "127.0.0.1:1")
    assert ended.code == 1 and "streamsocial up" in ended.error
    ended = run(cluster.program, "topics", "list", "--data-dir", scratch / "none")
    assert ended.code == 1 and f"streamsocial up --data-dir {scratch / 'none'}" in ended.error


def test_what_only_the_controller_can_do_says_so(cluster, topic):
    """Two of three are gone: nobody can act as the controller, and the one that is left says what is not done."""
    survivor = cluster.leader(topic)
    gone = [broker for broker in BROKERS if broker != survivor]
    for broker in gone:
        cluster.kill(broker)
    place = ["-b", f"127.0.0.1:{cluster.port + survivor - 1}"]
    try:
        for words, undone in [
            (("create", "orphan"), "topic “orphan” was not created"),
            (("alter", topic, "--config", "retention.ms=1000"), f"topic “{topic}” was not altered"),
            (("delete", topic), f"topic “{topic}” was not deleted"),
        ]:
            ended = run(cluster.program, "topics", *words, "--timeout", 2, *place)
            assert ended.code == 3, ended.error
            assert undone in ended.error and place[1] in ended.error, ended.error
            assert "found no active controller within 2 s" in ended.error or "did not answer within 2 s" in ended.error
            assert f"streamsocial status -b {place[1]}" in ended.error
            assert "closed the connection" not in ended.error
    finally:
        for broker in gone:
            cluster.start(broker)
        cluster.wait_until_healthy()


def completions(cluster, line, *given):
    """What bash offers at the end of the line, by the script that `completion bash` prints."""
    program = pathlib.Path(cluster.program).parent
    script = f"""
    PATH={program}:$PATH
    source <(streamsocial completion bash)
    COMP_LINE="$1"; read -ra COMP_WORDS <<<"$1"; [[ "$1" == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
    _streamsocial
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ended = subprocess.run(["bash", "-c", script, "bash", line], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0 and not ended.stderr, ended.stderr
    return set(ended.stdout.split())


def test_bash_completes(cluster, cli, topic):
    """Commands, options, values, and the names of topics and groups, for which the cluster is asked."""
    here = f"--data-dir {cluster.directory}"
    assert completions(cluster, "streamsocial to") == {"top", "topics"}
    assert {"create", "add-partitions"} <= completions(cluster, "streamsocial topics ")
    assert completions(cluster, "streamsocial groups se") == {"seek"}
    assert completions(cluster, "streamsocial consume --exit") == {"--exit-at-end"}
    assert completions(cluster, "streamsocial produce posts -z ls") == set()
    assert completions(cluster, "streamsocial produce posts -z l") == {"lz4"}
    for watching in ("up", "demo", "dashboard"):
        assert completions(cluster, f"streamsocial {watching} --webhook") == {
            "--webhook", "--webhook-key-file", "--webhook-ca-file"
        }
        assert completions(cluster, f"streamsocial {watching} --alert") == {"--alert-setting"}
    assert completions(cluster, "streamsocial completion ") >= {"bash", "zsh", "fish"}
    assert completions(cluster, f"streamsocial consume {here} {topic[:-1]}") == {topic}
    assert completions(cluster, f"streamsocial topics describe {here} {topic[:-1]}") == {topic}
    cli("consume", topic, "-g", f"{topic}-group", "-e")
    assert completions(cluster, f"streamsocial groups seek {here} {topic}-g") == {f"{topic}-group"}
    # Nobody there: nothing is offered, nothing is said.
    assert topic not in completions(cluster, "streamsocial consume --data-dir /nowhere ")
