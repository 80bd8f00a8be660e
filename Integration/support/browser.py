"""A real browser, headless: Debian's Chromium, driven by Playwright (whose own browsers are not needed)."""

import contextlib
import os
import pathlib
import shutil

from playwright.sync_api import expect, sync_playwright

SCREENSHOTS = pathlib.Path(__file__).resolve().parents[2] / ".build" / "screenshots"
CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
SIZES = {"wide": (1440, 900), "laptop": (1200, 800), "narrow": (360, 740), "wall": (2560, 1440)}


class Browser:
    """Opens pages, and sees to it that none of them runs a script or opens a dialog that the page did not bring."""

    def __init__(self):
        executable = next((found for name in CANDIDATES if (found := shutil.which(name))), None)
        if executable is None:
            raise AssertionError("no Chromium here; scripts/setup --tests installs it")
        self.playwright = sync_playwright().start()
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.chromium = self.playwright.chromium.launch(executable_path=executable, args=arguments)

    def close(self):
        self.chromium.close()
        self.playwright.stop()

    @contextlib.contextmanager
    def page(self, address, theme="light", size="wide", problems_allowed=False, **context):
        width, height = SIZES[size]
        opened = self.chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **context)
        page = opened.new_page()
        page.set_default_timeout(10_000)
        problems = []
        page.on("console", lambda message: message.type == "error" and problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        try:
            page.goto(address)
            yield page
            assert problems_allowed or not problems, problems
        finally:
            opened.close()


def live(page):
    """Waits until the first model is shown."""
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    return page


def verdict(page, word, limit=5):
    expect(page.locator("#verdict-word")).to_have_text(word, timeout=limit * 1000)


def tile(page, name):
    return page.locator(f"#tile-{name} .figure")


def screenshot(page, name):
    """The whole page, as an artefact to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
