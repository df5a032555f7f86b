from __future__ import annotations

import subprocess
import sys
import time

import pytest

from carbon_sdk.cli.main import COMMANDS, carbon, run

HEAVY = ("web3", "eth_abi", "cryptography", "sqlalchemy", "pydantic", "eth_account", "rich", "coincurve")


def test_help__in_a_fresh_process__imports_nothing_heavy():
    code = (
        "import sys; from carbon_sdk.cli.main import run; code = run(['--help']);"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.split() == []
    for name in COMMANDS:
        assert f"  {name} " in done.stdout
    assert "Exit codes" in done.stdout


def test_help__in_a_fresh_process__takes_less_than_a_third_of_a_second():
    def once() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "carbon_sdk.cli", "--help"], capture_output=True, check=True)
        return time.perf_counter() - began

    assert min(once() for _ in range(5)) < 0.3  # the best of five: the machine may be busy


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help__of_every_command__is_there(name, capsys):
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: carbon {name}")
    assert "--help" in said


def every_command():
    import click

    def walk(path, command):
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                yield from walk([*path, name], command.get_command(context, name))
        else:
            yield path, command

    return list(walk([], carbon))


def test_every_command__has_help_and_json():
    found = every_command()
    assert len(found) > 100
    for path, command in found:
        options = {option for parameter in command.params for option in parameter.opts}
        assert command.help, path
        assert "--json" in options, path


def test_every_verb__of_a_role__can_be_rehearsed():
    from carbon_sdk.actors.regulator import Regulator
    from carbon_sdk.actors.verbs import verbs_of

    acts = {path[1]: command for path, command in every_command() if path[0] == "regulator"}
    for name in verbs_of(Regulator):
        options = {option for parameter in acts[name.replace("_", "-")].params for option in parameter.opts}
        assert {"--dry-run", "--rpc", "--deployment", "--keystore", "--key-env"} <= options


def test_unknown_command__is_an_error_of_the_caller(capsys):
    assert run(["nonsense"]) == 2
    assert "No such command" in capsys.readouterr().err
