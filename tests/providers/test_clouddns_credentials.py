"""Cloud DNS without credentials, or with ones that do not work: one clear line, and no traffic to Google."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core.exceptions import Unauthorized

from dnssync.errors import ConfigError, RetryableError
from dnssync.providers.clouddns import CloudDnsOptions, CloudDnsProvider
from dnssync.providers.clouddns.failures import Task, translate


class _Refusing(BaseHTTPRequestHandler):
    """A token service that knows no such account."""

    def do_POST(self) -> None:
        body = b'{"error": "invalid_grant", "error_description": "Invalid grant: account not found"}'
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def token_service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/token"
    server.shutdown()
    server.server_close()
    thread.join()


def _key_file(folder: Path, token_uri: str, **fields: str) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    content = {
        "type": "service_account",
        "client_email": "dnssync@p.iam.gserviceaccount.com",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "token_uri": token_uri,
    }
    path = folder / "key.json"
    path.write_text(json.dumps(content | fields))
    return str(path)


def test_absent_credentials_are_one_clear_line_with_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    provider = CloudDnsProvider(CloudDnsOptions(project="p"))

    with pytest.raises(ConfigError) as caught:
        provider.zones()

    for part in ("GOOGLE_APPLICATION_CREDENTIALS", "gcloud auth", "Workload Identity"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unreadable_key_file_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", f"{tmp_path}/absent.json")

    with pytest.raises(ConfigError, match=r"absent\.json"):
        CloudDnsProvider(CloudDnsOptions(project="p")).zones()


def test_refused_credentials_are_one_clear_line(
    tmp_path: Path, token_service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", _key_file(tmp_path, token_service))

    with pytest.raises(ConfigError, match="account not found") as caught:
        CloudDnsProvider(CloudDnsOptions(project="p")).zones()
    assert "renew the credentials" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_token_that_the_service_refuses_is_one_clear_line() -> None:
    unauthorised: Any = Unauthorized  # untyped in the library
    error = translate(unauthorised("Invalid Credentials"), Task("read", "dns.x"), writing=False)

    assert isinstance(error, ConfigError)
    assert str(error) == "Cloud DNS: could not read: Invalid Credentials (HTTP 401); renew the credentials"


def test_a_token_service_that_is_away_is_retryable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", _key_file(tmp_path, "http://127.0.0.1:1/token"))

    with pytest.raises(RetryableError, match="could not list the zones of project p"):
        CloudDnsProvider(CloudDnsOptions(project="p", attempts=1)).zones()


@pytest.mark.parametrize("endpoint", ["localhost:8053", "http://", "ftp://host", "http://[::1", "http://h:x"])
def test_an_endpoint_that_is_no_url_is_one_clear_line(endpoint: str) -> None:
    with pytest.raises(ConfigError, match="--google-api-endpoint"):
        CloudDnsProvider(CloudDnsOptions(project="p", endpoint=endpoint)).zones()


def test_the_project_is_taken_from_the_credentials(
    tmp_path: Path, token_service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "GOOGLE_APPLICATION_CREDENTIALS", _key_file(tmp_path, token_service, project_id="from-key")
    )
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)

    with pytest.raises(ConfigError, match="zones of project from-key"):
        CloudDnsProvider(CloudDnsOptions()).zones()


def test_credentials_without_a_project_ask_for_one(
    tmp_path: Path, token_service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", _key_file(tmp_path, token_service))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    for name in ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(ConfigError, match="--google-project"):
        CloudDnsProvider(CloudDnsOptions()).zones()
