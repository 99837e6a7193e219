"""Addresses as they may be shown: without the passwords that stand in them."""

import re

#: Parameters that let whoever knows them in.
_SECRET = re.compile(r"passw(?:or)?d$|passphrase|secret|token|signature|credential", re.IGNORECASE)
_ADDRESS = re.compile(r"\w[\w+.-]*://\S+")
#: What a sentence puts behind an address.
_BEHIND = "'\"`.,;:)]}>"


def without_password(address: str) -> str:
    """An address without its password, before the host or among the parameters; else as it was.

    Of one that cannot be read only the scheme is left: any part of it may be the password.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    scheme, is_address, _ = address.partition("://")
    if not is_address:
        return address
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return f"{scheme}://…"
    # A web address has no user of interest, and often a token in its place.
    user = None if scheme in {"http", "https"} else url.username
    query = {name: value for name, value in url.query.items() if not _SECRET.search(name)}
    if url.password is None and user == url.username and len(query) == len(url.query):
        return address
    # `URL.set` takes None for "leave it".
    told = url._replace(username=user, password=None).set(query=query)
    return told.render_as_string(hide_password=False)


def without_passwords(text: str) -> str:
    """A text with each address in it as `without_password` gives it."""

    def shown(found: re.Match[str]) -> str:
        address = found[0].rstrip(_BEHIND)
        return without_password(address) + found[0][len(address) :]

    return _ADDRESS.sub(shown, text)
