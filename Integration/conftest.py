"""The cluster under test and what every test may ask for."""

import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from support.cluster import Cluster
from support.disks import SmallDisk
from support.kafka_tools import KafkaTools

ROOT = pathlib.Path(__file__).resolve().parent.parent


def pytest_addoption(parser):
    parser.addoption("--engine", choices=["embedded", "kafka"], default="embedded", help="whose brokers to test")
    parser.addoption("--port", type=int, default=27092, help="first client port of the cluster under test")
    parser.addoption("--keep", action="store_true", help="leave data directories in .build/integration")


def pytest_configure(config):
    # Whoever ends a run with SIGTERM, as `timeout` does, leaves no cluster behind on these ports.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_report_header(config):
    tools = os.environ.get("KAFKA_HOME", "not set; tests that need Apache Kafka's tools are skipped")
    return [f"engine: {config.getoption('--engine')}", f"KAFKA_HOME: {tools}"]


def pytest_collection_modifyitems(config, items):
    """Skips what cannot run here, each with its reason."""
    for item in items:
        if "kafka_tools" in item.keywords and not os.environ.get("KAFKA_HOME"):
            item.add_marker(pytest.mark.skip(reason="skipped: KAFKA_HOME is not set"))
        if "embedded_only" in item.keywords and config.getoption("--engine") != "embedded":
            item.add_marker(pytest.mark.skip(reason="skipped: about the embedded engine's own files and messages"))
    # What our brokers do not serve yet has nothing to say here.
    foreign = [item for item in items if "kafka_only" in item.keywords and config.getoption("--engine") != "kafka"]
    if foreign:
        config.hook.pytest_deselected(items=foreign)
        items[:] = [item for item in items if item not in foreign]


@pytest.fixture(scope="session")
def engine(request):
    return request.config.getoption("--engine")


@pytest.fixture(scope="session")
def port(request):
    return request.config.getoption("--port")


@pytest.fixture(scope="session")
def kafka_tools():
    return KafkaTools(os.environ["KAFKA_HOME"])


def end_what_was_left(directory):
    """A run that was killed left its clusters running; without their directory nobody could end them any more."""
    for description in directory.glob("*/cluster.json"):
        words = [ROOT / "streamsocial", "down", "--data-dir", description.parent]
        subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)


@pytest.fixture(scope="module")
def scratch(request, engine):
    """An empty directory for one module's clusters; it stays when a test failed, for its logs."""
    directory = ROOT / ".build" / "integration" / f"{engine}-{request.module.__name__}"
    end_what_was_left(directory)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    failed_before = request.session.testsfailed
    yield directory
    if request.session.testsfailed == failed_before and not request.config.getoption("--keep"):
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(engine, port, scratch):
    """Three brokers, shared by the tests of one module. A module that breaks brokers makes them whole again."""
    cluster = Cluster(ROOT / "streamsocial", engine, port, scratch / "cluster")
    cluster.up()
    yield cluster
    cluster.down()


@pytest.fixture
def whole(cluster):
    """The shared cluster for a test that breaks it: whole before, and whatever was left dead or paused goes on after."""
    cluster.make_whole()
    yield cluster
    cluster.make_whole()


@pytest.fixture
def with_small_disk(engine, port, scratch):
    """Starts a cluster of the test's own of which broker 2 has its data on a file system of the size asked for."""
    with contextlib.ExitStack() as stack:

        def start(size):
            directory = scratch / "small-disk"
            disk = stack.enter_context(SmallDisk(directory, 2, size))
            cluster = Cluster(ROOT / "streamsocial", engine, port + 50, directory)
            stack.callback(cluster.down)
            cluster.up()
            return cluster, disk

        yield start


_topic_numbers = itertools.count(1)


@pytest.fixture
def topic(cluster, request):
    """A topic of its own for one test: 3 partitions, 3 replicas, acknowledged by at least 2."""
    name = f"topic-{next(_topic_numbers)}-{request.node.originalname}"[:200]
    cluster.create_topic(name, partitions=3)
    return name
