"""Measures a real server on this machine and prints every figure beside a floor of the same run.

Machines are noisy: the ratios count, not the absolute numbers.
"""

import collections
import contextlib
import functools
import os
import pathlib
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.server import BUILD, Server, free_port, wait_for  # noqa: E402

GIB = 1 << 30
CONNECTIONS = 64
SECONDS = int(os.environ.get("BENCH_SECONDS", "10"))
STREAMS = 5000


@contextlib.contextmanager
def fresh_server(**settings):
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as directory:
        server = Server(pathlib.Path(directory) / "s", LETTERLOCK_QUOTA_BYTES="1000GiB",
                        **settings).start()
        try:
            yield server
        finally:
            server.stop()


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_wrk(server, script, **environment):
    """Requests a second, a text of latencies, and the server's CPU microseconds a request."""
    before = cpu_seconds(server)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-s", ROOT / "bench" / script,
         server.url + "/v1/letters"],
        env=os.environ | environment, capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(server) - before
    if bad := re.search(r"Non-2xx.*|Socket errors.*", done):
        raise AssertionError(bad.group())
    requests = int(re.search(r"(\d+) requests in", done).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1))
    p50, p99 = (re.search(rf"^\s+{p}%\s+(\S+)", done, re.M).group(1) for p in ("50", "99"))
    return rate, f"p50 {p50}, p99 {p99}", used / requests * 1e6


@functools.cache
def program(name, *arguments):
    """The output of a C benchmark of the build."""
    (path,) = [p for p in BUILD.rglob(name) if p.is_file() and os.access(p, os.X_OK)]
    return subprocess.run([path, *arguments], capture_output=True, text=True, check=True).stdout


def figure(text, pattern):
    """The number that pattern's group finds in a benchmark's output."""
    found = re.search(pattern, text, re.M)
    if not found:
        raise AssertionError(f"no line like {pattern!r} in:\n{text}")
    return float(found.group(1))


def line(what, text):
    print(f"{what:<50} {text}", flush=True)


def against(what, measured, floor, unit="s"):
    line(f"  / {what}", f"{measured / floor:.2f} ({floor:,.2f} {unit})")


def send_floor():
    """CPU microseconds of a letter's bare cryptography and of its bare row, and the rows a second
    that one thread commits 64 at a time."""
    crypto_us = figure(program("envelope_bench"), r"^seal, static-static.*floor +([\d.]+) us")
    bare = r"^floor: bare inserts +batch +64: +"
    row_us = figure(program("store_bench"), bare + r"\d+ rows/s +([\d.]+) us")
    rows = figure(program("store_bench"), bare + r"(\d+) rows/s")
    return crypto_us, row_us, rows


def sends():
    """Durable sends of 1 KiB letters, and opens of them."""
    print(f"== sends and opens: 1 KiB letters, {CONNECTIONS} connections, {SECONDS} s each")
    with fresh_server() as server:
        one, two = server.user(), server.user()
        rate, latency, cpu = run_wrk(server, "send.lua", TOKEN=one.session["id_token"], TO=two.name)
        line("durable sends", f"{rate:,.0f}/s, {latency}, {cpu:.1f} us CPU each")
        crypto_us, row_us, rows = send_floor()
        floor = min(os.cpu_count() * 1e6 / (crypto_us + row_us), rows)
        line("  / bare cryptography and group-committed rows",
             f"{rate / floor:.2f} ({floor:,.0f}/s; cryptography {crypto_us:.1f} us, "
             f"row {row_us:.1f} us, at most {rows:,.0f} rows/s)")
        line("  CPU / that of the bare work", f"{cpu / (crypto_us + row_us):.2f}")
        opens(server, two)


def opens(server, user):
    ids = [x["id"] for x in user.id.get("/v1/letters", params={"limit": 200}).json()["items"]]
    with tempfile.NamedTemporaryFile("w", suffix=".ids") as f:
        f.write("\n".join(ids) + "\n")
        f.flush()
        rate, latency, cpu = run_wrk(server, "open.lua", TOKEN=user.session["id_token"], IDS=f.name)
    line("opens", f"{rate:,.0f}/s, {latency}, {cpu:.1f} us CPU each")
    floor_us = figure(program("envelope_bench"), r"^open, static-static.*floor +([\d.]+) us")
    line("  CPU / bare cryptography", f"{cpu / floor_us:.2f} ({floor_us:.1f} us)")


def timed(command):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def authorization(user):
    return ["-H", f"Authorization: Bearer {user.session['id_token']}"]


def curl_upload(server, user, to, path):
    return timed(["curl", "-sSf", *authorization(user), "-F", f"to={to.name}", "-F", f"file=@{path}",
                  server.url + "/v1/letters"])


def curl_download(server, user, letter):
    return timed(["curl", "-sSf", "-o", "/dev/null", *authorization(user),
                  f"{server.url}/v1/letters/{letter}/content"])


def newest(user):
    return user.id.get("/v1/letters", params={"limit": 1}).json()["items"][0]["id"]


def random_file(path, size):
    with open(path, "wb") as f:
        for _ in range(size >> 20):
            f.write(os.urandom(1 << 20))
    return path


@contextlib.contextmanager
def nginx(directory):
    """A plain nginx with WebDAV PUT and without sendfile: what moving the bytes alone costs."""
    port = free_port()
    (directory / "store").mkdir()
    (directory / "nginx.conf").write_text(f"""
        daemon off; worker_processes 2; pid {directory}/nginx.pid; error_log {directory}/error.log;
        events {{ worker_connections 64; }}
        http {{ access_log off; sendfile off; client_max_body_size 0;
          client_body_temp_path {directory}/body; proxy_temp_path {directory}/p;
          fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/c;
          server {{ listen 127.0.0.1:{port}; root {directory}/store; dav_methods PUT; }} }}
        """)
    (directory / "store").chmod(0o777)
    directory.chmod(0o755)
    with open(directory / "out.log", "wb") as log:
        process = subprocess.Popen(["nginx", "-c", directory / "nginx.conf", "-g", "user root;"],
                                   stdout=log, stderr=log)
    try:
        def up():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        wait_for(up, "nginx")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def files():
    """1 GiB up and down, beside plain copies and plain encryption; medians of three rounds."""
    print("== files: 1 GiB")
    rounds = collections.defaultdict(list)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name, \
            fresh_server() as server:
        directory = pathlib.Path(name)
        path = random_file(directory / "file.bin", GIB)
        one, two = server.user(), server.user()
        with nginx(directory) as url:
            for _ in range(3):
                for what, seconds in file_round(server, (one, two), url, path):
                    rounds[what].append(seconds)
    report_files({what: statistics.median(values) for what, values in rounds.items()})


def file_round(server, users, url, path):
    """Each step removes what it wrote, so that each fills the same pages of the kernel's cache: in a
    virtual machine, pages never touched before cost the one who writes them a second a GiB."""
    copy, stored = path.with_name("copy"), path.with_name("store") / "x"
    yield "cp", timed(["sh", "-c", f"cp {path} {copy} && sync {copy}"])
    copy.unlink()
    yield "put", timed(["sh", "-c", f"curl -sSf -T {path} {url}/x && sync {stored}"])
    yield "get", timed(["curl", "-sSf", "-o", "/dev/null", f"{url}/x"])
    stored.unlink()
    start = cpu_seconds(server)
    yield "up", curl_upload(server, *users, path)
    between = cpu_seconds(server)
    yield "up CPU", between - start
    letter = newest(users[1])
    yield "down", curl_download(server, users[1], letter)
    yield "down CPU", cpu_seconds(server) - between
    assert users[1].id.delete(f"/v1/letters/{letter}").status_code == 204


def report_files(middle):
    aes_s, aes_memory_s = (GIB / 1e9 / figure(program("envelope_bench"), rf"^{name} +([\d.]+) GB/s")
                           for name in ("AES-256-GCM alone", "AES-256-GCM alone, from memory"))
    line("upload, sealed and durable", f"{middle['up']:.2f} s, server's CPU {middle['up CPU']:.2f} s")
    against("cp and fsync", middle["up"], middle["cp"])
    against("nginx PUT and fsync", middle["up"], middle["put"])
    against("AES-256-GCM alone", middle["up"], aes_s)
    line("download, verified and opened",
         f"{middle['down']:.2f} s, server's CPU {middle['down CPU']:.2f} s")
    against("nginx GET without sendfile", middle["down"], middle["get"])
    against("AES-256-GCM alone", middle["down"], aes_memory_s)


def resident(server):
    return (f"{server.memory_kib() / 1024:.1f} MiB, of it private "
            f"{server.memory_kib('RssAnon') / 1024:.1f} MiB")


def memory():
    """What an idle server holds, and what a transfer adds."""
    print("== memory")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name, \
            fresh_server() as server:
        line("idle after start", resident(server))
        one, two = server.user(), server.user()
        line("idle after sign-ins (Argon2 takes 19 MiB meanwhile)", resident(server))
        path = random_file(pathlib.Path(name) / "file.bin", 200_000_000)
        pathlib.Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")  # the peak so far
        curl_upload(server, one, two, path)
        curl_download(server, two, newest(two))
        line("peak during 200 MB up and down", f"{server.memory_kib('VmHWM') / 1024:.1f} MiB")


def streams():
    """What an idle event stream costs."""
    print(f"== event streams: {STREAMS} idle")
    with fresh_server(LETTERLOCK_STREAMS_PER_USER=STREAMS + 1) as server:
        user = server.user()
        request = (f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                   f"Authorization: Bearer {user.session['access_token']}\r\n\r\n").encode()
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        before = server.memory_kib("RssAnon")
        sockets = []
        for _ in range(STREAMS):
            s = socket.create_connection(("127.0.0.1", server.port))
            s.sendall(request)
            assert s.recv(4096).startswith(b"HTTP/1.1 200")
            sockets.append(s)
        grown = server.memory_kib("RssAnon") - before
        line("memory of one idle stream", f"{grown / STREAMS:.1f} KiB")
        for s in sockets:
            s.close()


def envelope():
    print("== the message format\n" + program("envelope_bench"))


def store():
    print("== the store\n" + program("store_bench"))


def front():
    print("== the bare front", flush=True)
    subprocess.run([sys.executable, ROOT / "bench" / "http_bench.py"], check=True)


def main():
    parts = {f.__name__: f for f in (envelope, store, front, sends, files, memory, streams)}
    print(f"{os.cpu_count()} processors, load before {os.getloadavg()[0]:.1f}")
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
