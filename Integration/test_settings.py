"""Settings that a broker takes: each has an effect, or the broker says at once that it has none."""

import socket
import subprocess
import time

import pytest

from conftest import ROOT
from support.cluster import Cluster
from support.frames import array, string
from support.waiting import until

TOPIC_DELETION_DISABLED = 73


@pytest.fixture
def with_settings(engine, port, scratch, request):
    """Starts a cluster with settings; it goes with the test."""
    started = []

    def start(*properties):
        cluster = Cluster(ROOT / "streamsocial", engine, port + 50, scratch / request.node.originalname, properties)
        cluster.up()
        started.append(cluster)
        return cluster

    yield start
    for cluster in started:
        cluster.down()


def test_idle_connections_are_closed(with_settings):
    """connections.max.idle.ms: who is silent for so long is let go; who waits for an answer or goes on asking is not."""
    cluster = with_settings("connections.max.idle.ms=1500")
    with cluster.connect(1) as silent, cluster.connect(1) as busy:
        silent.api_versions()
        started = time.monotonic()
        while True:
            busy.api_versions()
            silent.socket.settimeout(0.2)
            try:
                assert silent.socket.recv(1) == b""
                break
            except socket.timeout:
                assert time.monotonic() - started < 20, "the silent connection is still open"
        assert time.monotonic() - started > 1
        busy.api_versions()


def test_topic_deletion_can_be_forbidden(with_settings):
    cluster = with_settings("delete.topic.enable=false")
    cluster.create_topic("kept", partitions=1)
    with cluster.connect_to_any() as connection:
        reader = connection.ask(20, 3, array([string("kept")]) + b"\x00\x00\x3a\x98")
        reader.int32()
        assert reader.array(lambda: (reader.string(), reader.int16())) == [("kept", TOPIC_DELETION_DISABLED)]
    assert cluster.partitions("kept")


@pytest.mark.embedded_only
def test_what_has_no_effect_is_said(with_settings):
    """By name, in the broker's log, with the reason: a setting of the broker's file and one of a topic."""
    cluster = with_settings("log.preallocate=true", "no.such.setting=1")
    cluster.create_topic("wants-much", partitions=1, configs=[("preallocate", "true"), ("file.delete.delay.ms", "1")])

    def log():
        return (cluster.log_directory(1).parent / "broker.log").read_text()

    assert "log.preallocate has no effect here" in log()
    assert "no.such.setting is not a setting that this broker honours" in log()
    for setting in ("preallocate", "file.delete.delay.ms"):
        until(lambda: f"topic=wants-much setting={setting} " in log(), 10, f"{setting} is named")


@pytest.mark.embedded_only
def test_the_brokers_listener_is_the_clients(port, scratch):
    """inter.broker.listener.name: there is one listener for both, and another name is refused, not ignored."""
    configuration = scratch / "server.properties"
    configuration.write_text(
        f"node.id=1\nlog.dirs={scratch}/one\ncluster.id=c3RyZWFtc29jaWFsLWsxMA\n"
        f"controller.quorum.voters=1@127.0.0.1:{port + 71}\n"
        f"listeners=PLAINTEXT://127.0.0.1:{port + 70},CONTROLLER://127.0.0.1:{port + 71}\n"
        "inter.broker.listener.name=REPLICATION\n"
    )
    process = subprocess.run(
        [ROOT / "streamsocial", "broker", "--config", configuration], capture_output=True, text=True, timeout=30,
        stdin=subprocess.DEVNULL,
    )
    assert process.returncode != 0
    assert "inter.broker.listener.name=REPLICATION must be PLAINTEXT" in process.stderr + process.stdout
