"""Finding the API server, logging in, and what is said when that fails."""

import json
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dnssync.errors import ConfigError, RetryableError
from dnssync.kube import Connection, KubeOptions, KubeWatcher
from dnssync.kube.wire import ApiError
from tests.doubles.certificates import make_certificate
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.doubles.kube import KubeApi, ingress
from tests.doubles.kube.faults import Slow
from tests.kube.conftest import FAST

PATH = "/apis/networking.k8s.io/v1/ingresses"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a kubeconfig of whoever runs the tests, nor a pod around them."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


def works(options: KubeOptions) -> bool:
    return b'"IngressList"' in Connection(options).get(PATH)


def test_a_named_kubeconfig_is_used(api: KubeApi, tmp_path: Path) -> None:
    assert works(KubeOptions(kubeconfig=str(api.write_kubeconfig(tmp_path / "config"))))


def test_the_variable_and_then_the_home_folder_name_the_kubeconfig(
    api: KubeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home" / ".kube").mkdir(parents=True)
    api.write_kubeconfig(tmp_path / "home" / ".kube" / "config")
    assert Connection(KubeOptions()).server == api.url
    other = tmp_path / "other"
    other.write_text(
        (tmp_path / "home" / ".kube" / "config").read_text().replace(api.url, "http://127.0.0.1:1")
    )
    monkeypatch.setenv("KUBECONFIG", f"{other}:{tmp_path / 'absent'}")
    assert Connection(KubeOptions()).server == "http://127.0.0.1:1"


def test_a_server_alone_suffices_and_replaces_that_of_the_kubeconfig(api: KubeApi, tmp_path: Path) -> None:
    assert works(KubeOptions(server=api.url + "/"))
    path = api.write_kubeconfig(tmp_path / "config")
    path.write_text(path.read_text().replace(api.url, "http://127.0.0.1:1"))
    assert works(KubeOptions(kubeconfig=str(path), server=api.url))
    api.tokens = {"first": "me"}
    path = api.write_kubeconfig(tmp_path / "config", user={"token": "first"})
    path.write_text(path.read_text().replace(api.url, "http://127.0.0.1:1"))
    assert works(KubeOptions(kubeconfig=str(path), server=api.url))


def test_a_context_is_chosen_by_name(api: KubeApi, tmp_path: Path) -> None:
    path = api.write_kubeconfig(tmp_path / "config")
    config = json.loads(path.read_text())
    config["current-context"] = "elsewhere"
    config["contexts"].append({"name": "elsewhere", "context": {"cluster": "elsewhere", "user": "tester"}})
    config["clusters"].append({"name": "elsewhere", "cluster": {"server": "http://127.0.0.1:1"}})
    path.write_text(json.dumps(config))
    assert Connection(KubeOptions(kubeconfig=str(path))).server == "http://127.0.0.1:1"
    assert works(KubeOptions(kubeconfig=str(path), context="double"))


def test_nothing_to_connect_to_says_what_can_be_done() -> None:
    with pytest.raises(ConfigError, match=r"no Kubernetes cluster: .*--manifests"):
        Connection(KubeOptions())
    with pytest.raises(ConfigError, match="context 'prod' needs a kubeconfig"):
        Connection(KubeOptions(context="prod"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("a: [", "no valid YAML"),
        ("- 1\n- 2\n", "not shaped like one"),
        ("hello", "not shaped like one"),
        ("{}", "current-context"),
        ('{"current-context": "x", "contexts": [], "clusters": [], "users": []}', "name x"),
        ('{"current-context": "x", "contexts": [{"name": "x", "context": {"cluster": "c"}}]}', "name c"),
        ("\x00", "no valid YAML"),
    ],
)
def test_a_bad_kubeconfig_is_one_clear_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ConfigError, match=why) as caught:
        Connection(KubeOptions(kubeconfig=str(path)))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_kubeconfig_context_or_certificate_is_named(
    api: KubeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="kubeconfig /nowhere is not a file; check --kubeconfig"):
        Connection(KubeOptions(kubeconfig="/nowhere"))
    path = api.write_kubeconfig(tmp_path / "config", ca_file="/nowhere.pem")
    with pytest.raises(ConfigError, match=r"context 'prod'.*name prod"):
        Connection(KubeOptions(kubeconfig=str(path), context="prod"))
    path.write_text(path.read_text().replace("http:", "https:"))
    with pytest.raises(ConfigError, match=r"/nowhere\.pem"):
        Connection(KubeOptions(kubeconfig=str(path)))
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    with pytest.raises(ConfigError, match=r"check \$KUBECONFIG"):
        Connection(KubeOptions())


def write_plugin(folder: Path) -> tuple[Path, dict[str, Any]]:
    """A credential plugin that hands out what stands in a file; the file and the kubeconfig's user."""
    token = folder / "token"
    script = folder / "plugin"
    answer = (
        '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}'
    )
    script.write_text(f"#!/bin/sh\necho >> {folder / 'calls'}\nprintf '{answer}' \"$(cat {token})\"\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}
    return token, {"exec": {**plugin, "interactiveMode": "Never"}}


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (
            "echo 'please log in'; echo 'first at https://sso.example.test' >&2; exit 3",
            r"returned 3\. first at",
        ),
        ("echo nonsense", "failed to decode"),
        (
            'printf \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"x","status":{}}\'',
            "missing token",
        ),
        (None, "No such file"),
    ],
)
def test_a_login_command_that_fails_is_named_and_no_request_goes_out_without_its_credentials(
    api: KubeApi, tmp_path: Path, caplog: pytest.LogCaptureFixture, script: str | None, why: str
) -> None:
    token, user = write_plugin(tmp_path)
    token.write_text("first")
    api.tokens = {"first": "me"}
    path = api.write_kubeconfig(tmp_path / "config", user=user)
    connection = Connection(KubeOptions(kubeconfig=str(path)))
    if script is None:
        (tmp_path / "plugin").unlink()
    else:
        (tmp_path / "plugin").write_text(f"#!/bin/sh\n{script}\n")
    with pytest.raises(ConfigError, match=f"kubeconfig {path} cannot be used: .*{why}") as caught:
        Connection(KubeOptions(kubeconfig=str(path)))
    assert "\n" not in str(caught.value)
    api.tokens = {"second": "me"}
    with pytest.raises(RetryableError, match=why):
        connection.get(PATH)
    assert caplog.records == []
    assert len(api.requests) == 1


def test_a_token_is_read_without_the_newline_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.config import incluster_config

    certificate, context = make_certificate(tmp_path)
    token = tmp_path / "token"
    token.write_text("first\n")
    with KubeApi(tls=context) as api:
        api.tokens = {"first": "me"}
        for user in ({"tokenFile": str(token)}, {"token": "first\n"}):
            path = api.write_kubeconfig(tmp_path / "config", user=user, ca_file=str(certificate))
            assert works(KubeOptions(kubeconfig=str(path)))
        monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
        monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(certificate))
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", api.url.rpartition(":")[2])
        assert works(KubeOptions())
        token.write_text("fi\nrst")
        with pytest.raises(ConfigError, match="the bearer token has characters that none can have"):
            Connection(KubeOptions())


def test_after_a_401_a_credential_plugin_is_asked_again(api: KubeApi, tmp_path: Path) -> None:
    token, user = write_plugin(tmp_path)
    token.write_text("first")
    api.tokens = {"first": "me"}
    connection = Connection(KubeOptions(kubeconfig=str(api.write_kubeconfig(tmp_path / "config", user=user))))
    connection.get(PATH)
    token.write_text("second")
    api.tokens = {"second": "me"}
    connection.get(PATH)
    connection.get(PATH)
    assert len(api.seen("unauthorized")) == 1
    assert len(api.seen("list")) == 3


def test_many_threads_refused_at_once_renew_the_credentials_once(api: KubeApi, tmp_path: Path) -> None:
    token, user = write_plugin(tmp_path)
    token.write_text("first")
    api.tokens = {}
    connection = Connection(KubeOptions(kubeconfig=str(api.write_kubeconfig(tmp_path / "config", user=user))))
    token.write_text("second")
    api.tokens = {"second": "me"}
    api.faults.add(Slow(0.2), times=None)
    threads = [threading.Thread(target=connection.get, args=(PATH,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.seen("unauthorized")) > 1
    assert len((tmp_path / "calls").read_text().splitlines()) == 2


def test_a_watcher_outlives_its_token(api: KubeApi, tmp_path: Path, sink: RecordingSink) -> None:
    token, user = write_plugin(tmp_path)
    token.write_text("first")
    api.tokens = {"first": "me"}
    connection = Connection(KubeOptions(kubeconfig=str(api.write_kubeconfig(tmp_path / "config", user=user))))
    stop = threading.Event()
    thread = threading.Thread(
        target=KubeWatcher(connection, PlainSource(), sink, timing=FAST).run, args=(stop,)
    )
    thread.start()
    api.wait_for(lambda it: bool(it.seen("watch")))
    api.tokens = {"second": "me"}
    api.restart()
    sink.wait_for(lambda it: any("credentials loaded anew are refused" in error for error in it.errors()))
    token.write_text("second")
    sink.wait_for(lambda it: it.calls[-1][0] == "listed")
    stop.set()
    thread.join()


def test_a_pod_uses_its_service_account_and_a_rotated_token_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.config import incluster_config

    certificate, context = make_certificate(tmp_path)
    token = tmp_path / "token"
    token.write_text("first")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(certificate))
    with KubeApi(tls=context) as api:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", api.url.rpartition(":")[2])
        api.tokens = {"first": "me"}
        connection = Connection(KubeOptions())
        connection.get(PATH)
        token.write_text("second")
        api.tokens = {"second": "me"}
        connection.get(PATH)
        token.unlink()
        with pytest.raises(ConfigError, match=r"service account is unusable: .*token"):
            Connection(KubeOptions())
        api.tokens = {"third": "me"}
        with pytest.raises(RetryableError, match="service account is unusable"):
            connection.get(PATH)


def test_stop_ends_a_silent_watch_over_tls_soon(tmp_path: Path, sink: RecordingSink) -> None:
    certificate, context = make_certificate(tmp_path)
    with KubeApi(tls=context) as api:
        path = api.write_kubeconfig(tmp_path / "config", ca_file=str(certificate))
        stop = threading.Event()
        watcher = KubeWatcher(Connection(KubeOptions(kubeconfig=str(path))), PlainSource(), sink)
        thread = threading.Thread(target=watcher.run, args=(stop,))
        thread.start()
        api.wait_for(lambda it: bool(it.seen("watch")))
        api.put(ingress("a"))
        sink.wait_for(lambda it: "a" in it.names())
        before = time.monotonic()
        stop.set()
        thread.join()
        assert time.monotonic() - before < 5
        assert sink.errors() == []


def test_an_unknown_certificate_is_one_clear_line(tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path)
    with KubeApi(tls=context) as api:
        with pytest.raises(RetryableError, match=r"cannot be reached: .*certificate") as caught:
            Connection(KubeOptions(server=api.url)).get(PATH)
        assert "\n" not in str(caught.value)


def test_a_certificate_that_shall_not_be_checked_is_not_warned_of(tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path)
    with KubeApi(tls=context) as api:
        path = api.write_kubeconfig(tmp_path / "config")
        config = json.loads(path.read_text())
        config["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
        path.write_text(json.dumps(config))
        assert works(KubeOptions(kubeconfig=str(path)))


def test_a_proxy_that_cannot_be_reached_is_named(api: KubeApi, tmp_path: Path) -> None:
    path = api.write_kubeconfig(tmp_path / "config")
    config = json.loads(path.read_text())
    config["clusters"][0]["cluster"] = {"server": "https://api.test", "proxy-url": "http://127.0.0.1:1"}
    path.write_text(json.dumps(config))
    with pytest.raises(
        RetryableError, match=r"cannot be reached: Unable to connect to proxy: .*refused$"
    ) as caught:
        Connection(KubeOptions(kubeconfig=str(path))).get(PATH)
    assert "(" not in str(caught.value).split("proxy: ")[0]


def test_a_refusal_carries_what_the_server_said(api: KubeApi, connection: Connection) -> None:
    with pytest.raises(ApiError) as caught:
        connection.get(PATH.replace("/ingresses", "/namespaces/default/ingresses/nope"))
    assert (caught.value.code, caught.value.reason) == (404, "NotFound")
    assert str(caught.value) == 'ingresses.networking.k8s.io "nope" not found'


def test_the_typed_client_is_never_imported() -> None:
    """Its models cost a second and tens of megabytes; and before a connection nothing is imported at all."""
    program = (
        "import sys; from dnssync.kube import Connection, KubeOptions;"
        "assert 'kubernetes' not in sys.modules;"
        "Connection(KubeOptions(server='http://127.0.0.1:1'));"
        "heavy = [m for m in sys.modules if m.startswith('kubernetes.client.api.') or 'models.v1' in m];"
        "assert not heavy, heavy[:3]"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
