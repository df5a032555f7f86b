"""A group a role; its commands are the verbs of the role's class, and what it can read of its own.

Arguments are the parameters without a default, options those with one. Nothing here knows a single verb.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import click

from carbon_sdk.actors.authority import Guardian
from carbon_sdk.actors.base import Actor, DryRun
from carbon_sdk.actors.certification_authority import CertificationAuthority
from carbon_sdk.actors.company import Company
from carbon_sdk.actors.disputes import ArbitrationOfficer
from carbon_sdk.actors.maintenance import Maintainer, Operator
from carbon_sdk.actors.market_rules import RiskOfficer
from carbon_sdk.actors.proponent import ProjectProponent
from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.actors.security_authority import SecurityAuthority
from carbon_sdk.actors.service_records import (
    RequirementsManager,
    ServiceDeveloper,
    Supporter,
    SystemDeveloper,
    TechnicalManager,
)
from carbon_sdk.actors.services import PlatformOperator, ServiceManager, ServiceRegulator
from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.actors.verbs import verbs_of
from carbon_sdk.actors.verifier import Verifier
from carbon_sdk.chain.calls import Act, Done
from carbon_sdk.cli.main import COMMANDS
from carbon_sdk.cli.options import dry_run_option, open_scheme, signer_of, with_key, with_scheme
from carbon_sdk.cli.values import convert, placeholder

_WRITING = """\b
How values are written:
  prices and money  in the main unit: 46.20
  instruments       by name (UKA21), or class/scheme/vintage/project/series
  units             UKA21=1250, several with commas
  markets, boards   by name or number
  documents         a text, 0x and its digest, or @file
  times             2022-03-31T23:59:59+01:00, or Unix seconds
  days              2021-12-31
  several           with commas; what has parts: a JSON file
"""
_OWN = ("rpc", "deployment", "as_json", "keystore", "key_env", "dry_run", "schedule", "council", "salt")
"""Parameters that are the command line's."""


def _group(name: str, kind: type[Actor]) -> click.Group:
    """All commands of one role."""
    group = click.Group(name, help=COMMANDS[name][1], epilog=_WRITING)
    for method, verb in sorted(verbs_of(kind).items()):
        group.add_command(_command(kind, method, verb._form, acts=True))
    for method, read in _reads_of(kind).items():
        group.add_command(_command(kind, method, read, acts=False))
    return group


def _reads_of(kind: type[Actor]) -> dict[str, Callable[..., Any]]:
    """What an actor can look up or sign without sending anything."""
    found: dict[str, Callable[..., Any]] = {}
    for name in dir(kind):
        value = inspect.getattr_static(kind, name)
        inherited = hasattr(Actor, name)
        if not name.startswith("_") and not inherited and inspect.isfunction(value):
            found[name] = value
    return found


def _command(kind: type[Actor], method: str, form: Callable[..., Any], *, acts: bool) -> click.Command:
    hints = get_type_hints(form)
    parameters = [one for one in inspect.signature(form).parameters.values() if one.name != "self"]

    def callback(**given: Any) -> None:
        own = {name: given.pop(name, None) for name in _OWN}
        _carry_out(kind, method, parameters, hints, given, own)

    command = dry_run_option(_by_others(callback)) if acts else callback
    command = with_scheme(with_key(command))
    for parameter in reversed(parameters):
        command = _parameter(parameter, hints[parameter.name])(command)
    help_ = inspect.getdoc(form) or ""
    return click.command(method.replace("_", "-"), help=_paragraphs(help_), short_help=help_.partition("\n")[0])(
        command
    )


def _by_others(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of an act that waits, or that several approve."""
    for option in (
        click.option("--salt", metavar="TEXT", default="", help="With --council: tells apart acts that are the same."),
        click.option(
            "--council", metavar="ADDRESS", help="Approve the act as a member of the council that is to do it."
        ),
        click.option(
            "--schedule", is_flag=True, help="Let the delay of this key's role begin; then say the same again."
        ),
    ):
        command = option(command)
    return command


def _parameter(parameter: inspect.Parameter, hint: Any) -> Callable[[Any], Any]:
    shown = placeholder(parameter.name, hint)
    if parameter.default is inspect.Parameter.empty:
        return click.argument(parameter.name, metavar=shown)
    option = f"--{parameter.name.replace('_', '-')}"
    return click.option(option, parameter.name, metavar=shown)


def _paragraphs(doc: str) -> str:
    """A docstring whose lists keep their lines."""
    return "\n\n".join(
        f"\b\n{part}" if part.startswith(("Args:", "Raises:", "Returns:")) else part for part in doc.split("\n\n")
    )


def _carry_out(
    kind: type[Actor],
    method: str,
    parameters: list[inspect.Parameter],
    hints: dict[str, Any],
    given: dict[str, Any],
    own: dict[str, Any],
) -> None:
    from carbon_sdk.cli.output import show

    signer = signer_of(own["keystore"], own["key_env"])
    with open_scheme(own["rpc"], own["deployment"]) as scheme:
        actor = scheme.actor(kind, signer)
        actor.dry_run = bool(own["dry_run"])
        values: dict[str, Any] = {}
        for parameter in parameters:
            text = given[parameter.name]
            if text is not None:
                values[parameter.name] = convert(scheme, parameter.name, hints[parameter.name], text, values)
        positional = [values.pop(one.name) for one in parameters if one.default is inspect.Parameter.empty]
        try:
            if own["council"] or own["schedule"]:
                show(_prepared(actor, getattr(actor, method).act(*positional, **values), own), own["as_json"])
                return
            show(getattr(actor, method)(*positional, **values), own["as_json"])
        except DryRun as would:
            if own["as_json"]:
                show({"act": str(would.act), "result": would.result, "gas": would.gas, "sent": "nothing"}, True)
            else:
                click.echo(str(would))


def _prepared(actor: Actor, act: Act[Any], own: dict[str, Any]) -> Done[Any]:
    """The act is not done yet: a council's member approves it, or its delay begins."""
    from carbon_sdk.actors.authority import scheduled
    from carbon_sdk.actors.council import CouncilMember, salt_of
    from carbon_sdk.errors import InputError
    from carbon_sdk.identifiers import address

    if (own["council"] and own["schedule"]) or own["dry_run"]:
        raise InputError("Give one of --schedule, --council and --dry-run.")
    if own["council"]:
        member = CouncilMember(actor.suite.chain, actor.signer, address(own["council"]))
        return member.approve(act, salt_of(own["salt"]))
    return actor.sender.do(scheduled(actor.suite, act))


security = _group("security", SecurityAuthority)
regulator = _group("regulator", Regulator)
registry = _group("registry", RegistryOperator)
ca = _group("ca", CertificationAuthority)
company = _group("company", Company)
proponent = _group("proponent", ProjectProponent)
verifier = _group("verifier", Verifier)
bank = _group("bank", SettlementBank)
service = _group("service", ServiceManager)
platform = _group("platform", PlatformOperator)
supervision = _group("supervision", ServiceRegulator)
risk = _group("risk", RiskOfficer)
arbitrator = _group("arbitrator", ArbitrationOfficer)
maintainer = _group("maintainer", Maintainer)
operator = _group("operator", Operator)
requirements = _group("requirements", RequirementsManager)
technical = _group("technical", TechnicalManager)
system_developer = _group("system-developer", SystemDeveloper)
service_developer = _group("service-developer", ServiceDeveloper)
supporter = _group("supporter", Supporter)
guardian = _group("guardian", Guardian)
