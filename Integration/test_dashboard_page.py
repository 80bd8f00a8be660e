"""The dashboard's page in a real browser, over imaginary clusters: every state, hostile names, a thousand partitions.

The server here is a test double (support/fake_dashboard.py); test_dashboard.py has the real one on a real cluster.
"""

import pathlib
import re
import statistics
import urllib.parse

import pytest
from playwright.sync_api import expect

from support import cluster_models
from support.browser import Browser, live, screenshot, tile, verdict
from support.fake_dashboard import FakeDashboard

WEB = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "Dashboard" / "Web"
STATES = {"healthy": "Healthy", "degraded": "Degraded", "unavailable": "Unavailable", "down": "Unavailable"}


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


def dot_is_in(page, broker, state):
    """Whether the broker's dot lies within the box of that state, as drawn."""
    return page.evaluate(
        """([broker, state]) => {
          const dot = [...document.querySelectorAll("#machine .dot")].find((one) => one.textContent === broker);
          const box = [...document.querySelectorAll("#machine .state")].find((one) => one.textContent.startsWith(state));
          if (!dot || !box) return false;
          const [a, b] = [dot.getBoundingClientRect(), box.getBoundingClientRect()];
          return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
        }""",
        [str(broker), state],
    )


def altered(fake, part, change):
    """What the imaginary cluster says of a part ("model", "alerts") is from now on what `change` makes of it."""
    told = getattr(fake.cluster, part)

    def say():
        value = told()
        change(value)
        return value

    setattr(fake.cluster, part, say)


def told(page, tell, updates):
    """Waits until the page has taken what `tell` sends: so many updates."""
    count = "() => performance.getEntriesByName('update').length"
    before = page.evaluate(count)
    tell()
    page.wait_for_function(f"(count) => ({count})() >= count", arg=before + updates)


def answered(page, topic, answers):
    """The topic's messages are these answers, one after the other; returns the queries as they come."""
    queries = []

    def answer(route):
        queries.append(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(route.request.url).query)))
        route.fulfill(json=answers[min(len(queries), len(answers)) - 1])

    page.route(f"**/api/v1/topics/{topic}/messages?*", answer)
    return queries


def message(offset, value, partition=0, **fields):
    made = {"partition": partition, "offset": offset, "timestamp": 1_780_000_000_000, "value": value, "headers": []}
    return made | {"keyEncoding": "utf8", "valueEncoding": "utf8", "truncated": False} | fields


def test_a_verdict_has_its_word_icon_and_figures(browser):
    expected = {
        "healthy": {"brokers": "3/3", "controller": "1", "tolerance": "1", "offline": "0", "undermin": "0", "underreplicated": "0"},
        "degraded": {"brokers": "2/3", "controller": "1", "tolerance": "0", "offline": "0", "undermin": "0", "underreplicated": "57"},
        "unavailable": {"brokers": "1/3", "controller": "none", "tolerance": "blocked", "offline": "6", "undermin": "57"},
        "down": {"brokers": "0/3", "controller": "none", "tolerance": "blocked", "offline": "57", "undermin": "57", "events": "–"},
    }
    for state, word in STATES.items():
        with FakeDashboard(state) as fake, browser.page(fake.address) as page:
            verdict(live(page), word)
            assert page.get_attribute("#verdict-icon", "href") == f"#icon-{word.lower()}"
            if word == "Unavailable":
                for broker in (2, 3):
                    said = re.compile(rf"broker {broker} \(leader of 19 partitions\) does not answer")
                    expect(page.locator("#verdict")).to_contain_text(said)
            # What the sentence says is not said again below it.
            sentence = page.inner_text("#verdict-sentence").lower()
            assert not [text for text in page.locator("#verdict-reasons li").all_inner_texts() if text.lower() in sentence]
            for name, value in expected[state].items():
                expect(tile(page, name)).to_have_text(value)
            # Nothing bad is told by colour alone: each coloured tile has an icon with a name.
            for toned in page.locator(".tile[data-tone]").all():
                assert toned.locator("svg[aria-label]").count() == 1


def test_a_broker_counts_once_it_takes_part_and_is_green_once_it_runs(browser):
    states = [
        # State of broker 2, its leaders and in-sync replicas; figure, tone and small print.
        ("RUNNING", 19, 57, "3/3", "good", "all of them serve"),
        ("RECOVERING", 0, 12, "3/3", "warn", "recovering: 2"),
        ("RECOVERING", 0, 0, "2/3", "warn", "recovering: 2"),
        ("LEADER_ELECTION", 0, 57, "3/3", "warn", "electing: 2"),
        ("STARTING", 0, 0, "2/3", "warn", "not there: 2"),
        ("SHUTDOWN", 0, 0, "2/3", "warn", "not there: 2"),
    ]
    with FakeDashboard("healthy", paced=False) as fake, browser.page(fake.address) as page:
        live(page)
        now = {}
        altered(fake, "model", lambda model: model["brokers"][1].update(now))
        for state, leaders, in_sync, figure, tone, note in states:
            now |= {"state": state, "leaders": leaders, "inSyncReplicas": in_sync}
            fake.step()
            expect(page.locator("#tile-brokers .note")).to_have_text(note)
            expect(tile(page, "brokers")).to_have_text(figure)
            expect(page.locator("#tile-brokers")).to_have_attribute("data-tone", tone)
        # All answer, and the controller has let none of them in.
        everyone = {"state": "RECOVERING", "leaders": 0, "inSyncReplicas": 0}
        altered(fake, "model", lambda model: [broker.update(everyone) for broker in model["brokers"]])
        fake.step()
        expect(tile(page, "brokers")).to_have_text("0/3")
        expect(page.locator("#tile-brokers")).to_have_attribute("data-tone", "bad")


def test_unknown_is_neither_zero_nor_green(browser):
    with FakeDashboard("unknown") as fake, browser.page(fake.address) as page:
        verdict(live(page), "Unknown")
        for name in ("controller", "tolerance", "offline", "undermin", "underreplicated", "events", "p99"):
            expect(tile(page, name)).to_have_text("–")
            expect(page.locator(f"#tile-{name}")).to_have_attribute("data-tone", "unknown")
        assert page.locator("#verdict [data-tone=good], .tile[data-tone=good]").count() == 0
        expect(page.locator("#partitions-summary")).to_have_text("57 partitions in 5 topics, as last known")
        expect(page.locator("#brokers-summary")).to_have_text("none of 3 answers")
        for table in ("groups", "topics"):
            expect(page.locator(f"#{table}-empty")).to_have_text("Not known: no broker answers.")
            expect(page.locator(f"#{table}-summary")).to_have_text("")


def test_a_cluster_that_is_down_has_nothing_green_and_the_commands_that_start_it(browser):
    with FakeDashboard("down") as fake, browser.page(fake.address) as page:
        verdict(live(page), "Unavailable")
        expect(page.locator("#verdict-sentence")).to_have_text(
            "Every broker refuses connections; 57 of 57 partitions offline; nothing can be written or read"
        )
        assert page.locator("[data-tone=good]:visible, .state.tone-good").count() == 0
        expect(page.locator("#tile-p99")).to_have_attribute("data-tone", "bad")
        expect(tile(page, "p99")).to_have_text("–")
        expect(page.locator("#remedy-partitions tr").first).to_contain_text("1, 2, 3 → none")
        commands = page.locator("#remedy-commands code").all_inner_texts()
        assert commands[:4] == [f"./streamsocial start {broker}" for broker in (1, 2, 3)] + ["./streamsocial status"]
        expect(page.locator("#groups-rows tr").first).to_contain_text("UNKNOWN")
        # "Now" and "none" are facts, too: nobody was seen just now, and errors were counted.
        assert "now" not in page.locator("#brokers-rows").inner_text()
        expect(page.locator("#facts")).to_contain_text("REQUEST_TIMED_OUT")


def test_a_fault_shows_everywhere_and_clears(browser):
    with FakeDashboard("healthy", paced=False) as fake, browser.page(fake.address) as page:
        fake.step()
        verdict(live(page), "Healthy")
        expect(page.locator("#remedy")).to_be_hidden()
        expect(page.locator("#machine .dot")).to_have_count(3)
        page.wait_for_function("() => document.querySelectorAll('#timeline-readout b')[0].textContent !== '–'")

        fake.switch("degraded")
        verdict(page, "Degraded")
        expect(tile(page, "brokers")).to_have_text("2/3")
        expect(tile(page, "tolerance")).to_have_text("0")
        expect(page.locator("#timeline-events")).to_contain_text("broker 2 does not answer")
        expect(page.locator("#brokers-rows tr").nth(1)).to_contain_text("FAILED")
        expect(page.locator("#alerts-firing")).to_contain_text("BrokerDown")
        expect(page.locator("#remedy-commands")).to_contain_text("./streamsocial start 2")
        expect(page.locator("#remedy-partitions tr").first).to_contain_text("at min ISR")
        expect(page.locator("#partitions-summary")).to_contain_text("57 not well")
        page.wait_for_function("() => document.querySelector('.state.tone-bad')")
        page.locator("#machine .dot").nth(1).evaluate("dot => Promise.all(dot.getAnimations().map((one) => one.finished))")
        assert dot_is_in(page, 2, "FAILED") and dot_is_in(page, 1, "RUNNING")

        fake.switch("healthy")
        verdict(page, "Healthy")
        expect(tile(page, "brokers")).to_have_text("3/3")
        expect(page.locator("#timeline-events")).to_contain_text("all replicas in sync again")
        expect(page.locator("#alerts-firing li")).to_have_count(0)
        expect(page.locator("#remedy")).to_be_hidden()
        expect(page.locator("#partitions-summary")).to_contain_text("all whole")
        page.locator("#machine .dot").nth(1).evaluate("dot => Promise.all(dot.getAnimations().map((one) => one.finished))")
        assert dot_is_in(page, 2, "RUNNING")


def test_silence_is_shown_as_stale_and_ends_by_itself(browser):
    fake = FakeDashboard("healthy")
    port = fake.server.server_port
    with browser.page(fake.address, problems_allowed=True) as page:
        verdict(live(page), "Healthy")
        fake.stop()
        verdict(page, "Stale", limit=6)
        expect(page.locator("#verdict-sentence")).to_have_text(re.compile(r"^Data is \d+ s old"))
        expect(page.locator("#verdict-since")).to_have_text("")
        assert page.get_attribute("html", "data-verdict") == "unknown"
        for part in ("tiles-section", "timeline", "brokers", "partitions", "groups", "alerts", "topics"):
            node = page.locator(f"#{part}, .{part}").first
            assert "grayscale" in node.evaluate("node => getComputedStyle(node).filter"), part
        # Grey is still legible, and a tick is no claim any more.
        found = page.evaluate(CONTRAST)
        assert found["looked"] > 120 and found["poor"] == []
        expect(page.locator(".tile svg").first).to_be_hidden()
        screenshot(page, "stale-light-wide")
        with FakeDashboard("degraded", port=port):
            verdict(page, "Degraded", limit=8)
            expect(page.locator("html")).to_have_attribute("data-connection", "live")


def test_a_server_that_never_spoke_is_not_shown_as_a_cluster(browser):
    with FakeDashboard("healthy") as fake, browser.page("about:blank", problems_allowed=True) as page:
        page.route("**/api/v1/events", lambda route: route.abort())
        page.goto(fake.address)
        verdict(page, "No data", limit=6)
        expect(tile(page, "brokers")).to_have_text("–")


def test_a_refusal_is_told_in_the_servers_words(browser):
    refusal = {"status": 401, "json": {"error": {"code": "token_required", "message": "give the token"}}}
    with FakeDashboard("healthy") as fake, browser.page("about:blank", problems_allowed=True) as page:
        page.route("**/api/v1/**", lambda route: route.fulfill(**refusal))
        page.goto(fake.address)
        expect(page.locator("#verdict-sentence")).to_contain_text("the dashboard's server says: give the token")


def test_hostile_names_and_values_stay_text(browser):
    with FakeDashboard("hostile", allow_actions=True) as fake, browser.page(fake.address) as page:
        verdict(live(page), "Degraded")
        page.locator("#groups .disclosure", has_text="<img").click()
        expect(page.locator("#groups .detail tbody tr").first).to_contain_text(cluster_models.MARKUP)
        page.locator("#topics .disclosure", has_text="<img").click()
        expect(page.locator(".messages tbody")).to_contain_text(cluster_models.MARKUP)
        page.locator(".messages .disclosure").nth(1).click()
        expect(page.locator(".messages pre").first).to_have_text(cluster_models.MARKUP)
        page.locator("#alerts-past summary").click()
        page.hover("#partitions-map", position={"x": 60, "y": 30})
        # Not one element of the markup exists, and the words that turn text round are gone.
        assert page.locator("img, main script, [onerror]").count() == 0
        assert "\u202e" not in page.inner_text("body")


def test_a_thousand_partitions_take_less_than_50_ms_an_update(browser):
    """In the time that the page's thread was given a processor, so that a busy machine is not taken for a slow page."""
    with FakeDashboard("thousand", paced=False) as fake, browser.page(fake.address) as page:
        expect(page.locator("#partitions-summary")).to_contain_text("1,000 partitions")
        meter = page.context.new_cdp_session(page)
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})

        def scripting():
            metrics = {entry["name"]: entry["value"] for entry in meter.send("Performance.getMetrics")["metrics"]}
            return metrics["ScriptDuration"] * 1000

        # The meter is one that shows a slow update: so much work, not so much time, which others may have had.
        before = scripting()
        page.evaluate(
            """() => new Promise((done) => setTimeout(() => {
              let sum = 0;
              for (let index = 0; index < 3e8; index += 1) sum = (sum * 31 + index) | 0;
              done(sum);
            }))"""
        )
        assert scripting() - before > 50

        updates = "() => performance.getEntriesByName('update').length"
        spent = []
        for _ in range(25):
            before, count = scripting(), page.evaluate(updates)
            fake.change_partitions()
            fake.step()
            page.wait_for_function(f"(count) => ({updates})() >= count + 3", arg=count)
            spent.append(scripting() - before)
        print(f"scripting an update, ms: median {statistics.median(spent):.1f}, max {max(spent):.1f}")
        assert 0 < statistics.median(spent) < 20 and max(spent) < 50, spent
        page.check("#partitions-filter")
        page.focus("#partitions-map")
        expect(page.locator("#partitions-text")).to_contain_text("observer, not in sync")


def test_the_timeline_breaks_its_lines_where_nothing_is_known(browser):
    with FakeDashboard("healthy") as fake, browser.page(fake.address) as page:
        found = page.evaluate(
            """async () => {
              const { runs } = await import("./chart.js");
              const points = [[0, 1], [1, 2], [2, undefined], [3, 4], [5, 5]].map(([second, v]) => ({ at: second * 1000, v }));
              return runs(points, "v").map((run) => run.map((point) => point.v));
            }"""
        )
        assert found == [[1, 2], [4], [5]]


def test_the_timeline_is_read_zoomed_and_paused_by_keyboard(browser):
    with FakeDashboard("degraded", paced=False) as fake, browser.page(fake.address) as page:
        fake.step()
        live(page)
        page.wait_for_function("() => document.querySelectorAll('#timeline-events li').length > 5")
        slider = page.locator("#timeline-cursor")
        slider.focus()
        for _ in range(14):
            page.keyboard.press("ArrowLeft")
        text = slider.get_attribute("aria-valuetext")
        assert re.search(r"degraded, in [\d,]+/s, out .*p99 .* ms", text), text
        page.keyboard.press("Home")
        assert slider.get_attribute("aria-valuenow") == "0"
        page.keyboard.press("Escape")
        page.keyboard.press("+")
        page.keyboard.press(" ")
        shown = page.inner_text("#timeline-range")
        assert "paused" in shown
        fake.step()
        fake.step()
        expect(page.locator("#timeline-range")).to_have_text(shown)
        page.keyboard.press("Escape")
        expect(page.locator("#timeline-range")).not_to_contain_text("paused")
        # A gap reads as unknown, never as a number.
        page.click("[data-span='300']")
        slider.focus()
        page.keyboard.press("End")
        for _ in range(22):
            page.keyboard.press("Shift+ArrowLeft")
        for _ in range(10):
            if "unknown" in slider.get_attribute("aria-valuetext"):
                break
            page.keyboard.press("ArrowLeft")
        assert re.search(r"in unknown, out unknown", slider.get_attribute("aria-valuetext"))


def test_an_event_that_is_out_of_sight_pauses_the_timeline_and_the_button_says_so(browser):
    with FakeDashboard("degraded", paced=False) as fake, browser.page(fake.address) as page:
        fake.step()
        live(page)
        page.click("[data-span='60']")
        button = page.locator("#timeline-pause")
        expect(button).to_have_text("Pause")
        page.locator("#timeline-events button", has_text="broker 3 answers again").click()
        expect(page.locator("#timeline-range")).to_contain_text("paused")
        expect(button).to_have_text("Go live")
        expect(button).to_have_attribute("aria-pressed", "true")
        button.click()
        expect(page.locator("#timeline-range")).not_to_contain_text("paused")


def test_events_go_with_the_seconds_that_they_belong_to(browser):
    with FakeDashboard("degraded", paced=False) as fake, browser.page(fake.address) as page:
        fake.step()
        live(page)
        page.wait_for_function("() => document.querySelectorAll('#timeline-events li').length > 5")
        # A page that stays open keeps a quarter of an hour.
        page.evaluate(
            """async (last) => {
              const { addSecond } = await import("./timeline.js");
              for (let second = 1; second <= 900; second += 1) {
                const at = last + second * 1000;
                addSecond({ at, verdict: "healthy" }, second === 5 ? [{ number: 4711, at: at + 300, kind: "fault", text: "new one" }] : []);
              }
            }""",
            fake.cluster.points[-1]["at"],
        )
        expect(page.locator("#timeline-events li")).to_have_count(1)
        expect(page.locator("#timeline-events li")).to_contain_text("new one")


def test_the_partition_map_is_read_like_a_slider(browser):
    """A screen reader leaves the arrow keys to a slider, and reads its value."""
    with FakeDashboard("healthy", paced=False) as fake, browser.page(fake.address) as page:
        live(page)
        expect(page.locator("#partitions-summary")).to_contain_text("57 partitions")
        slider = page.get_by_role("slider", name="Partition map")
        expect(slider).to_have_attribute("aria-valuetext", "none of 57 partitions chosen")
        slider.focus()
        expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^__consumer_offsets-0: leader 1 "))
        assert [slider.get_attribute(f"aria-value{name}") for name in ("min", "now", "max")] == ["0", "0", "56"]
        page.keyboard.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuenow", "1")
        expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^__consumer_offsets-1: leader 2 "))
        assert slider.get_attribute("aria-valuetext") == page.inner_text("#partitions-text")
        page.keyboard.press("End")
        expect(slider).to_have_attribute("aria-valuenow", "56")
        expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^posts-2: "))


def test_everything_is_reached_by_tab_with_focus_in_sight(browser):
    with FakeDashboard("degraded", allow_actions=True) as fake, browser.page(fake.address) as page:
        live(page)
        expect(page.locator("#remedy-commands li")).to_have_count(3)
        expect(page.get_by_role("button", name="Kill broker 1")).to_be_visible()
        reached, orders = [], []
        for _ in range(120):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                """() => {
                  const node = document.activeElement;
                  if (node === document.body) return null;
                  const style = getComputedStyle(node);
                  const sections = [...document.querySelectorAll(".skip, header.bar, main > section")];
                  const section = sections.findIndex((one) => one.contains(node));
                  const name = node.id || node.getAttribute("aria-label") || node.textContent.trim();
                  return [name, style.outlineStyle, parseFloat(style.outlineWidth), section];
                }"""
            )
            if focused is None:
                break
            assert focused[1] != "none" and focused[2] > 0, f"{focused[0]}: focus is not visible"
            reached.append(focused[0])
            orders.append(focused[3])
        else:
            raise AssertionError(f"Tab never leaves the page: {reached[-5:]}")
        # From top to bottom: the order of the sections is the order of the keyboard.
        assert orders == sorted(orders), list(zip(reached, orders, strict=True))
        for wanted in ("theme", "timeline-cursor", "timeline-pause", "partitions-map", "partitions-filter", "Kill broker 1", "Start broker 2", "Acknowledge", "topics-search"):
            assert wanted in reached, wanted
        page.locator("#topics .disclosure").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#topic")).to_be_visible()
        page.locator("#tab-messages").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#panel-partitions")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#panel-settings")).to_contain_text("min.insync.replicas")


def test_a_dialog_holds_the_focus_and_gives_it_back(browser):
    active = "() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    with FakeDashboard("healthy", allow_actions=True, paced=False) as fake, browser.page(fake.address) as page:
        live(page)
        kill = page.get_by_role("button", name="Kill broker 2")
        kill.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Kill broker 2?")
        expect(dialog).to_be_visible()
        # It begins at what does no harm, and Tab goes round within it (through the browser's own bar, which is no element).
        assert page.evaluate(active) == "Cancel"
        for _ in range(6):
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement === document.body || dialog.contains(document.activeElement)")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(kill).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#notice")).to_contain_text("Kill broker 2")
        assert fake.posts == [("/api/v1/brokers/2/kill", {})]
        # The button goes with the broker: the keyboard stays where it was, on what takes its place.
        fake.switch("degraded")
        expect(page.get_by_role("button", name="Start broker 2")).to_be_focused()
        page.get_by_role("button", name="Acknowledge").first.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Silence 30 min").first).to_be_focused()
        page.locator("#remedy-commands button").first.focus()
        fake.switch("healthy")
        expect(page.locator("#remedy")).to_be_hidden()
        assert page.evaluate("document.activeElement !== document.body")
        page.locator("#topics .disclosure").nth(1).focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Close topic follows").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#topics .disclosure").nth(1)).to_be_focused()


def test_an_alert_that_clears_does_not_throw_the_keyboard_back_to_the_top(browser):
    with FakeDashboard("unavailable", allow_actions=True, paced=False) as fake, browser.page(fake.address) as page:
        live(page)
        page.locator("#alerts-firing button:visible").last.focus()
        fake.switch("degraded")
        expect(page.locator("#alerts-firing li")).to_have_count(2)
        assert page.evaluate("document.getElementById('alerts-firing').contains(document.activeElement)")
        fake.switch("healthy")
        expect(page.locator("#alerts-firing li")).to_have_count(0)
        assert page.evaluate("document.activeElement.closest('#alerts') !== null")


def test_a_screen_reader_hears_the_verdict_only_when_its_word_changes(browser):
    with FakeDashboard("healthy", paced=False) as fake, browser.page(fake.address) as page:
        verdict(live(page), "Healthy")
        page.evaluate(
            """() => {
              window.heard = [];
              const node = document.getElementById("verdict-announcement");
              new MutationObserver(() => heard.push(node.textContent)).observe(node, { childList: true, characterData: true, subtree: true });
            }"""
        )
        before = page.inner_text("#verdict-since")
        for _ in range(3):
            fake.step()
        expect(page.locator("#verdict-since")).not_to_have_text(before)
        assert page.evaluate("heard") == []
        fake.switch("degraded")
        verdict(page, "Degraded")
        heard = page.evaluate("heard")
        assert len(heard) == 1 and heard[0].startswith("Degraded. Broker 2")
        # Nor does the timeline read itself out while it goes on below a keyboard that rests on it.
        slider = page.locator("#timeline-cursor")
        slider.focus()
        page.keyboard.press("ArrowLeft")
        spoken = "() => ['aria-valuenow', 'aria-valuetext'].map((name) => document.getElementById('timeline-cursor').getAttribute(name))"
        said, shown = page.evaluate(spoken), page.inner_text("#timeline-range")
        for _ in range(3):
            fake.step()
        expect(page.locator("#timeline-range")).not_to_have_text(shown)
        assert page.evaluate(spoken) == said
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(spoken) != said
        for landmark in ("banner", "navigation", "main", "contentinfo"):
            assert page.get_by_role(landmark).count() == 1
        assert page.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count() == 0
        assert page.locator("section:not([aria-label]):not([aria-labelledby])").count() == 0


def test_a_screen_reader_hears_what_is_new_though_the_word_stays(browser):
    with FakeDashboard("degraded", paced=False) as fake:
        more, failures, further = [], [1], []

        def change(model):
            model["tolerance"]["failures"] = failures[0]
            model["verdict"]["reasons"] = [*model["verdict"]["reasons"], *more]

        altered(fake, "model", change)
        altered(fake, "alerts", lambda alerts: alerts["firing"].extend(further))
        with browser.page(fake.address) as page:
            verdict(live(page), "Degraded")
            expect(page.locator("#alerts-firing li")).to_have_count(2)
            assert page.inner_text("#alerts-announcement") == ""
            page.evaluate(
                """() => {
                  window.heard = [];
                  for (const id of ["verdict-announcement", "alerts-announcement"]) {
                    const node = document.getElementById(id);
                    new MutationObserver(() => heard.push(node.textContent)).observe(node, { childList: true, characterData: true, subtree: true });
                  }
                }"""
            )

            def hears():
                told(page, fake.step, 2)
                return page.evaluate("heard.splice(0)")

            def reason(code, severity, text):
                return {"code": code, "severity": severity, "text": text, "since": fake.cluster.now}

            assert hears() == [] and hears() == []
            more.append(reason("disk-space", "warning", "broker 3 has 900 MB of disk left"))
            assert hears() == ["Degraded: broker 3 has 900 MB of disk left."]
            more[0]["text"] = "broker 3 has 800 MB of disk left"
            assert hears() == []
            more.append(reason("disk-space", "warning", "broker 1 has 700 MB of disk left"))
            assert hears() == ["Degraded: broker 1 has 700 MB of disk left."]
            more.append(reason("group-stalled", "info", "group analytics is STALLED"))
            assert hears() == []
            failures[0] = 0
            assert hears() == ["Degraded: no further failure tolerated."]
            assert hears() == []
            # What went and comes again is new.
            more.clear()
            assert hears() == []
            more.append(reason("disk-space", "warning", "broker 3 has 600 MB of disk left"))
            assert hears() == ["Degraded: broker 3 has 600 MB of disk left."]

            def alert(number, severity, **fields):
                made = {"id": f"more-{number}", "name": "LogDirectoryLost", "severity": severity, "state": "firing", "action": "look"}
                return made | {"summary": f"broker {number} lost a log directory", "firedAt": fake.cluster.now} | fields

            def hears_of(*alerts):
                further.extend(alerts)
                told(page, lambda: fake._send("alerts", fake.cluster.alerts()), 1)
                return page.evaluate("heard.splice(0)")

            assert hears_of() == []
            assert hears_of(alert(1, "warning"), alert(2, "critical", silencedUntil=fake.cluster.now + 600_000)) == []
            assert hears_of(alert(3, "critical")) == ["Critical alert LogDirectoryLost: broker 3 lost a log directory."]
            assert hears_of() == []


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((one, two) => two - one);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      if (one instanceof SVGElement) {
        const box = one.parentElement?.querySelector(":scope > rect, :scope > circle");
        if (box && getComputedStyle(box).fill !== "none") return rgba(getComputedStyle(box).fill);
        continue;
      }
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const behind = rgba(getComputedStyle(document.body).backgroundColor);
  const poor = [];
  let looked = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility({ visibilityProperty: true }) || node.closest(".unseen, noscript, option, .skip")) continue;
    const style = getComputedStyle(node);
    // Whatever is half transparent lies over the page's ground.
    let opacity = 1;
    for (let one = node; one; one = one.parentElement) opacity *= Number(getComputedStyle(one).opacity);
    const over = (one) => one.map((part, index) => part * opacity + behind[index] * (1 - opacity));
    const colour = rgba(node instanceof SVGElement ? style.fill : style.color);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const found = ratio(over(colour), over(ground(node)));
    looked += 1;
    if (found < (large ? 3 : 4.5)) poor.push(`${found.toFixed(2)} ${node.tagName} "${walker.currentNode.textContent.trim().slice(0, 40)}"`);
  }
  // What is drawn rather than written: 3 to 1 on the card (WCAG 1.4.11).
  const root = getComputedStyle(document.documentElement);
  const names = ["chart-in", "chart-out", "chart-p50", "chart-p99", "chart-max", "chart-error", "chart-lag", "role-leader", "role-follower", "role-observer", "role-offline", "line-strong", "focus", "good", "warn", "bad"];
  for (const name of names) {
    const found = ratio(rgba(root.getPropertyValue(`--${name}`)), rgba(root.getPropertyValue("--surface")));
    if (found < 3) poor.push(`${found.toFixed(2)} --${name} on --surface`);
  }
  return { looked, poor };
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_legible_fits_and_is_pictured(browser, state, theme):
    """WCAG AA contrast of every text as rendered, no sideways scrolling at 360 px, and the artefacts to look at."""
    with FakeDashboard(state, allow_actions=True) as fake:
        with browser.page(fake.address, theme=theme, reduced_motion="reduce") as page:
            verdict(live(page), STATES[state])
            page.locator("#groups .disclosure").first.click()
            page.locator("#topics .disclosure").first.click()
            expect(page.locator(".messages tbody tr").first).to_be_visible()
            found = page.evaluate(CONTRAST)
            assert found["looked"] > 150 and found["poor"] == []
            page.locator("#groups .disclosure").first.click()
            page.locator("#topics .disclosure").first.click()
            page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
            screenshot(page, f"{state}-{theme}-wide")
        with browser.page(fake.address, theme=theme, size="wall", reduced_motion="reduce") as page:
            verdict(live(page), STATES[state])
            assert page.evaluate("document.documentElement.scrollWidth") <= 2560
            screenshot(page, f"{state}-{theme}-wall")
        with browser.page(fake.address, theme=theme, size="narrow", reduced_motion="reduce") as page:
            verdict(live(page), STATES[state])
            page.locator("#topics .disclosure").first.click()
            expect(page.locator(".messages tbody tr").first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            if state == "degraded":
                # What one looks for on a telephone at night is there without scrolling sideways: who lags, by how much.
                lag = page.locator("#groups-rows tr").nth(1).locator("td.number").first.bounding_box()
                table = page.locator("#groups .scroll").bounding_box()
                assert lag["x"] + lag["width"] <= table["x"] + table["width"]
            page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
            screenshot(page, f"{state}-{theme}-narrow")


@pytest.mark.parametrize("size", ["wide", "laptop", "narrow", "wall"])
def test_no_tile_cuts_its_words_and_figures_stand_in_line(browser, size):
    for state in STATES:
        with FakeDashboard(state, paced=False) as fake, browser.page(fake.address, size=size) as page:
            fake.step()
            verdict(live(page), STATES[state])
            found = page.evaluate(
                """() => {
                  const parts = [...document.querySelectorAll(".tile dt span, .tile dd")];
                  const cut = parts.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline"
                    || one.scrollHeight > one.clientHeight + 1);
                  const rows = new Map();
                  for (const tile of document.querySelectorAll(".tile")) {
                    const top = Math.round(tile.getBoundingClientRect().top);
                    if (!rows.has(top)) rows.set(top, new Set());
                    rows.get(top).add(Math.round(tile.querySelector(".figure").getBoundingClientRect().top));
                  }
                  return { cut: cut.map((one) => one.textContent), ragged: [...rows.values()].filter((row) => row.size > 1).length };
                }"""
            )
            assert found == {"cut": [], "ragged": 0}, f"{state}: {found}"


def test_figures_that_change_do_not_move_their_neighbours(browser):
    columns = """() => ["brokers", "groups", "topics"].map((table) =>
      [...document.querySelectorAll(`#${table}-table thead th`)].map((one) => Math.round(one.getBoundingClientRect().left)))"""
    with FakeDashboard("degraded", paced=False) as fake, browser.page(fake.address) as page:
        fake.step()
        live(page)
        before = page.evaluate(columns)
        row = page.locator("#groups-rows tr", has_text="notifications")
        shown = row.inner_text()
        # From seconds to minutes, from five digits to six.
        for _ in range(80):
            fake.step()
        expect(row).to_contain_text("104,700")
        assert row.inner_text() != shown
        for table, (old, new) in enumerate(zip(before, page.evaluate(columns), strict=True)):
            assert all(abs(a - b) <= 1 for a, b in zip(old, new, strict=True)), (table, old, new)


@pytest.mark.parametrize("size", ["wide", "wall"])
def test_no_table_is_wider_than_its_card(browser, size):
    for state in STATES:
        with FakeDashboard(state, allow_actions=True) as fake, browser.page(fake.address, size=size) as page:
            verdict(live(page), STATES[state])
            expect(page.locator("#brokers-rows button")).to_have_count(6)
            wide = "[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth)"
            assert page.evaluate(f"{wide}.map((one) => one.getAttribute('aria-label'))") == []


def test_times_in_sentences_are_the_readers_own(browser):
    with FakeDashboard("degraded") as fake, browser.page(fake.address, timezone_id="Asia/Kolkata") as page:
        verdict(live(page), "Degraded")
        expect(page.locator("#verdict-sentence")).to_contain_text("does not answer since 01:56:26;")


def test_a_time_of_another_day_has_its_date(browser):
    with FakeDashboard("degraded") as fake, browser.page(fake.address, timezone_id="UTC") as page:
        verdict(live(page), "Degraded")
        expect(page.locator("#verdict-since")).to_have_text(re.compile(r"since 20:26:26$"))
        expect(page.locator("#alerts-firing li").first).to_contain_text("since 20:26:26")
        page.click("#alerts-past summary")
        expect(page.locator("#alerts-history td.nowrap")).to_have_text("20:23:56")
        # The page stays open over night: what it shows already gets its date, too.
        fake.cluster.now += 2 * 86_400_000
        expect(page.locator("#alerts-history td.nowrap")).to_have_text("2026-05-28 20:23:56")
        expect(page.locator("#verdict-since")).to_contain_text("since 2026-05-28 20:26:26")
        expect(page.locator("#alerts-firing li").first).to_contain_text("since 2026-05-28 20:26:26")


def test_a_search_says_what_it_did_not_look_at_and_goes_on_there(browser):
    older = [{"partition": 0, "before": 5000}, {"partition": 1, "before": 6100}]
    answers = [
        {"messages": [message(9000 - number, "hay") for number in range(20)], "scanned": 60, "complete": True, "older": older},
        {"messages": [], "scanned": 20_000, "complete": False, "older": older},
        {"messages": [message(4321, "a needle", partition=1)], "scanned": 20_000, "complete": False, "older": older[:1]},
        {"messages": [message(12, "another needle")], "scanned": 5000, "complete": True, "older": []},
    ]
    with FakeDashboard("healthy", paced=False) as fake, browser.page(fake.address) as page:
        live(page)
        queries = answered(page, "posts", answers)
        page.locator("#topics .disclosure", has_text="posts").click()
        note, rows = page.locator("#panel-messages .empty"), page.locator("#panel-messages .messages tbody tr:visible")
        expect(note).to_have_text("20 messages; 60 looked at.")
        back = page.get_by_role("button", name="Look further back")
        expect(back).to_be_visible()
        page.get_by_label("Value contains").fill("needle")
        page.get_by_role("button", name="Read", exact=True).click()
        expect(note).to_have_text("No message; 20,000 looked at; there are older ones that were not looked at.")
        expect(rows).to_have_count(0)
        # It goes on with what was searched for, whatever the form says by now.
        page.get_by_label("Value contains").fill("something else")
        back.click()
        expect(note).to_have_text("1 message; 40,000 looked at; there are older ones that were not looked at.")
        back.click()
        expect(note).to_have_text("2 messages; 45,000 looked at.")
        expect(rows).to_have_count(2)
        expect(rows.last).to_contain_text("another needle")
        expect(back).to_be_hidden()
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Messages"
        assert [query.get("before") for query in queries] == [None, None, "0:5000,1:6100", "0:5000"]
        assert {query["value"] for query in queries[1:]} == {"needle"} and {query["from"] for query in queries} == {"newest"}


def test_json_is_laid_out_and_otherwise_left_as_it_is(browser):
    text = '{"id":9007199254740993, "id": 1.0,"none":[],"text":"a, {b}: \\"[c]\\" \\u00e4","deep":[ {"x":-0.50E+2} ]}'
    shown = """{
  "id": 9007199254740993,
  "id": 1.0,
  "none": [],
  "text": "a, {b}: \\"[c]\\" \\u00e4",
  "deep": [
    {
      "x": -0.50E+2
    }
  ]
}"""
    values = [text, '{"not": json, "id": 1.0}', f"[{'[' * 3000}{']' * 3000}]"]
    messages = [message(number, value) for number, value in enumerate(values)]
    messages[0]["timestamp"] = -1
    with FakeDashboard("healthy", paced=False) as fake, browser.page(fake.address) as page:
        live(page)
        answered(page, "posts", [{"messages": messages, "scanned": 3, "complete": True}])
        page.locator("#topics .disclosure", has_text="posts").click()
        for number in range(len(values)):
            page.locator(".messages .disclosure").nth(number).click()
        laid_out = page.locator(".messages pre").all_text_contents()
        assert laid_out[:2] == [shown, values[1]]
        assert len(laid_out[2]) == 100_000
        # Kafka's −1: nobody knows when.
        expect(page.locator(".messages tbody td.nowrap").first).to_have_text("–")
        expect(page.locator(".messages tbody td.nowrap").nth(1)).to_contain_text("2026-05-2")


def test_the_theme_is_a_choice_that_lasts(browser):
    with FakeDashboard("healthy") as fake, browser.page(fake.address, theme="dark") as page:
        ground = "() => getComputedStyle(document.body).backgroundColor"
        dark = page.evaluate(ground)
        page.click("#theme")
        light = page.evaluate(ground)
        assert light != dark
        page.reload()
        assert page.evaluate(ground) == light
        page.click("#theme")
        assert page.evaluate(ground) == dark


def test_reduced_motion_moves_nothing(browser):
    with FakeDashboard("healthy") as fake, browser.page(fake.address, reduced_motion="reduce") as page:
        live(page)
        expect(page.locator("#machine .dot")).to_have_count(3)
        durations = page.evaluate("[...document.querySelectorAll('*')].map((node) => getComputedStyle(node).transitionDuration)")
        assert set(durations) == {"0s"}


def test_without_actions_the_page_offers_none(browser):
    with FakeDashboard("degraded") as fake, browser.page(fake.address) as page:
        live(page)
        expect(page.locator("#about")).to_contain_text("read-only")
        page.locator("#topics .disclosure").first.click()
        expect(page.locator("#tab-messages")).to_be_visible()
        for selector in ("#brokers-rows button", ".alert-buttons", "#tab-produce"):
            assert page.locator(f"{selector}:visible").count() == 0


def test_actions_want_a_confirmation(browser):
    with FakeDashboard("degraded", allow_actions=True) as fake, browser.page(fake.address) as page:
        live(page)
        page.get_by_role("button", name="Kill broker 1").click()
        expect(page.get_by_role("dialog")).to_contain_text("SIGKILL")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.get_by_role("button", name="Kill broker 1").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        assert fake.posts == []
        page.get_by_role("button", name="Start broker 2").click()
        page.get_by_role("dialog").get_by_role("button", name="Start broker 2").click()
        expect(page.locator("#notice")).to_contain_text("Start broker 2")
        assert fake.posts == [("/api/v1/brokers/2/start", {})]

        page.get_by_role("button", name="Acknowledge").first.click()
        expect(page.locator("#alerts-firing li").first).to_contain_text("acknowledged by dashboard")
        page.get_by_role("button", name="Silence 30 min").first.click()
        expect(page.locator("#alerts-firing li").first).to_contain_text("silenced until")
        assert fake.posts[1:] == [
            ("/api/v1/alerts/BrokerDown-2/acknowledge", {"by": "dashboard"}),
            ("/api/v1/alerts/silences", {"name": "BrokerDown", "minutes": 30}),
        ]

        page.locator("#topics .disclosure", has_text="posts").click()
        page.click("#tab-produce")
        page.fill("#produce-value", '{"hello": "world"}')
        page.locator("#panel-produce").get_by_label("Key (empty: null)").fill("ada")
        page.locator("#panel-produce button").click()
        page.get_by_role("dialog").get_by_role("button", name="Produce").click()
        expect(page.locator("#panel-produce")).to_contain_text("Written to partition 1 at offset 4001")
        assert fake.posts[-1] == ("/api/v1/topics/posts/messages", {"key": "ada", "value": '{"hello": "world"}'})
        # Nothing typed is no key, not an empty one.
        page.locator("#panel-produce").get_by_label("Key (empty: null)").fill("")
        page.locator("#panel-produce button").click()
        with page.expect_response("**/messages"):
            page.get_by_role("dialog").get_by_role("button", name="Produce").click()
        assert fake.posts[-1] == ("/api/v1/topics/posts/messages", {"value": '{"hello": "world"}'})


def test_a_command_is_copied_as_it_stands(browser):
    with FakeDashboard("degraded") as fake:
        with browser.page(fake.address, permissions=["clipboard-read", "clipboard-write"]) as page:
            live(page)
            page.locator("#remedy-commands button").first.click()
            expect(page.locator("#notice")).to_have_text("Copied.")
            assert page.evaluate("navigator.clipboard.readText()") == "./streamsocial start 2"


def test_the_double_speaks_as_the_monitor_does():
    """Every field and every word that the imaginary clusters send is one of the Swift types that are the contract."""
    contract = "".join(file.read_text() for file in sorted((WEB.parents[1] / "Monitor" / "Model").glob("*.swift")))
    fields = set(re.findall(r"public var (\w+)", contract))
    words = set(re.findall(r"case (\w+)$", contract, re.MULTILINE)) | set(re.findall(r'case \w+ = "(\w+)"', contract))
    words |= {word for line in re.findall(r"case (\w+(?:, \w+)+)$", contract, re.MULTILINE) for word in line.split(", ")}

    def check(value, where):
        if isinstance(value, list):
            for entry in value:
                check(entry, where)
        elif isinstance(value, dict):
            for name, entry in value.items():
                assert name in fields, f"{where}: no field {name}"
                check(entry, f"{where}.{name}")
                if name in ("word", "verdict", "severity", "trouble", "kind", "progress") or name == "state" and "groups" not in where:
                    assert isinstance(entry, dict) or entry in words, f"{where}.{name}: no such word as {entry}"

    for scenario in ("healthy", "degraded", "unavailable", "down", "unknown", "hostile", "thousand"):
        cluster = cluster_models.ImaginaryCluster(scenario)
        for name, value in {
            "model": cluster.model(), "partitions": cluster.partition_map(), "alerts": cluster.alerts(),
            "points": cluster.points, "markers": cluster.markers, "groups": cluster.group("analytics"),
        }.items():
            check(value, name)


def test_the_sources_hold_nothing_that_makes_markup_or_code_from_text():
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|createContextualFragment|DOMParser|srcdoc|javascript:"
    )
    files = sorted(WEB.iterdir())
    assert len(files) > 15
    for file in files:
        text = file.read_text()
        assert not forbidden.search(text), f"{file.name}: {forbidden.search(text).group()}"
        # No other host is named, but for the names of XML's vocabularies.
        assert not re.search(r"https?://(?!www\.w3\.org/)", text), file.name
    page = (WEB / "index.html").read_text()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)", page)
