# The mock as an image: docker build -t pixverse-mock . && docker run --rm -p 127.0.0.1:8596:8596 pixverse-mock
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml hatch_build.py README.md LICENSE openapi.yaml ./
COPY mockserver mockserver
COPY contracts contracts
RUN python -m venv /opt/mock && /opt/mock/bin/pip install --no-cache-dir '.[contracts]'

FROM python:3.13-slim
COPY --from=build /opt/mock /opt/mock
RUN useradd --system --no-create-home --uid 8596 mock
USER 8596
ENV PATH=/opt/mock/bin:$PATH PYTHONUNBUFFERED=1 MOCKSERVER_HOST=0.0.0.0 MOCKSERVER_PORT=8596
EXPOSE 8596
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"MOCKSERVER_PORT\"]}/__mock/health', timeout=2)"]
# No shell in between: SIGTERM reaches the mock, which ends at once.
CMD ["mockserver", "serve"]
