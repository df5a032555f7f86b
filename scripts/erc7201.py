#!/usr/bin/env python3
"""Print the ERC-7201 slot of a storage namespace: `scripts/erc7201.py carbon.storage.InstrumentLedger`."""

import sys

from eth_utils import keccak

for namespace in sys.argv[1:]:
    inner = int.from_bytes(keccak(text=namespace), "big") - 1
    slot = int.from_bytes(keccak(inner.to_bytes(32, "big")), "big") & ~0xFF
    print(f"{namespace} 0x{slot:064x}")
