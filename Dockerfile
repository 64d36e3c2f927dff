# docker build -t dnssync:0.1.0 .
FROM python:3.12 AS build
WORKDIR /src
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY dnssync dnssync
COPY resolver resolver
COPY examples examples
RUN python -m venv /opt/dnssync && /opt/dnssync/bin/pip install --no-cache-dir .

FROM python:3.12-slim
COPY --from=build /opt/dnssync /opt/dnssync
ENV PATH=/opt/dnssync/bin:$PATH HOME=/ PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
ENTRYPOINT ["dnssync"]
CMD ["--help"]
