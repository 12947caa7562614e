# The web client behind nginx on port 80. Build from the repository's root:
#   docker build -f infra/docker/web.Dockerfile -t letterlock/web .
#   docker run -p 3000:80 -e BACKEND_URL=http://localhost:8082 letterlock/web
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        bash python3 python3-venv ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY tools tools
COPY openapi.yaml ./
COPY web web
RUN tools/build_web

FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light gettext-base curl \
    && rm -rf /var/lib/apt/lists/* /var/www/html \
    && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
COPY infra/docker/web/nginx.conf.template infra/docker/web/config.js.template /etc/letterlock/
COPY infra/docker/web/start /usr/local/bin/start
COPY --from=build /source/web/dist /srv/web
USER 33:33
ENV BACKEND_URL=
EXPOSE 80
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1/"]
ENTRYPOINT ["start"]
