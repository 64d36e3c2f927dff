"""The source ``ingress``: networking.k8s.io/v1 Ingress objects.

Hosts come from ``spec.rules``, ``spec.tls``, the hostname annotation and the templates; targets from the
target annotation or else from ``status.loadBalancer``. The rules are external-dns's; what differs is that
a host or target that can be no name is reported and left out, where external-dns would publish it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from dnssync import annotations, selectors
from dnssync.annotations import Annotations, Listed
from dnssync.endpoints import ADDRESS_TYPES, LABEL_RESOURCE, Endpoint, suitable_type
from dnssync.errors import ConfigError
from dnssync.generation.options import GenerationOptions
from dnssync.generation.record import GeneratedHosts, encoded_hosts, read_generated
from dnssync.names import host_problem
from dnssync.objects import ObjectClaims, ObjectRef, Problem
from dnssync.sources import RawObject, Resource
from dnssync.sources.ingress_object import Ingress, decode

if TYPE_CHECKING:
    from dnssync.gotemplate import Template

_RESOURCE = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
_API_VERSION = _RESOURCE.api_version

CLASS_ANNOTATION = "kubernetes.io/ingress.class"


class IngressOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the flags say about Ingresses; an empty ``annotation_prefix`` stands for all known ones.

    With ``generation`` the hosts of automatic hostnames are read from their annotation, too, and the bare
    domain in the place of one is no host.
    """

    namespace: str = ""
    annotation_filter: str = ""
    label_filter: str = ""
    annotation_prefix: str = ""
    ingress_classes: tuple[str, ...] = ()
    fqdn_templates: tuple[str, ...] = ()
    combine_fqdn: bool = False
    ignore_hostname_annotation: bool = False
    ignore_tls_spec: bool = False
    ignore_rules_spec: bool = False
    generation: GenerationOptions | None = None


class IngressSource:
    """Turns an Ingress into claims. Raises ConfigError on construction for options that cannot be.

    ``claims`` raises it for an object that a template does not fit, too, so that what is known of that
    object stays in force; all else that is wrong with an object is a Problem of its claims.
    """

    name = "ingress"
    resource = _RESOURCE

    def __init__(self, options: IngressOptions) -> None:
        self._options = options
        self._annotation_filter = _selector("--annotation-filter", options.annotation_filter)
        self._label_filter = _selector("--label-filter", options.label_filter)
        self._prefixes = annotations.prefixes(options.annotation_prefix)
        self._template = _template(options.fqdn_templates)
        _check_classes(options.ingress_classes, self._annotation_filter)

    def ref(self, namespace: str, name: str) -> ObjectRef:
        """See ``Source``."""
        return ObjectRef("ingress", namespace, name)

    def claims(self, raw: RawObject) -> ObjectClaims | None:
        """Its hosts with its targets; None if it is not ours. See ``Source``."""
        ingress = decode(raw)
        read = Annotations(ingress.annotations, self._prefixes)
        if not self._is_ours(ingress, read):
            return None
        targets = _targets(ingress, read)
        generated = read_generated(ingress.annotations, _class(ingress) or "", self._options.generation)
        hosts = self._hosts(ingress, read, raw, generated)
        ttl, ttl_problem = read.ttl()
        pattern = Endpoint(
            "",
            ttl=ttl,
            set_identifier=read.value(annotations.SET_IDENTIFIER),
            provider_specific=read.provider_specific(),
            labels={LABEL_RESOURCE: str(ingress.ref)},
        )
        return ObjectClaims(
            ingress.ref,
            endpoints=tuple(_endpoints(pattern, hosts.values, targets.values)),
            waiting=() if targets.values else hosts.values,
            problems=(*hosts.problems, *targets.problems, *filter(None, [ttl_problem])),
            uid=ingress.metadata.uid,
            api_version=_API_VERSION,
            encoded=encoded_hosts(generated.record),
        )

    def _is_ours(self, ingress: Ingress, read: Annotations) -> bool:
        options = self._options
        return (
            options.namespace in ("", ingress.metadata.namespace)
            and self._annotation_filter.matches(ingress.annotations)
            and self._label_filter.matches(ingress.labels)
            and not read.for_another_controller()
            and (not options.ingress_classes or _class(ingress) in options.ingress_classes)
        )

    def _hosts(
        self, ingress: Ingress, read: Annotations, raw: RawObject, generated: GeneratedHosts
    ) -> Listed:
        """The hosts that the object asks for, with or without a target."""
        asked = self._named_hosts(ingress, read)
        named = _usable(Listed(generated.complete(asked.values), asked.problems), "host")
        if self._template is None or (named.values and not self._options.combine_fqdn):
            return named
        made = _usable(_template_hosts(self._template, ingress, raw), "host made by --fqdn-template")
        return Listed(_unique(named.values + made.values), named.problems + made.problems)

    def _named_hosts(self, ingress: Ingress, read: Annotations) -> Listed:
        options = self._options
        defined = [
            *(() if options.ignore_rules_spec else ingress.rule_hosts()),
            *(() if options.ignore_tls_spec else ingress.tls_hosts()),
        ]
        annotated = Listed() if options.ignore_hostname_annotation else read.hostnames()
        wish = read.find(annotations.INGRESS_HOSTNAME_SOURCE)
        if wish is None:
            return Listed((*defined, *annotated.values), annotated.problems)
        match wish[1].lower():
            case "defined-hosts-only":
                return Listed(tuple(defined))
            case "annotation-only":
                return annotated
        return Listed(problems=(_bad_hostname_source(*wish),))


def _targets(ingress: Ingress, read: Annotations) -> Listed:
    """The annotation's targets where it has any, else those of the status; without trailing dots."""
    listed = read.targets()
    if not (any(listed.values) or listed.problems):
        listed = Listed(tuple(ingress.addresses()))
    usable = _usable(listed, "target", _target_problem)
    doubts = (*_too_many(usable.values), *_doubts(usable.values))
    return Listed(usable.values, (*usable.problems, *doubts))


def _usable(listed: Listed, what: str, problem_of: Callable[[str], str] = host_problem) -> Listed:
    """The entries without a problem, each once and without its trailing dot; empty ones ask for nothing."""
    plain = _unique(entry.removesuffix(".") for entry in listed.values if entry.strip("."))
    found = {entry: problem_of(entry) for entry in plain}
    problems = [
        Problem("InvalidName", f"{what} {entry!r} is left out: {problem}")
        for entry, problem in found.items()
        if problem
    ]
    return Listed(tuple(entry for entry in plain if not found[entry]), (*listed.problems, *problems))


def _too_many(targets: Sequence[str]) -> list[Problem]:
    """Host names alone can be more than their record holds; beside an address they are no record at all."""
    if len(targets) < 2 or any(suitable_type(target) != "CNAME" for target in targets):
        return []
    message = (
        f"a CNAME has one target, and here are {len(targets)}: {min(targets)} is taken of "
        f"{', '.join(sorted(targets))}; choose one by the target annotation"
    )
    return [Problem("SeveralTargets", message)]


def _target_problem(target: str) -> str:
    kind = suitable_type(target)
    if kind == "AAAA" and "%" in target:
        return "an address with a zone index means nothing elsewhere"
    return host_problem(target) if kind == "CNAME" else ""


def _doubts(targets: Iterable[str]) -> Iterable[Problem]:
    """RFC 3696 §2: no top-level domain is all digits, so a name that ends so is most likely a slip."""
    for target in targets:
        if suitable_type(target) == "CNAME" and target.rpartition(".")[2].isdigit():
            message = f"target {target!r} is no IP address, though it looks like one: it becomes a CNAME"
            yield Problem("InvalidName", message)


def _unique(entries: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entries))


def _endpoints(pattern: Endpoint, hosts: Iterable[str], targets: Iterable[str]) -> Iterable[Endpoint]:
    """One endpoint per host and type of target."""
    by_type: dict[str, list[str]] = {}
    for target in targets:
        by_type.setdefault(suitable_type(target), []).append(target)
    sets = [(kind, tuple(by_type[kind])) for kind in ADDRESS_TYPES if kind in by_type]
    return (
        msgspec.structs.replace(pattern, dns_name=host, record_type=kind, targets=of_kind)
        for host in hosts
        for kind, of_kind in sets
    )


def _class(ingress: Ingress) -> str | None:
    return ingress.class_name or ingress.annotations.get(CLASS_ANNOTATION)


def _bad_hostname_source(key: str, value: str) -> Problem:
    return Problem(
        "InvalidAnnotation",
        f"annotation {key}: {value!r} is neither 'defined-hosts-only' nor 'annotation-only'; no host is read",
    )


def _selector(option: str, text: str) -> selectors.Selector:
    try:
        return selectors.parse(text)
    except ConfigError as error:
        raise ConfigError(f"{option}: {error}") from None


def _check_classes(classes: Iterable[str], annotation_filter: selectors.Selector) -> None:
    for name in classes:
        if annotation_filter.asks_for(CLASS_ANNOTATION):
            raise ConfigError(
                f"--ingress-class and an --annotation-filter on {CLASS_ANNOTATION} exclude each other"
            )
        if not selectors.is_value(name):
            raise ConfigError(f"--ingress-class: {name!r} cannot be the name of an Ingress class")


def _template(texts: tuple[str, ...]) -> "Template | None":
    if not texts:
        return None
    from dnssync import gotemplate

    return gotemplate.parse(texts)


def _template_hosts(template: "Template", ingress: Ingress, raw: RawObject) -> Listed:
    """What the template makes of the whole object, which is decoded for it alone.

    Raises ConfigError if it does not fit: the names that the object had by it are then unknown, not gone.
    """
    from dnssync.gotemplate import TemplateError

    whole: Mapping[str, Any] = raw if isinstance(raw, Mapping) else msgspec.json.decode(raw)
    try:
        hosts = template.hosts(whole, source=IngressSource.name)
    except TemplateError as error:
        raise ConfigError(f"{ingress.ref}: --fqdn-template does not fit it: {error}") from error
    return Listed(tuple(hosts.names), tuple(Problem("InvalidName", problem) for problem in hosts.problems))
