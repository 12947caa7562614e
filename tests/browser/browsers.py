"""The two browsers, and what Playwright does in another way in each."""

import pathlib
import shutil
import tempfile

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--no-first-run"]


def installed(program):
    path = shutil.which(program)
    assert path, f"Debian's {program} is not installed"
    return path


class Chromium:
    def __init__(self, playwright):
        self.browser = playwright.chromium.launch(executable_path=installed("chromium"), args=FLAGS)

    def new_context(self, **context):
        return self.browser.new_context(**context)

    def read_download(self, download):
        return download.path().read_bytes()

    def set_offline(self, desk, offline):
        desk.context.set_offline(offline)

    def close(self):
        self.browser.close()


class Firefoxes:
    """Debian's Firefox over WebDriver BiDi, in which Playwright sets no colour scheme and no motion
    for a context: each mixture of these is a browser of its own, started when first asked for.
    Nor does it tell where a download is: all go into one directory."""

    def __init__(self, playwright):
        self.playwright = playwright
        self.program = installed("firefox-esr")
        self.downloads = tempfile.TemporaryDirectory(prefix="letterlock-downloads-")
        self.browsers = {}

    def new_context(self, color_scheme="light", reduced_motion="no-preference", **context):
        look = (color_scheme, reduced_motion)
        if look not in self.browsers:
            self.browsers[look] = self.playwright.firefox.launch(
                channel="moz-firefox", executable_path=self.program, firefox_user_prefs={
                    "browser.download.folderList": 2,
                    "browser.download.dir": self.downloads.name,
                    "layout.css.prefers-color-scheme.content-override": int(color_scheme != "dark"),
                    "ui.prefersReducedMotion": int(reduced_motion == "reduce")})
        return self.browsers[look].new_context(**context)

    def read_download(self, download):
        assert download.failure() is None
        path = pathlib.Path(self.downloads.name, download.suggested_filename)
        content = path.read_bytes()
        path.unlink()  # or the next of that name would get another one
        return content

    def set_offline(self, desk, offline):
        """Playwright cannot cut Firefox off: the page is told so, and its requests fail."""
        if offline:
            desk.page.route("**/*", lambda route: route.abort("internetdisconnected"))
        else:
            desk.page.unroute("**/*")
        desk.page.evaluate("""(offline) => {
            Object.defineProperty(navigator, 'onLine', { value: !offline, configurable: true });
            dispatchEvent(new Event(offline ? 'offline' : 'online')); }""", offline)

    def close(self):
        for browser in self.browsers.values():
            browser.close()
        self.downloads.cleanup()
