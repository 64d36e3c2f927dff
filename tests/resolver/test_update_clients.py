"""What people update with: nsupdate, dnspython, lego and certbot, against the server as they start it."""

import json
import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest

from tests.doubles.certificates import make_certificate
from tests.ports import free_port
from tests.resolver.updatable import HOST, SECRET, TIMEOUT, Updatable, updatable
from tests.waiting import wait_for

pytestmark = pytest.mark.needs_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Updatable]:
    folder = tmp_path_factory.mktemp("server")
    keys = folder / "keys"
    keys.write_text(
        f'key "acme" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\nadmin:hmac-sha512:{SECRET}\n'
    )
    options = (
        "--tsig-key-file",
        str(keys),
        "--allow-update",
        "acme",
        "--allow-update",
        "admin:team.xip.test",
    )
    with updatable(*options, "--workers", "2", "--journal", str(folder / "journal")) as running:
        yield running


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def nsupdate(server: Updatable, script: str, *options: str) -> str:
    """Run a script; what nsupdate said, which is nothing if all went well."""
    lines = f"server {HOST} {server.port}\nzone xip.test\n{script}\nsend\n"
    done = subprocess.run(
        [tool("nsupdate"), *options], input=lines, capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("transport", [(), ("-v",)])
def test_nsupdate_sets_and_takes_away(server: Updatable, transport: tuple[str, ...]) -> None:
    key = ("-y", f"hmac-sha256:acme:{SECRET}")
    name = "_acme-challenge.app.10.0.0.5.xip.test"
    assert (
        nsupdate(server, f"update add {name} 60 TXT one\nupdate add {name} 60 TXT two", *key, *transport)
        == ""
    )
    assert server.ask(name, "TXT") == ['"one"', '"two"']
    assert "NXRRSET" in nsupdate(server, f"prereq yxrrset {name} A\nupdate delete {name}", *key, *transport)
    assert nsupdate(server, f"prereq yxdomain {name}\nupdate delete {name} TXT", *key, *transport) == ""
    assert server.ask(name, "TXT") == []
    assert server.ask("app.10.0.0.5.xip.test", "A") == ["10.0.0.5"]


def test_nsupdate_is_told_why_not(server: Updatable) -> None:
    good, bad = f"hmac-sha256:acme:{SECRET}", "hmac-sha256:acme:d3Jvbmc="
    change = "update add www.xip.test 60 A 192.0.2.1"
    assert "REFUSED" in nsupdate(server, change, "-y", good)
    assert "BADSIG" in nsupdate(server, change, "-y", bad)
    assert "BADKEY" in nsupdate(server, change, "-y", f"hmac-sha256:nobody:{SECRET}")
    assert "REFUSED" in nsupdate(server, change)
    assert server.ask("www.xip.test", "A") == []


def test_a_key_with_a_grant_has_its_names_and_no_others(server: Updatable) -> None:
    key = ("-y", f"hmac-sha512:admin:{SECRET}")
    change = "update add www.team.xip.test 60 A 192.0.2.1\nupdate add team.xip.test 60 MX 10 mail.example."
    assert nsupdate(server, change, *key) == ""
    assert server.ask("www.team.xip.test", "A") == ["192.0.2.1"]
    assert server.ask("team.xip.test", "MX") == ["10 mail.example."]
    assert "REFUSED" in nsupdate(server, "update add _acme-challenge.xip.test 60 TXT x", *key)


def test_the_sequence_of_cert_manager_and_lego(server: Updatable) -> None:
    """Walk up by SOA to find the zone, add, see, delete: over UDP, as their common library does it."""
    name = "_acme-challenge.app.10-0-0-9.xip.test."
    labels = name.split(".")
    zone = ""
    for start in range(len(labels) - 1):
        query = dns.message.make_query(".".join(labels[start:]), "SOA")
        query.flags |= dns.flags.RD
        response = dns.query.udp(query, HOST, TIMEOUT, server.port)
        assert response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        if response.answer:
            zone = response.answer[0].name.to_text()
            break
    assert zone == "xip.test."
    key = dns.tsig.Key("acme.", SECRET, "hmac-sha256")
    for method, expected in (("replace", ['"token"']), ("delete", [])):
        update = dns.update.UpdateMessage(zone, keyring=key)
        getattr(update, method)(name, *([60] if method == "replace" else []), "TXT", "token")
        assert dns.query.udp(update, HOST, TIMEOUT, server.port).rcode() == dns.rcode.NOERROR
        assert server.ask(name, "TXT") == expected


class Issuer:
    """Pebble, the test server of ACME, which asks our server whether a challenge is met."""

    def __init__(self, folder: Path, dns_port: int) -> None:
        self.trusted, _ = make_certificate(folder)
        self.port = free_port()
        config = {
            "pebble": {
                "listenAddress": f"{HOST}:{self.port}",
                "managementListenAddress": f"{HOST}:{free_port()}",
                "certificate": str(self.trusted),
                "privateKey": str(folder / "key.pem"),
                "httpPort": free_port(),
                "tlsPort": free_port(),
            }
        }
        path = folder / "pebble.json"
        path.write_text(json.dumps(config))
        self.directory = f"https://{HOST}:{self.port}/dir"
        self.process = subprocess.Popen(
            [tool("pebble"), "-config", str(path), "-dnsserver", f"{HOST}:{dns_port}"],
            env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._answers)

    def _answers(self) -> bool:
        context = ssl.create_default_context(cafile=self.trusted)
        try:
            with urllib.request.urlopen(self.directory, timeout=1, context=context):
                return True
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def issuing(folder: Path, server: Updatable) -> Iterator[Issuer]:
    issuer = Issuer(folder, server.port)
    try:
        yield issuer
    finally:
        issuer.process.kill()
        issuer.process.wait()


def run(arguments: list[str], **environment: str) -> None:
    done = subprocess.run(
        arguments, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_lego_has_a_wildcard_certificate_issued(server: Updatable, tmp_path: Path) -> None:
    with issuing(tmp_path, server) as issuer:
        before = server.serial()
        run(
            [
                *(tool("lego"), "--path", str(tmp_path / "lego"), "--server", issuer.directory),
                *("--email", "admin@xip.test", "--accept-tos", "--dns", "rfc2136"),
                *("--dns.resolvers", f"{HOST}:{server.port}", "--dns.disable-cp"),
                *("--domains", "*.app.10.0.0.5.xip.test", "--domains", "app.10.0.0.5.xip.test", "run"),
            ],
            LEGO_CA_CERTIFICATES=str(issuer.trusted),
            RFC2136_NAMESERVER=f"{HOST}:{server.port}",
            RFC2136_TSIG_ALGORITHM="hmac-sha256.",
            RFC2136_TSIG_KEY="acme.",
            RFC2136_TSIG_SECRET=SECRET,
            RFC2136_POLLING_INTERVAL="1",
            RFC2136_SEQUENCE_INTERVAL="1",
        )
    assert list((tmp_path / "lego" / "certificates").glob("*.crt"))
    # Set, seen by the issuer, and taken away again.
    assert server.serial() > before
    assert server.ask("_acme-challenge.app.10.0.0.5.xip.test", "TXT") == []


def test_certbot_has_a_wildcard_certificate_issued(server: Updatable, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials.ini"
    values = {
        "server": HOST,
        "port": server.port,
        "name": "acme.",
        "secret": SECRET,
        "algorithm": "HMAC-SHA256",
    }
    credentials.write_text("".join(f"dns_rfc2136_{name} = {value}\n" for name, value in values.items()))
    credentials.chmod(0o600)
    folders = [f"--{name}-dir={tmp_path / name}" for name in ("config", "work", "logs")]
    with issuing(tmp_path, server) as issuer:
        before = server.serial()
        run(
            [
                *(tool("certbot"), "certonly", "--non-interactive", "--agree-tos", *folders),
                *(
                    "--email",
                    "admin@xip.test",
                    "--no-eff-email",
                    "--server",
                    issuer.directory,
                    "--dns-rfc2136",
                ),
                *("--dns-rfc2136-credentials", str(credentials), "--dns-rfc2136-propagation-seconds", "0"),
                *("-d", "*.10-0-0-7.xip.test", "-d", "10-0-0-7.xip.test"),
            ],
            REQUESTS_CA_BUNDLE=str(issuer.trusted),
        )
    assert list((tmp_path / "config" / "live").glob("*/fullchain.pem"))
    assert server.serial() > before
    assert server.ask("_acme-challenge.10-0-0-7.xip.test", "TXT") == []
