"""Whoever files, reads or keeps documents: accounts, applicants, offices; on the chain and in a vault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import orjson

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Moment, digest, moment, positive
from carbon_sdk.actors.verbs import verb
from carbon_sdk.audit.existence import certify
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.tiers import Reader, Reductions, Tier, project_subject, unit_subject
from carbon_sdk.chain.calls import Act, Event
from carbon_sdk.contracts.generated.enums import RequestState
from carbon_sdk.contracts.generated.events import AccessGranted, AccessRequested, DocumentFiled
from carbon_sdk.contracts.generated.evidence_registry import EvidenceRegistry
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.structs import AccessRequest, Document
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.evidence.keys import Keyring
from carbon_sdk.evidence.vault import NoAccess, NotAReader, Sealed, Told, Vault
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, address

NO_SUBJECT = bytes(32)


def office_of(role: Role) -> Address:
    """The party that an office is: the address of its role's number."""
    return address(int(role).to_bytes(20, "big"))


@dataclass(frozen=True, slots=True)
class EvidenceDocument:
    """A document as the chain knows it.

    Attributes:
        number: Its own.
        owner: The party that filed it.
        office: Role of the office for which it was filed; 0: none.
        subject: What it is about; zero: not said.
        versions: Commitments, the first version first.
        readers: Parties with a grant in force.
    """

    number: int
    owner: Address
    office: int
    subject: bytes
    versions: tuple[bytes, ...]
    readers: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """A request for access."""

    number: int
    document: int
    party: Address
    state: RequestState


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of checking one version of a document in a vault.

    Attributes:
        document: Its number.
        version: From 1.
        size: Of its content, bytes.
        problem: What is wrong; empty: it is what was committed to.
    """

    document: int
    version: int
    size: int
    problem: str


class EvidenceHolder(Actor):
    """A key that speaks for an account, for an office (see `as_office`), or for itself alone, as an applicant's does.

    Every verb raises NotPermitted for another party's documents.
    """

    office: Role | None = None
    """The office for which this key acts; None: it acts for its account, or for itself."""

    def as_office(self, role: Role) -> EvidenceHolder:
        """The same key, acting as a member of an office."""
        holder = EvidenceHolder(self.suite, self.signer)
        holder.office, holder.dry_run = role, self.dry_run
        return holder

    @property
    def party(self) -> Address:
        """For whom this key speaks."""
        if self.office is not None:
            return office_of(self.office)
        found = self.suite.contract(InstrumentLedger).representation_of(self.address).account
        return self.address if found == ZERO_ADDRESS else found

    # ON THE CHAIN

    @verb
    def register_encryption_key(self, public: bytes) -> Act[int]:
        """Name the key under which documents are encrypted for this party from now on; returns its version.

        Args:
            public: X25519, 32 bytes; `Keyring.new` makes one.
        """
        return self._registry.register_encryption_key(self.party, digest(public, "public"))

    @verb
    def file_document(self, commitment: bytes, office: Role | None = None, subject: bytes = NO_SUBJECT) -> Act[int]:
        """Commit to a document; returns its number. `put` encrypts and stores it too.

        Args:
            commitment: 32 bytes, see `carbon_sdk.evidence.vault`.
            office: Reads it and may let others in.
            subject: 32 bytes that say what it is about.
        """
        return self._registry.file(
            self.party, 0 if office is None else int(office), digest(subject, "subject"), digest(commitment)
        )

    @verb
    def replace_document(self, document: int, commitment: bytes) -> Act[int]:
        """Commit to the next version; returns its number. `put_version` encrypts and stores it too."""
        return self._registry.replace_document(positive(document, "document"), digest(commitment, "commitment"))

    @verb
    def grant_access(self, document: int, party: Address, until: Moment | None = None) -> Act[None]:
        """Let a party read. `grant` gives it the keys too.

        Args:
            document: Its number.
            party: An account, a key or an office.
            until: Excluded; None: until it is withdrawn.
        """
        end = 0 if until is None else moment(until, "until")
        return self._registry.grant_access(positive(document, "document"), party, end)

    @verb
    def withdraw_access(self, document: int, party: Address, cause: Digest) -> Act[None]:
        """From now on a party gets no key of this document. `withdraw` removes its keys from the vault too."""
        return self._registry.withdraw_access(positive(document, "document"), party, digest(cause, "cause"))

    @verb
    def request_access(self, document: int, purpose: Digest) -> Act[int]:
        """Ask for access; returns the request's number."""
        return self._registry.request_access(positive(document, "document"), self.party, digest(purpose, "purpose"))

    @verb
    def answer_request(self, request: int, granted: bool, reasons: Digest, until: Moment | None = None) -> Act[None]:
        """Grant or refuse a request. `answer` gives the keys too."""
        end = 0 if until is None else moment(until, "until")
        return self._registry.answer_request(positive(request, "request"), granted, end, digest(reasons, "reasons"))

    @verb
    def record_reading(self, document: int, version: int) -> Act[None]:
        """Say on the chain that this party read a version. `get` does it."""
        return self._registry.record_reading(positive(document, "document"), positive(version, "version"), self.party)

    # WITH A VAULT

    def put(
        self,
        vault: Vault,
        source: str | Path | bytes,
        *,
        office: Role | None = None,
        subject: bytes = NO_SUBJECT,
        progress: Told | None = None,
    ) -> int:
        """Encrypt a document for this party and its office, store it, commit to it; returns its number.

        Raises:
            InputError: This party or the office has no encryption key yet; nothing was stored.
        """
        readers = [self.party] if office is None else [self.party, office_of(office)]
        keys = {party: self.encryption_key(party) for party in readers}
        sealed = vault.seal(source, progress)
        for party, public in keys.items():
            vault.let_in(sealed, party, public)
        return self.file_document(sealed.commitment, office, subject).result

    def put_version(self, vault: Vault, document: int, source: str | Path | bytes, progress: Told | None = None) -> int:
        """Store the next version, with a new content key, for those who may read now; returns the version."""
        known = self.document(document)
        # Not its owner of then: an applicant's document has come to the account, and that key may act for it no more.
        owner = self.party if self.office is None else known.owner
        readers = [owner, *([address(known.office.to_bytes(20, "big"))] if known.office else []), *known.readers]
        keys = {party: self.encryption_key(party) for party in dict.fromkeys(readers) if self._count(party)}
        sealed = vault.seal(source, progress)
        for party, public in keys.items():
            vault.let_in(sealed, party, public)
        return self.replace_document(document, sealed.commitment).result

    def get(
        self,
        vault: Vault,
        ring: Keyring,
        document: int,
        target: IO[bytes],
        *,
        version: int | None = None,
        record: bool = True,
        progress: Told | None = None,
    ) -> int:
        """Read a version, checked against the chain; returns its size. That it was read is recorded first.

        Args:
            vault: Where it lies.
            ring: With a key of this party.
            document: Its number.
            target: What is written counts only when this returns.
            version: None: the latest.
            record: False sends nothing.
            progress: Told the bytes done so far.

        Raises:
            NoAccess: There is no grant, or it ended.
            NotAReader: It was not encrypted for this ring's keys.
            EvidenceAltered: What lies there is not what was committed to.
        """
        known = self.document(document)
        number = len(known.versions) if version is None else positive(version, "version")
        if number > len(known.versions):
            raise InputError(f"Document {document} has {len(known.versions)} versions, not {number}.")
        commitment = known.versions[number - 1]
        if not self._registry.may_read(document, self.party):
            raise NoAccess(f"{self.party} may not read document {document}: it has no grant, or the grant ended.")
        sealed = self._key_of(vault, known, commitment, ring)
        if record:
            self.record_reading(document, number)
        return vault.open(sealed, target, progress)

    def grant(self, vault: Vault, ring: Keyring, document: int, party: Address, until: Moment | None = None) -> None:
        """Let a party read the latest version and later ones; recorded on the chain before the key is given."""
        public = self.encryption_key(party)
        known = self.document(document)
        sealed = self._key_of(vault, known, known.versions[-1], ring)
        self.grant_access(document, party, until)
        vault.let_in(sealed, party, public)

    def withdraw(self, vault: Vault, document: int, party: Address, cause: Digest) -> int:
        """End a grant and remove the party's keys from the vault; returns how many. Later versions are closed to it."""
        self.withdraw_access(document, party, cause)
        return sum(vault.shut_out(commitment, party) for commitment in self.document(document).versions)

    def answer(
        self,
        vault: Vault,
        ring: Keyring,
        request: int,
        granted: bool,
        reasons: Digest,
        until: Moment | None = None,
    ) -> None:
        """Answer a request; where it is granted the party gets the key of the latest version."""
        asked = self._registry.request_of(positive(request, "request"))
        if asked.state is RequestState.NONE:
            raise InputError(f"There is no request {request}.")
        if granted:
            known = self.document(asked.document)
            sealed = self._key_of(vault, known, known.versions[-1], ring)
            public = self.encryption_key(asked.party)
        self.answer_request(request, granted, reasons, until)
        if granted:
            vault.let_in(sealed, asked.party, public)

    def verify(self, vault: Vault, ring: Keyring, documents: Iterable[int] | None = None) -> Iterator[Checked]:
        """Decrypt every version that this party can read and compare it with the chain; nothing is kept or recorded."""
        for number in self.numbers() if documents is None else documents:
            known = self.document(number)
            for version, commitment in enumerate(known.versions, 1):
                size, problem = 0, ""
                try:
                    size = vault.open(self._key_of(vault, known, commitment, ring), _Nowhere())  # type: ignore[arg-type]
                except CarbonError as error:
                    problem = str(error)
                yield Checked(number, version, size, problem)

    def tidy(self, vault: Vault) -> int:
        """Remove the keys of all who may not read now, as after a restore or when grants end; returns how many."""
        gone = 0
        for number in range(1, self._registry.document_count() + 1):
            for commitment in self.document(number).versions:
                for party in vault.readers(commitment):
                    if not self._registry.may_read(number, party):
                        gone += vault.shut_out(commitment, party)
        return gone

    # PROOFS FOR NAMED PARTIES

    def prove_unit(
        self,
        vault: Vault,
        ring: Keyring,
        histories: Histories,
        instrument: int,
        serial: int,
        party: Address,
        until: Moment,
    ) -> int:
        """Give a party, until a time, the proof of a unit's origin; returns the document's number.

        The certificate of existence (`carbon_sdk.audit.existence`) is filed encrypted, under the unit's subject.

        Args:
            vault: Takes it.
            ring: With a key of this party.
            histories: Caught up.
            instrument: Of the unit.
            serial: Of the unit.
            party: Who is to have it; with an encryption key.
            until: Excluded.

        Raises:
            InputError: This party does not hold the unit, or the other has no encryption key.
        """
        holder = histories.life(instrument, serial)[-1].movement.holder
        if holder != self.party:
            raise InputError(
                f"Unit {serial} of {instrument} is {holder}'s, not {self.party}'s: only its holder grants."
            )
        ledger = self.suite.deployment.address_of("InstrumentLedger")
        content = certify(self.suite.chain.endpoint, histories, ledger, instrument, serial)
        return self._prove(vault, ring, content, unit_subject(instrument, serial), party, until)

    def prove_reductions(
        self, vault: Vault, ring: Keyring, reductions: Reductions, party: Address, until: Moment
    ) -> int:
        """Give a party, until a time, what was verified of an own project; arguments as of `prove_unit`.

        Args:
            vault: Takes it.
            ring: With a key of this party.
            reductions: As `TieredReader.reductions` tells them.
            party: Who is to have it.
            until: Excluded.
        """
        if reductions.proponent != self.party:
            raise InputError(f"Project {reductions.project} is {reductions.proponent}'s: only its proponent grants.")
        said = {"format": "carbon-reductions/1", "chain": self.suite.chain.id, **asdict(reductions)}
        content = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        return self._prove(vault, ring, content, project_subject(reductions.project), party, until)

    def _prove(self, vault: Vault, ring: Keyring, content: bytes, subject: bytes, party: Address, until: Moment) -> int:
        self.encryption_key(party)
        document = self.put(vault, content, subject=subject)
        self.grant(vault, ring, document, party, until)
        return document

    def reader(self, tier: Tier = Tier.OWN_DATA) -> Reader:
        """Whom the read side takes this key for: its account, and what was granted to it until now.

        Args:
            tier: That this key was given. Whoever serves readers decides it, not the reader.
        """
        numbers = self.numbers()
        at = self._registry.address
        found = self.suite.chain.read_many([EvidenceRegistry.DOCUMENT_OF.on(at, number) for number in numbers])
        grants = frozenset((one.subject, one.owner) for one in found if one.subject != NO_SUBJECT)
        return Reader(tier, frozenset({self.party}), grants)

    # WHAT THERE IS

    def encryption_key(self, party: Address) -> bytes:
        """The key under which documents are encrypted for a party now. Raises InputError where it has none."""
        count = self._count(party)
        if not count:
            raise InputError(f"{party} has no encryption key. It registers one first.")
        return self._registry.encryption_key_of(party, count).public_key

    def document(self, number: int) -> EvidenceDocument:
        """One document. Raises UnknownDocument."""
        found: Document = self._registry.document_of(positive(number, "number"))
        views = [EvidenceRegistry.VERSION_OF.on(self._registry.address, number, i + 1) for i in range(found.versions)]
        versions = tuple(one.commitment for one in self.suite.chain.read_many(views))
        granted = {
            event.party
            for event in self._events(AccessGranted.TOPIC, f"0x{number:064x}")
            if isinstance(event, AccessGranted)
        }
        readers = tuple(sorted(party for party in granted if self._registry.may_read(number, party)))
        return EvidenceDocument(number, found.owner, found.office, found.subject, versions, readers)

    def numbers(self, subject: bytes | None = None) -> list[int]:
        """Numbers of the documents that this party may read, or of those on a subject."""
        about = None if subject is None else f"0x{subject.hex()}"
        filed = [
            event.document
            for event in self._events(DocumentFiled.TOPIC, None, None, about)
            if isinstance(event, DocumentFiled)
        ]
        at, party = self._registry.address, self.party
        may = self.suite.chain.read_many([EvidenceRegistry.MAY_READ.on(at, number, party) for number in filed])
        return [number for number, yes in zip(filed, may, strict=True) if yes]

    def requests(self, *, open_only: bool = True) -> list[EvidenceRequest]:
        """Requests by this party, and those that it may answer."""
        found = []
        for event in self._events(AccessRequested.TOPIC):
            if not isinstance(event, AccessRequested):
                continue
            asked: AccessRequest = self._registry.request_of(event.request)
            about = self._registry.document_of(asked.document)
            mine = self.party in (asked.party, about.owner, address(int(about.office).to_bytes(20, "big")))
            if mine and (asked.state is RequestState.OPEN or not open_only):
                found.append(EvidenceRequest(event.request, asked.document, asked.party, asked.state))
        return found

    def _key_of(self, vault: Vault, known: EvidenceDocument, commitment: bytes, ring: Keyring) -> Sealed:
        """This party's key to a version: what an applicant filed is for its own key, later versions for its account."""
        try:
            return vault.key_of(commitment, self.party, ring)
        except NotAReader:
            if known.owner != self.address:
                raise
            return vault.key_of(commitment, known.owner, ring)

    def _count(self, party: Address) -> int:
        return self._registry.encryption_key_count(party)

    def _events(self, *topics: str | None) -> Iterator[Event]:
        found = self.suite.chain.events(
            self.suite.deployment.block, addresses=[self._registry.address], topics=list(topics)
        )
        return (one.event for one in found)

    @property
    def _registry(self) -> EvidenceRegistry:
        return self.suite.contract(EvidenceRegistry)


class _Nowhere:
    """Takes bytes and keeps none."""

    def write(self, data: bytes) -> int:
        return len(data)
