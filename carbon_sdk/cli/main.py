"""`carbon`: finds the command, loads only what it needs, and turns every error into one sentence and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module

import click

COMMANDS = {
    "demo": ("demo:demo", "Play a compliance year on a local chain and leave its record in a folder."),
    "deploy": ("deploy:deploy", "Deploy the suite for a scheme, or go on where an earlier run stopped."),
    "status": ("status:status", "Tell what a deployment is and how its markets and instruments stand."),
    "replay": ("replay:replay", "Run recorded or published cases through the contracts, and tell what came of them."),
    "index": ("index:index", "Keep the event store: read the chain, export, back up, restore."),
    "audit": ("audit:audit", "Replay all events and compare them with the contracts."),
    "prove": ("prove:prove", "Write proofs of transactions, balances, statuses, statements for a third party."),
    "verify": ("prove:verify", "Check such a proof, with no node."),
    "serial": ("serial:serial", "Tell the life of any unit, and certify that it exists."),
    "account": ("account:account", "Tell what an account had, what happened, and what it has."),
    "compliance": (
        "compliance:compliance",
        "Tell what an account owes and lacks, what to surrender, what a year came to.",
    ),
    "market": ("market:market", "Watch a book; tell orders, trades, and what the market wants."),
    "order": ("order:order", "Replace own orders, take them all back, quote anew, many at once."),
    "auction": ("auction:auction", "Sealed auctions: officers' keys, openings, the order of bids, results."),
    "trading-plan": ("trading_plan:trading_plan", "File trading plans, and compare them with what was done."),
    "confirmation": ("confirmation:confirmation", "Show and check the platform's confirmations of trades."),
    "voucher": ("voucher:voucher", "Check vouchers, on the chain and offline."),
    "evidence": ("evidence:evidence", "Documents encrypted for their readers: file, read, let in, back up."),
    "security": ("roles:security", "The administrator: grants and takes back roles."),
    "regulator": ("roles:regulator", "The competent authority: rules, reports, allocation, compliance."),
    "registry": ("registry:registry", "Officers of the registry: applications, accounts, representatives."),
    "ca": ("ca:ca", "Certification authorities: issue, check, attest and revoke certificates; one for development."),
    "company": ("roles:company", "Account holders: report, trade, surrender."),
    "proponent": ("roles:proponent", "Project proponents: projects, monitoring, offers of credits."),
    "verifier": ("roles:verifier", "Accredited verifiers: opinions on reports."),
    "bank": ("bank:bank", "The settlement bank: deposits, withdrawals, penalties, reconciliation."),
    "service": ("roles:service", "The service manager: instruments, markets, voucher series."),
    "platform": ("platform:platform", "The operator of the trading platform: bands, fees, days; watch for stress."),
    "supervision": ("roles:supervision", "The supervisor of services: halts and resumes markets."),
    "risk": ("risk:risk", "Risk managers: scan for abuse, limit the platform under stress, accuse of misconduct."),
    "arbitrator": ("roles:arbitrator", "Arbitrators: rule on disputes and on appeals."),
    "maintainer": ("roles:maintainer", "Upgrades contracts."),
    "operator": ("roles:operator", "Rolls contracts back."),
    "requirements": (
        "roles:requirements",
        "Business requirements manager: profiles of services, releases against them.",
    ),
    "technical": ("roles:technical", "Technical requirements manager: technical schemes, releases against them."),
    "system-developer": ("roles:system_developer", "Business system developers: propose releases against profiles."),
    "service-developer": ("roles:service_developer", "Technical service developers: propose releases against schemes."),
    "supporter": ("roles:supporter", "Third-party supporters: what time, certificate, identity services supplied."),
    "authority": ("authority:authority", "Tell who held which role when, and what waits for its time."),
    "guardian": ("roles:guardian", "Guardians: stop what was scheduled."),
    "council": ("council:council", "Several parties who together hold a role: create, approve, object, execute."),
}
"""Name → where it is, and what it does; nothing is imported to list them."""

EXIT_CODES = """\b
Exit codes:
  0  done
  2  bad input or set-up, or a key without the role: nothing was sent
  3  the contracts refused, or something is not genuine
  4  the node's answer makes no sense, or it refused by itself
  5  sent, but not confirmed in time: it may still happen
  6  a deployment is not what it should be
  1  anything else
"""


class Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(f"carbon_sdk.cli.{module}"), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, without importing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


@click.group(cls=Lazy, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="carbon-sdk", prog_name="carbon")
def carbon() -> None:
    """A carbon emissions trading system on any EVM chain: deploy it, act in it, audit it."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    from carbon_sdk.errors import CarbonError

    try:
        # Out of standalone mode click answers with the exit code that a command asked for.
        answered = carbon.main(args=arguments, prog_name="carbon", standalone_mode=False)
    except CarbonError as error:
        click.echo(f"carbon: {' '.join(str(error).split())}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("carbon: stopped.", err=True)
        return 130
    except click.exceptions.Exit as asked:
        return asked.exit_code
    return answered if isinstance(answered, int) else 0
