"""What credits add to what people may say: offers and purchases, the registry's and the regulator's acts, the import.

Each class is a part of an actor's: `CreditTrading` of whoever holds an account, `CreditBody` of verifiers,
`CreditRegistry` of registry operators, `CreditRegulation` of the regulator. All of them read the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Label, Moment, day_of, digest, label, moment, positive, whole, year_of
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.sender import send_many
from carbon_sdk.contracts.generated.credit_offers import CreditOffers
from carbon_sdk.contracts.generated.credit_projects import CreditProjects
from carbon_sdk.contracts.generated.enums import InstrumentState, OfferState, ProjectState, PurchaseState
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.origin_register import BringInAnswer, OriginRegister
from carbon_sdk.contracts.generated.structs import (
    Crediting,
    Export,
    ICreditProjectsAccreditation,
    Monitoring,
    Offer,
    Origin,
    Project,
    Purchase,
)
from carbon_sdk.credits.issuances import Issuance, Unreadable, read_issuances
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId
from carbon_sdk.units import Money, Quantity, tonnes

WHOLE = 10_000
"""Basis points."""
_MOST_SCOPE = 63


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer of credits that anyone sees.

    Attributes:
        number: Of the offer.
        instrument: What is offered.
        offer: Seller, tonnes left, price in smallest units a tonne, expiry in Unix seconds.
    """

    number: int
    instrument: InstrumentId
    offer: Offer


@dataclass(frozen=True, slots=True)
class OpenPurchase:
    """An application to buy that waits for the seller.

    Attributes:
        number: Of the application.
        purchase: Offer, buyer, tonnes.
    """

    number: int
    purchase: Purchase


@dataclass(frozen=True, slots=True)
class NumberedProject:
    """A project with its number."""

    number: int
    project: Project


class CreditReads(Actor):
    """What anyone reads of projects, offers and origins."""

    def projects(self, state: ProjectState | None = None) -> tuple[NumberedProject, ...]:
        """All projects in the order of their numbers, or those of one state."""
        views = [
            CreditProjects.PROJECT_OF.on(self._projects.address, number)
            for number in range(1, self._projects.project_count() + 1)
        ]
        found = self.suite.chain.read_many(views)
        return tuple(
            NumberedProject(number, project)
            for number, project in enumerate(found, 1)
            if state is None or project.state is state
        )

    def project(self, project: int) -> Project:
        """One project as it stands. Raises RuleBroken for a number that none has."""
        return self._projects.project_of(positive(project, "project"))

    def monitoring(self, project: int, report: int) -> Monitoring:
        """One monitoring report of a project. Raises RuleBroken where there is none."""
        return self._projects.monitoring_of(positive(project, "project"), positive(report, "report"))

    def credit_offers(self) -> tuple[OpenOffer, ...]:
        """All open offers of credits, the oldest first."""
        views = [
            CreditOffers.OFFER_OF.on(self._offers.address, number)
            for number in range(1, self._offers.offer_count() + 1)
        ]
        found = self.suite.chain.read_many(views)
        return tuple(
            OpenOffer(number, InstrumentId(offer.instrument), offer)
            for number, offer in enumerate(found, 1)
            if offer.state is OfferState.OPEN
        )

    def purchase(self, purchase: int) -> Purchase:
        """One application to buy credits. Raises RuleBroken for a number that none has."""
        return self._offers.purchase_of(positive(purchase, "purchase"))

    def purchases(self, offer: int | None = None) -> tuple[OpenPurchase, ...]:
        """Applications to buy that wait for their seller, of one offer or of all, the oldest first."""
        views = [
            CreditOffers.PURCHASE_OF.on(self._offers.address, number)
            for number in range(1, self._offers.purchase_count() + 1)
        ]
        found = self.suite.chain.read_many(views)
        return tuple(
            OpenPurchase(number, purchase)
            for number, purchase in enumerate(found, 1)
            if purchase.state is PurchaseState.APPLIED and offer in (None, purchase.offer)
        )

    def labels(self, instrument: InstrumentId | int) -> Label:
        """What the regulator calls a credit."""
        return Label(self._projects.labels_of(int(instrument)))

    def export(self, export: int) -> Export:
        """One request to move credits to another registry. Raises RuleBroken for a number that none has."""
        return self._origins.export_of(positive(export, "export"))

    @property
    def _projects(self) -> CreditProjects:
        return self.suite.contract(CreditProjects)

    @property
    def _offers(self) -> CreditOffers:
        return self.suite.contract(CreditOffers)

    @property
    def _origins(self) -> OriginRegister:
        return self.suite.contract(OriginRegister)


class CreditTrading(CreditReads):
    """Offers and purchases, by a key with TRADE; to agree to a price takes INITIATE and APPROVE besides."""

    # selling credits

    @verb
    def offer_credits(
        self,
        instrument: InstrumentId | int,
        quantity: Quantity,
        price: Money | Quantity,
        expires: Moment,
        buyer: Address | None = None,
    ) -> Act[int]:
        """Offer credits for sale; they are bound. Returns the offer's number.

        Args:
            instrument: The credit.
            quantity: Whole tonnes.
            price: Of a tonne, in smallest units of the main money; `money("12.50")` makes them.
            expires: Within a year.
            buyer: Account that alone may apply; None: everybody.

        Raises:
            NotPermitted: Not all of TRADE, INITIATE and APPROVE, or under NO_TRADE or NO_TRANSFER.
            RuleBroken: Too few free credits, no credit at all, or no time within a year.
        """
        return self._offers.offer(
            int(instrument),
            positive(tonnes(quantity), "quantity"),
            positive(price, "price"),
            ZERO_ADDRESS if buyer is None else buyer,
            moment(expires, "expires"),
        )

    @verb
    def reduce_offer(self, offer: int, by: Quantity) -> Act[None]:
        """Offer fewer tonnes; to offer none, withdraw."""
        return self._offers.reduce_offer(positive(offer, "offer"), positive(tonnes(by, name="by"), "by"))

    @verb
    def withdraw_offer(self, offer: int) -> Act[None]:
        """Take an offer back; what is left of it is free again."""
        return self._offers.withdraw_offer(positive(offer, "offer"))

    @verb
    def confirm_purchase(self, purchase: int) -> Act[None]:
        """Sell what was applied for: units and money change hands in one transaction.

        Raises:
            RuleBroken: The offer has expired or has too few tonnes left, or a side may not trade at present.
        """
        return self._offers.confirm_purchase(positive(purchase, "purchase"))

    @verb
    def decline_purchase(self, purchase: int, cause: Digest) -> Act[None]:
        """Do not sell to who applied; its money is free again."""
        return self._offers.decline_purchase(positive(purchase, "purchase"), digest(cause, "cause"))

    # buying credits

    @verb
    def apply_for_purchase(self, offer: int, quantity: Quantity) -> Act[int]:
        """Apply for whole tonnes of an offer; the money is bound. Returns the application's number.

        Raises:
            NotPermitted: Not all of TRADE, INITIATE and APPROVE, or under NO_TRADE or NO_TRANSFER.
            RuleBroken: Too little money, more than is left, expired, made to somebody else, or one's own group's.
        """
        return self._offers.apply_for_purchase(positive(offer, "offer"), positive(tonnes(quantity), "quantity"))

    @verb
    def withdraw_purchase(self, purchase: int) -> Act[None]:
        """Take an application to buy back; its money is free again."""
        return self._offers.withdraw_purchase(positive(purchase, "purchase"))

    # what anyone may end

    @verb
    def release_offer(self, offer: int) -> Act[None]:
        """Give back the units of an expired offer, anybody's. Anyone may."""
        return self._offers.release_offer(positive(offer, "offer"))

    @verb
    def release_purchase(self, purchase: int) -> Act[None]:
        """Give back the money of an application whose offer is closed, expired or too small now. Anyone may."""
        return self._offers.release_purchase(positive(purchase, "purchase"))

    # TO ANOTHER REGISTRY: the rights INITIATE and APPROVE

    @verb
    def request_export(
        self, instrument: InstrumentId | int, quantity: Quantity, registry: str, destination: Digest
    ) -> Act[int]:
        """Ask for credits to go to another registry; they are bound. Returns the request's number.

        Args:
            instrument: The credit.
            quantity: Whole tonnes.
            registry: Its short name, such as GS.
            destination: Salted commitment to the account there.
        """
        return self._origins.request_export(
            int(instrument),
            positive(tonnes(quantity), "quantity"),
            label(registry, "registry"),
            digest(destination, "destination"),
        )

    @verb
    def cancel_export(self, export: int) -> Act[None]:
        """Take a request to export back, until the registry operator accepts it; its units are free again."""
        return self._origins.cancel_export(positive(export, "export"))


class CreditBody(CreditReads):
    """Validation and verification of projects, by a representative with the right REPORT of the engaged body."""

    @verb
    def validate_project(self, project: int, design: Digest, favourable: bool, statement: Digest) -> Act[None]:
        """State whether a project's design meets the rules.

        Args:
            project: Its number.
            design: The document that was examined, so that no amendment can slip in between.
            favourable: If not, the project stays listed.
            statement: The validation statement, or its digest.

        Raises:
            RuleBroken: Not engaged, not accredited for the scope now, not independent, or the design was amended.
        """
        return self._projects.validate(
            positive(project, "project"), digest(design, "design"), favourable, digest(statement, "statement")
        )

    @verb
    def verify_reductions(
        self, project: int, report: int, verified: Quantity, statement: Digest, reason: Digest | None = None
    ) -> Act[None]:
        """State how much a project reduced or removed in a monitoring period; nothing: the report is refused.

        Args:
            project: Its number.
            report: Of the monitoring report.
            verified: Whole tonnes.
            statement: The verification statement, or its digest.
            reason: Why it is more than was claimed; None: it is not.

        Raises:
            RuleBroken: Not engaged, accredited or independent; verified already; more than claimed without a reason.
        """
        return self._projects.verify(
            positive(project, "project"),
            positive(report, "report"),
            tonnes(verified, name="verified"),
            bytes(32) if reason is None else digest(reason, "reason"),
            digest(statement, "statement"),
        )


class CreditRegulation(CreditReads):
    """What the regulator says of bodies, buffers, labels, offers and other registries."""

    @verb
    def accredit_body(
        self, body: Address, scopes: Sequence[int], since: Moment, until: Moment, document: Digest
    ) -> Act[None]:
        """Accredit a verifier's account for validating and verifying projects.

        Args:
            body: Its account.
            scopes: Sectoral scopes, 1 to 63.
            since: From then on.
            until: From then on no longer.
            document: The accreditation, or its digest.
        """
        bits = 0
        for scope in scopes:
            if not 1 <= positive(scope, "scope") <= _MOST_SCOPE:
                raise InputError(f"scope {scope} is none of 1 to {_MOST_SCOPE}.")
            bits |= 1 << int(scope)
        accreditation = ICreditProjectsAccreditation(bits, moment(since, "since"), moment(until, "until"))
        return self._projects.accredit_body(body, accreditation, digest(document, "document"))

    @verb
    def dismiss_body(self, body: Address, cause: Digest) -> Act[None]:
        """End the accreditation of a body; what it stated stays."""
        return self._projects.dismiss_body(body, digest(cause, "cause"))

    @verb
    def name_buffer_account(self, account: Address) -> Act[None]:
        """Name the government's account for the buffers of projects that are registered from now on."""
        return self._projects.name_buffer_account(account)

    @verb
    def record_reversal(self, project: int, quantity: Quantity, document: Digest) -> Act[None]:
        """Record that tonnes for which a project has credits are lost; it owes them until they are made good."""
        return self._projects.record_reversal(
            positive(project, "project"), positive(tonnes(quantity), "quantity"), digest(document, "document")
        )

    @verb
    def cancel_buffer(
        self, project: int, instrument: InstrumentId | int, quantity: Quantity, cause: Digest
    ) -> Act[None]:
        """Cancel credits of a buffer for what a project owes: of its own, or of any when that is empty."""
        return self._projects.cancel_buffer(
            positive(project, "project"),
            int(instrument),
            positive(tonnes(quantity), "quantity"),
            digest(cause, "cause"),
        )

    @verb
    def set_labels(self, instrument: InstrumentId | int, labels: Label, cause: Digest) -> Act[None]:
        """Replace the labels of a credit."""
        return self._projects.set_labels(int(instrument), int(labels), digest(cause, "cause"))

    @verb
    def set_required_labels(self, labels: Label, cause: Digest) -> Act[None]:
        """Say which labels, all of them, a credit needs to be surrendered; NONE: none."""
        return self._projects.set_required_labels(int(labels), digest(cause, "cause"))

    @verb
    def remove_offer(self, offer: int, cause: Digest) -> Act[None]:
        """Take an offer of credits out; its units are free again."""
        return self._offers.remove_offer(positive(offer, "offer"), digest(cause, "cause"))

    @verb
    def remove_purchase(self, purchase: int, cause: Digest) -> Act[None]:
        """Take an application to buy out; its money is free again, for instance to be moved by a forced transfer.

        Args:
            purchase: Its number.
            cause: Why, or its digest.

        Raises:
            RuleBroken: The application is over already.
        """
        return self._offers.remove_purchase(positive(purchase, "purchase"), digest(cause, "cause"))

    @verb
    def accept_registry(self, registry: str, accepted: bool, cause: Digest) -> Act[None]:
        """Accept the credits of another registry, or no longer.

        Args:
            registry: Its short name: GS, ACR, CAR.
            accepted: Whether.
            cause: The decision, or its digest.
        """
        return self._origins.accept_registry(label(registry, "registry"), accepted, digest(cause, "cause"))


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What became, or would become, of one row of an issuance file.

    Attributes:
        line: Of the file.
        outcome: imported, ready, in already, refused, undefined (the instrument), unreadable, nothing (circulates).
        project: As the other registry calls it.
        vintage: Civil year.
        serials: Of the other registry, or tonnes counted from 1.
        quantity: Whole tonnes of the import.
        withheld: Tonnes of the row that stay with the other registry.
        instrument: Here; None while the project has no number.
        note: Why not, or what is to be done.
    """

    line: int
    outcome: str
    project: str = ""
    vintage: int = 0
    serials: str = ""
    quantity: int = 0
    withheld: int = 0
    instrument: InstrumentId | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """An issuance file, row by row.

    Attributes:
        rows: Of the file.
        tonnes_issued: As the readable rows say.
        tonnes_imported: By this run.
        counts: Rows by outcome.
        to_define: Instruments that the service manager has to define first.
    """

    rows: tuple[ImportRow, ...]
    tonnes_issued: int
    tonnes_imported: int
    counts: Mapping[str, int]
    to_define: tuple[InstrumentId, ...]


class CreditRegistry(CreditReads):
    """What registry operators do with projects, credits and other registries."""

    # PROJECTS

    @verb
    def register_project(
        self,
        project: int,
        first_day: date,
        last_day: date,
        decision: Digest,
        *,
        renewals: int = 0,
        buffer_basis_points: int = 0,
        liable_until: Moment = 0,
    ) -> Act[None]:
        """Register a validated project.

        Args:
            project: Its number.
            first_day: Of the crediting period.
            last_day: Of the crediting period.
            decision: Or its digest.
            renewals: How often the period may be renewed.
            buffer_basis_points: Of what is issued, into the buffer; by the project's risk.
            liable_until: Until then reversals are paid from the buffer.

        Raises:
            RuleBroken: Not validated, days that are no period, or no account for buffers is named.
        """
        if whole(buffer_basis_points, "buffer_basis_points") > WHOLE:
            raise InputError(f"buffer_basis_points {buffer_basis_points} is more than {WHOLE}, the whole.")
        crediting = Crediting(
            day_of(first_day, "first_day"),
            day_of(last_day, "last_day"),
            whole(renewals, "renewals"),
            whole(buffer_basis_points, "buffer_basis_points"),
            moment(liable_until, "liable_until"),
        )
        return self._projects.register(positive(project, "project"), crediting, digest(decision, "decision"))

    @verb
    def refuse_project(self, project: int, reasons: Digest) -> Act[None]:
        """Refuse a project that is listed or validated."""
        return self._projects.refuse(positive(project, "project"), digest(reasons, "reasons"))

    @verb
    def renew_project(self, project: int, last_day: date, liable_until: Moment, decision: Digest) -> Act[None]:
        """Let the crediting period and the liability of a project last longer."""
        return self._projects.renew(
            positive(project, "project"),
            day_of(last_day, "last_day"),
            moment(liable_until, "liable_until"),
            digest(decision, "decision"),
        )

    @verb
    def close_project(self, project: int, cause: Digest) -> Act[None]:
        """Take no more reports of a project; what was verified is still issued."""
        return self._projects.close(positive(project, "project"), digest(cause, "cause"))

    @verb
    def refuse_monitoring(self, project: int, report: int, reasons: Digest) -> Act[None]:
        """Refuse a monitoring report, verified or not."""
        return self._projects.refuse_monitoring(
            positive(project, "project"), positive(report, "report"), digest(reasons, "reasons")
        )

    @verb
    def issue_credits(
        self, project: int, report: int, units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]]
    ) -> Act[None]:
        """Issue what was verified, to the proponent and its share into the buffer.

        Args:
            project: Its number.
            report: Of the verified monitoring report.
            units: Whole tonnes by instrument, one for each vintage; together what was verified.

        Raises:
            RuleBroken: Not verified, issued already, of another project or year, not what was verified, or the project
                owes for a reversal.
        """
        lines = list(units.items() if isinstance(units, Mapping) else units)
        return self._projects.issue(
            positive(project, "project"),
            positive(report, "report"),
            [int(instrument) for instrument, _ in lines],
            [positive(tonnes(quantity), "quantity") for _, quantity in lines],
        )

    @verb
    def release_buffer(self, instrument: InstrumentId | int, quantity: Quantity) -> Act[None]:
        """Give credits of a buffer to the project's proponent, when its liability is over."""
        return self._projects.release_buffer(int(instrument), positive(tonnes(quantity), "quantity"))

    # OTHER REGISTRIES

    @verb
    def enter_project(self, registry: str, project: str) -> Act[int]:
        """Give a project of another registry its number here; returns it.

        Args:
            registry: Its short name, such as GS.
            project: Its id there, such as GS11236.
        """
        return self._origins.enter_project(label(registry, "registry"), label(project, "project"))

    @verb
    def bring_in(
        self,
        registry: str,
        project: str,
        batch: Digest,
        vintage: int,
        first: int,
        last: int,
        account: Address,
        document: Digest,
        series: int = 0,
    ) -> Act[BringInAnswer]:
        """Issue to an account what another registry had issued, once.

        Args:
            registry: Its short name, such as GS.
            project: Its id there.
            batch: What tells issuances there apart: a text, or 32 bytes as `0x…`.
            vintage: Civil year.
            first: First serial there.
            last: Last serial there.
            account: Who gets the credits.
            document: What the other registry says, or its digest.
            series: Of the instrument.

        Raises:
            RuleBroken: The registry is not accepted, the project not entered, the instrument not defined, or
                SerialsTaken: serials of the range came in before.
        """
        number = self._origins.project_number(label(registry, "registry"), label(project, "project"))
        instrument = InstrumentId.of(
            InstrumentClass.CREDIT, _scheme_of(self.suite), year_of(vintage, "vintage"), number, whole(series, "series")
        )
        origin = Origin(
            label(registry, "registry"),
            label(project, "project"),
            digest(batch, "batch"),
            vintage,
            positive(first, "first"),
            positive(last, "last"),
        )
        hint = self._origins.hint_for(self._origins.batch_key(origin), origin.first)
        return self._origins.bring_in(origin, hint, account, int(instrument), digest(document, "document"))

    @verb
    def accept_export(self, export: int) -> Act[None]:
        """Hold an account to its request, before the other registry makes its entry.

        Args:
            export: Its number. From now on the account does not take it back; it is confirmed or rejected.

        Raises:
            RuleBroken: Not requested, or the other registry is no longer accepted.
        """
        return self._origins.accept_export(positive(export, "export"))

    @verb
    def confirm_export(self, export: int, entry: Digest) -> Act[None]:
        """Cancel accepted credits that another registry has now; its entry is used once, ever."""
        return self._origins.confirm_export(positive(export, "export"), digest(entry, "entry"))

    @verb
    def reject_export(self, export: int, cause: Digest) -> Act[None]:
        """Let credits that were to go to another registry, and are not there, stay; they are free again."""
        return self._origins.reject_export(positive(export, "export"), digest(cause, "cause"))

    def import_credits(
        self, file: str, account: Address, preview: bool = False, as_issued: bool = False, series: int = 0
    ) -> ImportReport:
        """Bring in an issuance file of Gold Standard, ACR or CAR, row by row; run again, it goes on.

        Projects that have no number get one. Rows whose instrument is not defined are told, for the service manager;
        all others are sent, and what the register refuses is told with its reason: what came in before does not again.

        Args:
            file: Path of the CSV file.
            account: Who gets the credits.
            preview: Only tell what would happen.
            as_issued: The whole quantity issued; else what circulates: not in a buffer there, nor cancelled.
            series: Of the instruments.

        Raises:
            InputError: The file cannot be read, or is of no known format.
            NotPermitted: This key is no registry operator's.
        """
        rows = read_issuances(file)
        document = sha256(Path(file).read_bytes()).digest()
        if not preview:
            self._enter_missing(rows)
        book = _ImportBook(self.suite, whole(series, "series"), as_issued, document)
        planned = book.plan(rows, self._origins)
        if not preview:
            planned = self._sent(book, rows, planned, account)
        return book.report(rows, planned)

    def _enter_missing(self, rows: Sequence[Issuance | Unreadable]) -> None:
        """One number for each project; the first refusal ends it, as the registry is not accepted then."""
        wanted = list(dict.fromkeys((row.registry, row.project) for row in rows if isinstance(row, Issuance)))
        numbers = _numbers(self.suite, wanted)
        acts = [self.enter_project.act(*name) for name in wanted if not numbers[name]]
        for outcome in send_many(self.suite.chain, ((self.signer, act) for act in acts)):
            if outcome.error is not None:
                with self._told_which_role(outcome.act):
                    raise outcome.error

    def _sent(
        self, book: _ImportBook, rows: Sequence[Issuance | Unreadable], planned: list[ImportRow], account: Address
    ) -> list[ImportRow]:
        """All rows that have an instrument, those that the register has already included: it says so itself."""
        places = [place for place, row in enumerate(planned) if row.outcome in ("ready", "in already")]
        acts = []
        for place in places:
            row, instrument = rows[place], planned[place].instrument
            if isinstance(row, Unreadable) or instrument is None:
                continue  # never: such rows are neither ready nor in already
            origin = book.origin(row)
            key = self._origins.batch_key(origin)
            hint = self._origins.hint_for(key, origin.first)
            acts.append(self._origins.bring_in(origin, hint, account, int(instrument), book.document))
        for place, outcome in zip(
            places, send_many(self.suite.chain, ((self.signer, act) for act in acts)), strict=True
        ):
            planned[place] = _after(planned[place], outcome.error)
        return planned


def _after(row: ImportRow, error: CarbonError | None) -> ImportRow:
    if error is None:
        return replace(row, outcome="imported", note="")
    return replace(row, outcome="refused", note=f"{type(error).__name__}: {error}")


class _ImportBook:
    """What the rows of one file mean here."""

    def __init__(self, suite: Suite, series: int, as_issued: bool, document: bytes) -> None:
        self.suite, self.series, self.as_issued, self.document = suite, series, as_issued, document
        self.scheme = _scheme_of(suite)

    def origin(self, row: Issuance) -> Origin:
        """As the register takes it: the whole range, or the circulating part at its beginning."""
        last = row.last if self.as_issued else row.last - row.withheld
        return Origin(label(row.registry), label(row.project), row.batch, row.vintage, row.first, last)

    def plan(self, rows: Sequence[Issuance | Unreadable], origins: OriginRegister) -> list[ImportRow]:
        """Every row's outcome as things stand."""
        names = list(dict.fromkeys((row.registry, row.project) for row in rows if isinstance(row, Issuance)))
        numbers = _numbers(self.suite, names)
        instruments = {
            (row.registry, row.project, row.vintage): InstrumentId.of(
                InstrumentClass.CREDIT, self.scheme, row.vintage, numbers[row.registry, row.project], self.series
            )
            for row in rows
            if isinstance(row, Issuance) and numbers[row.registry, row.project]
        }
        defined = _defined(self.suite, set(instruments.values()))
        return [self._planned(row, origins, instruments, defined) for row in rows]

    def _planned(
        self,
        row: Issuance | Unreadable,
        origins: OriginRegister,
        instruments: Mapping[tuple[str, str, int], InstrumentId],
        defined: set[InstrumentId],
    ) -> ImportRow:
        if isinstance(row, Unreadable):
            return ImportRow(row.line, "unreadable", note=row.reason)
        quantity = row.tonnes if self.as_issued else row.circulating
        instrument = instruments.get((row.registry, row.project, row.vintage))
        told = ImportRow(
            row.line,
            "ready",
            row.project,
            row.vintage,
            f"{row.batch_text}: {row.first}-{row.first + quantity - 1}",
            quantity,
            row.tonnes - quantity,
            instrument,
        )
        if not quantity:
            return replace(told, outcome="nothing", serials=row.batch_text, note="nothing of it circulates")
        if instrument is None:
            return replace(told, outcome="undefined", note="the project has no number yet: importing gives it one")
        if instrument not in defined:
            return replace(told, outcome="undefined", note="the service manager defines the instrument first")
        origin = self.origin(row)
        key = origins.batch_key(origin)
        taken = origins.range_of(key, origins.hint_for(key, origin.last)).last
        if taken >= origin.first:
            return replace(told, outcome="in already", note=f"serials up to {taken} came in before")
        return told

    def report(self, rows: Sequence[Issuance | Unreadable], planned: Sequence[ImportRow]) -> ImportReport:
        """The whole file."""
        counts: dict[str, int] = {}
        for row in planned:
            counts[row.outcome] = counts.get(row.outcome, 0) + 1
        return ImportReport(
            tuple(planned),
            sum(row.tonnes for row in rows if isinstance(row, Issuance)),
            sum(row.quantity for row in planned if row.outcome == "imported"),
            counts,
            tuple(
                dict.fromkeys(
                    row.instrument for row in planned if row.outcome == "undefined" and row.instrument is not None
                )
            ),
        )


def instruments_to_define(suite: Suite, file: str, series: int = 0) -> tuple[InstrumentId, ...]:
    """Instruments of an issuance file whose projects have numbers and that are not defined. Raises InputError."""
    book = _ImportBook(suite, series, True, b"")
    rows = read_issuances(file)
    return book.report(rows, book.plan(rows, suite.contract(OriginRegister))).to_define


def _numbers(suite: Suite, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    at = suite.contract(OriginRegister).address
    views = [OriginRegister.PROJECT_NUMBER.on(at, label(registry), label(project)) for registry, project in names]
    return dict(zip(names, suite.chain.read_many(views), strict=True))


def _defined(suite: Suite, instruments: set[InstrumentId]) -> set[InstrumentId]:
    at, asked = suite.contract(InstrumentLedger).address, sorted(instruments)
    found = suite.chain.read_many([InstrumentLedger.INSTRUMENT_OF.on(at, int(one)) for one in asked])
    return {one for one, known in zip(asked, found, strict=True) if known.state is not InstrumentState.NONE}


def _scheme_of(suite: Suite) -> int:
    """The number in all of the scheme's ids."""
    return InstrumentId(suite.contract(InstrumentLedger).main_money()).scheme
