# The relay's image: no compiler, no shell needed at run time, an unprivileged user, one writable volume.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/parley && /opt/parley/bin/pip install --no-cache-dir --require-hashes --requirement requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY protocols protocols
COPY channel channel
COPY server server
COPY client client
RUN /opt/parley/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin parley \
    && install -d -o parley -g parley -m 0700 /data
COPY --from=build /opt/parley /opt/parley
ENV PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER parley
VOLUME /data
EXPOSE 8701
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["/opt/parley/bin/python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8701/livez', timeout=2)"]
ENTRYPOINT ["/opt/parley/bin/parley-relay"]
CMD ["serve", "--listen", "0.0.0.0:8701", "--data", "/data", "--insecure-behind-proxy"]
