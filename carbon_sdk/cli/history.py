"""What commands share that ask the event store: its options, bringing it up to date, names of instruments."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from carbon_sdk.cli.options import deployment_option, json_option, open_scheme, rpc_option
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.audit.histories import Histories
    from carbon_sdk.audit.store import Store
    from carbon_sdk.deployment.model import Deployment
    from carbon_sdk.identifiers import Address, InstrumentId
    from carbon_sdk.scheme import Scheme

F = TypeVar("F", bound=Callable[..., Any])

store_option = click.option(
    "--store", metavar="FILE", default="audit.sqlite", show_default=True, help="Where the events are kept."
)
sync_option = click.option("--sync", is_flag=True, help="Read what is new from the node first.")


def with_store(command: F) -> F:
    """Add the options that name a store, and the node that it is read from."""
    return store_option(sync_option(rpc_option(deployment_option(json_option(command)))))


class Opened:
    """A store that has caught up, and the names that instruments have."""

    def __init__(self, histories: Histories, find: Callable[[], Deployment | None]) -> None:
        self.histories = histories
        self._find = find

    @cached_property
    def _names(self) -> Mapping[str, int]:
        """Looked up only when one is asked for: reading a deployment file takes time."""
        found = self._find()
        return found.instruments if found else {}

    def instrument(self, text: str) -> InstrumentId:
        """An instrument by its name, readable form or number. Raises InputError."""
        from carbon_sdk.identifiers import InstrumentId

        if "/" in text or text[:1].isdigit():
            return InstrumentId.parse(text)
        if text not in self._names:
            known = ", ".join(self._names)
            more = f"Instruments are {known}." if known else "Name the deployment file with --deployment."
            raise InputError(f"{text!r} is no instrument. {more}")
        return InstrumentId(self._names[text])

    def contracts(self) -> dict[Address, str]:
        """Contract's name by its address. Raises InputError where there is no deployment file."""
        from carbon_sdk.audit.suite import contracts_of

        found = self._find()
        if found is None:
            raise InputError("There is no deployment file for this store. Name it with --deployment.")
        return contracts_of(found)

    def markets(self) -> dict[str, int]:
        """The order book's markets by name; none where there is no deployment file."""
        found = self._find()
        return dict(found.markets) if found else {}

    def name_of(self, instrument: int) -> str:
        """An instrument's name, or its readable form."""
        from carbon_sdk.identifiers import InstrumentId

        return next((name for name, known in self._names.items() if known == instrument), str(InstrumentId(instrument)))


@contextlib.contextmanager
def open_histories(store: str, sync: bool, rpc: str | None, deployment: str | None) -> Iterator[Opened]:
    """A store, read up to now where that is asked for.

    Raises:
        InputError: There is no store, or it is empty.
        TransportError: No node answers.
    """
    if sync:
        with open_scheme(rpc, deployment) as scheme, synced(scheme, store) as histories:
            yield Opened(histories, lambda: scheme.deployment)
        return
    if "://" not in store and not Path(store).exists():
        raise InputError(
            f"There is no store {store}. Read the chain into one with --sync, or name another with --store."
        )
    from carbon_sdk.audit.histories import Histories
    from carbon_sdk.audit.suite import open_store

    with contextlib.closing(open_store(store)) as events:
        histories = Histories(events, _chain_of(events, deployment))
        histories.catch_up(_tell)
        yield Opened(histories, lambda: _deployment(histories.chain, rpc, deployment))


@contextlib.contextmanager
def synced(scheme: Scheme, store: str) -> Iterator[Histories]:
    """The histories of a scheme, up to the node's last block."""
    from carbon_sdk.audit.suite import open_store

    with contextlib.closing(open_store(store)) as events:
        yield scheme.histories(events, _tell)


def _chain_of(events: Store, deployment: str | None) -> int | None:
    from carbon_sdk.deployment.model import Deployment

    if not events.chains():
        raise InputError("The store is empty. Read the chain into it with --sync.")
    return Deployment.load(deployment).chain_id if deployment else None


def _deployment(chain: int, rpc: str | None, named: str | None) -> Deployment | None:
    """The deployment file that is named or lies where it usually does; without it instruments have no names."""
    from carbon_sdk.deployment.folders import CHAIN_FOLDER, files_of

    folder = Path(rpc) if rpc and "://" not in rpc else CHAIN_FOLDER
    for path in [Path(named)] if named else [path for path in files_of(chain, folder) if path.exists()]:
        from carbon_sdk.deployment.model import Deployment

        found = Deployment.load(path)
        if found.chain_id == chain:
            return found
    return None


def _tell(block: int, of: int) -> None:
    click.echo(f"carbon: events up to block {block:,} of {of:,} are taken in", err=True)
