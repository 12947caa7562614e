"""An AWS on this machine with one deployment in it, for a server that is started by hand or by
compose.yaml: `python -m aws.local --settings FILE`, in tests/.

Once all is there, it writes FILE for `letterlock serve --env-file FILE`, and serves until SIGTERM.
Everything is kept in memory. The server's credentials are not in FILE: it asks for them where an
EC2 instance does, and is given new ones every hour.
"""

import argparse
import os
import pathlib
import signal
import sys
import threading

from aws import cloud

POLL_SECONDS = 0.5
CREDENTIALS_SECONDS = 3600


def read_options():
    parser = argparse.ArgumentParser(prog="aws.local", description=__doc__)
    parser.add_argument("--settings", type=pathlib.Path, required=True, metavar="FILE")
    parser.add_argument("--listen", default="127.0.0.1:4566", metavar="ADDRESS:PORT")
    parser.add_argument("--smtp", metavar="HOST:PORT", help="where mails go; else nobody sees them")
    return parser.parse_args()


def deploy(double):
    """Makes the deployment, and gives what a server has to know of it."""
    environment = cloud.aws_environment(double)
    double.control("serve_credentials", role=environment.role("app-server"),
                   lifetime_s=CREDENTIALS_SECONDS)
    return {"LETTERLOCK_BACKEND": "aws", **environment.settings(),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": double.url}


def write_settings(path, settings):
    part = path.with_name(path.name + ".part")
    part.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    part.chmod(0o644)
    os.replace(part, path)


def main():
    options = read_options()
    end = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: end.set())
    options.settings.unlink(missing_ok=True)  # who sees it finds all that it names
    double = cloud.Double("--listen", options.listen,
                          *(("--smtp", options.smtp) if options.smtp else ()), log=sys.stderr)
    try:
        write_settings(options.settings, deploy(double))
        print(f"AWS is at {double.url}, the server's settings in {options.settings}", flush=True)
        while double.is_running and not end.wait(POLL_SECONDS):
            pass
    finally:
        options.settings.unlink(missing_ok=True)
        double.stop()
    return 0 if end.is_set() else 1


if __name__ == "__main__":
    sys.exit(main())
