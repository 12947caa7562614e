# The server, as `letterlock serve` (target serve, the default) or as an AWS Lambda function
# (target lambda). Build from the repository's root:
#   docker build -f infra/docker/server.Dockerfile -t letterlock/server .
#   docker build -f infra/docker/server.Dockerfile --target lambda -t letterlock/lambda .
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        gcc libc6-dev meson ninja-build pkg-config python3 python3-yaml libmicrohttpd-dev \
        libsodium-dev libsqlite3-dev libjansson-dev libcurl4-openssl-dev libssl-dev ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY meson.build meson_options.txt openapi.yaml ./
COPY src src
COPY tools tools
COPY infra/docker/collect_root infra/docker/collect_root
RUN meson setup /build --buildtype=release -Dtests=false -Dwerror=true >/dev/null \
    && ninja -C /build --quiet \
    && infra/docker/collect_root /build/letterlock /root-fs

# Nothing but the program, what it links, and the authorities that it trusts: no shell, no packages.
FROM scratch AS base
COPY --from=build /root-fs /
USER 65532:65532
WORKDIR /data
ENV PATH=/usr/bin

FROM base AS lambda
ENTRYPOINT ["/usr/bin/letterlock", "lambda"]

FROM base AS serve
ENV LETTERLOCK_LISTEN=0.0.0.0:8082 LETTERLOCK_DATA_DIR=/data LETTERLOCK_PUBLIC_URL=http://localhost:8082
EXPOSE 8082
VOLUME /data
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/usr/bin/letterlock", "health"]
ENTRYPOINT ["/usr/bin/letterlock"]
CMD ["serve"]
