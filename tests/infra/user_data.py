"""Prints what Terraform makes for the EC2 server, applied to moto: a JSON object of user_data and
public_ip. Run by tests/infra/print_user_data."""

import json
import pathlib
import tempfile

from infra.cloud import Cloud
from infra.deployment import Deployment

INSTANCE, ADDRESS = "module.host.aws_instance.this", "module.host.aws_eip.this"


def main():
    cloud = Cloud()
    try:
        with tempfile.TemporaryDirectory() as folder, \
                Deployment(cloud, pathlib.Path(folder), "letterlock") as d:
            made = d.must_apply().resources()
            print(json.dumps({"user_data": made[INSTANCE]["user_data"],
                              "public_ip": made[ADDRESS]["public_ip"]}))
    finally:
        cloud.stop()


if __name__ == "__main__":
    main()
