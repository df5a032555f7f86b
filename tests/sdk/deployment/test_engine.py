"""The engine on a small plan: authority, seed, one contract behind its proxy, its permissions, the deployer gone."""

import pytest

from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import Sender
from carbon_sdk.contracts.base import artifact
from carbon_sdk.contracts.generated.authority import Authority
from carbon_sdk.contracts.generated.governed_proxy import GovernedProxy
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.seed import Seed
from carbon_sdk.contracts.generated.structs import Siblings
from carbon_sdk.deployment.checks import check_all, implementation_of
from carbon_sdk.deployment.engine import Plan, Step, carry_out, dry_run
from carbon_sdk.deployment.model import Compiler, Deployed, Deployment
from carbon_sdk.deployment.permissions import MATRIX, Role, permissions
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import (
    DeploymentError,
    DeploymentStopped,
    InputError,
    NoDeployment,
    NotPermitted,
    TransportError,
)
from carbon_sdk.identifiers import InstrumentClass, InstrumentId

GBP = InstrumentId.of(InstrumentClass.MONEY, 826, series=826)


def plan_for(admin, other):
    """`admin` shall hold the administrator's role at the end, `other` stands for the ledger's neighbours."""

    def authority(now):
        return Authority(now.chain, now.address("Authority"))

    def matrix(now):
        ledger = now.address("InstrumentLedger")
        calls = [
            authority(now).set_target_function_role(ledger, [line.selector], line.role).data
            for line in permissions(("InstrumentLedger",))
            if line.role != Role.ADMINISTRATOR
        ]
        return authority(now).multicall(calls)

    return Plan(
        "v1",
        (
            Step("Authority", lambda now: Authority.creation(now.deployer)),
            Step("Seed", lambda now: Seed.creation()),
            Step(
                "InstrumentLedger",
                lambda now: GovernedProxy.creation(
                    now.address("Seed"),
                    now.address("Authority"),
                    Seed(None, now.deployer).initialize(now.address("Authority")).data,
                ),
            ),
            Step(
                "InstrumentLedger.implementation",
                lambda now: InstrumentLedger.creation(Siblings(*[other] * 7), GBP),
            ),
            Step(
                "InstrumentLedger.upgrade",
                lambda now: InstrumentLedger(None, now.address("InstrumentLedger")).upgrade_to_and_call(
                    now.address("InstrumentLedger.implementation"),
                    InstrumentLedger(None, now.deployer).initialize(b"\1" * 32).data,
                ),
                lambda now: (
                    implementation_of(now.chain, now.address("InstrumentLedger"))
                    == now.address("InstrumentLedger.implementation")
                ),
            ),
            Step("matrix", matrix),
            Step("grant", lambda now: authority(now).grant_role(0, admin, 0)),
            Step(
                "renounce",
                lambda now: authority(now).renounce_role(0, now.deployer),
                lambda now: not authority(now).has_role(0, now.deployer).is_member,
            ),
        ),
    )


def deployment_of(chain, result, deployer):
    ledger = artifact("InstrumentLedger")
    settings = ledger.compiler
    return Deployment(
        chain_id=chain.id,
        scheme="test",
        scheme_digest="0x00",
        block=result.first_block,
        genesis=chain.block(0).hash,
        deployer=deployer,
        revision="test",
        compiler=Compiler(
            version=settings["version"],
            evm_version=settings["evmVersion"],
            optimizer_runs=settings["optimizer"]["runs"],
            via_ir=settings["viaIR"],
        ),
        contracts={
            "Authority": Deployed(
                address=result.addresses["Authority"], version="0", code_hash=artifact("Authority").code_hash
            ),
            "InstrumentLedger": Deployed(
                address=result.addresses["InstrumentLedger"],
                implementation=result.addresses["InstrumentLedger.implementation"],
                version="0",
                code_hash=ledger.code_hash,
            ),
        },
    )


@pytest.fixture
def plan(keys):
    return plan_for(keys[1].address, keys[3].address)


def test_deploy__whole_plan__checked_and_nothing_left_with_the_deployer(chain, keys, plan, tmp_path):
    told = []
    result = carry_out(plan, chain, keys[0], tmp_path / "j.json", progress=lambda *args: told.append(args))
    assert len(told) == len(plan.steps)
    deployment = deployment_of(chain, result, keys[0].address)
    assert check_all(chain, deployment, {Role.ADMINISTRATOR: [keys[1].address]}) == []

    suite = Suite(chain, Deployment.load(deployment.save(tmp_path / "d.json")))
    ledger = suite.contract(InstrumentLedger)
    assert ledger.main_money() == GBP
    uka = InstrumentId.of(InstrumentClass.ALLOWANCE, 826, 2024)
    with pytest.raises(NotPermitted):
        Sender(chain, keys[0]).do(ledger.define_instrument(uka, 0, b"\2" * 32))
    assert suite.w3.eth.chain_id == chain.id


def test_deploy__again__nothing_sent(chain, keys, plan, tmp_path):
    first = carry_out(plan, chain, keys[0], tmp_path / "j.json")
    block = chain.block_number()
    again = carry_out(plan, chain, keys[0], tmp_path / "j.json")
    assert chain.block_number() == block
    assert again.addresses == first.addresses
    assert all(step.earlier for step in again.steps)


class Dies(Exception):
    pass


@pytest.mark.parametrize("when", ["before sending", "after sending"])
@pytest.mark.parametrize("nth", range(1, 9))
def test_deploy__stopped_anywhere__second_run_continues(chain, keys, plan, tmp_path, nth, when):
    class Mortal:
        url = chain.url
        sent = 0

        def request(self, method, *parameters):
            if method.startswith("eth_sendRawTransaction"):
                self.sent += 1
                if self.sent == nth and when == "before sending":
                    raise Dies
                result = chain.endpoint.request(method, *parameters)
                if self.sent == nth:
                    raise Dies
                return result
            return chain.endpoint.request(method, *parameters)

        def batch(self, calls):
            return chain.endpoint.batch(calls)

    before = chain.block_number()
    with pytest.raises(Dies):
        carry_out(plan, Chain(Mortal()), keys[0], tmp_path / "j.json")
    result = carry_out(plan, Chain(chain.endpoint), keys[0], tmp_path / "j.json")
    assert chain.block_number() - before == len(plan.steps)
    assert (
        check_all(chain, deployment_of(chain, result, keys[0].address), {Role.ADMINISTRATOR: [keys[1].address]}) == []
    )


def test_deploy__chain_set_back__forgotten_steps_done_again(chain, clock, keys, plan, tmp_path):
    half = Plan("v1", plan.steps[:3])
    carry_out(half, chain, keys[0], tmp_path / "j.json")
    snapshot = clock.snapshot()
    carry_out(plan, chain, keys[0], tmp_path / "j.json")
    clock.revert(snapshot)
    result = carry_out(plan, chain, keys[0], tmp_path / "j.json")
    assert (
        check_all(chain, deployment_of(chain, result, keys[0].address), {Role.ADMINISTRATOR: [keys[1].address]}) == []
    )


def test_deploy__step_refused__says_which_and_why(chain, keys, plan, tmp_path):
    bad = Plan("v1", (*plan.steps, Step("too late", plan.steps[6].act)))
    with pytest.raises(DeploymentStopped, match=r"too late.*AccessManagerUnauthorizedAccount") as caught:
        carry_out(bad, chain, keys[0], tmp_path / "j.json")
    assert caught.value.step == "too late"


def test_deploy__journal_of_something_else__refused(chain, keys, plan, tmp_path):
    carry_out(Plan("v1", plan.steps[:1]), chain, keys[0], tmp_path / "j.json")
    with pytest.raises(DeploymentError, match="plan"):
        carry_out(Plan("v2", plan.steps), chain, keys[0], tmp_path / "j.json")
    with pytest.raises(DeploymentError, match="key"):
        carry_out(plan, chain, keys[1], tmp_path / "j.json")
    (tmp_path / "j.json").write_text("{}")
    with pytest.raises(DeploymentError, match="no journal"):
        carry_out(plan, chain, keys[0], tmp_path / "j.json")


def test_dry_run__says_gas__sends_nothing(chain, keys, plan, tmp_path):
    carry_out(Plan("v1", plan.steps[:3]), chain, keys[0], tmp_path / "j.json")
    block = chain.block_number()
    journal = (tmp_path / "j.json").read_text()
    result = dry_run(plan, chain, keys[0], tmp_path / "j.json")
    assert [step.earlier for step in result.steps] == [True] * 3 + [False] * 5
    assert result.gas_used > 5_000_000
    assert chain.block_number() == block
    assert (tmp_path / "j.json").read_text() == journal


def test_checks__what_is_wrong__found(chain, keys, plan, tmp_path):
    result = carry_out(Plan("v1", plan.steps[:5]), chain, keys[0], tmp_path / "j.json")
    deployment = deployment_of(chain, result, keys[0].address)
    findings = check_all(chain, deployment, {Role.ADMINISTRATOR: [keys[1].address]})
    assert any("defineInstrument is for role 0, not for service-manager" in item for item in findings)
    assert any(item.startswith("the deployer holds the role administrator") for item in findings)
    assert any("lacks the role administrator" in item for item in findings)
    wrong = deployment.model_copy(
        update={
            "contracts": {
                **deployment.contracts,
                "Authority": deployment.contracts["Authority"].model_copy(update={"code_hash": "0x12"}),
            }
        }
    )
    assert any("other code" in item for item in check_all(chain, wrong, {}))


def test_suite__wrong_chain_or_nothing_there__one_line(chain, clock, keys, plan, tmp_path):
    snapshot = clock.snapshot()
    result = carry_out(plan, chain, keys[0], tmp_path / "j.json")
    deployment = deployment_of(chain, result, keys[0].address)
    with pytest.raises(NoDeployment, match="chain 1"):
        Suite(chain, deployment.model_copy(update={"chain_id": 1}))
    with pytest.raises(NoDeployment, match="first block"):
        Suite(chain, deployment.model_copy(update={"genesis": "0x12"}))
    clock.revert(snapshot)
    with pytest.raises(NoDeployment, match="has no Authority"):
        Suite(chain, deployment)


def test_deployment_file__missing_or_damaged__one_line(tmp_path):
    with pytest.raises(NoDeployment, match="carbon deploy"):
        Deployment.load(tmp_path / "none.json")
    for text in ("", "{}", '{"chain_id": "x"}', "[]"):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InputError, match="no deployment file"):
            Deployment.load(tmp_path / "bad.json")


def test_matrix__every_line__names_a_function_that_exists():
    assert {line.contract for line in permissions()} == set(MATRIX)


def test_deploy__node_down__said_before_anything(keys, plan, tmp_path):
    with pytest.raises(TransportError):
        carry_out(plan, Chain("http://127.0.0.1:1"), keys[0], tmp_path / "j.json")
    assert not (tmp_path / "j.json").exists()
