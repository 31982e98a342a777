"""Typed registries: one object per code, found among all installed plugins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Registered(Generic[T]):
    """An object with the plugin that brought it."""

    code: str
    plugin: str
    obj: T

    @property
    def title(self) -> str:
        """Its title, as the plugin gave it: a message id stays one, for the reader's language."""
        info: Any = getattr(self.obj, "info", self.obj)
        title: str = info.title
        return title


class NotInstalled(LookupError):
    """No installed plugin knows this code: its package was removed."""

    def __init__(self, family: str, code: str) -> None:
        """Name what is missing."""
        super().__init__(f"{family} {code} is not installed")
        self.family, self.code = family, code


class WrongObject(TypeError):
    """A plugin registered something that does not follow the family's Protocol."""


class TypedRegistry(Generic[T]):
    """Objects of one family by code. Settling looks here, past every regional switch."""

    def __init__(self, family: str, protocol: type[T] | None = None) -> None:
        """A registry for objects that follow ``protocol``."""
        self.family = family
        self._protocol: Any = protocol
        self._objects: dict[str, Registered[T]] = {}

    def add(self, plugin: str, code: str, obj: T) -> None:
        """Register; raises ``WrongObject`` or ``ValueError`` for a code that is taken."""
        if self._protocol is not None and not isinstance(obj, self._protocol):
            raise WrongObject(f"{self.family}: {type(obj).__name__} lacks methods of the Protocol")
        if code in self._objects:
            other = self._objects[code].plugin
            raise ValueError(f"{self.family}: {code} is registered by {other} and {plugin}")
        self._objects[code] = Registered(code, plugin, obj)

    def discard(self, plugin: str) -> None:
        """Take back everything that ``plugin`` registered."""
        self._objects = {
            code: item for code, item in self._objects.items() if item.plugin != plugin
        }

    def get(self, code: str) -> Registered[T]:
        """The object of this code; raises ``NotInstalled``."""
        try:
            return self._objects[code]
        except KeyError:
            raise NotInstalled(self.family, code) from None

    def find(self, code: str) -> Registered[T] | None:
        """The object of this code, or None."""
        return self._objects.get(code)

    def title(self, code: str) -> str:
        """A title to show even when the plugin's package is gone: the tombstone's inscription."""
        found = self._objects.get(code)
        return found.title if found is not None else f"{code}（插件已卸载）"

    def __iter__(self) -> Iterator[Registered[T]]:
        """All objects, ordered by plugin and code."""
        return iter(sorted(self._objects.values(), key=lambda item: (item.plugin, item.code)))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._objects)
