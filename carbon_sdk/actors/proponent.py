"""Project proponents: they list projects, report what these reduce or remove, and sell the credits."""

from __future__ import annotations

from datetime import date

from carbon_sdk.actors.company import AccountHolder
from carbon_sdk.actors.credits import CreditTrading
from carbon_sdk.actors.values import Digest, day_of, digest, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.actors.views import Holding
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.structs import Design
from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.units import Quantity, tonnes


class ProjectProponent(CreditTrading, AccountHolder):
    """A representative of an account of kind PROJECT_PROPONENT; for projects with the right REPORT."""

    # THE PROJECT

    @verb
    def list_project(
        self,
        design: Digest,
        methodology: Digest,
        scope: int,
        *,
        region: int = 0,
        removal: bool = False,
        reversible: bool = False,
    ) -> Act[int]:
        """List a project; returns its number.

        Args:
            design: The design document, or its digest.
            methodology: The methodology with its version, or its digest.
            scope: Sectoral scope, 1 to 63: what the body must be accredited for.
            region: Number in the scheme; 0: none.
            removal: It removes carbon; else it avoids emissions.
            reversible: What it stores may be lost.
        """
        return self._projects.list(_design(design, methodology, scope, region, removal, reversible))

    @verb
    def amend_design(
        self,
        project: int,
        design: Digest,
        methodology: Digest,
        scope: int,
        *,
        region: int = 0,
        removal: bool = False,
        reversible: bool = False,
    ) -> Act[None]:
        """Replace the design of a project before it is validated. Arguments as of `list_project`."""
        return self._projects.amend_design(
            positive(project, "project"), _design(design, methodology, scope, region, removal, reversible)
        )

    @verb
    def withdraw_project(self, project: int) -> Act[None]:
        """Take a project back before it is registered."""
        return self._projects.withdraw_project(positive(project, "project"))

    @verb
    def engage_body(self, project: int, body: Address) -> Act[None]:
        """Name the body that validates and verifies; again, to change.

        Raises:
            RuleBroken: It is not accredited for the project's scope now, or not independent.
        """
        return self._projects.engage_body(positive(project, "project"), body)

    # MONITORING

    @verb
    def report_monitoring(
        self, project: int, first_day: date, last_day: date, claimed: Quantity, document: Digest
    ) -> Act[int]:
        """Report what a project reduced or removed; returns the report's number.

        Args:
            project: Its number.
            first_day: After all days reported before.
            last_day: Inside the crediting period, and over.
            claimed: Whole tonnes.
            document: The monitoring report, or its digest.
        """
        return self._projects.report_monitoring(
            positive(project, "project"),
            day_of(first_day, "first_day"),
            day_of(last_day, "last_day"),
            positive(tonnes(claimed, name="claimed"), "claimed"),
            digest(document, "document"),
        )

    @verb
    def withdraw_monitoring(self, project: int, report: int) -> Act[None]:
        """Take the last report back, before credits are issued."""
        return self._projects.withdraw_monitoring(positive(project, "project"), positive(report, "report"))

    # REVERSAL

    @verb
    def report_reversal(self, project: int, quantity: Quantity, document: Digest) -> Act[None]:
        """Report that tonnes for which there are credits are lost; the project owes them until they are made good."""
        return self._projects.report_reversal(
            positive(project, "project"), positive(tonnes(quantity), "quantity"), digest(document, "document")
        )

    @verb
    def compensate(self, project: int, instrument: InstrumentId | int, quantity: Quantity) -> Act[None]:
        """Cancel own credits for what a project owes; the rights INITIATE and APPROVE."""
        return self._projects.compensate(
            positive(project, "project"), int(instrument), positive(tonnes(quantity), "quantity")
        )

    def holdings(self) -> tuple[Holding, ...]:
        """What the account has: free, bound, frozen and in orders."""
        return self.view.holdings()


def _design(design: Digest, methodology: Digest, scope: int, region: int, removal: bool, reversible: bool) -> Design:
    return Design(
        digest(design, "design"),
        digest(methodology, "methodology"),
        whole(region, "region"),
        positive(scope, "scope"),
        removal,
        reversible,
    )
