"""What stores, engines and databases say when something outside of our code is at fault.

Only the part of a message that matched is ever shown: around it stand values (DuckDB quotes them),
parameters and paths.
"""

import re

#: No room for another byte.
FULL = re.compile(
    "No space left on device|Disk quota exceeded|database or disk is full|disk I/O error"
)

#: Whoever asks is not known, not allowed, or no longer.
REFUSED = re.compile(
    r"ExpiredToken|TokenRefreshRequired|InvalidToken|InvalidAccessKeyId|AccessDenied"
    r"|SignatureDoesNotMatch|InvalidClientTokenId|UnrecognizedClient|RequestTimeTooSkewed"
    r"|AWS Error (?:ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH"
    r"|INVALID_CLIENT_TOKEN_ID|MISSING_AUTHENTICATION_TOKEN|REQUEST_EXPIRED)"
    # S3 refuses an expired token with 400, and a HEAD has no body to say so.
    r"|HTTP (?:status )?40[13]\b|HTTP status 400\) during HeadObject"
    r"|password authentication failed|no pg_hba\.conf entry"
)

#: A bucket, database or account that is not there, or may not be written.
MISPLACED = re.compile(
    r'NoSuchBucket|AWS Error NO_SUCH_BUCKET|(?:database|role) "[\w-]+" does not exist'
    r"|readonly database"
)

#: Busy, broken or out of reach, for now.
UNAVAILABLE = re.compile(
    r"SlowDown|ServiceUnavailable|InternalError\b|RequestTimeout\b|Throttling"
    r"|RequestLimitExceeded|OperationAborted"
    r"|AWS Error (?:SLOW_DOWN|INTERNAL_FAILURE|SERVICE_UNAVAILABLE|THROTTLING"
    r"|NETWORK_CONNECTION|REQUEST_TIMEOUT)|HTTP (?:status )?(?:429|5\d\d)\b"
    r"|Could not (?:connect to server|establish connection|resolve host)"
    r"|Connection reset by peer|Connection timed out|Timeout was reached"
    r"|Failed to read connection|Server returned nothing"
)
