"""Measures a real server on this machine and prints every figure beside a floor of the same run.

Machines are noisy: the ratios count, not the absolute numbers.
"""

import contextlib
import os
import pathlib
import re
import socket
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
    """Requests a second, latencies, and the server's CPU microseconds a request."""
    before = cpu_seconds(server)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-s", ROOT / "bench" / script,
         server.url + "/v1/letters"],
        env=os.environ | environment, capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(server) - before
    if bad := re.search(r"Non-2xx.*", done):
        raise AssertionError(bad.group())
    requests = int(re.search(r"(\d+) requests in", done).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1))
    latency = {p: re.search(rf"^\s+{p}%\s+(\S+)", done, re.M).group(1) for p in ("50", "99")}
    return rate, latency, used / requests * 1e6


def program(name, *arguments):
    """The output of a C benchmark of the build."""
    (path,) = [p for p in BUILD.rglob(name) if p.is_file() and os.access(p, os.X_OK)]
    return subprocess.run([path, *arguments], capture_output=True, text=True, check=True).stdout


def line(what, figure):
    print(f"{what:<58} {figure}", flush=True)


def sends():
    """Durable sends of 1 KiB letters over 64 connections, and opens of them."""
    print(f"== sends and opens: 1 KiB letters, {CONNECTIONS} connections, {SECONDS} s")
    with fresh_server() as server:
        one, two = server.user(), server.user()
        environment = {"TOKEN": one.session["id_token"], "TO": two.name}
        rate, latency, cpu = run_wrk(server, "send.lua", **environment)
        line("durable sends", f"{rate:,.0f}/s, p50 {latency['50']}, p99 {latency['99']}, "
                              f"{cpu:.0f} us CPU each")
        floor_rate, floor = send_floor()
        line("floor: the same cryptography and group-committed rows", floor)
        line("sends / floor", f"{rate / floor_rate:.2f}")
        opens(server, two)


def send_floor():
    """Letters a second that bare cryptography and bare SQLite rows allow on two cores."""
    crypto_us = float(re.search(r"floor.*static.*?([\d.]+) us", program("envelope_bench"), re.I)
                      .group(1))
    rows = float(re.search(r"floor.*?([\d,.]+) rows/s", program("store_bench"), re.I)
                 .group(1).replace(",", ""))
    rate = min(1e6 / crypto_us, rows)
    return rate, f"{rate:,.0f}/s (cryptography {crypto_us:.1f} us, rows {rows:,.0f}/s)"


def opens(server, user):
    ids = [x["id"] for x in user.id.get("/v1/letters", params={"limit": 200}).json()["items"]]
    with tempfile.NamedTemporaryFile("w", suffix=".ids") as f:
        f.write("\n".join(ids) + "\n")
        f.flush()
        rate, latency, cpu = run_wrk(server, "open.lua", TOKEN=user.session["id_token"], IDS=f.name)
    line("opens of 1 KiB", f"{rate:,.0f}/s, p50 {latency['50']}, p99 {latency['99']}, "
                           f"{cpu:.0f} us CPU each")


def timed(command, **options):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return time.monotonic() - start


def curl_upload(server, user, to, path):
    return timed(["curl", "-sSf", "-H", f"Authorization: Bearer {user.session['id_token']}",
                  "-F", f"to={to.name}", "-F", f"file=@{path}", server.url + "/v1/letters"])


def curl_download(server, user, letter):
    return timed(["curl", "-sSf", "-o", "/dev/null", "-H",
                  f"Authorization: Bearer {user.session['id_token']}",
                  f"{server.url}/v1/letters/{letter}/content"])


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
    """1 GiB up and down, beside plain copies and plain encryption."""
    print("== files: 1 GiB")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name, \
            fresh_server() as server:
        directory = pathlib.Path(name)
        path = directory / "file.bin"
        with open(path, "wb") as f:
            for _ in range(GIB >> 20):
                f.write(os.urandom(1 << 20))
        one, two = server.user(), server.user()
        rounds = 3
        up, down, copies, puts, gets = [], [], [], [], []
        with nginx(directory) as url:
            for _ in range(rounds):
                copies.append(timed(["sh", "-c", f"cp {path} {directory}/copy && sync {directory}/copy"]))
                puts.append(timed(["sh", "-c", f"curl -sSf -T {path} {url}/x && sync {directory}/store/x"]))
                gets.append(timed(["curl", "-sSf", "-o", "/dev/null", f"{url}/x"]))
                up.append(curl_upload(server, one, two, path))
                letter = two.id.get("/v1/letters", params={"limit": 1}).json()["items"][0]["id"]
                down.append(curl_download(server, two, letter))
                two.id.delete(f"/v1/letters/{letter}")
        middle = lambda values: sorted(values)[len(values) // 2]
        line("upload, sealed and durable", f"{middle(up):.2f} s")
        line("  / cp and fsync", f"{middle(up) / middle(copies):.2f} ({middle(copies):.2f} s)")
        line("  / nginx PUT and fsync", f"{middle(up) / middle(puts):.2f} ({middle(puts):.2f} s)")
        line("download, verified and opened", f"{middle(down):.2f} s")
        line("  / nginx GET without sendfile", f"{middle(down) / middle(gets):.2f} ({middle(gets):.2f} s)")
        line("server's RSS at its peak", f"{server.memory_kib('VmHWM') / 1024:.1f} MiB")


def memory():
    """What an idle server holds, and what a transfer adds."""
    print("== memory")
    with fresh_server() as server:
        line("idle RSS after start", f"{server.memory_kib() / 1024:.1f} MiB, private "
                                     f"{server.memory_kib('RssAnon') / 1024:.1f} MiB")
        server.user()
        line("after a first sign-in", f"{server.memory_kib() / 1024:.1f} MiB, private "
                                      f"{server.memory_kib('RssAnon') / 1024:.1f} MiB")


def streams():
    """What an idle event stream costs."""
    print(f"== event streams: {STREAMS} idle")
    with fresh_server(LETTERLOCK_STREAMS_PER_USER=STREAMS + 1) as server:
        user = server.user()
        request = (f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                   f"Authorization: Bearer {user.session['access_token']}\r\n\r\n").encode()
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


def main():
    parts = {f.__name__: f for f in (envelope, store, sends, files, memory, streams)}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
