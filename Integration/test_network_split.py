"""The network between three hosts is cut, in part or as a whole: consistency before availability.

Clients reach every broker at any time, so that one who is cut off is asked as much as the others. Written records are
numbered; at the end every acknowledged one must be there, once and in order, and the three brokers' logs alike.
"""

import contextlib
import json
import pathlib
import subprocess
import time

import pytest

from conftest import ROOT
from support import commands, metrics
from support.frames import NOT_ENOUGH_REPLICAS, NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT, Connection, record_batch
from support.network import HOSTS, Network
from support.traffic import PARTITIONS, Traffic, check_history, read_everything
from support.waiting import until

pytestmark = pytest.mark.embedded_only

PROPERTIES = """\
node.id={broker}
process.roles=broker,controller
cluster.id=zs_OPuowQV646xy5vBa1wg
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{address}:9092,CONTROLLER://{address}:9102
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
streamsocial.metrics.listener={address}:9404
log.dirs={data}
default.replication.factor=3
min.insync.replicas=2
"""


class Hosts:
    """A broker on each host of the network."""

    def __init__(self, network, directory):
        self.network = network
        self.directory = pathlib.Path(directory)
        self.servers = ",".join(f"{network.address(host)}:9092" for host in HOSTS)
        self.processes = {}

    def start(self):
        voters = ",".join(f"{host}@{self.network.address(host)}:9102" for host in HOSTS)
        for host in HOSTS:
            file = self.directory / f"{host}.properties"
            data, address = self.directory / str(host), self.network.address(host)
            file.write_text(PROPERTIES.format(broker=host, voters=voters, address=address, data=data))
            words = self.network.words(host) + [ROOT / ".build" / "release" / "streamsocial-broker", "--config", file]
            with open(self.directory / f"{host}.log", "w") as log:
                self.processes[host] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self.is_whole, 30, "all brokers are there")

    def stop(self):
        for process in self.processes.values():
            process.terminate()
        codes = {host: process.wait(30) for host, process in self.processes.items()}
        assert set(codes.values()) == {0}, codes

    def kill(self):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def status(self, first=1):
        """As asked of that host first."""
        hosts = [first] + [host for host in HOSTS if host != first]
        servers = ",".join(f"{self.network.address(host)}:9092" for host in hosts)
        words = ["status", "--bootstrap-servers", servers, "--output", "json"]
        return json.loads(subprocess.run([ROOT / "streamsocial", *words], capture_output=True, text=True).stdout or "{}")

    def is_whole(self):
        return self.status().get("verdict") == "healthy"

    def connect(self, host):
        return Connection(self.network.address(host), 9092)

    def create(self, topic):
        words = ["topics", "create", topic, "--partitions", PARTITIONS, "--replication-factor", 3]
        words += ["--bootstrap-servers", self.servers]
        commands.ok(ROOT / "streamsocial", *words)

    def leaders(self, topic, host):
        """partition -> leader, as that host knows it."""
        with self.connect(host) as connection:
            partitions = connection.metadata([topic])["topics"][topic]["partitions"]
        return {partition["id"]: partition["leader"] for partition in partitions}

    def views(self, topic):
        """The topic's partitions as each host, asked for itself, knows them."""
        found = []
        for host in HOSTS:
            with self.connect(host) as connection:
                found.append(connection.metadata([topic])["topics"][topic]["partitions"])
        return found

    def agree(self, topic):
        """Every host says that all replicas are in sync, and names the same leaders."""
        views = self.views(topic)
        return all(view == views[0] for view in views) and all(len(one["isr"]) == len(HOSTS) for one in views[0])

    def quorum(self):
        """The controller and its epoch."""
        controller = self.status()["controller"]
        page = metrics.page(f"http://{self.network.address(controller)}:9404/metrics")
        return controller, page.get("kafka_server_raftmetrics_current_epoch")

    def log(self, host, topic, partition):
        place = self.directory / str(host) / f"{topic}-{partition}"
        return b"".join(file.read_bytes() for file in sorted(place.glob("*.log")))


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        yield network


@pytest.fixture
def hosts(network, tmp_path):
    hosts = Hosts(network, tmp_path)
    try:
        hosts.start()
        yield hosts
    finally:
        network.heal()
        hosts.kill()


@contextlib.contextmanager
def written(hosts, topic, is_told=True):
    """Traffic around what a test does to the network; afterwards the network is whole, and the records are judged.

    `is_told`: somebody is out of the in-sync sets by the end of it. A controller that reached nobody tells what it
    missed only after that.
    """
    hosts.create(topic)
    traffic = Traffic(hosts.servers, topic)
    traffic.start()
    try:
        until(lambda: traffic.acknowledges_since(0), 30, "everything flows")
        yield traffic
        hosts.network.heal()
        healed = time.monotonic()
        until(hosts.is_whole, 30, "all replicas are in sync after the network is whole again")
        assert not is_told or hosts.agree(topic), f"called healthy too early: {hosts.views(topic)}"
        until(lambda: traffic.acknowledges_since(healed), 30, "all acknowledge after the network is whole again")
        traffic.stop()
        until(lambda: hosts.agree(topic), 30, "every host knows the leaders")
    except BaseException:
        traffic.abandon()
        raise
    check_history(traffic, read_everything(hosts.servers, topic))
    hosts.stop()
    for partition in range(PARTITIONS):
        logs = {hosts.log(host, topic, partition) for host in HOSTS}
        assert len(logs) == 1 and b"" not in logs, f"the logs of {topic}-{partition} differ"


@pytest.mark.parametrize("ways", ["both", "in", "out"])
@pytest.mark.parametrize("role", ["leader", "controller"])
def test_one_is_cut_off(hosts, role, ways):
    """The other two go on; who is cut off acknowledges nothing, though clients still ask it."""
    with written(hosts, "split") as traffic:
        victim = hosts.leaders("split", 1)[0] if role == "leader" else hosts.quorum()[0]
        led = next(index for index, leader in hosts.leaders("split", victim).items() if leader == victim)
        with hosts.connect(victim) as alone:
            hosts.network.isolate(victim, ways)
            cut = time.monotonic()
            error, _ = alone.produce("split", led, record_batch([b"from the wrong side"]), timeout=3000)
        assert error in (REQUEST_TIMED_OUT, NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS), error
        other = next(host for host in HOSTS if host != victim)
        until(lambda: hosts.leaders("split", other)[led] != victim, 20, "the majority has another leader")
        until(lambda: traffic.acknowledges_since(cut + 0.5), 20, "the majority acknowledges in all partitions")


def test_nobody_reaches_anybody(hosts):
    """Without a majority nothing is acknowledged, and everything that was goes on to be true."""
    with written(hosts, "split", is_told=False) as traffic:
        for host in HOSTS:
            hosts.network.isolate(host, "out")
        until(lambda: time.monotonic() > traffic.newest() + 3, 20, "acknowledgements end")
        for host in HOSTS:
            with hosts.connect(host) as connection:
                for partition in range(PARTITIONS):
                    error, _ = connection.produce("split", partition, record_batch([b"unheard"]), timeout=200)
                    assert error in (REQUEST_TIMED_OUT, NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS), error


@pytest.mark.parametrize("whom", ["controller", "follower"])
def test_two_do_not_reach_each_other(hosts, whom):
    """Both still reach the third: writes go on, and nobody overthrows a controller who has a majority."""
    with written(hosts, "split") as traffic:
        controller, epoch = hosts.quorum()
        one, other = [host for host in HOSTS if host != controller]
        hosts.network.cut(one, controller if whom == "controller" else other)
        cut = time.monotonic()
        until(lambda: traffic.acknowledges_since(cut + 0.5), 20, "all partitions acknowledge")
        # Elections that come again and again would come within the quorum's time to fetch: two seconds.
        goes_on = time.monotonic()
        until(lambda: traffic.acknowledges_since(goes_on + 8), 20, "all partitions go on acknowledging")
        assert hosts.quorum() == (controller, epoch), "a controller with a majority was overthrown"
        # Asked first who knows only what was before the cut.
        seen = hosts.status(first=one)
        assert (seen["verdict"], seen["controller"]) == ("degraded", controller)
        if whom == "controller":
            assert f"broker {one} is RECOVERING" in seen["sentence"], seen["sentence"]
