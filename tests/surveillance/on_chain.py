"""The floor's instructions through the real contracts: what the chain says lands in a store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.suite import indexer_of, open_store
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.identifiers import Address
from carbon_sdk.replay.accounts import open_accounts
from carbon_sdk.replay.conveyor import Keyed
from carbon_sdk.replay.ground import open_ground, scheme_named
from carbon_sdk.replay.holdings import open_holdings
from carbon_sdk.replay.journal import Journal
from carbon_sdk.replay.order_run import OrderRun
from carbon_sdk.replay.orders import _deposit, case_of
from carbon_sdk.replay.source import Source
from tests.replay.order_cases import lines
from tests.surveillance.floor import Floor

RICH = 10**10
RULES = {"op": "market_rules", "tick": "0.01", "lot": 1, "self_trade_prevention": "none"}


class OnChain(NamedTuple):
    store: Store
    chain: int
    names: dict[Address, str]
    trades: int
    rejected: int


@contextlib.contextmanager
def played(floor: Floor, where: str | Path) -> Iterator[OnChain]:
    """Every instruction is a transaction signed by its holder, at its time; accounts and owners are the registry's."""
    case = case_of(Source("orders.jsonl", lines([RULES, *floor.instructions])), scheme_named("orders"))
    moments = [one.at for one in case.instructions if one.op == "time"]
    journal = Journal.open(None, case.digest)
    with open_ground(case.rules, journal, min(moments) - 86_400, lambda _: None, stands=True) as ground:
        kinds = [(name, kind) for name, kind in floor.kinds.items() if kind is not AccountKind.GOVERNMENT]
        treasury = next(name for name, kind in floor.kinds.items() if kind is AccountKind.GOVERNMENT)
        parties = open_accounts(ground, [*kinds, (treasury, AccountKind.GOVERNMENT)], max(moments))
        registrar = RegistryOperator(ground.scheme, ground.officer(Role.REGISTRY_OPERATOR))
        ground.conveyor.carry_alike(
            [
                Keyed(f"own {name}", registrar.signer, registrar.set_owner.act(parties[name].account, owner, name))
                for name, owner in floor.owners.items()
            ]
        )
        units = {(name, case.instrument): tonnes for name, tonnes in floor.begun.items() if name != treasury}
        issuing = open_accounts(ground, [("issuer", AccountKind.GOVERNMENT)], max(moments))["issuer"]
        holdings = units | {(treasury, case.instrument): floor.begun[treasury]}
        open_holdings(ground, parties, issuing, holdings, [case.instrument], {})
        _deposit(ground, parties, dict.fromkeys(floor.kinds, RICH))
        run = OrderRun(ground, case.market, case.instructions, parties, 0)
        run.play()
        names = {party.account: name for name, party in parties.items()}
        with open_store(where) as store:
            indexer_of(ground.scheme, store).sync()
            yield OnChain(store, ground.chain.id, names, len(run.trades), len(run.rejections))
