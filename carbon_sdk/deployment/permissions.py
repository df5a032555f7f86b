"""The permission matrix: contract × function → role. Deploying applies it, a test proves it, it is printed as it is.

A function that does not stand here and is `restricted` is the administrator's. Participants' functions are not
`restricted`: they are checked against the registration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import NamedTuple

from carbon_sdk.chain.abi import signature
from carbon_sdk.contracts.base import artifact, contract_class
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import keccak


class Role(IntEnum):
    """Numbers of the roles in the authority, as in `contracts/types/Roles.sol`."""

    ADMINISTRATOR = 0
    UPGRADER = 1
    ROLLBACK = 2
    REGULATOR = 3
    REGIONAL_AUTHORITY = 4
    REGISTRY_OPERATOR = 5
    PLATFORM_OPERATOR = 6
    SETTLEMENT_BANK = 7
    SERVICE_MANAGER = 8
    SERVICE_REGULATOR = 9
    RISK_MANAGER = 10
    ARBITRATOR = 11
    REQUIREMENTS_MANAGER = 12
    TECHNICAL_MANAGER = 13
    SYSTEM_DEVELOPER = 14
    SERVICE_DEVELOPER = 15
    SUPPORTER = 16

    @property
    def label(self) -> str:
        """As people write it: `settlement-bank`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def parse(cls, text: str) -> Role:
        """A role from its name in either spelling. Raises InputError."""
        name = text.strip().upper().replace("-", "_").replace(" ", "_")
        if name not in cls.__members__:
            raise InputError(f"{text!r} is no role. Roles are {', '.join(role.label for role in cls)}.")
        return cls[name]


GOVERNED: Mapping[str, Role] = {"upgradeToAndCall": Role.UPGRADER, "rollback": Role.ROLLBACK}
"""What every contract behind a proxy has."""

MATRIX: Mapping[str, Mapping[str, Role]] = {
    "RuleBook": {"publish": Role.REGULATOR},
    "ServiceRecords": {
        "publishProfile": Role.REQUIREMENTS_MANAGER,
        "publishTechnicalScheme": Role.TECHNICAL_MANAGER,
        "setServiceRules": Role.SERVICE_REGULATOR,
        "proposeSystemRelease": Role.SYSTEM_DEVELOPER,
        "proposeServiceRelease": Role.SERVICE_DEVELOPER,
        "decideSystemRelease": Role.REQUIREMENTS_MANAGER,
        "decideServiceRelease": Role.TECHNICAL_MANAGER,
        "recordSupply": Role.SUPPORTER,
    },
    "StakeholderRegistry": {
        "returnForCorrection": Role.REGISTRY_OPERATOR,
        "refuse": Role.REGISTRY_OPERATOR,
        "approve": Role.REGISTRY_OPERATOR,
        "addRepresentative": Role.REGISTRY_OPERATOR,
        "setRights": Role.REGISTRY_OPERATOR,
        "removeRepresentative": Role.REGISTRY_OPERATOR,
        "rotateKey": Role.REGISTRY_OPERATOR,
        "confirmRotationAsOfficer": Role.REGISTRY_OPERATOR,
        "setPrincipal": Role.REGISTRY_OPERATOR,
        "amendRecord": Role.REGISTRY_OPERATOR,
        "setOwner": Role.REGISTRY_OPERATOR,
        "announceClosing": Role.REGISTRY_OPERATOR,
        "close": Role.REGISTRY_OPERATOR,
        "setAccountRules": Role.ADMINISTRATOR,
        "suspend": Role.REGULATOR,
        "reinstate": Role.REGULATOR,
        "setRestrictions": Role.REGULATOR,
        "setCapabilities": Role.REGULATOR,
        "assignRegion": Role.REGULATOR,
    },
    "CertificateRegistry": {
        "accredit": Role.REGULATOR,
        "withdrawAccreditation": Role.REGULATOR,
        "revokeAsRegulator": Role.REGULATOR,
    },
    "CreditRecord": {
        "setKind": Role.REGULATOR,
        "setTiers": Role.REGULATOR,
        "appointReporter": Role.ADMINISTRATOR,
        "accuse": Role.RISK_MANAGER,
        "withdrawAccusation": Role.RISK_MANAGER,
        "confirmAccusation": Role.SERVICE_REGULATOR,
        "dismissAccusation": Role.SERVICE_REGULATOR,
        "decideAppeal": Role.REGULATOR,
    },
    "InstrumentLedger": {
        "defineInstrument": Role.SERVICE_MANAGER,
        "setState": Role.SERVICE_MANAGER,
        "appointBinder": Role.ADMINISTRATOR,
        "appointCreditIssuer": Role.ADMINISTRATOR,
    },
    "TransferRules": {
        "publishRules": Role.REGULATOR,
        "assignRules": Role.REGULATOR,
        "setCalendar": Role.REGULATOR,
        "setHolidays": Role.REGULATOR,
        "setTrustRules": Role.REGULATOR,
        "cancelFor": Role.REGULATOR,
        "reverse": Role.REGULATOR,
        "setOptIn": Role.REGULATOR,
    },
    "CreditProjects": {
        "accreditBody": Role.REGULATOR,
        "dismissBody": Role.REGULATOR,
        "register": Role.REGISTRY_OPERATOR,
        "refuse": Role.REGISTRY_OPERATOR,
        "renew": Role.REGISTRY_OPERATOR,
        "close": Role.REGISTRY_OPERATOR,
        "refuseMonitoring": Role.REGISTRY_OPERATOR,
        "issue": Role.REGISTRY_OPERATOR,
        "nameBufferAccount": Role.REGULATOR,
        "recordReversal": Role.REGULATOR,
        "cancelBuffer": Role.REGULATOR,
        "releaseBuffer": Role.REGISTRY_OPERATOR,
        "setLabels": Role.REGULATOR,
        "setRequiredLabels": Role.REGULATOR,
    },
    "CreditOffers": {"removeOffer": Role.REGULATOR, "removePurchase": Role.REGULATOR},
    "OriginRegister": {
        "acceptRegistry": Role.REGULATOR,
        "enterProject": Role.REGISTRY_OPERATOR,
        "bringIn": Role.REGISTRY_OPERATOR,
        "acceptExport": Role.REGISTRY_OPERATOR,
        "confirmExport": Role.REGISTRY_OPERATOR,
        "rejectExport": Role.REGISTRY_OPERATOR,
    },
    "AuthorityDesk": {
        "freeze": Role.REGULATOR,
        "forceTransfer": Role.REGULATOR,
        "reverse": Role.REGULATOR,
        "releaseBound": Role.REGULATOR,
        "confirm": Role.REGULATOR,
        "withdraw": Role.REGULATOR,
        "setSecondOfficerRules": Role.ADMINISTRATOR,
    },
    "PledgeBook": {"setLeastNotice": Role.REGULATOR},
    "CashDesk": {
        "recordDeposit": Role.SETTLEMENT_BANK,
        "acceptWithdrawal": Role.SETTLEMENT_BANK,
        "confirmWithdrawal": Role.SETTLEMENT_BANK,
        "recordDepositOf": Role.SETTLEMENT_BANK,
        "rejectWithdrawal": Role.SETTLEMENT_BANK,
        "setPayoutDelay": Role.REGULATOR,
        "backWithToken": Role.REGULATOR,
        "setHold": Role.REGULATOR,
        "refuseWithdrawal": Role.REGULATOR,
        "setStopped": Role.SERVICE_REGULATOR,
    },
    "Banking": {
        "setRule": Role.REGULATOR,
        "moveWindow": Role.REGULATOR,
        "recordFigures": Role.REGULATOR,
        "convertFor": Role.REGULATOR,
    },
    "MarketRules": {
        "defineCalendar": Role.SERVICE_REGULATOR,
        "setDays": Role.PLATFORM_OPERATOR,
        "assignCalendar": Role.SERVICE_REGULATOR,
        "downgrade": Role.RISK_MANAGER,
        "restore": Role.SERVICE_REGULATOR,
        "setStressRules": Role.SERVICE_REGULATOR,
        "setPositionTerms": Role.RISK_MANAGER,
    },
    "OrderBook": {
        "openMarket": Role.SERVICE_MANAGER,
        "setMarketState": Role.SERVICE_REGULATOR,
        "setBand": Role.PLATFORM_OPERATOR,
        "setLimits": Role.RISK_MANAGER,
        "setConduct": Role.SERVICE_REGULATOR,
        "collectFees": Role.PLATFORM_OPERATOR,
    },
    "QuoteBoard": {
        "openBoard": Role.SERVICE_MANAGER,
        "setBoardState": Role.SERVICE_REGULATOR,
        "setBoardBand": Role.PLATFORM_OPERATOR,
        "setFeeAccount": Role.PLATFORM_OPERATOR,
        "takeDown": Role.REGULATOR,
    },
    "BlockTrades": {
        "openBlockMarket": Role.SERVICE_MANAGER,
        "setBlockMarketState": Role.SERVICE_REGULATOR,
        "setReference": Role.PLATFORM_OPERATOR,
        "setHours": Role.PLATFORM_OPERATOR,
        "setFeeAccount": Role.PLATFORM_OPERATOR,
        "annul": Role.REGULATOR,
    },
    "SealedAuction": {"excuse": Role.REGULATOR, "cancel": Role.REGULATOR},
    "TradeConfirmations": {
        "registerConfirmationKey": Role.PLATFORM_OPERATOR,
        "revokeConfirmationKey": Role.PLATFORM_OPERATOR,
    },
    "Methodologies": {"register": Role.REGULATOR, "close": Role.REGULATOR},
    "Verifications": {
        "accreditVerifier": Role.REGULATOR,
        "withdrawAccreditation": Role.REGULATOR,
        "setMateriality": Role.REGULATOR,
    },
    "EmissionReports": {
        "registerInstallation": Role.REGULATOR,
        "setYears": Role.REGULATOR,
        "approvePlan": Role.REGULATOR,
        "returnPlan": Role.REGULATOR,
        "setDeadline": Role.REGULATOR,
        "accept": Role.REGULATOR,
        "determine": Role.REGULATOR,
        "reopen": Role.REGULATOR,
    },
    "Allocator": {
        "setCap": Role.REGULATOR,
        "registerBaseline": Role.REGULATOR,
        "computeBaseline": Role.REGULATOR,
        "determine": Role.REGULATOR,
        "approve": Role.REGULATOR,
        "reject": Role.REGULATOR,
        "issueForAuction": Role.REGULATOR,
    },
    "Obligations": {
        "openYear": Role.REGULATOR,
        "setRules": Role.REGULATOR,
        "enrol": Role.REGULATOR,
        "setFirstYear": Role.REGULATOR,
        "setLastYear": Role.REGULATOR,
        "exclude": Role.REGULATOR,
        "include": Role.REGULATOR,
        "recordPenaltyPaid": Role.SETTLEMENT_BANK,
    },
    "ComplianceDesk": {
        "setUtcOffset": Role.SERVICE_MANAGER,
        "setSecondRepresentativeFrom": Role.REGULATOR,
        "approveSurrender": Role.REGULATOR,
        "approveSurrenders": Role.REGULATOR,
        "rejectSurrender": Role.REGULATOR,
        "rejectSurrenders": Role.REGULATOR,
        "reverseSurrender": Role.REGULATOR,
        "setReversalWindow": Role.REGULATOR,
    },
    "VoucherBook": {"registerSeries": Role.SERVICE_MANAGER, "setCodingRules": Role.REGULATOR},
    "DisputeDesk": {
        "rule": Role.ARBITRATOR,
        "decideAppeal": Role.ARBITRATOR,
        "submitForAuthority": Role.REGULATOR,
        "appealForAuthority": Role.REGULATOR,
        "setTerms": Role.REGULATOR,
    },
}
"""By contract and function; what `GOVERNED` says of every contract is not repeated."""


def role_of(contract: str, function: str) -> Role | None:
    """The role that a function takes; None where it is checked against a registration, or not at all."""
    if contract == "Authority":
        return Role.ADMINISTRATOR
    return {**MATRIX.get(contract, {}), **GOVERNED}.get(function)


class Permission(NamedTuple):
    """One line of the matrix."""

    contract: str
    function: str
    selector: bytes
    role: Role


def permissions(contracts: Iterator[str] | tuple[str, ...] | None = None) -> list[Permission]:
    """The whole matrix with selectors, for all contracts in it or for those named.

    Raises:
        InputError: The matrix names a function that its contract does not have.
    """
    lines: list[Permission] = []
    for name in MATRIX if contracts is None else contracts:
        for function, role in {**MATRIX.get(name, {}), **GOVERNED}.items():
            selectors = _selectors(name, function)
            lines += [Permission(name, function, selector, role) for selector in selectors]
    return lines


def _selectors(contract: str, function: str) -> list[bytes]:
    if function == "rollback":
        return [keccak(b"rollback()")[:4]]
    contract_class(contract)
    found = [
        keccak(signature(item).encode())[:4]
        for item in artifact(contract).abi
        if item["type"] == "function" and item["name"] == function
    ]
    if not found:
        raise InputError(f"The permission matrix names {contract}.{function}, which does not exist.")
    return found
