"""A real kube-apiserver on a real etcd, as ordinary processes on free loopback ports."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

from tests.end_to_end.process import clean_environment
from tests.ports import free_port
from tests.real_cluster.certificates import Authority, write_key
from tests.waiting import wait_for

Object = dict[str, Any]

START_SECONDS = 90.0
_ADMIN_TOKEN = "token-of-the-administrator"
_NOBODY_TOKEN = "token-of-somebody-without-rights"
_TOKENS = f'{_ADMIN_TOKEN},admin,admin,"system:masters"\n{_NOBODY_TOKEN},nobody,nobody\n'
_AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


class RefusedRequest(Exception):
    """What the server would not do; ``code`` is that of HTTP."""

    def __init__(self, code: int, body: bytes) -> None:
        super().__init__(f"{code}: {body.decode(errors='replace')}")
        self.code = code


class ApiServer:
    """One kube-apiserver with its etcd, in a folder; requests are made as an administrator.

    ``tokens`` has the bearer tokens of ``admin`` and of ``nobody``, who may do nothing.
    """

    def __init__(self, assets: Path, folder: Path) -> None:
        self._assets = assets
        self._folder = folder
        self.tokens = {"admin": _ADMIN_TOKEN, "nobody": _NOBODY_TOKEN}
        self.authority = Authority(folder)
        self._etcd_port, self.port = free_port(), free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._audit = folder / "audit.log"
        self._prepare()
        self._kubectl = shutil.which("kubectl", path=f"{assets}{os.pathsep}{os.environ.get('PATH', '')}")
        self.admin_kubeconfig = self.kubeconfig(folder / "admin", {"token": _ADMIN_TOKEN})
        self._tls = ssl.create_default_context(cafile=str(self.authority.file))

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def _prepare(self) -> None:
        (self._folder / "tokens.csv").write_text(_TOKENS)
        (self._folder / "audit.json").write_text(json.dumps(_AUDIT))
        write_key(self._folder / "service-accounts.key")
        self._served = self.authority.server()

    def start(self) -> None:
        """Start both, and wait until the API server is ready."""
        self.start_store()
        self.start_api()

    def start_store(self) -> None:
        """Start etcd, or start it again on what it holds."""
        peers = f"http://127.0.0.1:{free_port()}"
        clients = f"http://127.0.0.1:{self._etcd_port}"
        self._launch(
            "etcd",
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",
        )

    def start_api(self) -> None:
        """Start the API server alone, after it was killed or told to end."""
        keys = self._folder / "service-accounts.key"
        self._launch(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--secure-port={self.port}",
            f"--tls-cert-file={self._served.certificate}",
            f"--tls-private-key-file={self._served.key}",
            f"--client-ca-file={self.authority.file}",
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys}",
            f"--service-account-signing-key-file={keys}",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--cert-dir={self._folder}",
            f"--audit-policy-file={self._folder / 'audit.json'}",
            f"--audit-log-path={self._audit}",
        )
        process = self._processes["kube-apiserver"]
        ready = f"the API server is ready; see the logs in {self._folder}"
        wait_for(lambda: self._is_ready() or process.poll() is not None, ready, START_SECONDS)
        assert process.poll() is None, f"the API server has ended; see the logs in {self._folder}"

    def kill_store(self) -> None:
        """Kill etcd without a word, under the API server."""
        self._end("etcd", signal.SIGKILL)

    def kill_api(self) -> None:
        """Kill the API server without a word (SIGKILL)."""
        self._end("kube-apiserver", signal.SIGKILL)

    def tell_api_to_end(self) -> "subprocess.Popen[bytes]":
        """Tell the API server to end (SIGTERM): it listens no longer, but its open watches live on for a
        minute. Its process, which the caller waits for or kills."""
        process = self._processes.pop("kube-apiserver")
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: not self._is_ready(), "it listens no longer")
        return process

    def stop(self) -> None:
        """End everything."""
        for name in list(self._processes):
            self._end(name, signal.SIGKILL)

    def ask(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json"
    ) -> Object:
        """One request as the administrator; RefusedRequest for anything but success."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {_ADMIN_TOKEN}", "Content-Type": content_type},
        )
        try:
            with urllib.request.urlopen(request, timeout=60, context=self._tls) as answer:
                decoded: Object = json.loads(answer.read())
                return decoded
        except urllib.error.HTTPError as error:
            raise RefusedRequest(error.code, error.read()) from None

    def fill(self, path: str, items: Iterable[Object]) -> None:
        """Create many objects at once."""
        local = threading.local()
        connections: list[HTTPSConnection] = []
        headers = {"Authorization": f"Bearer {_ADMIN_TOKEN}", "Content-Type": "application/json"}

        def create(item: Object) -> None:
            if not hasattr(local, "connection"):
                local.connection = HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self._tls)
                connections.append(local.connection)
            local.connection.request("POST", path, json.dumps(item), headers)
            answer = local.connection.getresponse()
            body = answer.read()
            if answer.status != 201:
                raise RefusedRequest(answer.status, body)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(create, items))
        for connection in connections:
            connection.close()

    def kubectl(self, *arguments: str, kubeconfig: Path | None = None, check: bool = True) -> str:
        """What kubectl prints."""
        assert self._kubectl, "kubectl is needed, on the path or beside the servers"
        done = subprocess.run(
            [self._kubectl, f"--kubeconfig={kubeconfig or self.admin_kubeconfig}", *arguments],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def token_of(self, namespace: str, account: str) -> str:
        """A fresh token of a service account, as a pod gets it."""
        wish = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        token: str = self.ask("POST", path, wish)["status"]["token"]
        return token

    def kubeconfig(self, path: Path, user: Object, **cluster: Any) -> Path:
        """Write a kubeconfig with this user; ``cluster`` replaces parts of what it says of the server."""
        reached = {"server": self.url, "certificate-authority": str(self.authority.file), **cluster}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "real", "user": "tester"}}],
            "clusters": [{"name": "real", "cluster": reached}],
            "users": [{"name": "tester", "user": user}],
        }
        path.write_text(json.dumps(config))
        return path

    def audited(self) -> list[Object]:
        """What the server noted of all requests so far, oldest first."""
        return [json.loads(line) for line in self._audit.read_text().splitlines()]

    def requests(self, verb: str, resource: str) -> list[Object]:
        """The requests of dnssync for a resource so far, from the server's audit log, oldest first."""
        return [
            entry
            for entry in self.audited()
            if entry.get("userAgent", "").startswith("dnssync/")
            and entry["stage"] == ("ResponseStarted" if verb == "watch" else "ResponseComplete")
            and (entry["verb"], entry.get("objectRef", {}).get("resource")) == (verb, resource)
        ]

    def _is_ready(self) -> bool:
        try:
            request = urllib.request.Request(f"{self.url}/readyz")
            with urllib.request.urlopen(request, timeout=2, context=self._tls) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _launch(self, program: str, *arguments: str) -> None:
        with (self._folder / f"{program}.log").open("ab") as log:
            self._processes[program] = subprocess.Popen(
                [self._assets / program, *arguments],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=clean_environment({"HOME": str(self._folder)}),
                start_new_session=True,
            )

    def _end(self, program: str, number: int) -> None:
        process = self._processes.pop(program)
        process.send_signal(number)
        process.wait(30)


def found(where: str, programs: Sequence[str] = ("etcd", "kube-apiserver")) -> Path:
    """The folder of the programs; an error that says what is missing."""
    folder = Path(where)
    missing = [name for name in programs if not (folder / name).is_file()]
    assert not missing, f"KUBEBUILDER_ASSETS={where}: no {' and no '.join(missing)} in there"
    return folder
