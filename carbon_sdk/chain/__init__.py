"""The chain underneath: endpoints, receipts, nonces, signing, simulation, the embedded anvil."""
