"""What goes wrong between boto3 and Route 53, and what must come of it."""

import pytest

from dnssync.changes import Action, Bundle, Change
from dnssync.errors import ConfigError, RetryableError
from dnssync.providers import Zone
from dnssync.providers.route53 import Route53Options, Route53Provider
from tests.doubles.route53 import RecordSet
from tests.providers.route53_cases import (
    bundle,
    create,
    delete,
    environment,
    example,
    made,
    record,
    update,
)

BAD = Bundle("bad.example.com.", made(record("bad", "not-an-address"))[0].changes)


def test_throttling_is_waited_out() -> None:
    with example() as (double, provider, zone):
        double.faults.throttle(operation="ChangeResourceRecordSets")
        assert provider.apply(zone, [create("a")])[0].ok
        assert double.counts["ChangeResourceRecordSets"] == 2


def test_a_prior_request_is_waited_for() -> None:
    with example() as (double, provider, zone):
        double.faults.prior_request()
        assert provider.apply(zone, [create("a")])[0].ok
        assert double.counts["ChangeResourceRecordSets"] == 2


def test_after_the_allowed_attempts_throttling_is_reported_and_nothing_more_is_tried() -> None:
    with example(attempts=1, batch_size=2) as (double, provider, zone):
        double.faults.throttle()
        outcomes = provider.apply(zone, [create("a"), create("b"), create("c")])
        assert double.counts["ChangeResourceRecordSets"] == 1
        assert double.sets(zone.id) == []
    assert all(outcome.retryable and not outcome.ok and not outcome.doubtful for outcome in outcomes)
    assert "throttled" in outcomes[0].error
    assert outcomes[2].error.startswith("not tried")


def test_after_a_failure_no_time_is_lost_on_pauses() -> None:
    pauses: list[float] = []
    with example() as (double, _, zone):
        provider = Route53Provider(Route53Options(attempts=1, batch_size=2), sleep=pauses.append)
        double.faults.throttle()
        provider.apply(zone, [create("a"), create("b"), create("c")])
        provider.close()
    assert pauses == []


def test_reading_while_throttled_or_half_answered_is_an_error_and_never_a_part() -> None:
    with example(attempts=1) as (double, provider, zone):
        double.faults.throttle(operation="ListResourceRecordSets")
        with pytest.raises(RetryableError, match="throttled"):
            provider.records(zone)
        double.faults.half()
        with pytest.raises(RetryableError, match="no whole answer"):
            provider.records(zone)
        double.faults.throttle(operation="ListHostedZones")
        with pytest.raises(RetryableError):
            provider.zones()


def test_a_failure_on_a_later_page_is_an_error() -> None:
    with example(attempts=1) as (double, provider, zone):
        for number in range(400):
            double.put(zone.id, f"h{number}.example.com", "A", "192.0.2.1")
        stream = provider._accounts[0].sets(zone.id)
        next(stream)
        double.faults.server_error(operation="ListResourceRecordSets")
        with pytest.raises(RetryableError, match="503"):
            list(stream)


def test_pain_4_one_bad_record_among_500_does_not_stop_the_others() -> None:
    with example() as (double, provider, zone):
        bundles = [create(f"h{number}") for number in range(499)]
        outcomes = provider.apply(zone, [*bundles[:250], BAD, *bundles[250:]])
        assert [index for index, outcome in enumerate(outcomes) if not outcome.ok] == [250]
        assert len(double.sets(zone.id)) == 998
        assert double.counts["ChangeResourceRecordSets"] <= 20
    assert "ARRDATAIllegalIPv4Address" in outcomes[250].error
    assert not outcomes[250].retryable and not outcomes[250].doubtful


def test_a_record_that_the_message_names_costs_two_more_requests() -> None:
    with example() as (double, provider, zone):
        double.put(zone.id, "h7.example.com", "CNAME", "taken.example.org")
        outcomes = provider.apply(zone, [create(f"h{number}") for number in range(50)])
        assert [index for index, outcome in enumerate(outcomes) if not outcome.ok] == [7]
        assert double.counts["ChangeResourceRecordSets"] == 3


def test_what_boto3_refuses_itself_stands_alone_too() -> None:
    with example() as (_, provider, zone):
        weightless = made(record("w", "192.0.2.1", set_id="s", weight="-1"))
        outcomes = provider.apply(zone, [create("a"), *weightless, create("b")])
    assert [outcome.ok for outcome in outcomes] == [True, False, True]
    assert "refused before it was sent" in outcomes[1].error


def test_pain_4_one_bad_set_of_a_name_does_not_keep_the_others_from_being_written() -> None:
    good, bad = (record("w", "192.0.2.1", set_id=weight, weight=weight) for weight in ("10", "256"))
    both = bundle(Change(Action.CREATE, new=good), Change(Action.CREATE, new=bad))
    with example() as (double, provider, zone):
        (outcome,) = provider.apply(zone, [both])
        assert [rrset.set_identifier for rrset in double.sets(zone.id)] == ["10"]
        assert not outcome.ok and outcome.doubtful
        assert "256" in outcome.error
        (again,) = provider.apply(zone, [bundle(Change(Action.CREATE, new=bad))])
        assert not again.retryable


def test_no_set_is_taken_away_to_make_room_for_one_that_is_refused() -> None:
    old, good, bad = (record("w", "192.0.2.1", set_id=weight, weight=weight) for weight in ("1", "2", "256"))
    changes = (Change(Action.DELETE, old=old), *(Change(Action.CREATE, new=new) for new in (good, bad)))
    with example() as (double, provider, zone):
        assert provider.apply(zone, [bundle(Change(Action.CREATE, new=old))])[0].ok
        assert not provider.apply(zone, [bundle(*changes)])[0].ok
        assert [rrset.set_identifier for rrset in double.sets(zone.id)] == ["1", "2"]


@pytest.mark.parametrize("old_form", [False, True])
def test_the_old_error_form_without_a_code_is_a_rejection(old_form: bool) -> None:
    with example() as (double, provider, zone):
        double.old_error_form = old_form
        outcomes = provider.apply(zone, [create("a"), BAD, create("b")])
        assert [outcome.ok for outcome in outcomes] == [True, False, True]


def test_a_lost_answer_to_creations_is_recognised_by_reading_back() -> None:
    with example() as (double, provider, zone):
        double.faults.drop(committed=True)
        outcomes = provider.apply(zone, [create(f"h{number}") for number in range(200)])
        assert all(outcome.ok for outcome in outcomes)
        assert len(double.sets(zone.id)) == 400
        assert double.counts["ChangeResourceRecordSets"] == 2
        assert double.counts["ListResourceRecordSets"] <= 2


def test_a_lost_answer_to_deletions_is_recognised_by_reading_back() -> None:
    with example() as (double, provider, zone):
        provider.apply(zone, [create("a"), create("b")])
        double.faults.drop(committed=True)
        assert all(outcome.ok for outcome in provider.apply(zone, [delete("a"), delete("b")]))
        assert double.sets(zone.id) == []


def test_a_lost_answer_to_a_type_change_is_recognised() -> None:
    with example() as (double, provider, zone):
        provider.apply(zone, [create("a")])
        change = bundle(
            Change(Action.DELETE, old=record("a", "192.0.2.1")),
            Change(Action.CREATE, new=record("a", "x.example.org", kind="CNAME")),
        )
        double.faults.drop(committed=True)
        assert provider.apply(zone, [change])[0].ok


def test_a_lost_answer_with_a_vague_refusal_is_recognised() -> None:
    with example() as (double, provider, zone):
        double.old_error_form = True
        double.faults.drop(committed=True)
        assert all(outcome.ok for outcome in provider.apply(zone, [create("a"), create("b")]))


def test_a_connection_that_drops_before_the_work_is_simply_tried_again() -> None:
    with example() as (double, provider, zone):
        double.faults.drop(committed=False)
        assert provider.apply(zone, [create("a")])[0].ok
        assert double.counts["ListResourceRecordSets"] == 0


@pytest.mark.parametrize("committed", [False, True])
def test_without_another_attempt_a_lost_answer_leaves_doubt(committed: bool) -> None:
    with example(attempts=1) as (double, provider, zone):
        double.faults.drop(committed=committed)
        (outcome,) = provider.apply(zone, [create("a")])
        assert bool(double.sets(zone.id)) is committed
    assert not outcome.ok and outcome.doubtful and outcome.retryable


def test_a_server_error_leaves_doubt() -> None:
    with example(attempts=1) as (double, provider, zone):
        double.faults.server_error()
        (outcome,) = provider.apply(zone, [create("a")])
    assert outcome.doubtful and "503" in outcome.error


def test_a_stale_picture_of_the_zone_is_told_from_a_bad_record() -> None:
    with example() as (double, provider, zone):
        provider.apply(zone, [create("a"), create("b")])
        double.put(zone.id, "a.example.com", "A", "192.0.2.77")
        outcomes = provider.apply(zone, [delete("a"), delete("b"), create("c")])
        assert [outcome.ok for outcome in outcomes] == [False, True, True]
        assert outcomes[0].doubtful and outcomes[0].retryable
        assert double.values(zone.id, "a.example.com", "A") == ["192.0.2.77"]


def test_what_is_already_as_wanted_counts_as_done() -> None:
    with example() as (_, provider, zone):
        provider.apply(zone, [create("a")])
        assert provider.apply(zone, [create("a")])[0].ok
        assert provider.apply(zone, [delete("a")])[0].ok
        assert provider.apply(zone, [delete("a")])[0].ok


def test_reading_back_follows_a_group_over_pages_and_leaves_out_what_is_not_asked_for() -> None:
    with example() as (double, provider, zone):
        for number in range(650):
            policy = (("Weight", "1"),)
            group = RecordSet("g.example.com.", "A", f"s{number:03}", 60, ("192.0.2.1",), policy=policy)
            double.put_set(zone.id, group)
            double.put(zone.id, f"h{number:03}.example.com", "A", "192.0.2.1")
        double.put(zone.id, "z.example.com", "A", "192.0.2.1")
        wanted = {"a.example.com.", "g.example.com.", "z.example.com."}
        found = provider._accounts[0].sets_at(zone.id, wanted)
        assert len(found) == 651
        assert {rrset["Name"] for rrset in found} == {"g.example.com.", "z.example.com."}
        assert double.counts["ListResourceRecordSets"] == 4


def test_when_reading_back_fails_the_bundle_stays_in_doubt() -> None:
    with example(attempts=1) as (double, provider, zone):
        double.faults.throttle(operation="ListResourceRecordSets")
        outcomes = provider.apply(zone, [BAD])
    assert outcomes[0].doubtful and "reading back failed" in outcomes[0].error


def test_a_policy_that_denies_some_names_denies_only_those() -> None:
    with example() as (double, provider, zone):
        double.deny_names.add("h3.example.com.")
        outcomes = provider.apply(zone, [create(f"h{number}") for number in range(100)])
        assert [index for index, outcome in enumerate(outcomes) if not outcome.ok] == [3]
        assert "route53:ChangeResourceRecordSets" in outcomes[3].error


def test_a_denied_zone_costs_few_requests_and_names_the_missing_action() -> None:
    with example() as (double, provider, zone):
        double.denied.add("ChangeResourceRecordSets")
        outcomes = provider.apply(zone, [create(f"h{number}") for number in range(100)])
        assert not any(outcome.ok for outcome in outcomes)
        assert double.counts["ChangeResourceRecordSets"] <= 8
    assert "may not route53:ChangeResourceRecordSets" in outcomes[0].error


def test_a_zone_that_is_gone_is_named() -> None:
    with example() as (_, provider, _zone):
        gone = Zone("ZGONE", "gone.example.com")
        assert "zone ZGONE" in provider.apply(gone, [create("a")])[0].error
        with pytest.raises(ConfigError, match="zone ZGONE: there is no such hosted zone"):
            provider.records(gone)


def test_a_denied_listing_names_the_missing_action() -> None:
    with example() as (double, provider, _):
        double.denied.add("ListHostedZones")
        with pytest.raises(ConfigError, match="may not route53:ListHostedZones"):
            provider.zones()


def test_a_service_that_is_not_there_is_an_error_for_now() -> None:
    options = Route53Options(endpoint_url="http://127.0.0.1:1", attempts=1)
    with environment(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y"):
        provider = Route53Provider(options)
        with pytest.raises(RetryableError, match=r"127\.0\.0\.1:1"):
            provider.zones()


def test_updates_go_through_where_a_foreign_record_blocks_another() -> None:
    with example() as (double, provider, zone):
        provider.apply(zone, [create("a")])
        double.put(zone.id, "b.example.com", "A", "192.0.2.66")
        outcomes = provider.apply(zone, [update("a", "192.0.2.1", "192.0.2.2"), create("b")])
        assert [outcome.ok for outcome in outcomes] == [True, False]
        assert double.values(zone.id, "b.example.com", "A") == ["192.0.2.66"]
        assert double.values(zone.id, "a.example.com", "A") == ["192.0.2.2"]
