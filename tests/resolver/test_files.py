"""Lists in files: read at the start, again when they change, and kept when they are wrong."""

from pathlib import Path

import dns.message
import pytest

from resolver import ResolverError
from resolver.answers.responder import Transport
from resolver.config import ResolverConfig
from resolver.safety.cookies import Cookies
from resolver.serving.answering import Answering
from resolver.serving.files import with_files
from resolver.zones.bases import zone_bases
from resolver.zones.zone import Zone
from tests.resolver.test_front import ASKED, cookie_of, query

CLIENT = bytes([192, 0, 2, 7])
SECRET, NEXT = "00" * 16, "11" * 16


def answering(**settings: str) -> Answering:
    config = ResolverConfig(zones=("xip.test",), **settings)  # type: ignore[arg-type]
    return Answering(config, {base.origin: Zone(base, serial=1) for base in zone_bases(config)})


def ask(server: Answering, cookie: bytes = b"") -> dns.message.Message:
    wire = server.handle(query("evil.10.0.0.5.xip.test", cookie=cookie).to_wire(), CLIENT, Transport.UDP)
    assert wire is not None
    return dns.message.from_wire(wire)


def test_a_blocklist_is_read_again_when_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "blocked"
    path.write_text("other.xip.test\n")
    server = answering(blocklist=str(path))
    assert ask(server).answer
    path.write_text("# reported\nEVIL.10.0.0.5.xip.test\n")
    server.refresh()
    assert not ask(server).answer
    path.write_text("a..b\n")
    server.refresh()
    assert not ask(server).answer
    assert "keeping the former lists: line 1 of the blocklist" in caplog.text
    path.unlink()
    server.refresh()
    assert not ask(server).answer
    path.write_text("")
    server.refresh()
    assert ask(server).answer


def test_cookie_secrets_roll_over(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text(f"# made by hand\n{SECRET}\n")
    server = answering(cookie_secret_file=str(path))
    old = cookie_of(ask(server, ASKED))
    path.write_text(f"{NEXT}\n{SECRET}\n")
    server.refresh()
    assert cookie_of(ask(server, old)) == old
    now = int.from_bytes(old[12:16])
    new = cookie_of(ask(server, ASKED))
    assert Cookies([bytes.fromhex(NEXT)]).verify(new, CLIENT, now)
    path.write_text(f"{NEXT}\n")
    server.refresh()
    assert cookie_of(ask(server, old)) != old
    assert cookie_of(ask(server, new)) == new


def test_a_random_secret_outlives_a_reload() -> None:
    server = answering()
    cookie = cookie_of(ask(server, ASKED))
    server.reload()
    assert cookie_of(ask(server, cookie)) == cookie


@pytest.mark.parametrize(
    ("setting", "content", "told"),
    [
        ("blocklist", None, "cannot read the blocklist .*: No such file"),
        ("blocklist", b"\xff\xfe", "cannot read the blocklist .*: it is not UTF-8 text"),
        ("cookie_secret_file", b"# none\n", "the file of cookie secrets .* has none"),
        ("cookie_secret_file", b"abc\n", "32 hexadecimal digits"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(
    tmp_path: Path, setting: str, content: bytes | None, told: str
) -> None:
    path = tmp_path / "list"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResolverError, match=told):
        with_files(ResolverConfig(zones=("xip.test",), **{setting: str(path)}))  # type: ignore[arg-type]
