"""The way in: `connect()` gives a scheme, the scheme gives actors and views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from carbon_sdk.actors.authority import AuthorityReader, Guardian
from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.certification_authority import CertificationAuthority
from carbon_sdk.actors.company import Company
from carbon_sdk.actors.disputes import ArbitrationOfficer
from carbon_sdk.actors.evidence import EvidenceHolder
from carbon_sdk.actors.maintenance import Maintainer, Operator
from carbon_sdk.actors.market_rules import RiskOfficer, RulesReader
from carbon_sdk.actors.markets import Fill, Market, fills_of
from carbon_sdk.actors.observers import Arbitrator, Auditor, Public, RiskManager
from carbon_sdk.actors.proponent import ProjectProponent
from carbon_sdk.actors.quotes import BlockMarketReader, BoardReader
from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.actors.security_authority import SecurityAuthority
from carbon_sdk.actors.service_records import (
    RequirementsManager,
    ServiceDeveloper,
    ServiceReader,
    Supporter,
    SystemDeveloper,
    TechnicalManager,
)
from carbon_sdk.actors.services import PlatformOperator, ServiceManager, ServiceRegulator
from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.actors.verifier import Verifier
from carbon_sdk.actors.views import AccountView, InstrumentReader, MethodReader, VoucherReader
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.endpoint import Endpoint, HttpEndpoint
from carbon_sdk.chain.follow import Feed
from carbon_sdk.chain.signers import Signer
from carbon_sdk.deployment.folders import CHAIN_FOLDER
from carbon_sdk.deployment.model import Deployment, default_path
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError, TransportError
from carbon_sdk.identifiers import Address, BlockMarketId, BoardId, InstrumentId, MarketId

if TYPE_CHECKING:
    from carbon_sdk.audit.clearing import Clearing, Settlement
    from carbon_sdk.audit.histories import Histories
    from carbon_sdk.audit.statements import Statement
    from carbon_sdk.audit.store import Store

A = TypeVar("A", bound=Actor)


class Scheme(Suite):
    """One carbon market: its contracts, and those who act in it.

    Use it in a `with` statement, or call `close()`, so that an embedded chain writes its state.
    """

    def __init__(self, chain: Chain, deployment: Deployment, anvil: Anvil | None = None) -> None:
        self._anvil = anvil
        super().__init__(chain, deployment)

    def actor(self, kind: type[A], signer: Signer) -> A:
        """Somebody who acts with a key, by their class."""
        return kind(self, signer)

    # THOSE WHO ACT

    def security_authority(self, signer: Signer) -> SecurityAuthority:
        """Grants and takes back roles."""
        return SecurityAuthority(self, signer)

    def regulator(self, signer: Signer) -> Regulator:
        """The competent authority."""
        return Regulator(self, signer)

    def registry_operator(self, signer: Signer) -> RegistryOperator:
        """An officer of the registry."""
        return RegistryOperator(self, signer)

    def service_manager(self, signer: Signer) -> ServiceManager:
        """Defines instruments and markets."""
        return ServiceManager(self, signer)

    def platform_operator(self, signer: Signer) -> PlatformOperator:
        """Runs the trading platform."""
        return PlatformOperator(self, signer)

    def service_regulator(self, signer: Signer) -> ServiceRegulator:
        """Halts and resumes markets."""
        return ServiceRegulator(self, signer)

    def risk_officer(self, signer: Signer) -> RiskOfficer:
        """Limits the platform under stress, sets thresholds, accuses of misconduct."""
        return RiskOfficer(self, signer)

    def arbitration_officer(self, signer: Signer) -> ArbitrationOfficer:
        """Rules on disputes."""
        return ArbitrationOfficer(self, signer)

    def settlement_bank(self, signer: Signer) -> SettlementBank:
        """The bank behind the money."""
        return SettlementBank(self, signer)

    def company(self, signer: Signer) -> Company:
        """A representative of an account that reports, trades and surrenders."""
        return Company(self, signer)

    def project_proponent(self, signer: Signer) -> ProjectProponent:
        """A representative of a project proponent's account."""
        return ProjectProponent(self, signer)

    def verifier(self, signer: Signer) -> Verifier:
        """A representative of a verifier's account."""
        return Verifier(self, signer)

    def certification_authority(self, signer: Signer) -> CertificationAuthority:
        """Attests certificates."""
        return CertificationAuthority(self, signer)

    def evidence(self, signer: Signer) -> EvidenceHolder:
        """Files, reads and keeps documents, for its account, an office or itself."""
        return EvidenceHolder(self, signer)

    def maintainer(self, signer: Signer) -> Maintainer:
        """Upgrades contracts."""
        return Maintainer(self, signer)

    def operator(self, signer: Signer) -> Operator:
        """Rolls contracts back."""
        return Operator(self, signer)

    def requirements_manager(self, signer: Signer) -> RequirementsManager:
        """Says what services must do."""
        return RequirementsManager(self, signer)

    def technical_manager(self, signer: Signer) -> TechnicalManager:
        """Says how services are built."""
        return TechnicalManager(self, signer)

    def system_developer(self, signer: Signer) -> SystemDeveloper:
        """Proposes releases against requirement profiles."""
        return SystemDeveloper(self, signer)

    def service_developer(self, signer: Signer) -> ServiceDeveloper:
        """Proposes releases against technical schemes."""
        return ServiceDeveloper(self, signer)

    def supporter(self, signer: Signer) -> Supporter:
        """A third party that supplies time, certificates or identities."""
        return Supporter(self, signer)

    def guardian(self, signer: Signer) -> Guardian:
        """Stops what was scheduled."""
        return Guardian(self, signer)

    # THOSE WHO READ

    @property
    def services(self) -> ServiceReader:
        """What services must do, how they are built and run, releases, supplies."""
        return ServiceReader(self)

    @property
    def roles(self) -> AuthorityReader:
        """Who holds which role, who held it when, what waits."""
        return AuthorityReader(self)

    @property
    def public(self) -> Public:
        """Anybody."""
        return Public(self)

    @property
    def auditor(self) -> Auditor:
        """Reads everything that was recorded."""
        return Auditor(self)

    @property
    def risk_manager(self) -> RiskManager:
        """Looks at what accounts owe and have."""
        return RiskManager(self)

    @property
    def arbitrator(self) -> Arbitrator:
        """Looks at what happened."""
        return Arbitrator(self)

    @property
    def market_rules(self) -> RulesReader:
        """When markets trade, whether the platform limits itself, which positions are reported."""
        return RulesReader(self)

    def market(self, market: MarketId | int | str) -> Market:
        """One market by its number or by the name that the deployment gives it. Raises InputError."""
        return Market(self, _named(market, self.deployment.markets, "market"))

    def fills(
        self,
        account: Address | None = None,
        markets: Iterable[MarketId | int | str] = (),
        *,
        since: int | None = None,
        cursor: Mapping[str, Any] | None = None,
        websocket: str | bool = False,
        every: float | None = None,  # nosemgrep -- seconds to wait
        on_trouble: Callable[[TransportError], None] | None = None,
    ) -> Feed[Fill]:
        """Trades of the order book as they come, of all markets or some, of everybody or one account.

        Each is told once, also when connections are cut, and once more as removed when a reorganisation takes it back;
        arguments as of `actors.markets.fills_of`.
        """
        return fills_of(
            self,
            [self.market(one) for one in markets],
            account,
            since=since,
            cursor=cursor,
            websocket=websocket,
            every=every,
            on_trouble=on_trouble,
        )

    def board(self, board: BoardId | int | str) -> BoardReader:
        """One board of listed quotes by its number or by the name that the deployment gives it. Raises InputError."""
        return BoardReader(self, _named(board, self.deployment.boards, "board"))

    def block_market(self, market: BlockMarketId | int | str) -> BlockMarketReader:
        """One market of block trades by its number or by the name that the deployment gives it. Raises InputError."""
        return BlockMarketReader(self, _named(market, self.deployment.block_markets, "block market"))

    def account(self, address: Address) -> AccountView:
        """One account."""
        return AccountView(self, address)

    def instrument(self, instrument: InstrumentId | int | str) -> InstrumentReader:
        """One instrument by its id or by the name that the deployment gives it. Raises InputError."""
        return InstrumentReader(self, _named(instrument, self.deployment.instruments, "instrument"))

    def voucher(self, series: int, index: int) -> VoucherReader:
        """One voucher with its code and proof. Raises InputError where there is none."""
        return VoucherReader(self, series, index)

    def histories(self, store: Store, on_progress: Callable[[int, int], None] | None = None) -> Histories:
        """The lives of units and the lines of accounts, from a store that is first read up to the node's last block.

        Args:
            store: Where the events are kept; `carbon_sdk.audit.suite.open_store` opens one.
            on_progress: Told the block that was taken in, and the one to reach.
        """
        from carbon_sdk.audit.histories import Histories
        from carbon_sdk.audit.suite import indexer_of

        indexer_of(self, store).sync()
        histories = Histories(store, self.chain.id)
        histories.catch_up(on_progress)
        return histories

    def statement(
        self, account: Address, store: Store, since: date | None = None, until: date | None = None
    ) -> Statement:
        """An account's statement: opening, movements with references, closing, what is bound; in every instrument.

        Args:
            account: Whose.
            store: Where the events are kept; read up to the node's last block first.
            since: First day (UTC); None from the beginning.
            until: Last day, included; None up to now.

        Raises:
            InputError: The days are in the wrong order.
        """
        from carbon_sdk.audit.statements import statement_of

        return statement_of(self.histories(store), account, since, until)

    def clearing(self, account: Address, store: Store, day: date) -> Clearing:
        """An account's clearing statement of a civil day: trades, fees, vouchers, totals, checked against the ledger.

        Args:
            account: Whose.
            store: Where the events are kept; read up to the node's last block first.
            day: In the scheme's civil time.
        """
        from carbon_sdk.audit.clearing import clearing_of

        return clearing_of(self.histories(store), account, day)

    def settlement(self, store: Store, day: date) -> Settlement:
        """The platform's settlement figures of a civil day, over all accounts, checked against the ledger."""
        from carbon_sdk.audit.clearing import settlement_of

        return settlement_of(self.histories(store), day)

    def method(self, name: str) -> MethodReader:
        """One method of computing emissions. Raises InputError."""
        return MethodReader(self, name)

    def close(self) -> None:
        """Stop the embedded chain, if this object started it; its state is kept."""
        if self._anvil:
            self._anvil.stop()

    def __enter__(self) -> Scheme:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Scheme({self.deployment.scheme!r} at {self.chain.url})"


def connect(
    url: str | Endpoint | None = None,
    deployment: Deployment | str | Path | None = None,
    *,
    folder: str | Path = CHAIN_FOLDER,
) -> Scheme:
    """Open a scheme.

    Args:
        url: A node, or an endpoint object (several nodes: `HttpEndpoint("http://a", "http://b")`). None starts the
            embedded chain with the state that its folder has.
        deployment: The deployment or its file; None takes `deployments/<chain id>.json`, or the file that was written
            beside an embedded chain's state.
        folder: Of the embedded chain.

    Raises:
        TransportError: No node answers.
        NoDeployment: The chain does not have that deployment.
        AnvilNotFound: There is no anvil to embed.
    """
    anvil = Anvil(folder) if url is None else None
    try:
        chain = Chain(HttpEndpoint(anvil.url) if anvil else _endpoint(url))
        if not isinstance(deployment, Deployment):
            deployment = Deployment.load(deployment or _default_file(chain, Path(folder) if anvil else None))
        return Scheme(chain, deployment, anvil)
    except BaseException:
        if anvil:
            anvil.stop()
        raise


def _endpoint(url: str | Endpoint | None) -> Endpoint:
    assert url is not None  # noqa: S101 -- the embedded chain's case is handled before
    return HttpEndpoint(url) if isinstance(url, str) else url


def _default_file(chain: Chain, folder: Path | None) -> Path:
    beside = folder / "deployment.json" if folder else None
    return beside if beside and beside.exists() else default_path(chain.id)


def _named(value: int | str, names: Mapping[str, int], what: str) -> int:
    if not isinstance(value, str):
        return value
    if value not in names:
        raise InputError(f"There is no {what} {value!r} in this deployment. There are {', '.join(names) or 'none'}.")
    return names[value]
