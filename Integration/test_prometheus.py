"""A real Prometheus on a live cluster: it accepts the pages, its alerts fire on a real kill and clear, and every panel
of the Grafana board has something to show. The same on both engines."""

import json
import re
import subprocess
import urllib.parse
import urllib.request

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from support.dashboard import Dashboard
from support.prometheus import DEPLOY, Prometheus
from support.waiting import until

BOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "kafka.json").read_text())

# Empty when all is well, by what they are about.
EMPTY_WHEN_WELL = ("ALERTS{", 'error!="NONE"', 'up{job="kafka"} == 0', "changes(")
# What Apache Kafka does not tell: the board says so.
OURS_ALONE = "streamsocial_"


@pytest.fixture(scope="module")
def monitor(cluster, port, scratch):
    with Dashboard(cluster, port + 901, scratch / "dashboard.log") as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def prometheus(cluster, monitor, port, scratch):
    urls = [broker.get("metrics_url") for broker in cluster.status()["brokers"]]
    if not all(urls):
        pytest.skip("skipped: these brokers serve no metrics (the JMX exporter is not in KAFKA_HOME/agent)")
    targets = [urllib.parse.urlsplit(url).netloc for url in urls]
    # This one alone would have to be waited for: the monitor says by itself that a group has stood still for 15 s.
    waits = {"ConsumerGroupStuck": "2s"}
    server = Prometheus(scratch / "prometheus", port + 900, targets, monitor.address.split("/")[2], waits)
    server.start()
    try:
        # The first pages of a JVM take longer than a scrape may, until its code is compiled.
        until(lambda: server.value('sum(up{job="kafka"})') == 3, 60, "all three brokers are scraped")
        until(lambda: server.value('up{job="streamsocial"}') == 1, 20, "the monitor is scraped")
        yield server
    finally:
        server.stop()


def catch_up(cluster):
    """Commits the end of every partition for the group."""
    reader = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "watchers"})
    places = [TopicPartition("watched", number) for number in range(3)]
    for place in places:
        place.offset = reader.get_watermark_offsets(place, 10)[1]
    reader.commit(offsets=places, asynchronous=False)
    reader.close()


@pytest.fixture(scope="module")
def traffic(cluster, prometheus):
    """Records of a topic with three copies and a group that commits, over several scrapes."""
    cluster.create_topic("watched", partitions=3)

    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})

    def send():
        for number in range(30):
            producer.produce("watched", value=b"hello", partition=number % 3)
        assert producer.flush(20) == 0, "records were not acknowledged"
        return prometheus.value('sum(rate(kafka_server_brokertopicmetrics_messagesin_total{topic="watched"}[4s]))')

    until(send, 20, "Prometheus sees a rate of records")
    reader = Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "watchers", "auto.offset.reset": "earliest"}
    )
    reader.subscribe(["watched"])

    def commit():
        message = reader.poll(1)
        if message is not None and message.error() is None:
            reader.commit(message, asynchronous=False)
        return prometheus.query('rate(kafka_network_requestmetrics_requests_total{request="OffsetCommit"}[4s]) > 0')

    until(commit, 30, "Prometheus sees a rate of commits")
    reader.close()
    catch_up(cluster)
    replicated = "kafka_server_brokertopicmetrics_replicationbytesin_total > 0"
    until(lambda: prometheus.query(replicated), 20, "Prometheus sees replication")
    # The monitor judges a group after it has seen it a few times; what it tells is scraped after that.
    of_groups = ("kafka_consumergroup_lag", "streamsocial_consumergroup_lag_seconds", "streamsocial_consumergroup_progress")
    for name in of_groups:
        group = f'count({name}{{consumergroup="watchers"}})'
        until(lambda: prometheus.query(group), 30, f"Prometheus sees {name}")


@pytest.mark.parametrize("broker", (1, 2, 3))
def test_page_is_well_formed_for_promtool(cluster, prometheus, broker):
    """promtool ends with 3 when only Kafka's own names are against its taste, with 1 when it cannot read the page."""
    url = next(entry["metrics_url"] for entry in cluster.status()["brokers"] if entry["id"] == broker)
    with urllib.request.urlopen(url, timeout=10) as response:
        page = response.read()
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True)
    assert checked.returncode in (0, 3), checked.stderr.decode()[:2000]
    # The check must be able to fail: half a line is no page.
    broken = subprocess.run(["promtool", "check", "metrics"], input=page + b"half{a=", capture_output=True)
    assert broken.returncode == 1


def test_page_of_the_monitor_is_well_formed_for_promtool(monitor, prometheus, traffic):
    """Two names of kafka_exporter's are against promtool's taste, which has _sum for summaries; nothing else is."""
    with urllib.request.urlopen(f"{monitor.address}metrics", timeout=10) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        page = response.read()
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=False)
    told = [line for line in (checked.stdout + checked.stderr).decode().splitlines() if line]
    disliked = {line.split()[0] for line in told}
    assert checked.returncode == 3 and disliked == {"kafka_consumergroup_current_offset_sum", "kafka_consumergroup_lag_sum"}, told
    for name in ("kafka_consumergroup_lag", "kafka_consumergroup_members", "kafka_topic_partition_current_offset"):
        assert f"\n# TYPE {name} gauge\n".encode() in page


def test_nothing_fires_while_all_is_well(prometheus):
    until(lambda: prometheus.value("kafka:failures_tolerated") == 1, 15, "one failure is tolerated")
    assert prometheus.value("kafka:brokers_active") == prometheus.value("kafka:brokers_expected") == 3
    assert prometheus.alerts() == set()


def board_queries():
    """Title and expression of every query, with the board's variables as Grafana would fill them in."""
    for panel in BOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], filled(target["expr"])
    for annotation in BOARD["annotations"]["list"]:
        yield annotation["name"], filled(annotation["expr"])


def filled(expression):
    text = expression.replace("$job", "kafka").replace("$__rate_interval", "15s")
    assert "$" not in text, f"a variable that this test does not know: {text}"
    return text


def test_every_query_of_the_board_has_an_answer(prometheus, traffic, engine):
    empty, strangers = [], []
    for title, expression in board_queries():
        found = prometheus.query(expression)
        if not found and not any(sign in expression for sign in EMPTY_WHEN_WELL):
            empty.append((title, expression))
        for name in set(re.findall(r"\b(?:kafka|process|streamsocial)_\w+", expression)):
            if not prometheus.query(f'count({{__name__="{name}"}})'):
                strangers.append((title, name))
    if engine == "kafka":
        empty = [entry for entry in empty if OURS_ALONE not in entry[1]]
        strangers = [entry for entry in strangers if not entry[1].startswith(OURS_ALONE)]
    assert not strangers, f"panels about metrics that nobody serves: {strangers}"
    assert not empty, f"queries without an answer: {empty}"


def test_every_metric_of_the_alerts_is_served(prometheus, traffic, engine):
    text = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    names = set(re.findall(r"\b((?:kafka|process|streamsocial)_\w+)\{", text))
    assert len(names) > 20
    missing = {name for name in names if not prometheus.query(f'count({{__name__="{name}"}})')}
    if engine == "kafka":
        missing = {name for name in missing if not name.startswith(OURS_ALONE)}
    assert not missing


def test_alerts_fire_on_a_kill_and_clear(cluster, prometheus, traffic):
    """One of three gone: causes are named, nobody is woken, and the rules know that the next loss would stop writes."""
    warned = {("BrokerDown", "warn"), ("UnderReplicated", "warn"), ("NoFailureTolerated", "warn")}
    cluster.kill(2)
    until(lambda: prometheus.value("kafka:failures_tolerated") == 0, 15, "no further failure is tolerated")
    until(lambda: warned <= prometheus.alerts(), 30, "the alerts about one lost broker fire")
    assert {name for name, severity in prometheus.alerts() if severity == "page"} == set()
    down = prometheus.query('ALERTS{alertname="BrokerDown",alertstate="firing"}')
    assert [labels["node"] for labels, _ in down] == ["2"]

    cluster.start(2)
    until(lambda: prometheus.alerts() == set(), 60, "every alert has cleared")
    until(lambda: prometheus.value("kafka:failures_tolerated") == 1, 15, "one failure is tolerated again")


def test_two_lost_brokers_wake_somebody(cluster, prometheus, traffic):
    """The symptoms of a lost majority; whatever is left refuses writes."""
    cluster.kill(2)
    cluster.kill(3)
    until(lambda: prometheus.value("kafka:failures_tolerated") == -1, 15, "writes are known to be stopped")
    until(lambda: ("QuorumLost", "page") in prometheus.alerts(), 30, "the lost majority is told")
    down = prometheus.query('ALERTS{alertname="BrokerDown",alertstate="firing"}')
    assert {labels["node"] for labels, _ in down} == {"2", "3"}

    cluster.start(2)
    cluster.start(3)
    until(lambda: prometheus.alerts() == set(), 60, "every alert has cleared")


def test_lag_is_told_by_the_names_of_the_field(cluster, prometheus, traffic):
    """What a reader leaves behind, to the event; and a group that nobody works for is told until it has caught up."""
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})
    lag = 'kafka_consumergroup_lag{consumergroup="watchers",topic="watched"}'
    until(lambda: prometheus.value(f"sum({lag})") == 0, 20, "Prometheus knows that the group is level")
    for number in range(70):
        producer.produce("watched", value=b"late", partition=number % 3)
    assert producer.flush(20) == 0
    until(lambda: prometheus.value(f"sum({lag})") == 70, 20, "the lag is 70 events longer")
    assert prometheus.value('kafka_consumergroup_lag_sum{consumergroup="watchers",topic="watched"}') == 70
    for labels, found in prometheus.query(lag):
        place = f'topic="watched",partition="{labels["partition"]}"'
        end = prometheus.value(f"kafka_topic_partition_current_offset{{{place}}}")
        committed = prometheus.value(f'kafka_consumergroup_current_offset{{consumergroup="watchers",{place}}}')
        assert found == end - committed
    assert prometheus.value('kafka_consumergroup_members{consumergroup="watchers"}') == 0

    stuck = ("ConsumerGroupStuck", "warn")
    until(lambda: stuck in prometheus.alerts(), 90, "the alert about the group fires")
    catch_up(cluster)
    until(lambda: prometheus.value(f"sum({lag})") == 0, 20, "the lag is gone")
    until(lambda: stuck not in prometheus.alerts(), 20, "the alert about the group has cleared")
