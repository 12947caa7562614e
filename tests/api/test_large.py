"""Large files: any size in constant memory, the same bytes out."""

import hashlib
import os
import subprocess

import pytest

from support.server import SANITIZED, wait_for

MIB = 1 << 20
SIZE = 200 * MIB


@pytest.fixture(scope="module")
def large_file(tmp_path_factory):
    """200 MiB that do not compress and do not repeat."""
    path = tmp_path_factory.mktemp("large") / "large.bin"
    digest = hashlib.sha256()
    with open(path, "wb") as f:
        for _ in range(SIZE // MIB):
            block = os.urandom(MIB)
            digest.update(block)
            f.write(block)
    yield path, digest.hexdigest()
    path.unlink()


def sha256_of(command):
    """The SHA-256 and length of what a command prints, read in pieces."""
    digest, n = hashlib.sha256(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as p:
        while block := p.stdout.read(MIB):
            digest.update(block)
            n += len(block)
    assert p.returncode == 0
    return digest.hexdigest(), n


def test_curl_uploads_and_downloads_200_mib(make_server, large_file):
    server = make_server()
    one, two = server.user(), server.user()
    path, digest = large_file
    idle = server.memory_kib("VmRSS")
    done = subprocess.run(
        ["curl", "-sS", "--fail-with-body", "-H", f"Authorization: Bearer {one.session['id_token']}",
         "-F", f"to={two.name}", "-F", f"file=@{path}", server.url + "/v1/letters"],
        capture_output=True, text=True, check=True)
    import json
    letter = json.loads(done.stdout)["id"]
    got = sha256_of(["curl", "-sS", "-f", "-H", f"Authorization: Bearer {two.session['id_token']}",
                     f"{server.url}/v1/letters/{letter}/content"])
    assert got == (digest, SIZE)
    peak = server.memory_kib("VmHWM")
    print(f"RSS: idle {idle} KiB, peak {peak} KiB, private {server.memory_kib('RssAnon')} KiB")
    if not SANITIZED:
        # Argon2 at sign-in takes 19 MiB for a moment, and counts in the peak.
        assert peak < 48 * 1024
    assert two.id.delete(f"/v1/letters/{letter}").status_code == 204
    wait_for(lambda: not [p for p in (server.data_dir / "objects").rglob("*") if p.is_file()],
             "the object to be removed")


def test_chunked_upload(make_server, large_file):
    """A body whose length is not known ahead, as from a pipe."""
    server = make_server()
    one, two = server.user(), server.user()
    path, digest = large_file

    def parts():
        yield (b'--b\r\nContent-Disposition: form-data; name="to"\r\n\r\n' + two.name.encode() +
               b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n')
        with open(path, "rb") as f:
            while block := f.read(100_003):
                yield block
        yield b"\r\n--b--\r\n"

    r = one.id.post("/v1/letters", content=parts(),
                    headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert r.status_code == 201, r.text
    h = hashlib.sha256()
    with two.id.stream("GET", f"/v1/letters/{r.json()['id']}/content") as stream:
        for block in stream.iter_raw():
            h.update(block)
    assert h.hexdigest() == digest
