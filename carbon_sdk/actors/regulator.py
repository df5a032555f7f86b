"""The competent authority: rules, accreditation, reports, caps, allocation, compliance, enforcement."""

from __future__ import annotations

from collections.abc import Sequence

from carbon_sdk.actors.auctions import AuctionAuthority
from carbon_sdk.actors.authority_acts import AuthorityActs
from carbon_sdk.actors.banking import SetsBanking
from carbon_sdk.actors.bilateral import BilateralAuthority
from carbon_sdk.actors.conduct import ConductAuthority
from carbon_sdk.actors.credits import CreditRegulation
from carbon_sdk.actors.disputes import DisputeAuthority
from carbon_sdk.actors.token_money import RegulatesTokens
from carbon_sdk.actors.transfers import TransferRegulation
from carbon_sdk.actors.values import (
    Capability,
    Digest,
    Moment,
    Restriction,
    decimals18,
    digest,
    label,
    moment,
    positive,
    whole,
    year_of,
)
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.allocator import Allocator, DetermineAnswer
from carbon_sdk.contracts.generated.cash_desk import CashDesk
from carbon_sdk.contracts.generated.certificate_registry import CertificateRegistry
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.emission_reports import EmissionReports
from carbon_sdk.contracts.generated.enums import Part, Statistic
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.methodologies import Methodologies
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.contracts.generated.pledge_book import PledgeBook
from carbon_sdk.contracts.generated.rule_book import RuleBook
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.contracts.generated.structs import Cap, CodingRules, Inputs, Materiality, Rules
from carbon_sdk.contracts.generated.verifications import Verifications
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId, keccak
from carbon_sdk.units import Quantity, grams, tonnes

EMISSIONS = "emissions"
"""The subject of baselines of emissions; any other is a product's name."""


class Regulator(
    TransferRegulation,
    CreditRegulation,
    SetsBanking,
    RegulatesTokens,
    AuthorityActs,
    BilateralAuthority,
    AuctionAuthority,
    ConductAuthority,
    DisputeAuthority,
):
    """Whoever holds the regulator role. Every verb raises NotPermitted for another key."""

    # RULES

    @verb
    def publish(self, topic: str, document: Digest, uri: str, effective_from: Moment = 0) -> Act[int]:
        """Publish a version of a policy or document; returns the version.

        Args:
            topic: Such as `registration-policy`.
            document: The document, or its SHA-256.
            uri: Where it can be read.
            effective_from: From when it is in force; 0: at once.
        """
        at = moment(effective_from, "effective_from")
        return self._rules.publish(keccak(topic.encode()), digest(document, "document"), at, uri)

    @verb
    def set_coding_rules(self, rules: CodingRules) -> Act[int]:
        """Set how voucher codes are written from `rules.effective_from` on; returns the version."""
        return self.suite.contract(VoucherBook).set_coding_rules(rules)

    @verb
    def register_method(self, name: str, implementation: Address, document: Digest) -> Act[int]:
        """Register a method of computing emissions; returns its version.

        Args:
            name: Up to 32 ASCII characters.
            implementation: The method's contract.
            document: The methodology, or its digest.
        """
        return self._methods.register(label(name), implementation, digest(document, "document"))

    @verb
    def close_method(self, name: str, version: int) -> Act[None]:
        """Close a version for new plans; plans that use it stay."""
        return self._methods.close(label(name), positive(version, "version"))

    # ACCREDITATION

    @verb
    def accredit_certification_authority(self, signer: Address, name: Digest, until: Moment) -> Act[None]:
        """Accredit the signing key of a certification authority, or give it another end.

        Args:
            signer: Address of the key.
            name: Digest of its name and X.509 root.
            until: From then on it binds no certificates.
        """
        return self._certificates.accredit(signer, digest(name, "name"), moment(until, "until"))

    @verb
    def withdraw_certification_authority(self, signer: Address, cause: Digest) -> Act[None]:
        """From now on the signer neither binds nor revokes; its certificates stand until they are revoked."""
        return self._certificates.withdraw_accreditation(signer, digest(cause, "cause"))

    @verb
    def revoke_certificates(self, fingerprints: Sequence[bytes], reason: int) -> Act[None]:
        """Revoke certificates, all or none. `reason`: RFC 5280, 5.3.1."""
        return self._certificates.revoke_as_regulator(list(fingerprints), whole(reason, "reason"))

    @verb
    def accredit_verifier(self, account: Address, until: Moment, document: Digest) -> Act[None]:
        """Accredit an account of kind VERIFIER, or prolong it. `document`: the accreditation with its scope."""
        return self._verifications.accredit_verifier(account, moment(until, "until"), digest(document, "document"))

    @verb
    def withdraw_verifier(self, account: Address, cause: Digest) -> Act[None]:
        """From now on the verifier gives no opinion; opinions that were given stay."""
        return self._verifications.withdraw_accreditation(account, digest(cause, "cause"))

    @verb
    def set_materiality(self, threshold: Quantity, below: int, above: int) -> Act[None]:
        """What makes a misstatement material.

        Args:
            threshold: Reported grams CO2e.
            below: Basis points of reported grams up to the threshold.
            above: Basis points above it.
        """
        return self._verifications.set_materiality(
            Materiality(grams(threshold, name="threshold"), whole(below, "below"), whole(above, "above"))
        )

    # INSTALLATIONS AND PLANS

    @verb
    def register_installation(
        self, account: Address, permit: Digest, region: int, sector: int, first_year: int
    ) -> Act[int]:
        """Register an installation of an operator; returns its number.

        Args:
            account: Of kind OPERATOR.
            permit: Salted digest of the permit; once only.
            region: Number in the scheme.
            sector: Number in the scheme's list.
            first_year: First civil year with a duty to report.
        """
        year = year_of(first_year, "first_year")
        return self._reports.register_installation(account, digest(permit, "permit"), region, sector, year)

    @verb
    def set_installation_years(
        self, installation: int, first_year: int, last_year: int | None, cause: Digest
    ) -> Act[None]:
        """Correct or end the duty to report; `last_year` None: no end."""
        last = year_of(last_year, "last_year") if last_year is not None else 0
        return self._reports.set_years(installation, year_of(first_year, "first_year"), last, digest(cause, "cause"))

    @verb
    def approve_plan(self, installation: int, version: int) -> Act[None]:
        """Approve a version of a monitoring plan."""
        return self._reports.approve_plan(installation, positive(version, "version"))

    @verb
    def return_plan(self, installation: int, version: int, reason: Digest) -> Act[None]:
        """Send a filed plan back."""
        return self._reports.return_plan(installation, positive(version, "version"), digest(reason, "reason"))

    # REPORTS

    @verb
    def set_reporting_deadline(self, year: int, deadline: Moment) -> Act[None]:
        """Open reporting for a year, or move its deadline; a report in that second is in time."""
        return self._reports.set_deadline(year_of(year), moment(deadline, "deadline"))

    @verb
    def accept(self, installation: int, year: int, version: int) -> Act[None]:
        """Accept the latest version of a report; the figure is what was verified.

        Raises:
            RuleBroken: Without a positive or qualified opinion, or when a later version has come.
        """
        return self._reports.accept(installation, year_of(year), positive(version, "version"))

    @verb
    def determine_emissions(self, installation: int, year: int, emissions: Quantity, cause: Digest) -> Act[None]:
        """Set a conservative figure, in grams CO2e, after the deadline where nothing could be accepted."""
        value = grams(emissions)
        return self._reports.determine(installation, year_of(year), value, digest(cause, "cause"))

    @verb
    def reopen(self, installation: int, year: int, cause: Digest) -> Act[None]:
        """Withdraw a figure so that a better report can take its place."""
        return self._reports.reopen(installation, year_of(year), digest(cause, "cause"))

    # CAP AND BASELINES

    @verb
    def set_cap(
        self, year: int, total: Quantity, free: Quantity, auction: Quantity, reserve: Quantity, document: Digest
    ) -> Act[None]:
        """Set or change the cap of a year; no part below what it has issued.

        Args:
            year: Civil year.
            total: Whole tonnes CO2e; at least the sum of the parts.
            free: For free allocation, in tonnes.
            auction: To be auctioned, in tonnes.
            reserve: For new entrants and stability, in tonnes.
            document: The published cap, or its digest.
        """
        cap = Cap(
            tonnes(total, name="total"),
            tonnes(free, name="free"),
            tonnes(auction, name="auction"),
            tonnes(reserve, name="reserve"),
        )
        if cap.free + cap.auction + cap.reserve > cap.total:
            raise InputError(
                f"The parts add up to {cap.free + cap.auction + cap.reserve} t, more than the cap of {cap.total} t."
            )
        return self._allocator.set_cap(year_of(year), cap, digest(document, "document"))

    @verb
    def register_baseline(
        self, installation: int, subject: str, level: Quantity, first_year: int, last_year: int, document: Digest
    ) -> Act[None]:
        """Register accepted reference data of an installation.

        Args:
            installation: Its number.
            subject: `EMISSIONS` or a product's name.
            level: Tonnes CO2e for emissions, else units of the product; up to 18 decimals.
            first_year: Of the reference years.
            last_year: Of the reference years.
            document: The accepted report, or its digest.
        """
        return self._allocator.register_baseline(
            installation,
            label(subject, "subject"),
            decimals18(level, "level"),
            year_of(first_year, "first_year"),
            year_of(last_year, "last_year"),
            digest(document, "document"),
        )

    @verb
    def compute_baseline(
        self, installation: int, reference_years: Sequence[int], statistic: Statistic = Statistic.MEAN
    ) -> Act[int]:
        """Compute the baseline of emissions from accepted figures; returns it in tonnes with 18 decimals."""
        return self._allocator.compute_baseline(installation, [year_of(item) for item in reference_years], statistic)

    # ALLOCATION

    @verb
    def determine_allocation(
        self, installation: int, year: int, instrument: InstrumentId | int, inputs: Inputs, part: Part = Part.FREE
    ) -> Act[DetermineAnswer]:
        """Determine what is due to an installation's operator; returns the determination's id and its tonnes.

        Args:
            installation: Its number.
            year: Civil year of the cap.
            instrument: The allowance to issue.
            inputs: Of the formula; see `carbon_sdk.methods.allocation`.
            part: FREE or RESERVE.
        """
        return self._allocator.determine(installation, year_of(year), part, int(instrument), inputs)

    @verb
    def approve_allocation(self, determination: int) -> Act[int]:
        """Issue what is due and certify it; returns the first serial number. Raises RuleBroken with the findings."""
        return self._allocator.approve(positive(determination, "determination"))

    @verb
    def reject_allocation(self, determination: int, reason: Digest) -> Act[None]:
        """Refuse a determination that is not certified."""
        return self._allocator.reject(positive(determination, "determination"), digest(reason, "reason"))

    @verb
    def issue_for_auction(
        self, account: Address, year: int, instrument: InstrumentId | int, quantity: Quantity, cause: Digest
    ) -> Act[int]:
        """Issue tonnes of the auction part to an account of kind GOVERNMENT; returns the first serial number."""
        amount = tonnes(quantity)
        cause_digest = digest(cause, "cause")
        return self._allocator.issue_for_auction(account, year_of(year), int(instrument), amount, cause_digest)

    # COMPLIANCE

    @verb
    def set_year_rules(self, year: int, rules: Rules) -> Act[None]:
        """Set the rules of a compliance year, until its surrender deadline has passed."""
        return self._obligations.set_rules(year_of(year), rules)

    @verb
    def open_year(self, year: int) -> Act[None]:
        """Open the next compliance year."""
        return self._obligations.open_year(year_of(year))

    @verb
    def enrol(self, account: Address, first_year: int, last_year: int | None = None) -> Act[None]:
        """Take an account into compliance; emissions that were accepted before count."""
        last = year_of(last_year, "last_year") if last_year is not None else 0
        return self._obligations.enrol(account, year_of(first_year, "first_year"), last)

    @verb
    def set_first_year(self, account: Address, first_year: int) -> Act[None]:
        """Change the first year of an account's verified emissions."""
        return self._obligations.set_first_year(account, year_of(first_year, "first_year"))

    @verb
    def set_last_year(self, account: Address, last_year: int | None) -> Act[None]:
        """Change the last year of an account's verified emissions; None: none is known."""
        return self._obligations.set_last_year(account, year_of(last_year, "last_year") if last_year is not None else 0)

    @verb
    def exclude(self, account: Address, year: int, cause: Digest) -> Act[None]:
        """Say that an account owes nothing for a year."""
        return self._obligations.exclude(account, year_of(year), digest(cause, "cause"))

    @verb
    def include(self, account: Address, year: int, cause: Digest) -> Act[None]:
        """Undo an exclusion."""
        return self._obligations.include(account, year_of(year), digest(cause, "cause"))

    @verb
    def freeze_status(self, account: Address, year: int) -> Act[None]:
        """Write down the figures at the deadlines up to a year. Anyone may."""
        return self._obligations.freeze_status(account, year_of(year))

    @verb
    def assess(self, account: Address, year: int) -> Act[None]:
        """Assess a year after its surrender deadline; a shortfall brings a penalty. Anyone may, once."""
        return self._obligations.assess(account, year_of(year))

    @verb
    def restrict_for_missing(self, account: Address, year: int) -> Act[None]:
        """Forbid trading while emissions are missing after the reporting deadline. Anyone may."""
        return self._obligations.restrict_for_missing(account, year_of(year))

    @verb
    def refresh(self, accounts: Sequence[Address]) -> Act[None]:
        """Judge accounts again, so that what a new year changed is recorded. Anyone may."""
        return self._obligations.refresh(list(accounts))

    @verb
    def approve_surrender(self, application: int) -> Act[None]:
        """Cancel the units of an application with a favourable opinion."""
        return self._desk.approve_surrender(positive(application, "application"))

    @verb
    def approve_surrenders(self, applications: Sequence[int]) -> Act[None]:
        """Approve many applications, all or none."""
        return self._desk.approve_surrenders([positive(item, "application") for item in applications])

    @verb
    def reject_surrender(self, application: int, reason: Digest) -> Act[None]:
        """Give the units of an application back."""
        return self._desk.reject_surrender(positive(application, "application"), digest(reason, "reason"))

    @verb
    def reject_surrenders(self, applications: Sequence[int], reason: Digest) -> Act[None]:
        """Reject many applications, all or none."""
        ids = [positive(item, "application") for item in applications]
        return self._desk.reject_surrenders(ids, digest(reason, "reason"))

    @verb
    def reverse_surrender(self, application: int, cause: Digest) -> Act[None]:
        """Undo an approved surrender within the scheme's window: units with new serials are issued.

        Raises:
            RuleBroken: The window is over, a year that is judged needs the surrender, or it is disputed.
        """
        return self._desk.reverse_surrender(positive(application, "application"), digest(cause, "cause"))

    @verb
    def set_reversal_window(self, seconds: int) -> Act[None]:
        """Set how many seconds after its approval a surrender can be reversed; 0: never."""
        return self._desk.set_reversal_window(whole(seconds, "seconds"))

    # ENFORCEMENT

    @verb
    def set_second_representative_from(self, least: Quantity) -> Act[None]:
        """From how many tonnes on another representative endorses an application to surrender; 0: never, 1: always."""
        return self._desk.set_second_representative_from(tonnes(least, name="least"))

    @verb
    def suspend(self, account: Address, cause: Digest) -> Act[None]:
        """From now on the account takes part in nothing."""
        return self._registry.suspend(account, digest(cause, "cause"))

    @verb
    def reinstate(self, account: Address, cause: Digest) -> Act[None]:
        """End a suspension."""
        return self._registry.reinstate(account, digest(cause, "cause"))

    @verb
    def restrict(self, account: Address, restrictions: Restriction, cause: Digest) -> Act[None]:
        """Suspend an account in part: replace the regulator's own restrictions; those for compliance stand apart.

        Args:
            account: Whose.
            restrictions: NO_TRADE, NO_TRANSFER, SURRENDER_ONLY, …; NONE reinstates.
            cause: The decision, or its digest.
        """
        return self._registry.set_restrictions(account, int(restrictions), digest(cause, "cause"))

    @verb
    def set_capabilities(self, account: Address, capabilities: Capability, cause: Digest) -> Act[None]:
        """Open or close trading or reporting of an account."""
        return self._registry.set_capabilities(account, int(capabilities), digest(cause, "cause"))

    @verb
    def assign_region(self, officer: Address, region: int) -> Act[None]:
        """Let an officer act on one region only; 0: on all."""
        return self._registry.assign_region(officer, whole(region, "region"))

    @verb
    def set_least_notice(self, seconds: int) -> Act[None]:
        """Set how many seconds a new pledge gives at least from notice to foreclosure."""
        return self.suite.contract(PledgeBook).set_least_notice(whole(seconds, "seconds"))

    @verb
    def set_payout_delay(self, seconds: int) -> Act[None]:
        """For how many seconds a newly named payout destination cannot be used; at most 366 days."""
        return self.suite.contract(CashDesk).set_payout_delay(whole(seconds, "seconds"))

    @property
    def _rules(self) -> RuleBook:
        return self.suite.contract(RuleBook)

    @property
    def _methods(self) -> Methodologies:
        return self.suite.contract(Methodologies)

    @property
    def _certificates(self) -> CertificateRegistry:
        return self.suite.contract(CertificateRegistry)

    @property
    def _verifications(self) -> Verifications:
        return self.suite.contract(Verifications)

    @property
    def _reports(self) -> EmissionReports:
        return self.suite.contract(EmissionReports)

    @property
    def _allocator(self) -> Allocator:
        return self.suite.contract(Allocator)

    @property
    def _obligations(self) -> Obligations:
        return self.suite.contract(Obligations)

    @property
    def _desk(self) -> ComplianceDesk:
        return self.suite.contract(ComplianceDesk)

    @property
    def _registry(self) -> StakeholderRegistry:
        return self.suite.contract(StakeholderRegistry)

    @property
    def _ledger(self) -> InstrumentLedger:
        return self.suite.contract(InstrumentLedger)
