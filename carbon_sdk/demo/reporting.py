"""Fourth act, after the year: reports, verification, acceptance."""

from __future__ import annotations

from typing import Any

from carbon_sdk.actors.verifier import Verifier
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.enums import Conclusion
from carbon_sdk.contracts.generated.events import EmissionsAccepted, ReportSubmitted
from carbon_sdk.contracts.generated.structs import StreamData
from carbon_sdk.demo.stage import Party, Stage, events
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.units import format_grams


def open_next_year(stage: Stage) -> None:
    """The year is over: its emissions are owed for from now on."""
    stage.by(Role.REGULATOR, [stage.regulator.open_year.act(stage.year + 1)])
    stage.tell(f"The regulator opens {stage.year + 1}: the emissions of {stage.year} are due")


def report_and_verify(stage: Stage) -> None:
    """Every installation reports, its verifier gives an opinion, the regulator accepts."""
    verifiers = stage.cast.verifiers
    engaged = {
        party.installation: verifiers[n % len(verifiers)] for n, party in enumerate(stage.cast.companies)
    }  # both sides know each other before the report
    stage.do_all(
        (
            party.signer,
            stage.company(party).engage_verifier.act(
                party.installation, stage.year, engaged[party.installation].account
            ),
        )
        for party in stage.cast.companies
    )
    reports = events(stage.do_all(_report(stage, party) for party in stage.cast.companies), ReportSubmitted)
    stage.tell(
        f"{len(reports)} emission reports; the methods' contracts compute "
        f"{format_grams(sum(report.grams for report in reports))} from the activity data"
    )
    opinions = []
    for report in reports:
        verifier = Verifier(stage.suite, engaged[report.installation].signer)
        act = verifier.verify.act(
            report.installation,
            stage.year,
            report.version,
            report.grams,
            Conclusion.POSITIVE,
            f"opinion on {report.installation}",
        )
        opinions.append((verifier.signer, act))
    stage.do_all(opinions)
    accepted = events(
        stage.by(
            Role.REGULATOR,
            [stage.regulator.accept.act(report.installation, stage.year, report.version) for report in reports],
        ),
        EmissionsAccepted,
    )
    stage.tell(f"{len(opinions)} opinions of {len(verifiers)} accredited verifiers, {len(accepted)} reports accepted")


def _report(stage: Stage, party: Party) -> tuple[Signer, Act[Any]]:
    company = stage.company(party)
    streams = party.plant.streams if party.plant else ()
    entries = [StreamData(number, stream.data.inputs()) for number, stream in enumerate(streams)]
    act = company.submit_report.act(party.installation, stage.year, entries, f"activity data of {party.name}")
    return party.signer, act
