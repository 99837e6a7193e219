"""Who packed a drop: Ed25519 signatures over manifests, and the keys of edge nodes.

A manifest holds the sha256 of every file of its drop, so its signature covers all of it. Belongs
here: making, loading and listing keys, signing, checking. Who must sign is the lakehouse's setting.
"""

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge_ingest.errors import DropError, KeyFileError
from edge_ingest.manifest import NODE_ID_RULE, Manifest, Signature, is_node_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

_OTHERS = 0o077


@dataclass(frozen=True)
class NodeKey:
    """The private key of an edge node, and the name that its public key goes by."""

    node_id: str
    private: "Ed25519PrivateKey" = field(repr=False)


def make_key(node_id: str, folder: Path) -> NodeKey:
    """Make a key as `<folder>/<node_id>.pem`, which only its owner may read.

    Raises:
        KeyFileError: the name is none, or a key of that name is there already.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not is_node_id(node_id):
        raise KeyFileError(f"{node_id!r} cannot name a node: {NODE_ID_RULE}")
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{node_id}.pem"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        # Made with its mode: there is no moment at which others could open it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(
            f"{path} is there already: keep it, or remove it if the node shall have a new key, and "
            "give the new public line to the lakehouse"
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return NodeKey(node_id, private)


def load_key(path: Path) -> NodeKey:
    """Load a node's private key; the file's name without `.pem` is the node's.

    Raises:
        KeyFileError: it is not there, others may read it, or it is no Ed25519 key in PEM.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not path.is_file():
        raise KeyFileError(f"there is no key {path}: make one with `edge-ingest keygen NODE_ID`")
    if path.stat().st_mode & _OTHERS:
        raise KeyFileError(f"others may read the key {path}: chmod 600 it, and better renew it")
    if not is_node_id(path.stem):
        raise KeyFileError(
            f"{path} does not name a node: call the file <node_id>.pem; {NODE_ID_RULE}"
        )
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(
            f"{path} is no Ed25519 key in PEM without a password: make one with "
            "`edge-ingest keygen NODE_ID`"
        )
    return NodeKey(path.stem, private)


def public_line(key: NodeKey) -> str:
    """The line of a key for the lakehouse's list of nodes: `<node_id> <base64>`."""
    return f"{key.node_id} {base64.b64encode(key.private.public_key().public_bytes_raw()).decode()}"


def read_public_keys(text: str, where: str) -> "dict[str, Ed25519PublicKey]":
    """Read a list of nodes: a line each as `public_line` gives it; `#` begins a comment.

    Args:
        where: what to call the list in an error.

    Raises:
        KeyFileError: a line is wrong, or a node or a key stands there twice; names the line.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    found: dict[str, Ed25519PublicKey] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        place = f"{where} line {number}"
        try:
            node_id, encoded = words
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded, validate=True))
        except (ValueError, binascii.Error):
            raise KeyFileError(
                f"{place} is no `<node_id> <base64 of 32 bytes>`: copy what `edge-ingest keygen` "
                "printed"
            ) from None
        if not is_node_id(node_id):
            raise KeyFileError(f"{place}: {node_id!r} cannot name a node: {NODE_ID_RULE}")
        if node_id in found:
            raise KeyFileError(f"{place}: {node_id} stands there already; a node has one key")
        # One that signs under two names could say either.
        raw = public.public_bytes_raw()
        if owner := next(
            (name for name, one in found.items() if one.public_bytes_raw() == raw), ""
        ):
            raise KeyFileError(
                f"{place}: {node_id} has the key of {owner}: each node has its own; make one with "
                f"`edge-ingest keygen {node_id}`"
            )
        found[node_id] = public
    return found


def sign(manifest: Manifest, key: NodeKey) -> Manifest:
    """The manifest with the node's signature, in place of one that it may bear."""
    # As a reader of the file will find it: every field is there, whatever its default.
    whole = Manifest.model_validate_json(manifest.to_json())
    proof = base64.b64encode(key.private.sign(_signed_bytes(whole))).decode()
    return whole.model_copy(update={"signature": Signature(node_id=key.node_id, ed25519=proof)})


def is_signed_by(manifest: Manifest, public: "Ed25519PublicKey") -> bool:
    """Whether the manifest's signature was made with the private half of this key."""
    from cryptography.exceptions import InvalidSignature

    if manifest.signature is None:
        return False
    try:
        public.verify(base64.b64decode(manifest.signature.ed25519), _signed_bytes(manifest))
    except InvalidSignature:
        return False
    return True


def check_signature(manifest: Manifest, known: "Mapping[str, Ed25519PublicKey]") -> None:
    """Make sure that a node we know packed the drop, and that nobody changed the manifest since.

    Any node may sign any stream: a spare takes over from one that broke, and one node carries many
    devices. But the name in the signature is that of the key's owner, and a report of refused files
    is its signer's own.

    Raises:
        DropError: rule `unsigned` or `signature`; says what to do.
    """
    where = f"{manifest.stream_id} r{manifest.revision:04d}"
    if manifest.signature is None:
        raise DropError(
            f"{where} bears no signature: pack it again on a node that has a key "
            "(`edge-ingest keygen`)",
            rule="unsigned",
        )
    node_id = manifest.signature.node_id
    if node_id not in known:
        raise DropError(
            f"{where} is signed by {node_id}, which is not in the list of nodes: add its public "
            "line there if it is yours",
            rule="signature",
        )
    if not is_signed_by(manifest, known[node_id]):
        raise DropError(
            f"{where} bears a signature that is not by the key of {node_id} over this manifest: it "
            "was changed on the way, or the node has a new key; pack it again on the node",
            rule="signature",
        )
    own = re.escape(node_id) + "-[0-9a-f]{16}"
    if manifest.kind == "quarantine" and not re.fullmatch(own, manifest.device_id):
        raise DropError(
            f"{where} is a report of another node than {node_id}, which signed it: a node reports "
            "of itself only; give the node's key the node's name",
            rule="signature",
        )


def _signed_bytes(manifest: Manifest) -> bytes:
    """The manifest's canonical JSON with its signature null, in the fields that its file has.

    Fields of a later version stay out of it, so that what is signed today can be checked then.
    """
    told = manifest.model_dump(mode="json", exclude_unset=True) | {"signature": None}
    return (json.dumps(told, indent=2, sort_keys=True) + "\n").encode()
