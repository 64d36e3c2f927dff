"""``dnssync demo``: manifests in, answers out, on one machine, and a table that shows it live."""

import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from dnssync import __version__, render
from dnssync.app import hostnames, parts
from dnssync.app.backend import backend
from dnssync.app.running import assemble, in_background, stopping_on_signals, watchers, work
from dnssync.computing import sources
from dnssync.controller.inbox import Inbox
from dnssync.controller.report import Reporter
from dnssync.endpoints import LABEL_RESOURCE, Endpoint
from dnssync.generation.options import GENERATE
from dnssync.hostnames import decode_host
from dnssync.metrics import Metrics
from dnssync.printable import printable
from dnssync.providers.builtin import BuiltinProvider
from dnssync.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

EXAMPLES = Path("examples/manifests")
"""Where the project's own examples lie in a checkout."""

_POLL = 0.2
_BACKEND_PORT = 8080
_QUESTIONS = 2


class Scene(NamedTuple):
    """What is shown: the records of ``provider``, and the backend at ``port`` (0: none)."""

    provider: BuiltinProvider
    settings: Settings
    port: int


def demo(settings: Settings) -> int:
    """Serve the example manifests (or ``--manifests``) until interrupted; the exit code."""
    with ExitStack() as stack:
        if not settings.manifests:
            folder = stack.enter_context(_examples())
            settings = msgspec.structs.replace(settings, manifests=(str(folder),))
        settings = msgspec.structs.replace(settings, listen=_free(settings.listen), once=False)
        provider = parts.provider(settings)
        stack.callback(provider.close)
        assert isinstance(provider, BuiltinProvider), "the demo's provider is preset"
        inbox = Inbox()
        joined = hostnames.join(settings, sources(settings), inbox)
        reporter = Reporter(Metrics(__version__), "")
        controller = assemble(settings, provider, joined.readers, inbox, reporter)
        stack.enter_context(stopping_on_signals(inbox))
        background = watchers(settings, joined.readers, None, joined.sink)
        stack.enter_context(in_background([watcher.run for watcher in background], inbox))
        port = stack.enter_context(backend(_BACKEND_PORT)) if settings.generate_hostnames else 0
        show = _show_live if sys.stdout.isatty() else _show_changes
        scene = Scene(provider, settings, port)
        stack.enter_context(_showing(lambda done: show(scene, done), lambda: controller.status.synced))
        work(controller)
    click.echo("\nThe demo is over: the resolver has ended, nothing is left running.", err=True)
    return 0


@contextmanager
def _examples() -> Iterator[Path]:
    """The folder of example manifests: the checkout's, to be edited in place, or a copy of our own."""
    if EXAMPLES.is_dir():
        yield EXAMPLES
        return
    with tempfile.TemporaryDirectory(prefix="dnssync-demo-") as folder:
        with resources.as_file(resources.files("dnssync") / "examples") as packaged:
            shutil.copytree(packaged, folder, dirs_exist_ok=True)
        yield Path(folder)


def _free(listen: Sequence[str]) -> tuple[str, ...]:
    """The addresses, each with a free port where its own is taken: the demo shall work beside others."""
    return tuple(address if _is_free(address) else f"{address.rpartition(':')[0]}:0" for address in listen)


def _is_free(address: str) -> bool:
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(family, kind) as probe:
                # A port of a demo that has just ended is free, though its connections still fade away.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind is socket.SOCK_STREAM))
                probe.bind((host.strip("[]"), int(port)))
    except OSError:
        return False
    return True


@contextmanager
def _showing(show: Callable[[threading.Event], None], synced: Callable[[], bool]) -> Iterator[None]:
    """Show the records as they change, in a thread of its own, until the end."""
    done = threading.Event()

    def follow() -> None:
        while not synced() and not done.wait(_POLL):
            pass
        if not done.is_set():
            show(done)

    thread = threading.Thread(target=follow, name="display", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=2.0)


def _show_live(scene: Scene, done: threading.Event) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console()
    # Log lines go above the picture, which would else be drawn over them; in a file they stay there.
    aside = sys.stderr.isatty()
    records = _records(scene.provider)
    shown = (records, console.size)
    with Live(
        _picture(scene, records, console), console=console, redirect_stderr=aside, auto_refresh=False
    ) as live:
        while not done.wait(_POLL):
            records = _records(scene.provider)
            if (records, console.size) != shown:
                live.update(_picture(scene, records, console), refresh=True)
                shown = (records, console.size)


def _picture(scene: Scene, records: Sequence[Endpoint], console: "Console") -> "Group":
    """The records and what to try, no higher than the terminal: where it is too low, records are left out."""
    from rich.console import Group
    from rich.text import Text

    hints = Text("\n".join(_hints(scene, records)))
    room = console.height - len(console.render_lines(hints))
    count = min(len(records), max(room, 1))
    while count > 1 and len(console.render_lines(_table(records, count))) > room:
        count -= 1
    return Group(_table(records, count), hints)


def _table(records: Sequence[Endpoint], count: int) -> "Table":
    """The first ``count`` records, and how many more there are."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title="Records, answered now", box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False
    )
    for column in ("NAME", "TYPE", "TARGETS", "OBJECT"):
        table.add_column(column, overflow="fold")
    for record in records[:count]:
        resource = record.labels.get(LABEL_RESOURCE, "")
        cells = (record.dns_name, record.record_type, " ".join(record.targets), resource)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    if count < len(records):
        table.add_row(f"… and {len(records) - count} more")
    return table


def _show_changes(scene: Scene, done: threading.Event) -> None:
    shown: list[Endpoint] = []
    while True:
        records = _records(scene.provider)
        if records != shown:
            click.echo(render.columns(render.endpoint_table(records)))
            click.echo("\n".join(_hints(scene, records)) + "\n")
            sys.stdout.flush()
            shown = records
        if done.wait(_POLL):
            return


def _records(provider: BuiltinProvider) -> list[Endpoint]:
    held = [record for zone in provider.zones() for record in provider.records(zone)]
    return sorted(held, key=lambda record: record.key)


def _hints(scene: Scene, records: Sequence[Endpoint]) -> list[str]:
    """What to try: questions for some of the records, and for names that carry their address."""
    host, _, port = scene.provider.addresses[0].rpartition(":")
    dig = f"dig @{host.strip('[]')} -p {port} +short"
    domain, zone = scene.settings.hostname_domain, scene.settings.zone[-1]
    behind = next((record.dns_name for record in records if _leads_here(record.dns_name, domain)), "")
    questions = [f"  {dig} {record.dns_name} {record.record_type}" for record in records[:_QUESTIONS]]
    return [
        "",
        "Ask the resolver, from another terminal:",
        *questions,
        f"  {dig} app.10.0.0.5.{zone}",
        *(_hints_for(behind, dig, scene) if behind and scene.port else []),
        f"Then edit {', '.join(scene.settings.manifests)}: the answers follow. Ctrl-C ends the demo.",
    ]


def _leads_here(host: str, domain: str) -> bool:
    """Whether it is a generated hostname with an address at which the backend can be met."""
    decoded = decode_host(host, domain)
    return decoded is not None and ip_address(decoded.address).is_loopback


def _hints_for(host: str, dig: str, scene: Scene) -> list[str]:
    """What to try with a generated hostname that leads to the backend."""
    return [
        "",
        f'An Ingress without a host, annotated dnssync.io/{GENERATE}: "true",',
        "got this name, and a web server waits behind it:",
        f"  {dig} {host}",
        f"  curl http://{host}:{scene.port}/",
        f"(curl works once this machine asks the resolver above for {scene.settings.hostname_domain})",
    ]
