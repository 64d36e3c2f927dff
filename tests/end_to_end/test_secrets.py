"""No secret is written down, at any level of the log."""

import pytest

from tests.doubles.kube import ingress
from tests.end_to_end.conftest import Stage
from tests.end_to_end.process import run_cli

SECRETS = {
    "token": "kube-token-of-the-test",
    "AWS_SECRET_ACCESS_KEY": "secret-key-of-the-test",
    "AWS_SESSION_TOKEN": "session-token-of-the-test",
    "--txt-encrypt-aes-key": "0123456789abcdefghijklmnopqrstuv",
}


@pytest.mark.parametrize("level", ["info", "trace"])
@pytest.mark.parametrize("role", ["", "arn:aws:iam::123456789012:role/dns"])
def test_no_secret_is_in_the_log(stage: Stage, level: str, role: str) -> None:
    stage.api.tokens = {SECRETS["token"]: "dnssync"}
    stage.api.write_kubeconfig(stage.kubeconfig, user={"token": SECRETS["token"]})
    stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
    options = {name: value for name, value in SECRETS.items() if name.startswith("--")}
    variables = {name: value for name, value in SECRETS.items() if name.startswith("AWS_")}
    done = run_cli(
        "run",
        "--once",
        "--provider=aws",
        "--txt-encrypt-enabled",
        "--metrics-address=",
        f"--log-level={level}",
        f"--kubeconfig={stage.kubeconfig}",
        f"--aws-assume-role={role}",
        *(f"{name}={value}" for name, value in options.items()),
        environment={**stage.cloud.environment(), "AWS_ENDPOINT_URL_STS": stage.cloud.url, **variables},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert stage.address("web") == ["10.0.0.5"]
    assert bool(stage.cloud.roles) == bool(role)
    told = done.stdout + done.stderr
    assert [name for name, secret in SECRETS.items() if secret in told] == []
    assert "SecretAccessKey" not in told
