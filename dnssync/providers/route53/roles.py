"""An assumed role as credentials that renew themselves (``--aws-assume-role``)."""

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.session import Session


def assume(source: "Session", role: str, *, external_id: str, region: str) -> "Session":
    """A session whose only credentials are those of ``role``, assumed with the credentials of ``source``.

    STS of ``region`` is asked at the first request, and again before the credentials expire. Raises
    botocore's NoCredentialsError if ``source`` has none.
    """
    from botocore.credentials import (
        AssumeRoleCredentialFetcher,
        CredentialProvider,
        DeferredRefreshableCredentials,
    )
    from botocore.exceptions import NoCredentialsError
    from botocore.session import Session

    credentials = source.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    extra = {"RoleSessionName": "dnssync"} | ({"ExternalId": external_id} if external_id else {})
    connect = partial(source.create_client, region_name=region)
    fetcher = AssumeRoleCredentialFetcher(connect, credentials, role, extra_args=extra)

    class AssumedRole(CredentialProvider):
        METHOD = CANONICAL_NAME = "dnssync-assumed-role"

        def load(self) -> DeferredRefreshableCredentials:
            return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")

    session = Session(profile=source.profile)
    session.get_component("credential_provider").providers.insert(0, AssumedRole())
    return session
