"""What an API key promises: form, checksum, storage as a hash, and a snapshot that follows its file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recolake.errors import ForbiddenError, UnauthenticatedError
from recolake.files import write_atomically
from recolake.settings import Settings
from recolake.tenancy.api_keys import (
    PREFIXES,
    KeyRecord,
    KeySnapshot,
    Scope,
    checksum_ok,
    generate_key,
    hash_key,
    keys_snapshot,
    parse_snapshot,
    render_snapshot,
)
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def publish(settings: Settings, records: dict[str, KeyRecord]) -> None:
    write_atomically(keys_snapshot(settings), render_snapshot(records))


@pytest.mark.control(6)
def test_keys_are_distinct_well_formed_and_carry_nothing_but_their_own_record() -> None:
    keys = [generate_key(SHOP) for _ in range(500)]
    assert len({secret for secret, _ in keys}) == len({record.key_id for _, record in keys}) == 500
    assert all(
        checksum_ok(secret) and len(secret) == 36 and secret.startswith(PREFIXES[0]) for secret, _ in keys
    )
    assert all(record.key_id[4:] not in secret for secret, record in keys)


@pytest.mark.control(6)
def test_every_one_of_128_bits_of_a_key_is_random() -> None:
    """Of 200 keys a bit that is always the same would be one in 2^192."""
    made = []
    for _ in range(200):
        number = 0
        for digit in generate_key(SHOP)[0][len(PREFIXES[0]) : -6]:
            number = number * 62 + BASE62.index(digit)
        made.append(number)
    assert max(made) < 2**128
    assert all(len({number >> bit & 1 for number in made}) == 2 for bit in range(128))


@pytest.mark.control(6)
@given(position=st.integers(len(PREFIXES[0]), 35), digit=st.sampled_from(BASE62))
def test_a_key_with_one_wrong_character_never_passes_the_checksum(position: int, digit: str) -> None:
    secret, _ = generate_key(SHOP)
    assume(secret[position] != digit)
    assert not checksum_ok(secret[:position] + digit + secret[position + 1 :])


@given(st.text(max_size=60))
def test_arbitrary_text_never_raises_and_is_no_key(text: str) -> None:
    assert not checksum_ok(text)


@given(
    st.dictionaries(
        st.text(alphabet="0123456789abcdef", min_size=64, max_size=64),
        st.builds(
            KeyRecord,
            key_id=st.from_regex(r"key_[0-9a-f]{16}", fullmatch=True),
            tenant=st.sampled_from([SHOP, Tenant("other")]),
            scopes=st.frozensets(st.sampled_from(Scope)),
            expires_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        ),
        max_size=5,
    )
)
def test_a_snapshot_read_back_is_what_was_written(records: dict[str, KeyRecord]) -> None:
    assert parse_snapshot(render_snapshot(records)) == records


def test_an_unknown_scope_in_a_snapshot_grants_nothing() -> None:
    content = b'{"ab": {"key_id": "key_1", "tenant": "shop", "scopes": ["all"], "expires_at": null}}'
    assert parse_snapshot(content)["ab"].scopes == frozenset()


def test_without_a_snapshot_no_key_is_valid(tmp_path: Path) -> None:
    secret, _ = generate_key(SHOP)
    with pytest.raises(UnauthenticatedError):
        KeySnapshot(Settings(home=tmp_path)).authenticate(secret)


@pytest.mark.control(7)
def test_a_key_is_valid_while_published_and_dead_a_second_after_its_revocation(tmp_path: Path) -> None:
    settings, clock = Settings(home=tmp_path), Clock()
    (secret, record), (other, other_record) = generate_key(SHOP), generate_key(SHOP)
    publish(settings, {hash_key(secret): record, hash_key(other): other_record})
    snapshot = KeySnapshot(settings, clock=clock)
    assert snapshot.authenticate(secret) == record
    publish(settings, {hash_key(other): other_record})
    clock.seconds = 1.0
    assert snapshot.lookup(secret) is None
    assert snapshot.lookup(other) == other_record


def test_a_new_key_works_at_once(tmp_path: Path) -> None:
    settings, clock = Settings(home=tmp_path), Clock()
    (first, first_record), (second, second_record) = generate_key(SHOP), generate_key(SHOP)
    publish(settings, {hash_key(first): first_record})
    snapshot = KeySnapshot(settings, clock=clock)
    assert snapshot.lookup(first) == first_record
    publish(settings, {hash_key(first): first_record, hash_key(second): second_record})
    assert snapshot.lookup(second) == second_record


@pytest.mark.fault(10)
def test_a_key_expires_at_the_very_moment(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    secret, record = generate_key(SHOP, expires_at=NOW)
    publish(settings, {hash_key(secret): record})
    snapshot = KeySnapshot(settings)
    assert snapshot.lookup(secret, now=NOW - timedelta(microseconds=1)) == record
    assert snapshot.lookup(secret, now=NOW) is None


def test_a_key_without_the_scope_is_forbidden_not_unknown(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    secret, record = generate_key(SHOP, [Scope.RECOMMENDATIONS_READ])
    publish(settings, {hash_key(secret): record})
    snapshot = KeySnapshot(settings)
    assert snapshot.authenticate(secret, Scope.RECOMMENDATIONS_READ) == record
    with pytest.raises(ForbiddenError):
        snapshot.authenticate(secret, Scope.UPLOADS_WRITE)


def test_a_damaged_snapshot_leaves_the_last_good_keys_in_force(tmp_path: Path) -> None:
    settings, clock = Settings(home=tmp_path), Clock()
    secret, record = generate_key(SHOP)
    publish(settings, {hash_key(secret): record})
    snapshot = KeySnapshot(settings, clock=clock)
    assert snapshot.lookup(secret) == record
    write_atomically(keys_snapshot(settings), b'{"ab": ')
    clock.seconds = 2.0
    assert snapshot.lookup(secret) == record


def test_a_snapshot_out_of_reach_leaves_the_last_good_keys_in_force(tmp_path: Path) -> None:
    settings, clock = Settings(home=tmp_path), Clock()
    secret, record = generate_key(SHOP)
    publish(settings, {hash_key(secret): record})
    snapshot = KeySnapshot(settings, clock=clock)
    assert snapshot.lookup(secret) == record
    settings.snapshot_root.rename(tmp_path / "away")
    settings.snapshot_root.write_text("a file where the folder was")
    clock.seconds = 2.0
    assert snapshot.lookup(secret) == record


@pytest.mark.control(6)
def test_a_key_with_a_bad_checksum_does_not_even_cost_a_look_at_the_file(tmp_path: Path) -> None:
    secret, record = generate_key(SHOP)
    settings = Settings(home=tmp_path)
    publish(settings, {hash_key(secret): record})
    clock = Clock()
    snapshot = KeySnapshot(settings, clock=clock)
    assert snapshot.lookup(secret[:-1] + ("0" if secret[-1] != "0" else "1")) is None
    assert snapshot._file._looked_at is None
