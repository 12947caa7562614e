"""One person's browser: what it was asked, what it complained of, and the steps that tests repeat."""

import re

from playwright.sync_api import expect

WAIT_MS = 10_000
# Of "body {}", which Playwright puts into a page of Firefox before a picture of it, and which the
# content policy refuses; Firefox tells of refusals among the errors.
PLAYWRIGHT_STYLE = "sha256-YjaKGiklmzC6wjXA513HAMmzus8VE61XCOT+SmwNZWA="


class Desk:
    def __init__(self, browsers, server, name, shots, **context):
        context.setdefault("locale", "en-GB")
        context.setdefault("viewport", {"width": 1280, "height": 800})
        context.setdefault("accept_downloads", True)
        self.url = server.url
        self.name = name
        self.shots = shots
        self.violations = []
        self.script_errors = []
        self.foreign_requests = []
        self.browsers = browsers
        self.context = browsers.new_context(**context)
        self.context.set_default_timeout(WAIT_MS)
        self.context.on("request", self._note_request)
        self.context.on("weberror", self._note_error)
        self.context.on("console", self._note_console)
        self.page = self.context.new_page()

    def _note_request(self, request):
        if not request.url.startswith((self.url, "blob:" + self.url, "data:")):
            self.foreign_requests.append(request.url)

    def _note_console(self, message):
        if re.search(r"Content Security Policy|TrustedHTML|TrustedScript", message.text):
            self.violations.append(message.text)

    def _note_error(self, error):
        if PLAYWRIGHT_STYLE not in str(error.error):
            self.script_errors.append(str(error.error))

    def close(self):
        self.context.close()

    def goto(self, path="/"):
        self.page.goto(self.url + path)

    def shoot(self, what):
        self.shots.mkdir(parents=True, exist_ok=True)
        safe = re.sub(r"[^\w.-]+", "_", f"{self.name}-{what}")
        self.page.screenshot(path=self.shots / f"{safe}.png")

    def field(self, label):
        return self.page.get_by_label(label, exact=True)

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def sign_in(self, user):
        self.goto("/sign-in")
        self.field("Username or e-mail address").fill(user.name)
        self.field("Password").fill(user.password)
        self.press("Sign in")
        expect(self.page.get_by_role("searchbox")).to_be_visible()

    def find_person(self, name):
        self.page.get_by_role("searchbox").fill(name)
        self.page.get_by_role("list", name="People").get_by_role("link", name=name).click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def open_conversation(self, name):
        self.page.get_by_role("list", name="Conversations").get_by_role("link", name=name).click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def composer(self):
        return self.page.get_by_role("textbox", name="Write to")

    def write(self, text):
        self.composer().fill(text)
        self.press("Seal and send")

    def attach(self, *files):
        self.page.locator(".composer input[type=file]").set_input_files(list(files))

    def save(self, button):
        """Presses the button of a download; gives the suggested name and what was saved."""
        with self.page.expect_download() as download:
            self.press(button)
        return download.value.suggested_filename, self.browsers.read_download(download.value)

    def set_offline(self, offline):
        self.browsers.set_offline(self, offline)

    def letters(self):
        return self.page.locator("article.letter")

    def seal(self):
        """The newest letter that is still sealed."""
        return self.page.get_by_role("button", name=re.compile("^Open the letter from")).last

    def break_seal(self):
        self.seal().click()
