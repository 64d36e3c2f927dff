"""Defaults < YAML file < environment < flags."""

from pathlib import Path

import pytest

from dnssync.cli.options import SettingsCommand
from dnssync.config import build, mistyped_variables, read_environment, read_yaml
from dnssync.errors import ConfigError
from dnssync.settings import ResolverSettings, Settings


def settings_of(args: list[str], environ: dict[str, str]) -> Settings:
    command = SettingsCommand("dnssync", environ=environ)
    settings: Settings = command.make_context("dnssync", args).params["settings"]
    return settings


def yaml_settings(text: str) -> Settings:
    return build(Settings, [read_yaml(Settings, text, "file.yaml")])


def test_each_place_overrules_the_one_before_it(tmp_path: Path) -> None:
    file = tmp_path / "dnssync.yaml"
    file.write_text("txt-owner-id: file\ntxt-prefix: file\npolicy: create-only\n")
    environ = {"DNSSYNC_TXT_OWNER_ID": "environment", "DNSSYNC_TXT_PREFIX": "environment"}
    settings = settings_of([f"--config={file}", "--txt-owner-id=flag"], environ)
    assert settings.txt_owner_id == "flag"
    assert settings.txt_prefix == "environment"
    assert settings.policy == "create-only"
    assert settings.registry == "txt"


def test_the_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "dnssync.yaml"
    file.write_text("once: true\n")
    assert settings_of([], {"DNSSYNC_CONFIG": str(file)}).once


def test_variables_of_external_dns_count_after_our_own() -> None:
    assert settings_of([], {"EXTERNAL_DNS_TXT_OWNER_ID": "old"}).txt_owner_id == "old"
    both = {"EXTERNAL_DNS_TXT_OWNER_ID": "old", "DNSSYNC_TXT_OWNER_ID": "new"}
    assert settings_of([], both).txt_owner_id == "new"


def test_several_values_of_a_variable_are_separated_by_newlines() -> None:
    environ = {"EXTERNAL_DNS_DOMAIN_FILTER": "example.com\nexample.org\n"}
    assert settings_of([], environ).domain_filter == ("example.com", "example.org")


def test_an_empty_variable_counts_as_absent() -> None:
    assert settings_of([], {"DNSSYNC_POLICY": "", "DNSSYNC_METRICS_ADDRESS": ""}) == Settings()


def test_variables_that_kubernetes_sets_for_a_service_do_no_harm() -> None:
    assert (
        settings_of([], {"DNSSYNC_PORT": "tcp://10.0.0.1:80", "DNSSYNC_SERVICE_HOST": "10.0.0.1"})
        == Settings()
    )


@pytest.mark.parametrize(("word", "expected"), [("true", True), ("1", True), ("false", False), ("F", False)])
def test_switches_are_words_in_the_environment(word: str, expected: bool) -> None:
    assert settings_of([], {"EXTERNAL_DNS_EVENTS": word}).events is expected


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^EXTERNAL_DNS_INTERVAL: 'soon' is not a duration"):
        settings_of([], {"EXTERNAL_DNS_INTERVAL": "soon"})


def test_variables_without_effect_are_found() -> None:
    layer = read_environment(Settings, {"EXTERNAL_DNS_CLOUDFLARE_PROXIED": "true"})
    assert layer.ignored["cloudflare-proxied"].where == "EXTERNAL_DNS_CLOUDFLARE_PROXIED"


def test_a_file_gives_scalars_and_lists_as_they_are_written() -> None:
    settings = yaml_settings(
        """
        txt-owner-id: 007
        aws_prefer_cname: yes
        events: no
        interval: 90
        max-delete-percent: 12.5
        domain-filter: example.com
        fqdn-template: ["{{.Name}}.a", '{{.Name}}.b']
        txt-prefix:
        request-timeout: 1m
        """
    )
    assert settings.txt_owner_id == "007"
    assert settings.aws_prefer_cname
    assert not settings.events
    assert settings.interval == 90.0
    assert settings.max_delete_percent == 12.5
    assert settings.domain_filter == ("example.com",)
    assert settings.fqdn_template == ("{{.Name}}.a", "{{.Name}}.b")
    assert settings.txt_prefix == ""
    assert settings.kube_api_request_timeout == 60.0


def test_an_empty_file_gives_nothing() -> None:
    assert yaml_settings("# nothing\n") == Settings()


def test_every_mistake_in_a_file_is_told_at_once_with_its_line() -> None:
    with pytest.raises(ConfigError) as caught:
        yaml_settings(
            "intervall: 1m\npolicy: everything\nsource: {a: b}\nonce: true\nonce: false\n"
            "config: x\ninterval: [1, 2]\n"
        )
    assert str(caught.value).splitlines() == [
        "file.yaml:1: intervall: no such option; did you mean interval?",
        "file.yaml:3: source: expected a value or a list of values",
        "file.yaml:5: once: given twice",
        "file.yaml:6: config: a file cannot name another; give it as a flag or a variable",
        "file.yaml:7: interval: takes one value, not 2",
        "file.yaml:2: policy: 'everything' is not supported; choose from: sync, upsert-only, create-only",
    ]


@pytest.mark.parametrize(
    "text", ["- a\n- b\n", "word", "a: [", "\tx: y", "a: !!python/object:os.system x\n- b"]
)
def test_a_file_that_is_no_mapping_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^file\.yaml: ") as caught:
        yaml_settings(text)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    with pytest.raises(ConfigError, match=f"^--config: cannot read {missing}: No such file or directory$"):
        settings_of([f"--config={missing}"], {})
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        settings_of([f"--config={binary}"], {})


def test_mistakes_of_all_places_are_told_together(tmp_path: Path) -> None:
    file = tmp_path / "dnssync.yaml"
    file.write_text("nonsense: 1\n")
    with pytest.raises(ConfigError) as caught:
        settings_of([f"--config={file}", "--max-deletes=x"], {"DNSSYNC_INTERVAL": "y"})
    assert len(str(caught.value).splitlines()) == 3


def test_options_of_external_dns_without_effect_may_stand_in_a_file() -> None:
    layer = read_yaml(Settings, "cloudflare-proxied: true\n", "file.yaml")
    assert not layer.problems
    assert layer.ignored["cloudflare-proxied"].where == "file.yaml:1: cloudflare-proxied"


def test_the_resolver_has_a_model_of_its_own() -> None:
    layer = read_yaml(ResolverSettings, "zone: [a.test]\nttl: 1m\nallow-net: 10.0.0.0/8\n", "r.yaml")
    settings = build(ResolverSettings, [layer])
    assert (settings.zone, settings.ttl, settings.allow_net) == (("a.test",), 60, ("10.0.0.0/8",))
    with pytest.raises(ConfigError, match="no such option"):
        build(ResolverSettings, [read_yaml(ResolverSettings, "policy: sync\n", "r.yaml")])


def test_a_mistyped_variable_is_told_and_what_kubernetes_sets_is_not() -> None:
    services = ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_METRICS", "PORT", "PORT_7979_TCP_ADDR")
    environ = dict.fromkeys([f"DNSSYNC_{name}" for name in services], "10.0.0.1")
    environ |= {"DNSSYNC_POLCY": "sync", "EXTERNAL_DNS_SOURCES": "ingress", "DNSSYNC_POLICY": "sync"}
    assert mistyped_variables((Settings,), environ) == [
        "DNSSYNC_POLCY: no such option; did you mean DNSSYNC_POLICY?",
        "EXTERNAL_DNS_SOURCES: no such option; did you mean EXTERNAL_DNS_SOURCE?",
    ]


def test_a_variable_of_another_command_is_no_slip() -> None:
    assert mistyped_variables((ResolverSettings, Settings), {"DNSSYNC_POLICY": "sync"}) == []
