"""Who says what services must do and how they are built, who develops them, who supplies time and identity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Moment, digest, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act, Event, Logged
from carbon_sdk.contracts.generated.enums import Kind as DocumentKind
from carbon_sdk.contracts.generated.enums import ReleaseStatus, Supply
from carbon_sdk.contracts.generated.events import DocumentPublished, ReleaseProposed, SupplyRecorded
from carbon_sdk.contracts.generated.service_records import ServiceRecords
from carbon_sdk.contracts.generated.structs import Release, ServiceDocument, Supplied
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import keccak


@dataclass(frozen=True, slots=True)
class Publication:
    """One version of a document of a service.

    Attributes:
        version: 1, 2, 3 …
        document: Digest, author, times.
        uri: Where it is to be had.
    """

    version: int
    document: ServiceDocument
    uri: str


class ServiceReader:
    """What is recorded of services; anyone reads it.

    Args:
        suite: Where.
    """

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._records = suite.contract(ServiceRecords)

    def documents(self, service: str, kind: DocumentKind) -> tuple[Publication, ...]:
        """Every version of a service's profile, technical scheme or rules, in order."""
        topics = [DocumentPublished.TOPIC, f"0x{_service(service).hex()}", f"0x{int(kind):064x}"]
        found = (item.event for item in self._events(topics))
        return tuple(
            Publication(
                event.version,
                ServiceDocument(event.digest, event.author, event.published_at, event.effective_from),
                event.uri,
            )
            for event in found
            if isinstance(event, DocumentPublished)
        )

    def in_force(self, service: str, kind: DocumentKind, at: Moment | None = None) -> int:
        """Version that was in force at a time; None: now. Raises RuleBroken where none was."""
        time = self._suite.chain.block("latest").timestamp if at is None else moment(at, "at")
        return self._records.document_in_force(_service(service), kind, time).version

    def releases(self, status: ReleaseStatus | None = None) -> tuple[tuple[int, Release], ...]:
        """Releases with their numbers, all or those of a status."""
        every = ((number, self._records.release_of(number)) for number in range(1, self._records.release_count() + 1))
        return tuple(item for item in every if status is None or item[1].status is status)

    def supplies(self, supply: Supply | None = None) -> tuple[SupplyRecorded, ...]:
        """What third parties said that they supplied, in order; of one kind, or of all."""
        topics = [SupplyRecorded.TOPIC, None, None, None if supply is None else f"0x{int(supply):064x}"]
        found = (item.event for item in self._events(topics))
        return tuple(event for event in found if isinstance(event, SupplyRecorded))

    def is_genuine(self, record: int, content: bytes) -> bool:
        """Whether a record's bytes are those whose digest the supporter entered."""
        said: Supplied = self._records.supply_of(positive(record, "record"))
        return said.digest == sha256(content).digest()

    def proposed(self, release: int) -> str:
        """Where a release is to be had. Raises InputError for a number that none has."""
        topics = [ReleaseProposed.TOPIC, f"0x{positive(release, 'release'):064x}"]
        for item in self._events(topics):
            if isinstance(item.event, ReleaseProposed):
                return item.event.uri
        raise InputError(f"There is no release {release}.")

    def _events(self, topics: Sequence[str | None]) -> Iterator[Logged[Event]]:
        return self._suite.chain.events(self._suite.deployment.block, "latest", [self._records.address], topics)


class _Of(Actor):
    """Somebody who writes into the records of services."""

    def service(self) -> ServiceReader:
        """What is recorded of services."""
        return ServiceReader(self.suite)

    @property
    def _services(self) -> ServiceRecords:
        return self.suite.contract(ServiceRecords)


class RequirementsManager(_Of):
    """The business requirements manager: says what services must do. Every verb raises NotPermitted for another key."""

    @verb
    def publish_profile(self, service: str, document: Digest, uri: str, effective_from: Moment = 0) -> Act[int]:
        """Publish the next requirement profile of a service; returns its version.

        Args:
            service: Its name, such as `order-book`.
            document: The profile, or its SHA-256 digest.
            uri: Where it is to be had.
            effective_from: Not in the past; 0: at once.
        """
        return self._services.publish_profile(*_document(service, document, effective_from), uri)

    @verb
    def decide_release(self, release: int, accept: bool, reasons: Digest) -> Act[None]:
        """Accept or refuse a release that was proposed against a profile, and is not one's own.

        Raises:
            RuleBroken: A newer profile was published since; or it is decided.
        """
        return self._services.decide_system_release(positive(release, "release"), accept, digest(reasons, "reasons"))


class TechnicalManager(_Of):
    """The technical requirements manager: says how services are built. Every verb raises NotPermitted for others."""

    @verb
    def publish_technical_scheme(
        self, service: str, document: Digest, uri: str, effective_from: Moment = 0
    ) -> Act[int]:
        """Publish the next technical scheme of a service; returns its version. Arguments as of a profile."""
        return self._services.publish_technical_scheme(*_document(service, document, effective_from), uri)

    @verb
    def decide_release(self, release: int, accept: bool, reasons: Digest) -> Act[None]:
        """Accept or refuse a release that was proposed against a technical scheme, and is not one's own."""
        return self._services.decide_service_release(positive(release, "release"), accept, digest(reasons, "reasons"))


class SystemDeveloper(_Of):
    """A business system developer: proposes releases against requirement profiles."""

    @verb
    def propose_release(self, service: str, release: Digest, uri: str, basis: int | None = None) -> Act[int]:
        """Propose a release; returns its number.

        Args:
            service: Its name.
            release: What is released, or its SHA-256 digest.
            uri: Where it is to be had.
            basis: Version of the requirement profile that it fulfils; None: the last.

        Raises:
            RuleBroken: A newer version was published.
        """
        last = self._services.document_count(_service(service), DocumentKind.REQUIREMENT_PROFILE)
        return self._services.propose_system_release(
            _service(service), last if basis is None else whole(basis, "basis"), digest(release, "release"), uri
        )

    @verb
    def withdraw_release(self, release: int) -> Act[None]:
        """Take an undecided release of one's own back."""
        return self._services.withdraw_release(positive(release, "release"))


class ServiceDeveloper(_Of):
    """A technical service developer: proposes releases against technical schemes."""

    @verb
    def propose_release(self, service: str, release: Digest, uri: str, basis: int | None = None) -> Act[int]:
        """Propose a release against the technical scheme; returns its number. Arguments as of a system developer."""
        last = self._services.document_count(_service(service), DocumentKind.TECHNICAL_SCHEME)
        return self._services.propose_service_release(
            _service(service), last if basis is None else whole(basis, "basis"), digest(release, "release"), uri
        )

    @verb
    def withdraw_release(self, release: int) -> Act[None]:
        """Take an undecided release of one's own back."""
        return self._services.withdraw_release(positive(release, "release"))


class Supporter(_Of):
    """A third-party supporter of time, certificate or identity services."""

    @verb
    def record_supply(
        self, supply: Supply, since: Moment, until: Moment, record: Digest, uri: str, *, corrects: int = 0
    ) -> Act[int]:
        """State what was supplied in a span of time; returns the entry's number.

        Args:
            supply: TIME, CERTIFICATES or IDENTITY.
            since: Beginning of the span.
            until: Its end, not in the future.
            record: The record, or its SHA-256 digest: measured offsets, serial numbers, answers.
            uri: Where it is to be had.
            corrects: Number of an own entry that this one corrects; 0: none.
        """
        return self._services.record_supply(
            supply,
            moment(since, "since"),
            moment(until, "until"),
            digest(record, "record"),
            whole(corrects, "corrects"),
            uri,
        )


def service_id(name: str) -> bytes:
    """By what a service is known on the chain: Keccak-256 of its name. Raises InputError for no name."""
    if not name.strip():
        raise InputError("A service needs a name.")
    return keccak(name.encode())


_service = service_id


def _document(service: str, document: Digest, effective_from: Moment) -> tuple[bytes, bytes, int]:
    return _service(service), digest(document, "document"), moment(effective_from, "effective_from")
