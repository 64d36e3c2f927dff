"""Log lines name what they are about, one event per line."""

import io
import json
import logging

import pytest

from dnssync import logs

log = logging.getLogger("dnssync.test")


def logged(form: str, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level, form, stream)
    return stream


def test_text_lines_name_object_record_zone_and_reason() -> None:
    stream = logged("text")
    extra = {"object": "ingress/a/b", "record": "x.example.com", "zone": "example.com", "reason": "no target"}
    log.warning("holding %d targets", 2, extra=extra)
    line = stream.getvalue()
    assert line.endswith(
        "Z WARNING holding 2 targets object=ingress/a/b record=x.example.com zone=example.com "
        'reason="no target"\n'
    )


def test_json_lines_have_the_fields_beside_the_message() -> None:
    stream = logged("json")
    log.info("hello", extra={"zone": "example.com", "object": ""})
    entry = json.loads(stream.getvalue())
    assert entry.pop("time").endswith("Z")
    assert entry == {"level": "info", "logger": "dnssync.test", "message": "hello", "zone": "example.com"}


def test_a_stranger_cannot_forge_a_line_or_colour_the_terminal() -> None:
    stream = logged("text")
    log.info("name %s", "a\nERROR forged", extra={"record": "\x1b[31mx"})
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert "a\\nERROR forged record=\\x1b[31mx" in stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_kept(form: str) -> None:
    stream = logged(form)
    try:
        raise ValueError("a bug")
    except ValueError:
        log.exception("failed")
    assert "Traceback" in stream.getvalue()
    if form == "json":
        assert "a bug" in json.loads(stream.getvalue())["traceback"]


def test_the_level_holds_for_us_and_libraries_are_quiet() -> None:
    stream = logged("text", "debug")
    log.debug("ours")
    logging.getLogger("boto3.anything").info("theirs")
    logging.getLogger("urllib3.connectionpool").warning("Retrying")
    logging.getLogger("boto3.anything").warning("important")
    shown = stream.getvalue()
    assert "ours" in shown
    assert "theirs" not in shown
    assert "Retrying" not in shown
    assert "important" in shown


def test_trace_lets_libraries_speak() -> None:
    stream = logged("text", "trace")
    logging.getLogger("urllib3.connectionpool").debug("GET /")
    assert "GET /" in stream.getvalue()


@pytest.mark.parametrize("level", ["error", "fatal", "panic"])
def test_severe_levels_silence_the_rest(level: str) -> None:
    stream = logged("text", level)
    log.warning("no")
    logging.getLogger("boto3.anything").warning("no")
    log.critical("yes")
    assert [line.split()[-1] for line in stream.getvalue().splitlines()] == ["yes"]
