"""Verifiers: an opinion on an emission report, by the account that the operator engaged."""

from __future__ import annotations

from carbon_sdk.actors.company import AccountHolder
from carbon_sdk.actors.credits import CreditBody
from carbon_sdk.actors.values import Digest, digest, positive, year_of
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import Conclusion
from carbon_sdk.contracts.generated.structs import IVerificationsOpinion
from carbon_sdk.contracts.generated.verifications import Verifications
from carbon_sdk.identifiers import Address
from carbon_sdk.units import Quantity, grams


class Verifier(CreditBody, AccountHolder):
    """A representative, with the right REPORT, of an accredited verifier's account."""

    @verb
    def verify(
        self,
        installation: int,
        year: int,
        version: int,
        verified: Quantity,
        conclusion: Conclusion,
        document: Digest,
        misstatement: Quantity = 0,
    ) -> Act[None]:
        """Give an opinion on the latest version of a report.

        Args:
            installation: Its number.
            year: Civil year.
            version: That the opinion is about, so that no amendment can slip in between.
            verified: Grams CO2e.
            conclusion: POSITIVE, QUALIFIED or NEGATIVE.
            document: The verification report, or its digest.
            misstatement: Grams found and not corrected; at least the difference to the report.

        Raises:
            RuleBroken: Not engaged, not accredited, not independent, or the misstatement is material and the
                conclusion is not NEGATIVE.
        """
        opinion = IVerificationsOpinion(
            grams(verified, name="verified"),
            grams(misstatement, name="misstatement"),
            conclusion,
            digest(document, "document"),
        )
        return self.suite.contract(Verifications).verify(
            installation, year_of(year), positive(version, "version"), opinion
        )

    def engaged_for(self, installation: int, year: int) -> Address:
        """The account that the operator has engaged for a year; the zero address: nobody."""
        return self.suite.contract(Verifications).engaged_for(installation, year_of(year))

    def accredited_until(self) -> int:
        """Unix seconds; 0: not accredited."""
        return self.suite.contract(Verifications).accredited_until(self.account)
