"""Keys of nodes, and signatures that hold and do not hold."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from typer.testing import CliRunner

from edge_ingest.cli import app
from edge_ingest.drops.arrival import read_manifest
from edge_ingest.drops.drop import pack
from edge_ingest.drops.signing import (
    NodeKey,
    check_signature,
    load_key,
    make_key,
    public_line,
    read_public_keys,
    sign,
)
from edge_ingest.errors import DropError, KeyFileError, SourceError
from edge_ingest.intake.quarantine import refuse_file
from edge_ingest.manifest import Manifest
from tests.edge_ingest.recordings import IDENTITY, NOW, recording

#: The first test vector of RFC 8032 (section 7.1): seed and public key.
RFC_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC_PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.fixture
def key(tmp_path: Path) -> NodeKey:
    return make_key("stadium-1", tmp_path / "keys")


def known(*keys: NodeKey) -> Any:
    return read_public_keys("\n".join(map(public_line, keys)), "nodes")


def test_a_key_is_its_owners_alone_and_loads_again(tmp_path: Path, key: NodeKey) -> None:
    path = tmp_path / "keys" / "stadium-1.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert isinstance(load_pem_private_key(path.read_bytes(), None), Ed25519PrivateKey)
    again = load_key(path)
    assert (again.node_id, public_line(again)) == ("stadium-1", public_line(key))
    assert path.read_text().split("\n")[1] not in repr(again)


def test_a_public_line_is_the_key_of_the_standard() -> None:
    assert (
        public_line(NodeKey("rfc", Ed25519PrivateKey.from_private_bytes(RFC_SEED)))
        == f"rfc {RFC_PUBLIC}"
    )


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path, key: NodeKey) -> None:
    path = tmp_path / "keys" / "stadium-1.pem"
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_key(path)


def test_a_key_is_never_overwritten(tmp_path: Path, key: NodeKey) -> None:
    before = (tmp_path / "keys" / "stadium-1.pem").read_bytes()
    with pytest.raises(KeyFileError, match="is there already"):
        make_key("stadium-1", tmp_path / "keys")
    assert (tmp_path / "keys" / "stadium-1.pem").read_bytes() == before


@pytest.mark.parametrize("name", ["", "../up", "Stadium", "a b", "-a", "a" * 101])
def test_a_name_that_could_lead_anywhere_names_no_node(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyFileError, match="cannot name a node"):
        make_key(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    path = tmp_path / "node.pem"
    with pytest.raises(KeyFileError, match="there is no key"):
        load_key(path)
    other = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for content in (b"", b"-----BEGIN PRIVATE KEY-----\n", other):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(KeyFileError, match="no Ed25519 key"):
            load_key(path)


def test_a_signed_drop_holds_and_says_who(tmp_path: Path, key: NodeKey) -> None:
    drop = pack(recording(), tmp_path / "out", IDENTITY, NOW, key)
    manifest = read_manifest(drop.folder)
    assert manifest == drop.manifest
    assert manifest.signature is not None
    assert manifest.signature.node_id == "stadium-1"
    check_signature(manifest, known(key))
    check_signature(drop.manifest, known(key))


def test_a_second_implementation_of_what_is_signed_agrees(tmp_path: Path, key: NodeKey) -> None:
    """The bytes, made from the file by hand: its JSON, sorted, with the signature null."""
    import base64

    drop = pack(recording(), tmp_path / "out", IDENTITY, NOW, key)
    told = json.loads((drop.folder / "manifest.json").read_text())
    proof = base64.b64decode(told["signature"]["ed25519"])
    signed = json.dumps(told | {"signature": None}, indent=2, sort_keys=True) + "\n"
    key.private.public_key().verify(proof, signed.encode())


def test_every_change_of_the_manifest_breaks_the_signature(tmp_path: Path, key: NodeKey) -> None:
    drop = pack(recording(), tmp_path / "out", IDENTITY, NOW, key)
    told = json.loads((drop.folder / "manifest.json").read_text())
    changes: dict[str, Any] = {
        "source": "other",
        "reader_version": "2",
        "packed_at_utc": "2024-05-04T16:00:01Z",
        "clock": told["clock"] | {"uncertainty_s": 0.4},
        "session": told["session"] | {"started_at_utc": "2024-05-04T13:30:01Z"},
        "filter_settings": {},
        "rows_by_rule": {"out_of_field": 1},
    }
    for name, value in changes.items():
        changed = Manifest.model_validate(told | {name: value})
        with pytest.raises(DropError, match="changed on the way") as raised:
            check_signature(changed, known(key))
        assert raised.value.rule == "signature", name


def test_who_is_unknown_unsigned_or_another_is_refused(tmp_path: Path, key: NodeKey) -> None:
    other = make_key("stadium-2", tmp_path / "keys")
    impostor = make_key("stadium-1", tmp_path / "elsewhere")
    plain = pack(recording(), tmp_path / "out", IDENTITY, NOW).manifest
    with pytest.raises(DropError, match="bears no signature") as unsigned:
        check_signature(plain, known(key))
    assert unsigned.value.rule == "unsigned"
    for signer, words in ((other, "not in the list of nodes"), (impostor, "not by the key of")):
        with pytest.raises(DropError, match=words) as raised:
            check_signature(sign(plain, signer), known(key))
        assert raised.value.rule == "signature"
    moved = sign(plain, other)
    assert moved.signature is not None
    stolen = moved.model_copy(
        update={"signature": moved.signature.model_copy(update={"node_id": "stadium-1"})}
    )
    with pytest.raises(DropError, match="not by the key of"):
        check_signature(stolen, known(key))


def test_a_manifest_of_before_a_field_was_added_still_holds(tmp_path: Path, key: NodeKey) -> None:
    """A node of last season knows fewer fields than the lakehouse of today."""
    import base64

    drop = pack(recording(), tmp_path / "out", IDENTITY, NOW)
    told = json.loads(drop.manifest.to_json())
    del told["media"]
    text = json.dumps(told | {"signature": None}, indent=2, sort_keys=True) + "\n"
    proof = base64.b64encode(key.private.sign(text.encode())).decode()
    told["signature"] = {"node_id": "stadium-1", "ed25519": proof}
    check_signature(read_manifest(json.dumps(told).encode()), known(key))


def test_the_same_content_signed_is_sent_again_once(tmp_path: Path, key: NodeKey) -> None:
    out = tmp_path / "out"
    assert pack(recording(), out, IDENTITY, NOW).is_new
    signed = pack(recording(), out, IDENTITY, NOW, key)
    assert (signed.is_new, signed.manifest.revision) == (True, 2)
    assert not pack(recording(), out, IDENTITY, NOW, key).is_new
    assert not pack(recording(), out, IDENTITY, NOW).is_new
    # Another node's signature stands; the same node's new key does not take the old one's word.
    assert not pack(recording(), out, IDENTITY, NOW, make_key("b", tmp_path / "keys")).is_new
    renewed = make_key("stadium-1", tmp_path / "renewed")
    assert pack(recording(), out, IDENTITY, NOW, renewed).manifest.revision == 3


def test_a_list_of_nodes_names_the_line_that_is_wrong(key: NodeKey) -> None:
    line = public_line(key)
    text = f"# our nodes\n\n  {line}  # by the tunnel\n"
    assert list(read_public_keys(text, "nodes")) == ["stadium-1"]
    assert read_public_keys("", "nodes") == {}
    for bad in ("stadium-2", "stadium-2 abc", "a b c", f"{line}=", line, f"Up {RFC_PUBLIC}"):
        with pytest.raises(KeyFileError, match="nodes line 4"):
            read_public_keys(f"{text}{bad}\n", "nodes")


def test_two_nodes_do_not_share_a_key(key: NodeKey) -> None:
    line = public_line(key)
    shared = line.replace("stadium-1", "stadium-2")
    with pytest.raises(KeyFileError, match="nodes line 2: stadium-2 has the key of stadium-1"):
        read_public_keys(f"{line}\n{shared}\n", "nodes")


def test_any_node_may_sign_any_stream_in_its_own_name(tmp_path: Path, key: NodeKey) -> None:
    """A spare node sends the correction of what the one before it sent."""
    spare = make_key("stadium-2", tmp_path / "keys")
    both = known(key) | known(spare)
    first = pack(recording(), tmp_path / "out", IDENTITY, NOW, key).manifest
    second = sign(first, spare)
    assert second.stream_id == first.stream_id
    check_signature(first, both)
    check_signature(second, both)
    for signed, other in ((first, "stadium-2"), (second, "stadium-1")):
        assert signed.signature is not None
        renamed = signed.signature.model_copy(update={"node_id": other})
        with pytest.raises(DropError, match=f"not by the key of {other}") as raised:
            check_signature(signed.model_copy(update={"signature": renamed}), both)
        assert raised.value.rule == "signature"


def test_a_node_reports_of_itself_only(tmp_path: Path, key: NodeKey) -> None:
    def report(node_id: str, signer: NodeKey) -> Manifest:
        bad = tmp_path / "bad.fit"
        bad.write_bytes(node_id.encode())
        refuse_file(
            [bad], SourceError("no FIT"), quarantine=tmp_path / "_bad", node_id=node_id,
            outbox=tmp_path / node_id, source="fit", now=NOW, key=signer,
        )  # fmt: skip
        (found,) = (tmp_path / node_id).rglob("manifest.json")
        return read_manifest(found)

    check_signature(report("stadium-1", key), known(key))
    for other in ("stadium-2", "stadium-10", "stadium-1-east"):
        with pytest.raises(DropError, match="a node reports of itself only") as raised:
            check_signature(report(other, key), known(key))
        assert raised.value.rule == "signature"


def test_keygen_prints_the_line_for_the_lakehouse(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["keygen", "stadium-1", "--into", str(tmp_path)])
    assert result.exit_code == 0
    assert result.stdout == public_line(load_key(tmp_path / "stadium-1.pem")) + "\n"
    again = CliRunner().invoke(app, ["keygen", "stadium-1", "--into", str(tmp_path)])
    assert again.exit_code == 2
    assert "is there already" in again.stderr
