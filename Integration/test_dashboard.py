"""The dashboard on a live cluster with traffic, in a real browser: what breaks is seen at once, and seen to mend."""

import os
import pathlib
import re
import signal
import subprocess
import time

import confluent_kafka
import pytest
from playwright.sync_api import expect

from support.browser import Browser, live, screenshot, tile, verdict
from support.cluster import Cluster
from support.dashboard import Dashboard, Users

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
NOTICED = 2.0  # seconds from a kill until the page says so


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def cluster(engine, port, scratch):
    """Like the other modules' cluster, with the dashboard that `up` serves beside it."""
    options = ("--dashboard-port", port + 50, "--allow-actions")
    cluster = Cluster(ROOT / "streamsocial", engine, port, scratch / "cluster", options=options)
    cluster.up()
    yield cluster
    cluster.down()


@pytest.fixture(scope="module")
def address(users, port):
    return f"http://127.0.0.1:{port + 50}/"


@pytest.fixture(scope="module")
def users(cluster):
    cluster.create_topic("posts", partitions=6)
    users = Users(cluster.bootstrap, "posts", "analytics")
    yield users
    users.stop()




BROKEN = """(broker) => {
  const text = (selector) => document.querySelector(selector)?.textContent ?? "";
  const failed = [...document.querySelectorAll("#machine .state")].find((one) => one.textContent.startsWith("FAILED"));
  return {
    verdict: document.documentElement.dataset.verdict !== "healthy" && text("#verdict-sentence").includes(`roker ${broker}`),
    tile: text("#tile-brokers .figure") === "2/3",
    row: text(`#brokers-rows tr:nth-child(${broker})`).includes("FAILED"),
    machine: failed?.classList.contains("occupied") ?? false,
    marker: [...document.querySelectorAll("#timeline-events li")].some((one) => one.querySelector("[aria-label='broker lost']") && one.textContent.includes(`broker ${broker}`)),
    alert: text("#alerts-firing").includes(`roker ${broker}`),
  };
}"""


def test_a_healthy_cluster_with_traffic(cluster, address, browser):
    with browser.page(address) as page:
        verdict(live(page), "Healthy", limit=30)
        expect(tile(page, "brokers")).to_have_text("3/3")
        expect(tile(page, "tolerance")).to_have_text("1")
        for name in ("offline", "undermin", "underreplicated"):
            expect(tile(page, name)).to_have_text("0")
        page.wait_for_function("() => Number(document.querySelector('#tile-events .figure').textContent) > 100", timeout=20_000)
        expect(tile(page, "p99")).to_contain_text(re.compile(r"\d m?s"), timeout=40_000)
        row = page.locator("#groups-rows tr", has_text="analytics")
        expect(row).to_contain_text("OK", timeout=30_000)
        expect(row).to_contain_text("Stable")
        row.locator("button").click()
        expect(page.locator("#groups .detail tbody tr")).to_have_count(6)
        row.locator("button").click()
        expect(page.locator("#partitions-summary")).to_contain_text("all whole")
        version = cluster.command("--version").stdout.split()[-1]
        expect(page.locator("#about")).to_contain_text(f"StreamSocial {version} ")
        screenshot(page, "live-healthy")


@pytest.mark.usefixtures("whole")
def test_a_killed_broker_is_seen_within_two_seconds_and_so_is_its_return(cluster, address, browser, engine):
    # A JVM that has just started takes seconds for an answer, now and then, until its code is compiled.
    steady = 15_000 if engine == "embedded" else 60_000
    with browser.page(address) as page:
        verdict(live(page), "Healthy", limit=30)
        for role in ("any", "controller"):
            controller = cluster.controller()
            broker = controller if role == "controller" else controller % 3 + 1
            process = cluster.process_id(broker)
            killed = time.monotonic()
            os.kill(process, signal.SIGKILL)
            seen, first = {}, {}
            while time.monotonic() - killed < 10 and not all(seen.values() or [False]):
                seen = page.evaluate(BROKEN, broker)
                for name in (name for name, is_shown in seen.items() if is_shown):
                    first.setdefault(name, round(time.monotonic() - killed, 2))
            took = time.monotonic() - killed
            assert all(seen.values()), f"broker {broker}, after {took:.1f} s: {seen}"
            assert took <= NOTICED, f"broker {broker}: seen after {took:.2f} s: {first}"
            expect(page.locator("#remedy-commands")).to_contain_text(f"start {broker}")
            screenshot(page, f"live-{role}-killed")

            cluster.start(broker)
            verdict(page, "Healthy", limit=90)
            expect(tile(page, "brokers")).to_have_text("3/3")
            expect(page.locator("#alerts-firing")).not_to_contain_text("BrokerDown", timeout=steady)
            expect(page.locator("#remedy")).to_be_hidden()
            expect(page.locator("#brokers-rows tr").nth(broker - 1)).to_contain_text("RUNNING")
            expect(page.locator("#timeline-events [aria-label='broker back']").first).to_be_visible()
            expect(page.locator("#timeline-events [aria-label='all replicas in sync']").first).to_be_visible()
        screenshot(page, "live-healthy-again")


@pytest.mark.usefixtures("whole")
def test_two_of_three_gone_is_unavailable_and_mends(cluster, address, browser):
    with browser.page(address) as page:
        verdict(live(page), "Healthy", limit=30)
        for broker in (1, 3):
            os.kill(cluster.process_id(broker), signal.SIGKILL)
        verdict(page, "Unavailable", limit=10)
        expect(tile(page, "brokers")).to_have_text("1/3")
        expect(tile(page, "tolerance")).to_have_text("blocked")
        screenshot(page, "live-unavailable")
        for broker in (1, 3):
            cluster.start(broker)
        verdict(page, "Healthy", limit=120)


OUTAGES = {
    # What is done to which brokers, the sentence, and what is typed first.
    "two-killed": (signal.SIGKILL, (1, 2), r"no active controller \(1 of 3 voters live, 2 needed\)", "start 1"),
    "all-killed": (signal.SIGKILL, (1, 2, 3), "Every broker refuses connections", "start 1"),
    "all-paused": (signal.SIGSTOP, (1, 2, 3), "No broker serves", "resume 1"),
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_fresh_page_on_a_cluster_that_is_out_says_so_and_its_commands_mend_it(cluster, address, browser, outage):
    number, brokers, said, first = OUTAGES[outage]
    alive = 3 - len(brokers)
    with browser.page(address) as page:
        verdict(live(page), "Healthy", limit=60)
    processes = {broker: cluster.process_id(broker) for broker in brokers}
    for broker in brokers:
        os.kill(processes[broker], number)
    try:
        with browser.page(address) as page:
            verdict(live(page), "Unavailable", limit=10)
            expect(page.locator("#verdict-sentence")).to_contain_text(re.compile(said, re.IGNORECASE), timeout=10_000)
            # As many as there were at the end: the canary's topic may have come just before.
            partitions = int(page.inner_text("#partitions-summary").split()[0])
            assert partitions >= 6
            expect(tile(page, "brokers")).to_have_text(f"{alive}/3")
            expect(tile(page, "controller")).to_have_text("none")
            expect(tile(page, "tolerance")).to_have_text("blocked")
            expect(tile(page, "undermin")).to_have_text(str(partitions))
            expect(page.locator("#partitions-summary")).to_contain_text(f"{partitions} not well")
            if alive == 0:
                expect(tile(page, "offline")).to_have_text(str(partitions))
                expect(tile(page, "events")).to_have_text("–")
            # Nothing is green, and no figure claims what nobody could count; who is left looks for a controller.
            expect(page.locator(".tile[data-tone=good]")).to_have_count(0, timeout=15_000)
            expect(page.locator("#brokers-rows [data-tone=good]")).to_have_count(0)
            expect(page.locator("#groups-rows [data-tone=good]")).to_have_count(0, timeout=15_000)
            expect(page.locator("#remedy-partitions tr").first).to_contain_text(re.compile("offline|under min ISR"))
            expect(page.locator("#alerts-firing")).to_contain_text("ClusterUnreachable" if alive == 0 else "UnderMinISR")
            screenshot(page, f"live-{outage}")
            commands = page.locator("#remedy-commands code").all_inner_texts()
            assert f" {first} " in f"{commands[0]} ", commands
            # Typed as they stand, one after the other, until it is whole again: what only looks is left out.
            mending = [line for line in commands if re.search(r" (start|resume) \d", line)]
            assert len(mending) == len(brokers), commands
            for line in mending:
                done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=120)
                assert done.returncode == 0, f"{line}: {done.stderr}{done.stdout}"
            verdict(page, "Healthy", limit=120)
            expect(page.locator("#remedy")).to_be_hidden()
    finally:
        for broker in brokers:
            if cluster.process_id(broker) is None:
                cluster.start(broker)
            elif number == signal.SIGSTOP:
                os.kill(processes[broker], signal.SIGCONT)
        cluster.wait_until_healthy()


@pytest.mark.usefixtures("whole")
def test_a_broker_is_killed_and_started_by_mouse(cluster, address, browser):
    with browser.page(address) as page:
        verdict(live(page), "Healthy", limit=30)
        page.get_by_role("button", name="Kill broker 3", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Kill broker 3", exact=True).click()
        verdict(page, "Degraded", limit=5)
        assert cluster.process_id(3) is None
        page.get_by_role("button", name="Start broker 3", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Start broker 3", exact=True).click()
        verdict(page, "Healthy", limit=90)


def test_a_hostile_value_is_read_as_text(cluster, address, browser):
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap})
    cluster.create_topic("hostile", partitions=1)
    producer.produce("hostile", HOSTILE, HOSTILE, headers=[("<b>header</b>", HOSTILE)])
    assert producer.flush(20) == 0
    with browser.page(address) as page:
        live(page)
        page.locator("#topics .disclosure", has_text="hostile").click()
        expect(page.locator(".messages tbody tr").first).to_contain_text(HOSTILE)
        page.locator(".messages .disclosure").first.click()
        expect(page.locator(".messages pre")).to_have_text(HOSTILE)
        expect(page.locator(".messages .headers")).to_contain_text("<b>header</b>")
        assert page.locator("img, main script, [onerror]").count() == 0


def test_messages_are_found_and_produced(cluster, address, browser):
    cluster.create_topic("notes", partitions=2)
    with browser.page(address) as page:
        live(page)
        page.locator("#topics .disclosure", has_text="notes").click()
        page.click("#tab-produce")
        page.locator("#panel-produce").get_by_label("Key (empty: null)").fill("ada")
        page.fill("#produce-value", '{"hello": ["world"]}')
        page.locator("#panel-produce button").click()
        page.get_by_role("dialog").get_by_role("button", name="Produce").click()
        expect(page.locator("#panel-produce")).to_contain_text("at offset 0")
        page.click("#tab-messages")
        page.get_by_label("Value contains").fill("world")
        page.get_by_role("button", name="Read", exact=True).click()
        expect(page.locator(".messages tbody tr:visible")).to_have_count(1)
        page.locator(".messages .disclosure").click()
        expect(page.locator(".messages pre")).to_have_text('{\n  "hello": [\n    "world"\n  ]\n}')
        page.get_by_label("Value contains").fill("nothing like it")
        page.get_by_role("button", name="Read", exact=True).click()
        expect(page.locator("#panel-messages")).to_contain_text("No message")
        page.click("#tab-settings")
        expect(page.locator("#panel-settings")).to_contain_text("min.insync.replicas")
        page.click("#tab-partitions")
        expect(page.locator("#panel-partitions tbody tr")).to_have_count(2)


def test_a_dashboard_that_ends_leaves_a_page_that_says_so(cluster, port, scratch, browser):
    with (
        Dashboard(cluster, port + 51, scratch / "dashboard-2.log") as first,
        browser.page(first.address, problems_allowed=True) as page,
    ):
        verdict(live(page), "Healthy", limit=30)
        expect(page.locator("#about")).to_contain_text("read-only")
        first.stop()
        verdict(page, "Stale", limit=6)
        with Dashboard(cluster, port + 51, scratch / "dashboard-3.log"):
            verdict(page, "Healthy", limit=20)
