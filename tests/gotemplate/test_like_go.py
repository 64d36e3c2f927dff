"""The interpreter gives what Go's own text/template gave: recorded answers, one item each."""

import json
from pathlib import Path
from typing import Any

import pytest

from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.evaluation import Evaluation
from dnssync.gotemplate.fields import typed_object
from dnssync.gotemplate.functions import FUNCTIONS
from dnssync.gotemplate.lexer import TemplateSyntaxError, tokenize
from dnssync.gotemplate.parser import Parser

_RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())


def _run(case: dict[str, Any]) -> str:
    bodies = Parser(list(tokenize(case["template"])), FUNCTIONS).parse()
    data = _RECORDED["objects"][case["data"]]
    strict = bool(case.get("strict"))
    return Evaluation(bodies, FUNCTIONS, strict=strict).run(typed_object(data) if "kind" in data else data)


@pytest.mark.parametrize("case", _RECORDED["cases"], ids=lambda case: repr(case["template"]))
def test_a_template_gives_what_go_gives(case: dict[str, Any]) -> None:
    if "text" in case:
        assert _run(case) == case["text"]
        return
    with pytest.raises({"parsing": TemplateSyntaxError, "running": TemplateError}[case["fails"]]):
        _run(case)
