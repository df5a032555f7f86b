"""How an actor's methods are said: each forms one act; saying it does the act, and `.act(…)` hands it out instead."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from carbon_sdk.actors.base import Actor
from carbon_sdk.chain.calls import Act, Done

P = ParamSpec("P")
T = TypeVar("T")


class Sentence(Generic[P, T]):
    """One verb of one actor.

    `regulator.accept(7, 2021, 1)` simulates, sends and waits; `regulator.accept.act(7, 2021, 1)` is the same act, to be
    sent in bulk (`send_many`) or looked at; `regulator.accept.rehearse(7, 2021, 1)` only simulates.
    """

    def __init__(self, actor: Actor, form: Callable[Concatenate[Any, P], Act[T]]) -> None:
        self._actor = actor
        self._form = form
        update_wrapper(self, form)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Done[T]:
        """Simulate, send and wait for the receipt.

        Returns:
            What the call returned, with its decoded events and the receipt.

        Raises:
            InputError: What was given cannot be meant; nothing was sent.
            NotPermitted: This key may not.
            RuleBroken: A rule of the market stands against it; the subclass says which.
        """
        return self._actor._do(self.act(*args, **kwargs))

    def act(self, *args: P.args, **kwargs: P.kwargs) -> Act[T]:
        """The act without doing it. Raises InputError where an argument cannot be meant."""
        return self._form(self._actor, *args, **kwargs)

    def rehearse(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """What it would return now; nothing is sent. Raises as saying it does."""
        return self._actor._rehearse(self.act(*args, **kwargs))

    def __repr__(self) -> str:
        return f"{self._actor!r}.{self._form.__name__}"


class Verb(Generic[P, T]):
    """A method that forms an act, in the body of an actor's class; see `Sentence`."""

    def __init__(self, form: Callable[Concatenate[Any, P], Act[T]]) -> None:
        self._form = form
        self.__doc__ = form.__doc__
        self.__name__ = form.__name__
        self.__wrapped__ = form

    @overload
    def __get__(self, actor: None, owner: type[Actor]) -> Verb[P, T]: ...
    @overload
    def __get__(self, actor: Actor, owner: type[Actor]) -> Sentence[P, T]: ...
    def __get__(self, actor: Actor | None, owner: type[Actor]) -> Verb[P, T] | Sentence[P, T]:
        return self if actor is None else Sentence(actor, self._form)


def verb(form: Callable[Concatenate[Any, P], Act[T]]) -> Verb[P, T]:
    """Make a method that returns an act a verb of its actor."""
    return Verb(form)


def verbs_of(kind: type[Actor]) -> dict[str, Verb[..., Any]]:
    """The verbs of a class of actors by name, inherited ones included."""
    found = {name: getattr(kind, name, None) for name in dir(kind)}
    return {name: value for name, value in found.items() if isinstance(value, Verb)}
