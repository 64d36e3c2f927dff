"""The HTTP face of the double: routes, errors, faults, counters, and a small STS for assumed roles."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.doubles.route53.account import Account, Attempt
from tests.doubles.route53.faults import Fault, Faults
from tests.doubles.route53.records import NAMESPACE, RecordSet, canonical_name
from tests.doubles.route53.rules import Refused

_ID = r"(?P<id>[A-Za-z0-9]+)"
_V = "/2013-04-01"
_RRSET = f"{_V}/hostedzone/{_ID}/rrset"
_TAGS = f"{_V}/tags/hostedzone"


class Request(NamedTuple):
    """One request, taken apart."""

    id: str
    query: dict[str, str]
    body: bytes

    @property
    def xml(self) -> ET.Element:
        try:
            return ET.fromstring(self.body)
        except ET.ParseError as error:
            raise Refused("MalformedInput", f"Unexpected XML: {error}") from error


Work = Callable[[Account, Request], str]

_ROUTES: dict[str, tuple[str, str, Work]] = {
    "ListHostedZones": ("GET", f"{_V}/hostedzone", lambda account, r: account.list_zones(r.query)),
    "CreateHostedZone": ("POST", f"{_V}/hostedzone", lambda account, r: account.create_zone(r.xml)),
    "GetHostedZone": ("GET", f"{_V}/hostedzone/{_ID}", lambda account, r: account.get_zone(r.id)),
    "ListResourceRecordSets": ("GET", _RRSET, lambda account, r: account.list_sets(r.id, r.query)),
    "ChangeResourceRecordSets": ("POST", _RRSET, lambda account, r: account.change_sets(r.id, r.xml)),
    "GetChange": ("GET", f"{_V}/change/{_ID}", lambda account, r: account.get_change(r.id)),
    "ListTagsForResources": ("POST", _TAGS, lambda account, r: account.tags_of_many(r.xml)),
    "ListTagsForResource": ("GET", f"{_TAGS}/{_ID}", lambda account, r: account.tags_of_one(r.id)),
    "ChangeTagsForResource": ("POST", f"{_TAGS}/{_ID}", lambda account, r: account.change_tags(r.id, r.xml)),
    "AssumeRole": ("POST", "/", lambda account, r: _assume_role(r)),
}


class Route53Double:
    """A strict Route 53 on a loopback port, for as long as the ``with`` block lasts.

    ``counts`` counts requests by operation, throttled and failed ones included; ``attempts`` keeps each
    batch that arrived; ``roles`` and ``access_keys`` keep what was assumed and who signed. ``denied``
    operations and changes of ``deny_names`` (stored form) get AccessDenied, as IAM policies may do;
    ``refuse_keys`` makes every key unknown; ``old_error_form`` gives rejections in their old XML.
    """

    def __init__(self, *zones: str, port: int = 0, propagation: float = 0.05) -> None:
        self.account = Account(propagation)
        self.faults = Faults()
        self.counts: Counter[str] = Counter()
        self.denied: set[str] = set()
        self.deny_names: set[str] = set()
        self.access_keys: set[str] = set()
        self.roles: list[dict[str, str]] = []
        self.old_error_form = False
        self.refuse_keys = False
        self._changed = threading.Condition()
        self._server = _Server(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        for zone in zones:
            self.add_zone(zone)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def attempts(self) -> list[Attempt]:
        return self.account.attempts

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use this double and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIDLOOPBACK",
            "AWS_SECRET_ACCESS_KEY": "not-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def add_zone(
        self, name: str, *, private: bool = False, tags: dict[str, str] | None = None, zone_id: str = ""
    ) -> str:
        """Make a zone; its id."""
        zone = self.account.add_zone(name, private=private, zone_id=zone_id)
        self.account.tags[zone.id].update(tags or {})
        return zone.id

    def put(self, zone_id: str, name: str, record_type: str, *values: str, ttl: int = 300) -> None:
        """Plant a simple record with no rule asked."""
        self.put_set(zone_id, RecordSet(canonical_name(name), record_type, ttl=ttl, values=values))

    def put_set(self, zone_id: str, rrset: RecordSet) -> None:
        """Plant any set with no rule asked."""
        with self.account.lock:
            self.account.zone(zone_id).put(rrset)

    def sets(self, zone_id: str) -> list[RecordSet]:
        """The sets of a zone without its own NS and SOA, in listing order."""
        with self.account.lock:
            zone = self.account.zone(zone_id)
            return [
                rrset for rrset in zone.sets() if rrset.name != zone.name or rrset.type not in ("NS", "SOA")
            ]

    def values(self, zone_id: str, name: str, record_type: str) -> list[str] | None:
        """The sorted values of the simple set at a name; None where there is none."""
        wanted = canonical_name(name), record_type
        found = [rrset for rrset in self.sets(zone_id) if (rrset.name, rrset.type) == wanted]
        return sorted(found[0].values) if found else None

    def wait_until(self, condition: Callable[[], bool], timeout: float = 10.0) -> bool:
        """Wait for ``condition``, asked again after each request; whether it came true."""
        with self._changed:
            return self._changed.wait_for(condition, timeout)

    def start(self) -> "Route53Double":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "Route53Double":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def count(self, operation: str) -> None:
        with self._changed:
            self.counts[operation] += 1

    def announce(self) -> None:
        with self._changed:
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, double: Route53Double, port: int) -> None:
        self.double = double
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests; nothing is printed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: tests read counters instead."""

    def _serve(self) -> None:
        double = self.server.double
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        operation, work, zone_id = _route(self.command, url.path.rstrip("/") or "/")
        fault = double.faults.take(operation)
        double.count(operation)
        request = Request(zone_id, dict(parse_qsl(url.query, keep_blank_values=True)), body)
        if fault is None:
            self._send(*self._answer(operation, work, request))
        elif fault.kind == "error":
            refused = Refused(fault.code, fault.message, fault.status)
            self._send(fault.status, _error_xml(refused, operation, double.old_error_form))
        elif fault.kind == "drop-before":
            self.close_connection = True
        else:
            self._suffer(fault, *self._answer(operation, work, request))

    def _suffer(self, fault: Fault, status: int, text: str) -> None:
        """The work is done; what is left is how the answer fares."""
        self.close_connection = fault.kind in ("drop-after", "half")
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault.kind != "drop-after":
            self._send(status, text, half=fault.kind == "half")

    def _answer(self, operation: str, work: Work, request: Request) -> tuple[int, str]:
        double = self.server.double
        try:
            self._authorise(operation, request.body)
            if operation == "AssumeRole":
                double.roles.append(dict(parse_qsl(request.body.decode())))
            with double.account.lock:
                return 201 if operation == "CreateHostedZone" else 200, work(double.account, request)
        except Refused as refused:
            return refused.status, _error_xml(refused, operation, double.old_error_form)
        finally:
            double.announce()

    def _authorise(self, operation: str, body: bytes) -> None:
        double = self.server.double
        signed = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
        if not signed:
            raise Refused("MissingAuthenticationToken", "Missing Authentication Token", 403)
        double.access_keys.add(signed.group(1))
        if double.refuse_keys:
            raise Refused(
                "InvalidClientTokenId", "The security token included in the request is invalid", 403
            )
        names = {canonical_name(name) for name in re.findall(r"<Name>([^<]*)</Name>", body.decode())}
        if operation in double.denied or names & double.deny_names:
            who = f"arn:aws:iam::123456789012:user/{signed.group(1)}"
            service = "sts" if operation == "AssumeRole" else "route53"
            denied = f"User: {who} is not authorized to perform: {service}:{operation}"
            raise Refused("AccessDenied", denied, 403)

    def _send(self, status: int, text: str, *, half: bool = False) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if half else data)


def _route(method: str, path: str) -> tuple[str, Work, str]:
    for operation, (verb, pattern, work) in _ROUTES.items():
        found = re.fullmatch(pattern, path)
        if verb == method and found:
            return operation, work, found.groupdict().get("id", "")
    return "Unknown", _unknown, ""


def _unknown(_account: Account, _request: Request) -> str:
    raise Refused("InvalidAction", "The double does not know this operation", 404)


def _assume_role(request: Request) -> str:
    """A minimal STS AssumeRole: temporary keys that tests recognise when something is signed with them."""
    role = dict(parse_qsl(request.body.decode())).get("RoleArn", "")
    credentials = (
        "<AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>not-secret</SecretAccessKey>"
        "<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
    )
    user = f"<Arn>{escape(role)}</Arn><AssumedRoleId>AROA:session</AssumedRoleId>"
    result = f"<Credentials>{credentials}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>"
    return (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<AssumeRoleResult>{result}</AssumeRoleResult></AssumeRoleResponse>"
    )


def _error_xml(refused: Refused, operation: str, old_form: bool) -> str:
    message = escape(refused.message)
    if old_form and refused.code == "InvalidChangeBatch" and operation == "ChangeResourceRecordSets":
        inner = f"<Messages><Message>{message}</Message></Messages>"
        return f'<InvalidChangeBatch xmlns="{NAMESPACE}">{inner}</InvalidChangeBatch>'
    error = f"<Type>Sender</Type><Code>{refused.code}</Code><Message>{message}</Message>"
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error>{error}</Error><RequestId>0</RequestId></ErrorResponse>'
    )
