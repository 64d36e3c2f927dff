"""Plans and records as text."""

import json

import pytest
import yaml

from dnssync import planfile, render
from dnssync.changes import Action, Change
from dnssync.cli.output import show_lines, show_table
from dnssync.endpoints import Endpoint, Property
from dnssync.errors import ConfigError
from dnssync.plan import Plan
from dnssync.planfile import PlanDocument, ZonePlan
from dnssync.providers import Zone
from dnssync.skipped import Skipped, SkipReason

LABELS = {"owner": "me", "resource": "ingress/default/app"}
ZONE = Zone("Z1", "example.com")
APP = Endpoint("app.example.com", "A", ("10.0.0.5",), 300, labels=LABELS)
WEIGHTED = Endpoint(
    "w.example.com", "CNAME", ("lb.example.net",), 0, "blue", (Property("aws/weight", "10"),), labels=LABELS
)
PLAN = Plan(
    (
        Change(Action.CREATE, new=APP),
        Change(Action.UPDATE, old=WEIGHTED, new=WEIGHTED.with_property("aws/weight", "20")),
        Change(Action.DELETE, old=Endpoint("old.example.com", "A", ("10.0.0.9",))),
    ),
    (Skipped(APP, SkipReason.FOREIGN_OWNER, "foo.example.com A: belongs to owner 'x'", "x"),),
)


def test_a_plan_shows_old_and_new_values_and_what_is_left_alone() -> None:
    assert [text for _, text in render.plan_lines({"example.com": PLAN})] == [
        "example.com",
        "  + app.example.com A 300 10.0.0.5  (ingress/default/app)",
        "  ~ w.example.com CNAME lb.example.net set=blue aws/weight=10 → lb.example.net set=blue "
        "aws/weight=20  (ingress/default/app)",
        "  - old.example.com A 10.0.0.9",
        "  ! foo.example.com A: belongs to owner 'x'",
        "1 to create, 1 to update, 1 to delete; 1 left alone (foreign-owner 1).",
    ]


def test_an_empty_plan_says_so() -> None:
    assert [text for _, text in render.plan_lines({"example.com": Plan()})] == ["Nothing to change."]


def test_a_plan_in_markdown_is_tables_by_zone() -> None:
    assert render.plan_markdown({"example.com": PLAN}).splitlines() == [
        "### example.com",
        "",
        "| Action | Name | Type | Old | New | Object |",
        "| --- | --- | --- | --- | --- | --- |",
        "| create | app.example.com | A |  | 300 10.0.0.5 | ingress/default/app |",
        "| update | w.example.com | CNAME | lb.example.net set=blue aws/weight=10 "
        "| lb.example.net set=blue aws/weight=20 | ingress/default/app |",
        "| delete | old.example.com | A | 10.0.0.9 |  |  |",
        "",
        "### example.com",
        "",
        "| Left alone | Why |",
        "| --- | --- |",
        "| foreign-owner | foo.example.com A: belongs to owner 'x' |",
        "",
        "1 to create, 1 to update, 1 to delete; 1 left alone (foreign-owner 1).",
    ]


def test_endpoints_are_sorted_columns_without_empty_ones() -> None:
    assert render.columns(render.endpoint_table([WEIGHTED, APP])).splitlines() == [
        "NAME             TYPE   TTL  TARGETS         SETTINGS                OBJECT",
        "app.example.com  A      300  10.0.0.5                                ingress/default/app",
        "w.example.com    CNAME       lb.example.net  set=blue aws/weight=10  ingress/default/app",
    ]
    assert "SETTINGS" not in render.columns(render.endpoint_table([APP]))


def test_nothing_is_the_head_of_the_table() -> None:
    assert render.columns(render.endpoint_table([])) == "NAME  TYPE  TTL  TARGETS  SETTINGS  OBJECT\n"


def test_endpoints_as_data_are_in_the_form_of_a_dnsendpoint() -> None:
    values = render.endpoint_objects([WEIGHTED, APP])
    as_json = json.loads(render.to_json(values))
    assert as_json[0] == {
        "dnsName": "app.example.com",
        "recordType": "A",
        "targets": ["10.0.0.5"],
        "recordTTL": 300,
        "labels": LABELS,
    }
    as_yaml = render.to_yaml(values)
    assert yaml.safe_load(as_yaml) == as_json
    assert "&" not in as_yaml


def test_records_name_their_zone_and_owner() -> None:
    records = [(ZONE, [APP])]
    assert render.record_table(records).rows[0][0] == "example.com"
    assert "me" in render.record_table(records).rows[0]
    assert render.record_objects(records)[0]["zoneID"] == "Z1"


def test_a_saved_plan_comes_back_as_it_was() -> None:
    document = PlanDocument("aws", "me", "2026-11-23T00:00:00Z", (ZonePlan(ZONE, PLAN),), "too many")
    assert planfile.decode(planfile.encode(document), "file") == document
    assert json.loads(planfile.encode(document))["kind"] == "dnssync-plan/1"
    assert document
    assert not PlanDocument("aws", "me", "", (ZonePlan(ZONE, Plan()),))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"kind":"dnssync-plan/2"}', b'{"kind":"dnssync-plan/1"}']
)
def test_what_is_no_saved_plan_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^plan\.json is no saved plan"):
        planfile.decode(data, "plan.json")


def test_what_strangers_wrote_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = Endpoint("a\x1b[2J\r.example.com", "TXT", ('"x\ny"',))
    show_table(render.endpoint_table([evil]))
    show_lines(render.plan_lines({"z": Plan((Change(Action.CREATE, new=evil),))}))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert shown.count("a\\x1b[2J\\r.example.com") == 2
    assert '"x\\ny"' in shown


def test_there_is_no_colour_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_lines(render.plan_lines({"example.com": PLAN}))
    assert "\x1b" not in capsys.readouterr().out
