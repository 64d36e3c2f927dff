"""Go's text/template, as far as host names need it: a small, bounded interpreter without eval.

``parse(text)`` gives a ``Template``; ``Template.render(object)`` gives host names.
"""

from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.template import Hosts, Template, parse

__all__ = ["Hosts", "Template", "TemplateError", "parse"]
