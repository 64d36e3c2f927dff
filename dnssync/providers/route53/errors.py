"""What the service's and the SDK's errors mean here.

Error codes: the API reference's ChangeResourceRecordSets and Common Errors pages, and those of STS.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dnssync.errors import ConfigError, DnssyncError, RefusedError, RetryableError

_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestLimitExceeded",
     "TooManyRequestsException", "SlowDown", "PriorRequestNotComplete"}
)  # fmt: skip
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"})
_BAD_CREDENTIALS = frozenset(
    {"InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "ExpiredToken",
     "ExpiredTokenException", "InvalidSignatureException", "MissingAuthenticationToken", "OptInRequired",
     "IncompleteSignature", "RequestExpired"}
)  # fmt: skip

CHANGE = "route53:ChangeResourceRecordSets"

NO_CREDENTIALS = (
    "Route 53: no AWS credentials found; give them by environment (AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY), by a profile (--aws-profile), by a web identity (EKS: annotate the service "
    "account with eks.amazonaws.com/role-arn), by EKS Pod Identity or by an instance role"
)


class RejectedError(RefusedError):
    """The service refuses the content of a request. ``resent`` says that it was sent more than once, so that
    the refusal may be the echo of a first copy that was committed and whose answer got lost."""

    def __init__(self, message: str, *, resent: bool = False) -> None:
        super().__init__(message)
        self.resent = resent


class DeniedError(RejectedError):
    """The credentials may not make these changes. A policy may allow some names only (condition key
    ``route53:ChangeResourceRecordSetsNormalizedRecordNames``), so it need not be all of them."""


class UnansweredError(RetryableError):
    """No usable answer came: what was asked for may or may not have been done."""


@contextmanager
def translated(action: str, subject: str) -> Iterator[None]:
    """Raise the SDK's errors as DnssyncError; ``action`` as in an IAM policy, ``subject`` its object."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    where = f"Route 53, {subject}" if subject else "Route 53"
    try:
        yield
    except ClientError as error:
        raise _from_service(error.response, error.operation_name, action, where) from error
    except BotoCoreError as error:
        raise _from_sdk(error, where) from error
    except (ResponseParserError, HTTPError, OSError) as error:
        raise UnansweredError(f"{where}: {action} got no whole answer: {error}") from error


def _from_service(response: Any, operation: str, action: str, where: str) -> DnssyncError:
    """The meaning of an error answer. An empty code with HTTP 400 is the old form of InvalidChangeBatch,
    whose texts the SDK drops."""
    code, message = response["Error"].get("Code", ""), response["Error"].get("Message", "")
    meta = response.get("ResponseMetadata", {})
    status, attempts = meta.get("HTTPStatusCode", 0), meta.get("RetryAttempts", 0)
    said = f"{code or 'InvalidChangeBatch'}: {message}" if message else code or "InvalidChangeBatch"
    action = f"sts:{operation}" if operation == "AssumeRole" else action
    if code in _THROTTLED:
        return RetryableError(f"{where}: {action} is throttled ({said}); tried {attempts + 1} times")
    if status >= 500:
        return UnansweredError(f"{where}: {action} failed with HTTP {status} ({said})")
    if code in _DENIED:
        text = f"{where}: the credentials may not {action}; allow it in their IAM policy ({message})"
        return DeniedError(text) if action == CHANGE else ConfigError(text)
    if code in _BAD_CREDENTIALS:
        return ConfigError(f"{where}: AWS does not accept the credentials ({said})")
    if code == "NoSuchHostedZone":
        return ConfigError(f"{where}: there is no such hosted zone (any more) in this account")
    return RejectedError(f"{where}: refused: {said}", resent=attempts > 0)


def _from_sdk(error: Exception, where: str) -> DnssyncError:
    from botocore import exceptions as sdk

    text = " ".join(str(error).split())
    if isinstance(error, sdk.NoCredentialsError):
        return ConfigError(NO_CREDENTIALS)
    if isinstance(error, sdk.ParamValidationError):
        return RejectedError(f"{where}: refused before it was sent: {text}")
    if isinstance(error, sdk.HTTPClientError | sdk.ConnectionError):
        return UnansweredError(f"{where}: no answer: {text}")
    if isinstance(error, sdk.CredentialRetrievalError | sdk.MetadataRetrievalError):
        return RetryableError(f"{where}: credentials could not be fetched: {text}")
    return ConfigError(f"{where}: the AWS settings or credentials cannot be used: {text}")
