# A stand-in for AWS with one deployment in it, for the profile aws-local of compose.yaml: the double
# of tests/aws before DynamoDB Local and versitygw. For one's own machine only: it keeps everything in
# memory, and its control calls give every right to whoever reaches it. Not for a registry either:
# DynamoDB Local's licence forbids to pass it on.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        bash ca-certificates default-jdk-headless maven python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
COPY tools/aws_double.sh tools/
RUN mkdir -p .cache/aws-double && . tools/aws_double.sh \
    && install_dynamodb_local && install_versitygw
COPY tests/requirements.txt tests/
COPY tests/aws/requirements.txt tests/aws/
# Neither moto nor what tests alone need.
RUN grep -hE '^(boto3|botocore|cryptography|httpx|joserfc)==' tests/requirements.txt \
        tests/aws/requirements.txt | sort -u >needed.txt \
    && python3 -m venv /venv \
    && /venv/bin/python -m pip -q --disable-pip-version-check --no-cache-dir install -r needed.txt

FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends default-jre-headless python3 \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65534 -g 65534 /run/letterlock
COPY --from=build /venv /venv
COPY --from=build /source/.cache/aws-double /srv/.cache/aws-double
COPY infra/terraform/tables /srv/infra/terraform/tables
COPY infra/terraform/policies /srv/infra/terraform/policies
COPY tests/aws /srv/tests/aws
WORKDIR /srv/tests
USER 65534:65534
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
EXPOSE 4566
HEALTHCHECK --interval=2s --timeout=5s --start-period=60s --retries=3 \
    CMD ["test", "-s", "/run/letterlock/aws.env"]
ENTRYPOINT ["python", "-m", "aws.local", "--settings", "/run/letterlock/aws.env"]
CMD ["--listen", "0.0.0.0:4566"]
