# One image for every process of the API: web (the default), worker, scheduler, migrations, sandbox.
FROM python:3.12-slim AS build
RUN python -m venv /venv
COPY requirements/api.txt /requirements.txt
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.txt

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin notifications \
    && install -d -o notifications -m 700 /data /data/objects /data/metrics /data/sandbox
WORKDIR /app
COPY --from=build /venv /venv
COPY pyproject.toml ./
COPY notifications_utils notifications_utils
COPY localisation localisation
COPY api api
COPY patches patches
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    BIND_ADDRESS=0.0.0.0 \
    PORT=6010 \
    OBJECT_STORE_DIR=/data/objects \
    PROMETHEUS_MULTIPROC_DIR=/data/metrics
USER notifications
EXPOSE 6010
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=4)"]
CMD ["gunicorn", "-c", "api/gunicorn_conf.py", "api.wsgi:application"]
