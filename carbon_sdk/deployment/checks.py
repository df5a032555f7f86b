"""Whether a deployment is what its file says and what the permission matrix wants. Every check yields its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from carbon_sdk.chain.abi import signature
from carbon_sdk.chain.chain import Chain
from carbon_sdk.contracts.base import artifact
from carbon_sdk.contracts.generated.authority import Authority
from carbon_sdk.contracts.generated.events import RoleGrantedOfAuthority as RoleGranted
from carbon_sdk.contracts.generated.events import RoleRevokedOfAuthority as RoleRevoked
from carbon_sdk.deployment.model import Deployment
from carbon_sdk.deployment.permissions import Role, permissions
from carbon_sdk.identifiers import Address, checksummed, keccak

IMPLEMENTATION_SLOT = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
"""ERC-1967: where a proxy keeps the address of its implementation."""

HALVES = {"OrderBook": "MarketOperations", "MarketOperations": "MarketAuctions", "SealedAuction": "AuctionClearing"}
"""A contract that delegates what it does not do itself, and the code to which it does."""

Members = Mapping[Role, Iterable[Address]]


def implementation_of(chain: Chain, proxy: Address) -> Address:
    """What a proxy runs."""
    return checksummed(chain.storage(proxy, IMPLEMENTATION_SLOT)[12:].hex())


def check_contracts(chain: Chain, deployment: Deployment) -> Iterator[str]:
    """Each proxy's implementation and authority, and the code of everything."""
    authority = deployment.address_of("Authority")
    born = artifact("GovernedProxy")
    for name, item in deployment.contracts.items():
        proxy = Address(item.address)
        running = proxy
        if item.implementation:
            running = implementation_of(chain, proxy)
            if running != item.implementation:
                yield f"{name} at {proxy} runs {running}, not {item.implementation}"
            code = chain.code(proxy)
            if born.hash_of(code) != born.code_hash:
                yield f"{name} at {proxy} is not this suite's proxy"
            elif any(code[start + 12 : start + 32].hex() != authority[2:].lower() for start, _ in born.immutables):
                yield f"{name}'s proxy at {proxy} has another authority for its way back than {authority}"
            found = checksummed(chain.call(proxy, keccak(b"authority()")[:4])[12:].hex())
            if found != authority:
                yield f"{name} at {proxy} obeys {found}, not the authority {authority}"
        code = chain.code(running)
        if artifact(name).hash_of(code) != item.code_hash:
            yield f"{name} at {running} has other code than the deployment file says"
        elif name in HALVES:
            other = deployment.address_of(HALVES[name])[2:].lower()
            if all(code[start + 12 : start + 32].hex() != other for start, _ in artifact(name).immutables):
                yield f"{name} at {running} delegates to other code than {HALVES[name]} at 0x{other}"


def check_matrix(chain: Chain, deployment: Deployment) -> Iterator[str]:
    """The role of every function that changes something, as the authority has it."""
    authority = Authority(chain, deployment.address_of("Authority"))
    behind_proxies = tuple(name for name, item in deployment.contracts.items() if item.implementation)
    wanted = {(line.contract, line.selector): line.role for line in permissions(behind_proxies)}
    lines: list[tuple[str, str, bytes]] = []
    for name in behind_proxies:
        for item in artifact(name).abi:
            if item["type"] == "function" and item["stateMutability"] not in ("view", "pure"):
                lines.append((name, item["name"], keccak(signature(item).encode())[:4]))  # noqa: PERF401 -- three levels
        lines.append((name, "rollback", keccak(b"rollback()")[:4]))
    views = [
        Authority.GET_TARGET_FUNCTION_ROLE.on(authority.address, deployment.address_of(name), selector)
        for name, _, selector in lines
    ]
    for (name, function, selector), role in zip(lines, chain.read_many(views), strict=True):
        expected = wanted.get((name, selector), Role.ADMINISTRATOR)
        if role != expected:
            yield f"{name}.{function} is for role {role}, not for {expected.label}"


def members_of(chain: Chain, deployment: Deployment) -> dict[int, set[Address]]:
    """Who holds which role, from the authority's events."""
    members: dict[int, set[Address]] = {}
    topics = [[RoleGranted.TOPIC, RoleRevoked.TOPIC]]
    for item in chain.events(deployment.block, "latest", [deployment.address_of("Authority")], topics):
        if isinstance(item.event, RoleGranted):
            members.setdefault(item.event.role_id, set()).add(item.event.account)
        elif isinstance(item.event, RoleRevoked):
            members.get(item.event.role_id, set()).discard(item.event.account)
    return members


def check_roles(chain: Chain, deployment: Deployment, wanted: Members) -> Iterator[str]:
    """That exactly those hold each role whom the roles file names, and the deployer none that it does not name."""
    found = members_of(chain, deployment)
    for role in Role:
        expected, held = set(wanted.get(role, ())), found.pop(role, set())
        for account in sorted(held - expected):
            who = "the deployer" if account == deployment.deployer else account
            yield f"{who} holds the role {role.label}, which the roles file does not give"
        for account in sorted(expected - held):
            yield f"{account} lacks the role {role.label}, which the roles file gives"
    for number, held in sorted(found.items()):
        for account in sorted(held):
            yield f"{account} holds role {number}, which this suite does not know"


def check_all(chain: Chain, deployment: Deployment, wanted: Members) -> list[str]:
    """All findings; none means that the deployment is as it should be."""
    return [
        *check_contracts(chain, deployment),
        *check_matrix(chain, deployment),
        *check_roles(chain, deployment, wanted),
    ]
