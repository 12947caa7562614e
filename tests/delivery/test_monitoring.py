"""infra/monitoring in a real Prometheus (Debian's package), which scrapes a real server: every alert
and every panel of the dashboard asks for what is there, and the alerts go off."""

import json
import pathlib
import re
import shutil
import subprocess

import httpx
import pytest

from support.server import Server, User, free_port, wait_for

FILES = pathlib.Path(__file__).resolve().parents[2] / "infra" / "monitoring"
SCRAPES_SECONDS = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    admin = free_port()
    s = Server(tmp_path_factory.mktemp("server"), LETTERLOCK_ADMIN_LISTEN=f"127.0.0.1:{admin}")
    s.admin = f"127.0.0.1:{admin}"
    s.start()
    ann, ben = User(s, "ann"), User(s, "ben")
    ann.send(ben, "to be counted")
    yield s
    s.stop()


@pytest.fixture(scope="module")
def prometheus(server, tmp_path_factory):
    assert shutil.which("prometheus"), "Debian's prometheus is not installed"
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    text = (FILES / "prometheus.yml").read_text()
    assert text.count("127.0.0.1:9464") == 1
    text = text.replace("127.0.0.1:9464", server.admin).replace("scrape_interval: 15s",
                                                                "scrape_interval: 1s")
    (folder / "prometheus.yml").write_text(text)
    shutil.copy(FILES / "alerts.yml", folder)
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/api/v1"

        def ask(expression):
            r = httpx.get(f"{url}/query", params={"query": expression}, timeout=10)
            assert r.status_code == 200, r.text
            return r.json()["data"]["result"]

        def scraped():
            try:
                found = ask("count_over_time(letterlock_http_requests[1m])")
            except httpx.TransportError:
                assert process.poll() is None, (folder / "log").read_text()
                return False
            return found and int(found[0]["value"][1]) >= 3
        wait_for(scraped, "three scrapes", SCRAPES_SECONDS)
        yield ask
    finally:
        process.terminate()
        process.wait(30)


def dashboard():
    panels = json.loads((FILES / "grafana-dashboard.json").read_text())["panels"]
    return [(p["title"], t["expr"]) for p in panels for t in p["targets"]]


@pytest.mark.parametrize("title, expression", dashboard())
def test_the_panels_show_something(prometheus, title, expression):
    shown = expression.replace("$instance", ".*").replace("$__rate_interval", "1m")
    assert "$" not in shown
    assert prometheus(shown), title


def test_the_dashboard_is_laid_out(prometheus):
    """Panels have ids of their own and do not lie over each other."""
    panels = json.loads((FILES / "grafana-dashboard.json").read_text())["panels"]
    assert len({p["id"] for p in panels}) == len(panels)
    places = [(x, y) for p in panels for g in [p["gridPos"]] for x in range(g["x"], g["x"] + g["w"])
              for y in range(g["y"], g["y"] + g["h"])]
    assert len(places) == len(set(places)) and max(x for x, _ in places) < 24


def test_the_alerts_know_their_metrics(prometheus):
    rules = re.findall(r"expr: (.*)$", (FILES / "alerts.yml").read_text(), re.M)
    names = {name for rule in rules for name in re.findall(r"(?:letterlock|process)_\w+", rule)}
    assert len(rules) >= 6 and names
    for name in names:
        assert prometheus(name), name


QUIET_DAY = {
    'up{job="letterlock"}': "1x60",
    'letterlock_http_replies_total{status="2xx"}': "0+600x60",
    'letterlock_http_replies_total{status="5xx"}': "0+1x60",
    'letterlock_http_refused_total{reason="busy"}': "0x60",
    "letterlock_data_free_bytes": "50000000000x60",
    "letterlock_mail_oldest_seconds": "5x60",
    'letterlock_sign_ins_total{result="refused"}': "0+2x60",
}
BAD_DAYS = {
    "LetterlockDown": {'up{job="letterlock"}': "0x60"},
    "LetterlockFails": {'letterlock_http_replies_total{status="5xx"}': "0+60x60"},
    "LetterlockRefuses": {'letterlock_http_refused_total{reason="busy"}': "0+120x60"},
    "LetterlockDiskFills": {"letterlock_data_free_bytes": "20000000000-300000000x60"},
    "LetterlockMailWaits": {"letterlock_mail_oldest_seconds": "0+60x60"},
    "LetterlockGuesses": {'letterlock_sign_ins_total{result="refused"}': "0+120x60"},
}


def _day(fired):
    """A test of promtool: after an hour of this the alert has gone off (None: none has)."""
    values = QUIET_DAY | BAD_DAYS.get(fired, {})
    assert values.keys() == QUIET_DAY.keys()
    alerts = (FILES / "alerts.yml").read_text()
    expected = []
    for name in BAD_DAYS:
        summary = re.search(rf"alert: {name}\n.*?summary: (.*?)$", alerts, re.S | re.M).group(1)
        alert = {"exp_annotations": {"summary": summary},
                 "exp_labels": {"job": "letterlock"} if name == "LetterlockDown" else {}}
        expected.append({"eval_time": "1h", "alertname": name,
                         "exp_alerts": [alert] if name == fired else []})
    return {"interval": "1m", "alert_rule_test": expected,
            "input_series": [{"series": n, "values": v} for n, v in values.items()]}


def test_the_alerts_go_off(tmp_path):
    """By promtool, on made-up series: each on its bad day alone, none on a quiet one."""
    shutil.copy(FILES / "alerts.yml", tmp_path)
    assert set(re.findall(r"alert: (\w+)", (FILES / "alerts.yml").read_text())) == set(BAD_DAYS)
    cases = {"rule_files": ["alerts.yml"], "evaluation_interval": "1m",
             "tests": [_day(fired) for fired in (None, *BAD_DAYS)]}
    (tmp_path / "cases.yml").write_text(json.dumps(cases))  # JSON is YAML too
    done = subprocess.run(["promtool", "test", "rules", tmp_path / "cases.yml"], text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
