"""What deploy/ ships, as far as it can be judged without a Docker engine: rules by promtool, compositions by Docker
Compose, the image's packages by what the binaries are linked with, the brokers' configuration by a broker."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import urllib.request

import pytest
import yaml

from conftest import ROOT
from support.prometheus import DEPLOY
from support.waiting import until

ALERTS = DEPLOY / "prometheus" / "alerts.yml"
STORIES = ("alerts_test.yml", "alerts_hours_test.yml")
COMPOSE = DEPLOY / "compose"
COMPOSITIONS = ("docker-compose.yml", "docker-compose.kafka.yml")


def run(*words, directory=DEPLOY, **options):
    return subprocess.run([str(word) for word in words], cwd=directory, capture_output=True, text=True, **options)


# Rules


def rules(text):
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def stories():
    return [story for name in STORIES for story in yaml.safe_load((ALERTS.parent / name).read_text())["tests"]]


def alert_names():
    return [rule["alert"] for rule in rules(ALERTS.read_text()) if "alert" in rule]


def test_configurations_and_rules_are_valid():
    checked = run("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for name in ("prometheus.yml", "prometheus.kafka.yml"):
        checked = run("promtool", "check", "config", "--syntax-only", COMPOSE / name)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_manual_has_every_alert_and_no_other():
    manual = (ROOT / "docs" / "operations.md").read_text()
    section = manual.split("## Monitoring with Prometheus and Grafana\n")[1].split("\n## ")[0]
    table = section.split("| alert | severity | when | for |\n")[1].split("\n\n")[0]
    listed = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(listed) == sorted(alert_names())


def test_manual_names_every_recorded_series():
    manual = (ROOT / "docs" / "operations.md").read_text()
    recorded = [rule["record"] for rule in rules(ALERTS.read_text()) if "record" in rule]
    assert recorded and not [name for name in recorded if f"`{name}`" not in manual]


def test_every_alert_was_seen_quiet_firing_and_cleared():
    tested = run("promtool", "test", "rules", *STORIES, directory=DEPLOY / "prometheus")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    checks = [
        (re.search(r'alertname="(\w+)"', check["expr"]), bool(check["exp_samples"]), story["name"], order)
        for story in stories()
        for order, check in enumerate(story["promql_expr_test"])
    ]
    for alert in alert_names():
        about = [(fires, story, order) for name, fires, story, order in checks if name and name.group(1) == alert]
        firing = [(story, order) for fires, story, order in about if fires]
        assert firing, f"{alert} was never seen firing"
        quiet = [(story, order) for fires, story, order in about if not fires]
        cleared = [1 for story, order in quiet for seen, at in firing if story == seen and order > at]
        assert cleared, f"{alert} was never seen to clear"


@pytest.mark.parametrize(
    "was, becomes", [("> 0\n", "> 100\n"), ("< 0.3\n", "< 0.03\n"), ("for: 10s", "for: 0s")]
)
def test_the_tests_of_the_rules_notice_a_wrong_threshold(tmp_path, was, becomes):
    text = ALERTS.read_text()
    assert was in text
    (tmp_path / "alerts.yml").write_text(text.replace(was, becomes))
    shutil.copy(DEPLOY / "prometheus" / "alerts_test.yml", tmp_path)
    assert run("promtool", "test", "rules", "alerts_test.yml", directory=tmp_path).returncode != 0


def test_every_alert_says_what_happened_and_what_to_do():
    for rule in rules(ALERTS.read_text()):
        if "alert" not in rule:
            continue
        assert rule["labels"]["severity"] in ("page", "warn"), rule["alert"]
        assert len(rule["annotations"]["summary"]) > 15, rule["alert"]
        assert len(rule["annotations"]["description"]) > 80, rule["alert"]


# The board


def test_board_is_provisioned_and_judges_in_the_sense_of_three_brokers():
    board = json.loads((DEPLOY / "grafana" / "dashboards" / "kafka.json").read_text())
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for number, one in enumerate(panels):
        for other in panels[number + 1 :]:
            a, b = one["gridPos"], other["gridPos"]
            beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
            above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
            assert beside or above, f"{one['title']} lies on {other['title']}"
    colour = {panel["title"]: panel["fieldConfig"]["defaults"]["thresholds"]["steps"] for panel in panels[:8]}

    def seen(title, value):
        return [step["color"] for step in colour[title] if step["value"] is None or value >= step["value"]][-1]

    assert [seen("Brokers", value) for value in (1, 2, 3)] == ["red", "orange", "green"]
    assert [seen("Active controllers", value) for value in (0, 1, 2)] == ["red", "green", "red"]
    assert [seen("Failures tolerated", value) for value in (-1, 0, 1)] == ["red", "orange", "green"]
    assert [seen("Offline partitions", value) for value in (0, 1)] == ["green", "red"]
    assert [seen("Under min ISR", value) for value in (0, 1)] == ["green", "red"]
    assert [seen("Under-replicated", value) for value in (0, 1)] == ["green", "orange"]
    provider = yaml.safe_load((DEPLOY / "grafana" / "provisioning" / "dashboards" / "kafka.yml").read_text())
    assert provider["providers"][0]["options"]["path"] == "/etc/grafana/dashboards"
    source = yaml.safe_load((DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text())
    assert source["datasources"][0]["url"] == "$PROMETHEUS_URL"


def test_board_counts_no_topic_that_never_had_a_replica_to_spare(tmp_path):
    """The board's own queries on the rules' story about such topics, by promtool: well at first, then a replica is lost."""
    board = json.loads((DEPLOY / "grafana" / "dashboards" / "kafka.json").read_text())
    queries = {
        (panel["title"], target["legendFormat"]): target["expr"].replace("$job", "kafka")
        for panel in board["panels"]
        for target in panel.get("targets", ())
    }
    tolerated, down = queries["Failures tolerated", ""], queries["Not well", "down to min ISR"]
    (story,) = (story for story in stories() if story["name"].startswith("Topics without a replica to spare"))
    story["promql_expr_test"] = [
        {"eval_time": at, "expr": expression, "exp_samples": [{"labels": "{}", "value": value}]}
        for at, expression, value in (("50s", tolerated, 1), ("50s", down, 0), ("90s", tolerated, 0), ("90s", down, 2))
    ]
    (tmp_path / "board.yml").write_text(yaml.safe_dump({"evaluation_interval": "10s", "tests": [story]}))
    tested = run("promtool", "test", "rules", "board.yml", directory=tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


# Containers


def compose_command():
    if shutil.which("docker") and run("docker", "compose", "version").returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"]


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_docker_compose_accepts_it(name):
    checked = run(*compose_command(), "-f", name, "config", directory=COMPOSE)
    assert checked.returncode == 0, checked.stderr
    services = yaml.safe_load(checked.stdout)["services"]
    brokers = [service for service in services if re.fullmatch(r"(broker|kafka)-\d", service)]
    assert len(brokers) == 3
    assert set(services) - set(brokers) == {"dashboard", "prometheus", "grafana"}
    for service, settings in services.items():
        assert settings["healthcheck"]["test"], f"{service} has no health check"
        for published in settings["ports"]:
            address = published if isinstance(published, str) else published["host_ip"]
            assert address.startswith("127.0.0.1"), f"{service} is published beyond loopback: {published}"
    waits = {
        service: {name: on["condition"] for name, on in settings["depends_on"].items()}
        for service, settings in services.items()
        if "depends_on" in settings
    }
    assert waits["dashboard"] == waits["prometheus"] == dict.fromkeys(brokers, "service_healthy")
    assert waits["grafana"] == {"prometheus": "service_healthy"}


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_files_that_a_composition_mounts_are_there(name):
    services = yaml.safe_load((COMPOSE / name).read_text())["services"]
    volumes = [entry for service in services.values() for entry in service.get("volumes", ())]
    mounted = [entry.split(":")[0] for entry in volumes if entry.startswith(".")]
    assert len(mounted) >= 6
    missing = [path for path in mounted if not (COMPOSE / path).exists()]
    assert not missing


def test_internal_topics_of_apache_kafka_survive_the_loss_of_a_broker():
    service = yaml.safe_load((COMPOSE / "docker-compose.kafka.yml").read_text())["services"]["kafka-1"]
    settings = service["environment"]
    for topic in ("OFFSETS_TOPIC", "TRANSACTION_STATE_LOG", "SHARE_COORDINATOR_STATE_TOPIC", "DEFAULT"):
        assert settings[f"KAFKA_{topic}_REPLICATION_FACTOR"] == "3"
    for minimum in ("MIN_INSYNC_REPLICAS", "TRANSACTION_STATE_LOG_MIN_ISR", "SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR"):
        assert settings[f"KAFKA_{minimum}"] == "2"


def test_secrets_are_made_once(tmp_path):
    shutil.copy(COMPOSE / "make-secrets", tmp_path)
    (tmp_path / "secrets").mkdir()
    assert run(tmp_path / "make-secrets").returncode == 0
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == {"dashboard-token", "grafana-password"}
    assert all(re.fullmatch(r"[\w-]{32}", text) for text in made.values())
    assert run(tmp_path / "make-secrets").returncode == 0
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}


@pytest.mark.skipif(not shutil.which("dpkg"), reason="skipped: the image is made of Debian's packages")
def test_image_has_the_packages_that_the_binaries_need():
    """Of what the binaries are linked with, the image installs every package, or Debian's base image has it."""
    stage = (DEPLOY / "Dockerfile").read_text().split("FROM debian")[1]
    listed = re.search(r"--no-install-recommends \\\n(.*?)\n\s*&&", stage, re.S).group(1)
    installed = set(listed.replace("\\", " ").split())
    base = {"libc6", "libgcc-s1", "zlib1g"}
    without = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    closure = run("apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in without), *sorted(installed)).stdout
    known = installed | base | set(re.findall(r"^\S+$", closure, re.M))
    for program in ("streamsocial-broker", "streamsocial"):
        linked = run("ldd", ROOT / ".build" / "release" / program).stdout
        for path in re.findall(r"=> (/(?:usr/)?lib/\S+)", linked):
            owner = run("dpkg", "-S", path)
            owner = owner if owner.returncode == 0 else run("dpkg", "-S", os.path.realpath(path))
            assert owner.returncode == 0, f"no package has {path}"
            package = owner.stdout.split(":")[0]
            assert package in known, f"{program} needs {package} for {path}, which deploy/Dockerfile does not install"


@contextlib.contextmanager
def two_nodes(port, directory):
    """Two brokers of the composition, with their files, but for names and ports of this machine. The third one's name
    does not exist, as that of a container that has not started."""
    voters = f"1@localhost:{port + 20},2@localhost:{port + 21},3@no-such-host.invalid:{port + 22}"
    processes = []
    try:
        for broker in (1, 2):
            text = (COMPOSE / f"broker-{broker}.properties").read_text()
            changes = {
                "1@broker-1:9102,2@broker-2:9102,3@broker-3:9102": voters,
                f"PLAINTEXT://0.0.0.0:{9091 + broker}": f"PLAINTEXT://localhost:{port + broker - 1}",
                "CONTROLLER://0.0.0.0:9102": f"CONTROLLER://localhost:{port + 19 + broker}",
                f"PLAINTEXT://broker-{broker}:{9091 + broker}": f"PLAINTEXT://localhost:{port + broker - 1}",
                "0.0.0.0:9404": f"127.0.0.1:{port + 311 + broker}",
                "/var/lib/streamsocial": str(directory / str(broker)),
            }
            for shipped, here in changes.items():
                assert shipped in text, f"{shipped} is not in broker-{broker}.properties"
                text = text.replace(shipped, here)
            file = directory / f"broker-{broker}.properties"
            file.write_text(text)
            with open(directory / f"broker-{broker}.log", "w") as log:
                command = [ROOT / ".build" / "release" / "streamsocial-broker", "--config", file]
                processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        for broker in (1, 2):
            until(lambda: answers(port + 311 + broker, "/health/ready"), 20, f"broker {broker} is ready")
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
    logs = [(directory / f"broker-{broker}.log").read_text() for broker in (1, 2)]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(logs)


def answers(port, path):
    """What the health checks of the containers ask."""
    return run(DEPLOY / "health-check", port, path).returncode == 0


@pytest.mark.embedded_only
def test_nodes_find_each_other_by_name_and_tell_when_they_are_ready(port, tmp_path):
    words = ["status", "--bootstrap-servers", f"localhost:{port}", "--output", "json"]

    def two_running():
        """The third voter is missing, so the cluster is degraded; the two that are there must serve."""
        status = json.loads(run(ROOT / "streamsocial", *words).stdout or "{}")
        running = [broker for broker in status.get("brokers", []) if broker["state"] == "running"]
        return running if status.get("verdict") == "degraded" and len(running) == 2 else None

    with two_nodes(port, tmp_path):
        brokers = until(two_running, 20, "two of the three voters serve")
        assert [(broker["id"], broker["host"]) for broker in brokers] == [(1, "localhost"), (2, "localhost")]
    assert not answers(port + 312, "/health/ready"), "healthy though nobody is there"


@pytest.mark.embedded_only
@pytest.mark.parametrize("name", COMPOSITIONS)
def test_dashboard_starts_with_the_words_of_the_composition(name, port, tmp_path):
    """On all addresses, with a token from a file; its health is asked without one."""
    words = yaml.safe_load((COMPOSE / name).read_text())["services"]["dashboard"]["command"]
    assert words[:2] == ["streamsocial", "dashboard"]
    (tmp_path / "token").write_text("a" * 32)
    here = {"/run/secrets/dashboard-token": str(tmp_path / "token"), "8080": str(port + 800)}
    here |= {word: f"localhost:{port},localhost:{port + 1}" for word in words if re.match(r"(broker|kafka)-1:", word)}
    for node in (1, 2, 3):
        for host in ("broker", "kafka"):
            page = f"{node}=http://localhost:{port + 311 + node}/metrics"
            here[f"{node}=http://{host}-{node}:9404/metrics"] = page
    with two_nodes(port, tmp_path), open(tmp_path / "dashboard.log", "w") as log:
        command = [ROOT / "streamsocial", *(here.get(word, word) for word in words[1:])]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            asked = lambda: process.poll() is not None or answers(port + 800, "/health/live")
            until(asked, 20, "the dashboard answers")
            assert process.poll() is None, (tmp_path / "dashboard.log").read_text()
            assert not answers(port + 800, "/"), "the page is shown without a token"
            known = {"Authorization": f"Bearer {'a' * 32}"}
            own = urllib.request.Request(f"http://127.0.0.1:{port + 800}/", headers=known)
            with urllib.request.urlopen(own, timeout=10) as page:
                assert page.status == 200
        finally:
            process.terminate()
            process.wait(20)
