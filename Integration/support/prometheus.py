"""A real Prometheus beside the cluster under test, with the configuration of deploy/prometheus."""

import json
import pathlib
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import yaml

from .waiting import until

DEPLOY = pathlib.Path(__file__).resolve().parent.parent.parent / "deploy"


class Prometheus:
    def __init__(self, directory, port, targets, monitor, waits=None):
        """`targets`: host:port of every broker's metrics, by its id; `monitor`: that of the dashboard; `waits`: by an
        alert's name, how long its condition must hold instead of the shipped time (`for`), which promtool tests."""
        self.directory = pathlib.Path(directory)
        self.port = port
        self.targets = targets
        self.monitor = monitor
        self.waits = waits or {}
        self.process = None

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        configuration = self.directory / "prometheus.yml"
        rules = self.directory / "alerts.yml"
        rules.write_text(self.rules())
        configuration.write_text(self.configuration(rules))
        with open(self.directory / "prometheus.log", "w") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={configuration}",
                    f"--storage.tsdb.path={self.directory / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--log.level=warn",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self.is_ready, 20, "Prometheus is ready")

    def rules(self):
        """The file as shipped, but for the times asked for."""
        text = (DEPLOY / "prometheus" / "alerts.yml").read_text()
        for alert, wait in self.waits.items():
            text, found = re.subn(rf"(- alert: {alert}\n(?:(?! +- alert:).*\n)*? +for: )\w+\n", rf"\g<1>{wait}\n", text)
            assert found == 1, f"{alert} should have one time in alerts.yml"
        return text

    def configuration(self, rules):
        """The file as shipped, but for the brokers' addresses and where the rules are."""
        text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        addresses = ("127.0.0.1:9404", "127.0.0.1:9405", "127.0.0.1:9406", "127.0.0.1:8080")
        for shipped, target in zip(addresses, (*self.targets, self.monitor), strict=True):
            assert text.count(shipped) == 1, f"{shipped} should be in prometheus.yml once"
            text = text.replace(shipped, f"@{target}")
        text = text.replace("@", "").replace("- alerts.yml", f"- {rules}")
        jobs = yaml.safe_load(text)["scrape_configs"]
        assert [target for group in jobs[0]["static_configs"] for target in group["targets"]] == list(self.targets)
        return text

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)

    def get(self, path, **parameters):
        """The answer's data; an answer that is an error fails the test."""
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}?{query}", timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None
        assert answer["status"] == "success", answer
        return answer["data"]

    def is_ready(self):
        assert self.process.poll() is None, (self.directory / "prometheus.log").read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def query(self, expression):
        """Labels and value of every series of an instant vector."""
        data = self.get("/api/v1/query", query=expression)
        assert data["resultType"] == "vector", data["resultType"]
        return [(series["metric"], float(series["value"][1])) for series in data["result"]]

    def value(self, expression):
        """The value of the only series; None when there is none."""
        found = self.query(expression)
        assert len(found) <= 1, f"{expression} has {len(found)} series"
        return found[0][1] if found else None

    def alerts(self, state="firing"):
        """Names of alerts in this state, each with its severity."""
        return {
            (alert["labels"]["alertname"], alert["labels"]["severity"])
            for alert in self.get("/api/v1/alerts")["alerts"]
            if alert["state"] == state
        }
