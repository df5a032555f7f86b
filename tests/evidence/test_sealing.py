"""Keys of auctions and sealed openings: who can read, and who cannot."""

from __future__ import annotations

from itertools import combinations

import pytest

from carbon_sdk.errors import InputError
from carbon_sdk.evidence.sealing import BidOpening, CannotUnseal, KeyShare, join_key, seal, split_key, unseal

BID = BidOpening(12, 2450, b"s" * 32, "first")
COMMITMENT = b"c" * 32


def test_unseal__any_threshold_of_shares__gives_the_opening() -> None:
    key = split_key(3, 5)
    sealed = seal(key.public, COMMITMENT, BID)
    for shares in combinations(key.shares, 3):
        assert unseal(join_key(key.public, shares), COMMITMENT, sealed) == BID


@pytest.mark.parametrize(("threshold", "officers"), [(2, 3), (3, 5), (5, 5)])
def test_join_key__fewer_shares_than_the_threshold__nothing_is_decrypted(threshold: int, officers: int) -> None:
    """R-TRD-1: with all that is on the chain and fewer than k shares, decryption fails."""
    key = split_key(threshold, officers)
    for few in range(1, threshold):
        for shares in combinations(key.shares, few):
            with pytest.raises(CannotUnseal, match="too few"):
                join_key(key.public, shares)


def test_join_key__false_share__is_told_by_its_commitment() -> None:
    key = split_key(2, 3)
    false = KeyShare(2, b"x" * 16)
    assert false.commitment not in key.commitments
    with pytest.raises(CannotUnseal, match="false"):
        join_key(key.public, [key.shares[0], false])
    with pytest.raises(CannotUnseal, match="different"):
        join_key(key.public, [false, false])


def test_unseal__copied_beside_another_commitment__fails() -> None:
    key = split_key(2, 3)
    private, sealed = join_key(key.public, key.shares[:2]), seal(key.public, COMMITMENT, BID)
    for commitment, content in ((b"d" * 32, sealed), (COMMITMENT, sealed[:-1]), (COMMITMENT, b"")):
        with pytest.raises(CannotUnseal):
            unseal(private, commitment, content)


def test_seal__any_opening__one_length() -> None:
    key = split_key(1, 1)
    lengths = {len(seal(key.public, COMMITMENT, BidOpening(n, n, b"s" * 32, "x" * n))) for n in (0, 1, 31)}
    assert len(lengths) == 1
    with pytest.raises(InputError):
        seal(key.public, COMMITMENT, BidOpening(1, 1, b"s" * 32, "x" * 64))
    with pytest.raises(InputError):
        split_key(4, 3)
