"""Directories and ports that a cluster must not use: it says why, ends with 1, and leaves them as they are."""

import os
import shutil
import socket

import pytest

from support.cluster import Cluster
from conftest import ROOT

pytestmark = pytest.mark.embedded_only


def refused(cluster):
    """What `up` says when it must not start."""
    words = ["up", "--detach", "--restart", "never", "--port", cluster.port, "--data-dir", cluster.directory]
    process = cluster.command(*words, expected=(1,), limit=60)
    assert "Fatal error" not in process.stderr
    return process.stderr


@pytest.fixture
def stopped(port, scratch, request):
    """A cluster that has run and was shut down."""
    cluster = Cluster(ROOT / "streamsocial", "embedded", port + 50, scratch / request.node.originalname)
    cluster.up()
    cluster.down()
    yield cluster
    cluster.down()


def replace_in(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_taken_port_is_named(port, scratch):
    cluster = Cluster(ROOT / "streamsocial", "embedded", port + 50, scratch / "taken")
    with socket.create_server(("127.0.0.1", port + 51)):
        assert str(port + 51) in refused(cluster)


def test_a_directory_in_use(cluster):
    other = Cluster(ROOT / "streamsocial", "embedded", cluster.port + 50, cluster.directory)
    assert "use" in refused(other) or "lock" in refused(other) or "running" in refused(other)
    assert cluster.status()["verdict"] == "healthy"


def test_a_directory_of_another_cluster(stopped):
    """One broker's data is from elsewhere: meta.properties tells."""
    meta = stopped.log_directory(2) / "meta.properties"
    own = next(line for line in meta.read_text().splitlines() if line.startswith("cluster.id="))
    replace_in(meta, own, "cluster.id=c3RyZWFtc29jaWFsLWsxMA")
    assert "cluster" in refused(stopped)
    replace_in(meta, "cluster.id=c3RyZWFtc29jaWFsLWsxMA", own)
    stopped.up()


def test_a_directory_of_another_node(stopped):
    replace_in(stopped.log_directory(2) / "meta.properties", "node.id=2", "node.id=3")
    assert "node" in refused(stopped)


def test_a_directory_that_cannot_be_written(port, scratch):
    blocked = scratch / "a-file"
    blocked.write_text("not a directory")
    cluster = Cluster(ROOT / "streamsocial", "embedded", port + 50, blocked / "below")
    assert str(blocked) in refused(cluster)


@pytest.mark.skipif(os.geteuid() == 0, reason="skipped: root may write everywhere")
def test_a_directory_without_permission(port, scratch):
    sealed = scratch / "sealed"
    sealed.mkdir(mode=0o500)
    try:
        assert "ermission" in refused(Cluster(ROOT / "streamsocial", "embedded", port + 50, sealed / "below"))
    finally:
        sealed.chmod(0o700)
        shutil.rmtree(sealed)
