"""Events of a registry about who owes what, as one JSON document: checked as a whole before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from carbon_sdk.replay.operators import LONGEST_ID, MOST_TONNES, YEARS_JUDGED, short
from carbon_sdk.replay.source import MalformedCase, Source

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "init": ("first_year", "last_year", "year"),
    "change_year": ("year",),
    "emissions": ("year", "tonnes"),
    "surrender": ("tonnes",),
    "surrender_reversal": ("tonnes",),
    "exclude": ("year",),
    "exclude_reversal": ("year",),
    "set_first_year": ("year",),
    "set_last_year": ("year",),
    "static_status": ("year",),
}
_MAY_BE_NULL = {("init", "last_year"), ("emissions", "tonnes"), ("set_last_year", "year")}
_LAST_YEAR = 9_000


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an entity.

    Attributes:
        number: From 1, within the entity.
        kind: As the case has it: `init`, `change_year`, …
        year: Of which year, or what the open one is from now on; None: none.
        tonnes: Whole; None: the figure is withdrawn.
        first_year: Of `init`.
        last_year: Of `init`; None: none is known.
        current: The year that is open for the entity when this happened.
    """

    number: int
    kind: str
    year: int | None
    tonnes: int | None
    first_year: int
    last_year: int | None
    current: int


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody in a case.

    Attributes:
        id: As the case calls it.
        events: In order; the first is `init`.
    """

    id: str
    events: tuple[Event, ...]

    @property
    def name(self) -> str:
        """Of its account's holder."""
        return short(self.id)

    @property
    def years(self) -> list[int]:
        """All years that are spoken of."""
        spoken = [one for event in self.events for one in (event.year, event.first_year, event.last_year) if one]
        return [*spoken, *(event.current for event in self.events)]

    @property
    def statics(self) -> dict[int, int]:
        """Years whose status at the deadline is asked for, and the year that is open when it passes."""
        found: dict[int, int] = {}
        for event in self.events:
            if event.kind == "static_status" and event.year is not None and event.year > max(found, default=0):
                found[event.year] = event.current
        return found


def read_compliance(source: Source) -> list[Entity]:
    """All entities. Raises MalformedCase, which names the entity and the event."""
    try:
        document = orjson.loads(source.content)
    except orjson.JSONDecodeError as error:
        raise source.wrong(error.lineno, f"this is no JSON: {error.msg}.") from None
    given = _only(source, document, ("entities",), "the document")["entities"]
    if not isinstance(given, list) or not given:
        raise MalformedCase(f"{source.name}: entities must be a list of at least one.")
    found = [_entity(source, number, one) for number, one in enumerate(given, 1)]
    ids = [one.id for one in found]
    if twice := next((id_ for n, id_ in enumerate(ids) if id_ in ids[:n]), None):
        raise MalformedCase(f"{source.name}: there are two entities {twice!r}.")
    years = [year for one in found for year in one.years]
    if max(years) - min(years) + 2 > YEARS_JUDGED:
        raise MalformedCase(
            f"{source.name}: the years go from {min(years)} to {max(years)}; at most {YEARS_JUDGED - 1} can be judged."
        )
    return found


def rounds_of(entities: Sequence[Entity]) -> list[list[Entity]]:
    """Entities that can be played beside each other: the deadline of a year passes for all of them at one time.

    Each is put into the first round whose deadlines pass as its own do; those that ask for no static status, into the
    first.
    """
    rounds: list[tuple[dict[int, int], list[Entity]]] = [({}, [])]
    for entity in entities:
        for passed, members in rounds:
            if _agree(passed | entity.statics, passed, entity.statics):
                passed.update(entity.statics)
                members.append(entity)
                break
        else:
            rounds.append((dict(entity.statics), [entity]))
    return [members for _, members in rounds]


def _agree(both: Mapping[int, int], one: Mapping[int, int], other: Mapping[int, int]) -> bool:
    if any(one[year] != other[year] for year in one.keys() & other.keys()):
        return False
    opened = [both[year] for year in sorted(both)]
    return opened == sorted(opened)


def _entity(source: Source, number: int, given: Any) -> Entity:
    where = f"entity {number}"
    fields = _only(source, given, ("id", "events"), where)
    id_, events = fields["id"], fields["events"]
    if not isinstance(id_, str) or not 0 < len(id_) <= LONGEST_ID or not id_.isprintable():
        raise MalformedCase(f"{source.name}: {where}: id must be text of 1 to {LONGEST_ID} printable characters.")
    where = f"entity {id_!r}"
    if not isinstance(events, list) or not events:
        raise MalformedCase(f"{source.name}: {where}: events must be a list of at least one.")
    found: list[Event] = []
    current = 0
    for place, one in enumerate(events, 1):
        event = _event(source, f"{where}, event {place}", place, one, current)
        if (event.kind == "init") != (place == 1):
            raise MalformedCase(f"{source.name}: {where}, event {place}: the first event is init, and no other is.")
        if event.kind == "change_year" and event.current < current:
            raise MalformedCase(f"{source.name}: {where}, event {place}: {current} is open; years do not go back.")
        current = event.current
        found.append(event)
    return Entity(id_, tuple(found))


def _event(source: Source, where: str, number: int, given: Any, current: int) -> Event:
    kind = given.get("event") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise MalformedCase(f"{source.name}: {where}: event {kind!r} is none of {', '.join(_FIELDS)}.")
    fields = _only(source, given, ("event", *_FIELDS[kind]), where)
    values: dict[str, int | None] = {}
    for name in _FIELDS[kind]:
        value = fields[name]
        if value is None and (kind, name) in _MAY_BE_NULL:
            values[name] = None
            continue
        lowest, highest = (0, MOST_TONNES) if name == "tonnes" else (1, _LAST_YEAR)
        if type(value) is not int or not lowest <= value <= highest:
            raise MalformedCase(
                f"{source.name}: {where}: {name} must be a whole number from {lowest} to {highest}, not {value!r}."
            )
        values[name] = value
    year, last = values.get("year"), values.get("last_year")
    if kind in ("init", "change_year"):
        current = year or 0
    return Event(number, kind, year, values.get("tonnes"), values.get("first_year") or 0, last, current)


def _only(source: Source, given: Any, wanted: Sequence[str], where: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise MalformedCase(f"{source.name}: {where} must be an object.")
    if missing := [name for name in wanted if name not in given]:
        raise MalformedCase(f"{source.name}: {where}: {missing[0]} is missing.")
    if unknown := [name for name in given if name not in wanted]:
        raise MalformedCase(f"{source.name}: {where}: {unknown[0]!r} is unknown.")
    return given
