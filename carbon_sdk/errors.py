"""Everything that this SDK raises on purpose.

    CarbonError
    ├── InputError (ValueError)        what was given cannot be meant; nothing was sent             exit code 2
    │   ├── FloatRefused (TypeError)
    │   ├── NoDeployment               the chain has no (or another) deployment
    │   └── NotLocal                   asked of a real chain what only a local one can do
    ├── Refused                        the contracts would not do it                               exit code 3
    │   ├── RuleBroken                 a custom error; one subclass each, see carbon_sdk.contracts.errors
    │   │   └── NotPermitted           … that says who may not                                     exit code 2
    │   ├── RevertedWithReason         a text
    │   ├── Panicked                   a failed assertion, overflow, bad index …
    │   ├── OutOfGas
    │   └── RevertedSilently           no data, or data that no known contract writes
    ├── SignerError                    a key cannot be read or used                                exit code 2
    ├── TransportError                 no node answered                                            exit code 2
    │   └── TransportTimeout
    ├── NodeError                      a node answered, and refused for a reason of its own        exit code 4
    │   └── NonceRefused
    ├── MalformedData                  bytes from a node are not what the ABI says                 exit code 4
    ├── NotConfirmed                   sent, but no receipt in time: it may yet happen             exit code 5
    ├── AnvilNotFound, AnvilFailed     the embedded chain                                          exit code 2
    └── DeploymentError                a deployment is not what it should be                       exit code 6
        └── DeploymentStopped          a step failed; running again continues there

A message says what happened and what to do next. `exit_code` is what the command line ends with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class CarbonError(Exception):
    """The root of the tree."""

    exit_code: ClassVar[int] = 1


class InputError(CarbonError, ValueError):
    """What was given cannot be meant. Nothing was sent."""

    exit_code = 2


class FloatRefused(InputError, TypeError):
    """A float was given as a quantity."""

    def __init__(self, name: str, value: float) -> None:
        self.name = name
        self.value = value
        super().__init__(f"{name} is the float {value!r}, which may not be exact. Give an int, a Decimal or text.")


class NoDeployment(InputError):
    """The chain does not have the deployment that was asked for."""


class NotLocal(InputError):
    """Time travel, snapshots and the like exist on a local chain only."""


class SignerError(CarbonError):
    """A key cannot be found, read or used."""

    exit_code = 2


class TransportError(CarbonError):
    """No node answered: not reachable, cut off, or not speaking JSON-RPC.

    Attributes:
        url: The endpoint, without its credentials.
    """

    exit_code = 2

    def __init__(self, url: str, what: str) -> None:
        self.url = url
        super().__init__(f"{url}: {what}. Check the address and that the node is running.")


class TransportTimeout(TransportError):
    """The node did not answer in time."""


class NodeError(CarbonError):
    """A node answered with an error that no contract caused.

    Attributes:
        code: JSON-RPC error code.
        node_message: As the node wrote it.
        data: What came with it; revert data as `0x…` text when there is any.
    """

    exit_code = 4

    def __init__(self, code: int, message: str, data: object = None, *, method: str = "") -> None:
        self.code = code
        self.node_message = message
        self.data = data
        self.method = method
        super().__init__(f"The node refused {method or 'the request'}: {message} (code {code}).")


class NonceRefused(NodeError):
    """The node has seen this account's nonce already, or not yet the one before."""


class MalformedData(CarbonError):
    """Bytes that came from a node are not what the ABI says: another contract or version answers at that address."""

    exit_code = 4


class NotConfirmed(CarbonError):
    """A transaction was handed over, but no receipt came in time. It may still happen: look for its hash.

    Attributes:
        transaction_hash: `0x…`
    """

    exit_code = 5

    def __init__(self, transaction_hash: str, waited: str) -> None:
        self.transaction_hash = transaction_hash
        super().__init__(
            f"No receipt for {transaction_hash} {waited}. It may still be mined: look for its receipt before repeating."
        )


class AnvilNotFound(CarbonError):
    """The embedded chain's program is not on this machine."""

    exit_code = 2


class AnvilFailed(CarbonError):
    """The embedded chain's program did not start, or stopped."""

    exit_code = 2


class DeploymentError(CarbonError):
    """A deployment is not what its file says or what the plan wants."""

    exit_code = 6


class DeploymentStopped(DeploymentError):
    """One step of a deployment failed. Running again continues there.

    Attributes:
        step: Key of the step.
    """

    def __init__(self, step: str, cause: BaseException) -> None:
        self.step = step
        super().__init__(f"Deployment stopped at {step}: {cause} Running again continues there.")


class Refused(CarbonError):
    """The contracts would not do it, or did not.

    Attributes:
        act: What was tried, such as `InstrumentLedger.issue(…)`; empty when unknown.
        sender: Address of the key that tried; empty when unknown.
        transaction_hash: Of the failed transaction; None when it was stopped before it was sent.
        data: The raw revert data.
    """

    exit_code = 3

    def __init__(self, message: str, *, data: bytes = b"") -> None:
        self.what = message
        self.data = data
        self.act = ""
        self.sender = ""
        self.transaction_hash: str | None = None
        super().__init__(message)

    def of(self, act: str, sender: str, transaction_hash: str | None = None) -> Refused:
        """Say which act it was; returns itself."""
        self.act, self.sender, self.transaction_hash = act, sender, transaction_hash
        return self

    def __str__(self) -> str:
        where = (
            f" [{self.act} from {self.sender}]" if self.act and self.sender else f" [{self.act}]" if self.act else ""
        )
        mined = f" (transaction {self.transaction_hash})" if self.transaction_hash else ""
        return f"{self.what}{where}{mined}"


class RuleBroken(Refused):
    """A contract's custom error. Subclasses carry its arguments as attributes.

    Attributes:
        error: The Solidity name.
        signature: Such as `InsufficientFree(address,uint256,uint256,uint256)`.
        arguments: By name, in order.
    """

    error: ClassVar[str] = ""
    signature: ClassVar[str] = ""
    selector: ClassVar[bytes] = b""
    names: ClassVar[tuple[str, ...]] = ()
    meaning: ClassVar[str] = ""
    """The interface's own sentence; arguments in backticks."""
    advice: ClassVar[str] = ""

    def __init__(self, *values: object, data: bytes = b"") -> None:
        self.arguments: Mapping[str, object] = dict(zip(self.names, values, strict=True))
        said = ", ".join(f"{name}={_shown(value)}" for name, value in self.arguments.items())
        parts = [f"{self.error}({said})"]
        if self.meaning:
            parts.append(_filled(self.meaning, self.arguments))
        if self.advice:
            parts.append(self.advice)
        head, *rest = parts
        super().__init__(f"{head}: {' '.join(rest)}" if rest else head, data=data)

    def __reduce__(self) -> tuple[type[RuleBroken], tuple[object, ...]]:
        return type(self), tuple(self.arguments.values())


class NotPermitted(RuleBroken):
    """This key may not do that."""

    exit_code = 2


class RevertedWithReason(Refused):
    """`require(condition, "text")` or `revert("text")`."""

    def __init__(self, reason: str, *, data: bytes = b"") -> None:
        self.reason = reason
        super().__init__(f"The contract refused: {reason}. Change the call accordingly.", data=data)


class Panicked(Refused):
    """The compiler's own check failed. That is a defect of a contract or of its arguments.

    Attributes:
        code: As in the Solidity documentation.
    """

    def __init__(self, code: int, *, data: bytes = b"") -> None:
        self.code = code
        super().__init__(
            f"Panic 0x{code:02x}: {_PANICS.get(code, 'an unknown panic')}. "
            "The contract should have refused with a reason; please report it with the call's arguments.",
            data=data,
        )


class OutOfGas(Refused):
    """The gas limit, or the block's, was not enough."""

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message or "Out of gas. Give a higher gas limit, or divide the act into smaller ones if the block is full."
        )


class RevertedSilently(Refused):
    """Reverted without data, or with data that no known contract writes."""

    def __init__(self, *, data: bytes = b"") -> None:
        told = f"with data 0x{data.hex()} that no known contract writes" if data else "without a reason"
        super().__init__(
            f"Reverted {told}. Check that the address has the expected contract and that its version is this SDK's.",
            data=data,
        )


_PANICS = {
    0x00: "a generic panic",
    0x01: "an assertion failed",
    0x11: "a number went over or under its range",
    0x12: "division by zero",
    0x21: "a number is no member of its enumeration",
    0x22: "a stored byte array is damaged",
    0x31: "pop of an empty array",
    0x32: "an index is beyond its array",
    0x41: "too much memory",
    0x51: "a call of an uninitialised function",
}


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def _filled(sentence: str, arguments: Mapping[str, object]) -> str:
    for name, value in arguments.items():
        sentence = sentence.replace(f"`{name}`", _shown(value))
    return sentence
