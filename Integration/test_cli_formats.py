"""`produce` and `consume` in every format, beside a real kcat on the same topic."""

import json
import os
import signal
import subprocess

import pytest

from support.commands import ok, run
from support.waiting import until

# Bytes that no text format can hold without help: zeros, line feeds, delimiters, what is not UTF-8.
AWKWARD = [
    (b"plain", b"hello"),
    (b"", b""),
    (None, b"no key"),
    (b"tombstone", None),
    (b"\x00\xff\n:", b"\xfe\x00\r\n\t\x80"),
    ("köln".encode(), "☃".encode()),
]


def kcat(cluster, *words, given=b""):
    ended = subprocess.run(["kcat", "-b", cluster.bootstrap, *map(str, words)], input=given, capture_output=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def cli(cluster):
    def call(command, topic, *words, may_fail=False, **options):
        return (run if may_fail else ok)(cluster.program, command, topic, *words, "-b", cluster.bootstrap, **options)

    return call


def framed(pairs):
    """The records as `%K{big4}%k%V{big4}%v` has them."""

    def part(data):
        return (-1).to_bytes(4, "big", signed=True) if data is None else len(data).to_bytes(4, "big") + data

    return b"".join(part(key) + part(value) for key, value in pairs)


@pytest.fixture
def awkward(cli, topic):
    cli("produce", topic, "-p", 0, "-f", "%K{big4}%k%V{big4}%v", "-H", "trace=7", "-H", "empty=", given=framed(AWKWARD))
    return topic


def test_the_same_fields_as_kcat_prints(cluster, cli, awkward):
    """kcat's own tokens mean what they mean there, for nulls, for bytes and for headers."""
    form = "%t|%p|%o|%k|%K|%s|%S|%R|%T|%h\\n"
    theirs = kcat(cluster, "-C", "-q", "-t", awkward, "-p", 0, "-o", "beginning", "-e", "-f", form)
    ours = cli("consume", awkward, "-p", 0, "-e", "-f", form).out
    assert ours == theirs
    assert ours.count(awkward.encode()) == len(AWKWARD)


def test_kcat_reads_what_was_produced(cluster, awkward):
    """Keys and values, with lengths so that null and empty differ."""
    seen = kcat(cluster, "-C", "-q", "-t", awkward, "-p", 0, "-o", "beginning", "-e", "-f", "%K:%k%S:%s;")
    expected = b"".join(
        b"".join(b"-1:" if data is None else b"%d:%s" % (len(data), data) for data in pair) + b";" for pair in AWKWARD
    )
    # librdkafka hands an empty key over as it does none.
    assert seen.replace(b"0:0:;", b"-1:0:;") == expected.replace(b"0:0:;", b"-1:0:;")


@pytest.mark.parametrize("form", ["json", "%K{big4}%k%V{big4}%v%H{big4}%h{%K{big4}%k%V{big4}%v}", "%K,%k%V,%v%d|%h\\n"])
def test_copies_are_equal_byte_for_byte(cluster, cli, awkward, form):
    """What `consume` prints in a format, `produce` reads back: a topic is copied through a pipe."""
    copy = f"{awkward}-copy-{abs(hash(form)) % 1000}"
    cluster.create_topic(copy, partitions=1)
    printed = cli("consume", awkward, "-e", "-f", form).out
    cli("produce", copy, "-p", 0, "-f", form, "-q", given=printed)
    look = "%K{hex32} %k{hex} %V{hex32} %v{hex} %h\\n"
    assert cli("consume", copy, "-e", "-f", look).out == cli("consume", awkward, "-p", 0, "-e", "-f", look).out


def test_json_says_base64_where_it_is_not_text(cli, awkward):
    records = [json.loads(line) for line in cli("consume", awkward, "-e").text.splitlines()]
    assert [record["offset"] for record in records] == list(range(len(AWKWARD)))
    assert records[4]["key_base64"] == "AP8KOg==" and "key" not in records[4]
    assert records[3]["value"] is None and records[2]["key"] is None
    assert records[0]["headers"] == [{"key": "trace", "value": "7"}, {"key": "empty", "value": ""}]


def test_key_delimiter_as_kcat_has_it(cluster, cli, topic):
    lines = b"ada:one\nbob:two:three\nno key\n"
    cli("produce", topic, "-p", 0, "-K", ":", given=lines)
    kcat(cluster, "-P", "-t", topic, "-p", 1, "-K", ":", given=lines)
    look = ("-f", "%K %k %s\\n")
    assert cli("consume", topic, "-p", 0, "-e", *look).out == cli("consume", topic, "-p", 1, "-e", *look).out
    assert cli("consume", topic, "-p", 0, "-e", "-K", ":").out == b"ada:one\nbob:two:three\n:no key\n"


def test_the_key_chooses_the_partition_that_java_clients_choose(cluster, cli, topic):
    lines = b"".join(b"user-%d:x\n" % number for number in range(50))
    cli("produce", topic, "-K", ":", given=lines)
    kcat(cluster, "-P", "-t", topic, "-K", ":", "-X", "topic.partitioner=murmur2", given=lines)
    seen = cli("consume", topic, "-e", "-f", "%k %p\\n").text.split("\n")
    assert len(set(filter(None, seen))) == 50


@pytest.mark.parametrize(
    "range_, expected",
    [
        ("start", range(10)), ("4", range(4, 10)), ("+3", range(3, 10)), ("-2", range(8, 10)), ("3:6", range(3, 6)),
        (":4", range(4)), ("-5:-3", range(5, 7)), ("@1700000005000", range(5, 10)),
        ("@1700000002:1700000004", range(2, 4)), ("@2023-11-14T22:13:28Z", range(8, 10)), ("end", range(0)),
    ],
)  # fmt: skip
def test_ranges(cli, topic, range_, expected):
    lines = b"".join(b"%d %d\n" % (1700000000000 + 1000 * number, number) for number in range(10))
    cli("produce", topic, "-p", 0, "-f", "%d %v\\n", given=lines)
    seen = cli("consume", topic, "-p", 0, "-o", range_, "-e", "-f", "%o\\n").text.split()
    assert seen == [str(number) for number in expected]


def test_only_so_many(cli, topic):
    cli("produce", topic, "-p", 1, "--raw", given=b"a\nb\nc\n")
    assert cli("consume", topic, "-o", "start", "-n", 2, "--values").text == "a\nb\n"


def test_produce_says_where_records_went(cli, topic):
    sent = cli("produce", topic, "-p", 2, "-f", "%k=%v\\n", "-o", "%t/%p/%o %k\\n", given=b"a=1\nb=2\n")
    assert sent.text == f"{topic}/2/0 a\n{topic}/2/1 b\n"


def test_a_group_goes_on_where_it_stopped(cluster, cli, topic):
    cli("produce", topic, "--raw", given=b"".join(b"%d\n" % number for number in range(9)))
    first = cli("consume", topic, "-g", f"{topic}-readers", "-n", 4, "-f", "%p-%o\\n").text.split()
    second = cli("consume", topic, "-g", f"{topic}-readers", "-e", "-f", "%p-%o\\n").text.split()
    assert len(first) == 4 and len(second) == 5
    assert not set(first) & set(second)
    assert cli("consume", topic, "-g", f"{topic}-readers", "-e").out == b""


def test_an_interrupted_member_commits_and_leaves(cluster, cli, topic):
    cli("produce", topic, "--raw", given=b"a\nb\n")
    group = f"{topic}-interrupted"
    with subprocess.Popen(
        [cluster.program, "consume", topic, "-g", group, "--values", "-b", cluster.bootstrap], stdout=subprocess.PIPE
    ) as process:
        assert sorted(process.stdout.readline() for _ in range(2)) == [b"a\n", b"b\n"]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    described = json.loads(ok(cluster.program, "groups", "describe", group, "-o", "json", "-b", cluster.bootstrap).text)
    assert described["members"] == []
    assert sum(entry["lag"] for entry in described["offsets"]) == 0


@pytest.mark.parametrize(
    "words, part",
    [
        (("-f", "%q"), "column 1"), (("-f", "%k %v{hx}\\n"), "column 6"), (("-o", "nowhere"), "--offset is one of"),
        (("-p", "x"), "--partitions is a list"), (("-g", "g", "-p", "0"), "does not go with --group"),
        (("-f", "%v", "-K", ":"), "exclude one another"),
    ],
)  # fmt: skip
def test_wrong_words_are_explained(cli, topic, words, part):
    ended = cli("consume", topic, *words, may_fail=True)
    assert ended.code == 2 and part in ended.error and "See: streamsocial consume --help" in ended.error


def test_bad_lines_are_named(cli, topic):
    ended = cli("produce", topic, given='{"value": 1}\n{"valu": 2}\n', may_fail=True)
    assert ended.code == 1 and "line 2: unknown name “valu”. Did you mean value?" in ended.error
    ended = cli("produce", topic, "-f", "%p %v\\n", given="1 x\none y\n", may_fail=True)
    assert ended.code == 1 and "record 2, at byte 4" in ended.error


def test_an_unknown_topic_is_no_riddle(cluster, cli, topic):
    ended = cli("consume", topic + "x", may_fail=True)
    assert ended.code == 1 and f"Did you mean {topic}?" in ended.error


def test_a_killed_leader_interrupts_neither_side(cluster, cli, topic):
    """Producer and consumer run on while the leader of their partition dies; nothing is lost, doubled or reordered."""
    lines = [f"{number}" for number in range(400)]
    reader = subprocess.Popen(
        [cluster.program, "consume", topic, "-p", "0", "-o", "start", "-n", "400", "--values", "-b", cluster.bootstrap],
        stdout=subprocess.PIPE,
    )
    writer = subprocess.Popen(
        [cluster.program, "produce", topic, "-p", "0", "--raw", "-b", cluster.bootstrap],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    victim = cluster.leader(topic, 0)
    try:
        for number, line in enumerate(lines):
            writer.stdin.write(line.encode() + b"\n")
            writer.stdin.flush()
            # Each is acknowledged before the next is sent, so that many batches are under way around the kill.
            assert json.loads(writer.stdout.readline())["offset"] == number
            if number == 200:
                cluster.kill(victim)
        writer.stdin.close()
        assert writer.wait(60) == 0
        assert reader.stdout.read().decode().split() == lines
        assert reader.wait(60) == 0
    finally:
        for process in (reader, writer):
            process.kill()
            process.wait()
            process.stdout.close()
        cluster.start(victim)
        cluster.wait_until_healthy()


def test_a_reader_that_goes_away_ends_it(cluster, cli, topic):
    cli("produce", topic, "--raw", given=b"x\n" * 2000)
    read, write = os.pipe()
    with subprocess.Popen(
        [cluster.program, "consume", topic, "-o", "start", "-b", cluster.bootstrap], stdout=write, stderr=subprocess.PIPE
    ) as process:
        os.close(write)
        os.read(read, 10)
        os.close(read)
        # The next write fails.
        until(lambda: cli("produce", topic, "--raw", "-q", given=b"y\n" * 50) and process.poll() is not None, 20, "it ends")
        assert process.stderr.read() == b""
