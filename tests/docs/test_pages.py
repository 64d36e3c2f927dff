"""What the pages say is true of the code: links, quoted errors, rights, defaults, metrics, the picture."""

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

from dnssync import __version__
from dnssync.compatibility import IGNORED
from dnssync.metrics import Metrics
from dnssync.option import options_of
from dnssync.settings import Settings
from tests.docs import generated
from tests.docs.pages import PAGES, ROOT, anchors, blocks, links, name_of, rows, text_of

DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link}: there is no such file"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading; there are {sorted(anchors(target))}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        inside = [(page.parent / link.partition("#")[0]).resolve() for link in links(page) if ":" not in link]
        inside += [path / "README.md" for path in inside if (path / "README.md").is_file()]
        waiting += [path for path in inside if path.suffix == ".md" and path.is_file()]
    assert [name_of(page) for page in PAGES if page not in reached] == []


def test_nothing_points_to_the_machine_it_was_written_on() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|tmp|root|home)/", text_of(page)), page


@pytest.mark.parametrize("part", generated.PARTS)
def test_parts_made_from_the_code_are_current(part: str) -> None:
    page = generated.PARTS[part][0]
    assert text_of(page) == generated.renewed(part), "write it again: python -m tests.docs.generated"


def _spoken() -> str:
    """Every text in the code, one per line; what is filled in is left out."""
    texts = []
    for path in [*(ROOT / "dnssync").rglob("*.py"), *(ROOT / "resolver").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value.replace("\n", " "))
    return "\n".join(texts)


def test_every_error_line_is_one_that_the_code_can_say() -> None:
    lines = re.findall(r"^\| `([^`]+)`", text_of(DOCS / "troubleshooting.md"), re.MULTILINE)
    assert len(lines) > 30
    spoken = _spoken()
    for line in lines:
        fragments = [part for found in line.split("…") if len(part := found.strip(" :;,.()")) > 3]
        missing = [fragment for fragment in fragments if fragment not in spoken]
        assert not missing, f"{line}: nothing in the code says {missing}"


def test_the_iam_policy_allows_each_action_that_is_called_and_no_other() -> None:
    (policy,) = map(json.loads, blocks(DOCS / "providers.md", "json"))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    code = "".join(text_of(path) for path in (ROOT / "dnssync" / "providers" / "route53").glob("*.py"))
    assert allowed == set(re.findall(r'"(route53:[A-Z]\w+)"', code))
    assert allowed == {row[0].strip("`") for row in rows(DOCS / "providers.md", "Action")}


def test_the_permissions_for_cloud_dns_are_those_that_are_called() -> None:
    code = text_of(ROOT / "dnssync" / "providers" / "clouddns" / "client.py")
    called = set(re.findall(r'"(dns\.\w+\.\w+)"', code))
    told = {
        name
        for row in rows(DOCS / "providers.md", "Permission")
        for name in re.findall(r"`([\w.]+)`", row[0])
    }
    of_a_change = {f"dns.resourceRecordSets.{verb}" for verb in ("create", "update", "delete")}
    assert told == called | of_a_change


def test_the_rights_in_the_cluster_are_those_of_the_role() -> None:
    documents = yaml.safe_load_all((ROOT / "manifests" / "base" / "rbac.yaml").read_text())
    (role,) = [item for item in documents if item["kind"] == "ClusterRole"]
    ruled = [[*rule["apiGroups"], *rule["resources"], *rule["verbs"]] for rule in role["rules"]]
    told = [re.findall(r"`([^`]+)`", " ".join(row[:3])) for row in rows(DOCS / "getting-started.md", "Group")]
    assert told == ruled


def test_the_defaults_that_differ_are_those_whose_help_says_so() -> None:
    told = {
        row[0].strip("`").removeprefix("--"): row[2]
        for row in rows(DOCS / "moving-from-external-dns.md", "Option")
    }
    fields = options_of(Settings)
    differing = {name for name, field in fields.items() if "(external-dns: " in field.option.help}
    # It has no default of its own: without it, three prefixes are read.
    assert told.keys() == differing | {"annotation-prefix"}
    for name in differing - {"events"}:
        assert told[name] == f"`{fields[name].show(fields[name].default)}`"


def test_options_named_in_the_pages_exist() -> None:
    known = {f"--{name}" for name in [*options_of(Settings), *IGNORED]}
    for page in (DOCS / "safety.md", DOCS / "troubleshooting.md", DOCS / "observability.md"):
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text_of(page)))
        assert named - known - {"--out", "--listen"} == set(), page


def test_alerts_ask_for_metrics_that_exist() -> None:
    (alerts,) = blocks(DOCS / "observability.md", "yaml")
    exposed = Metrics("0").exposition().decode()
    asked = set(re.findall(r"\b(?:dnssync|external_dns)_\w+", alerts))
    assert asked
    assert [name for name in asked if f"# TYPE {name} " not in exposed] == []


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    picture = text_of(DOCS / "demo.svg")
    drawn = re.sub(r"<text[^>]*>[^<]*</text>", "", picture)
    assert set(re.findall(r"https?://[^\s\"'<)]+", drawn)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in picture
    assert "10.0.0.42" in picture, "what follows the edit must be in it"


def test_versions_agree() -> None:
    assert f'\nversion = "{__version__}"\n' in text_of(ROOT / "pyproject.toml")
    for page in (ROOT / "Dockerfile", ROOT / "README.md", DOCS / "getting-started.md"):
        assert set(re.findall(r"dnssync:(\d[\w.]*)", text_of(page))) == {__version__}
    assert re.search(r"^## \[(Unreleased|\d+\.\d+\.\d+)\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
