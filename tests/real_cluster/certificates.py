"""A certificate authority for one test run: server certificates, client certificates, a key for tokens."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Pair:
    """The files of a certificate and of its key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.certificate = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"


class Authority:
    """Signs for the loopback address and for users; ``file`` is what vouches for all of it."""

    def __init__(self, folder: Path, name: str = "cluster-ca") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject(name)
        self.file = folder / f"{name}.crt"
        usage = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._builder(self._name, self._key).add_extension(usage, critical=True)
        self.file.write_bytes(_pem(certificate.sign(self._key, hashes.SHA256())))

    def server(self) -> Pair:
        """For a server on the loopback address."""
        names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        return self._issue("server", _subject("kube-apiserver"), x509.SubjectAlternativeName(names))

    def client(self, user: str, *groups: str) -> Pair:
        """For a user in groups, as Kubernetes reads them from a certificate."""
        return self._issue(user, _subject(user, *groups), None)

    def _issue(self, name: str, subject: x509.Name, names: x509.SubjectAlternativeName | None) -> Pair:
        pair = Pair(self._folder, name)
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = self._builder(subject, key).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names:
            builder = builder.add_extension(names, critical=False)
        pair.certificate.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))
        write_key(pair.key, key)
        return pair

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )


def write_key(file: Path, key: ec.EllipticCurvePrivateKey | None = None) -> Path:
    """A private key in a file, a new one if none is given; the file again."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    # The API server reads the public half from the same file, which it can in this form only.
    form, plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return file


def _subject(name: str, *groups: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
