"""Where each value and key of a YAML file stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from announce.problems import Place

Loc = tuple[str | int, ...]


@dataclass(slots=True)
class Places:
    """Positions of one file's values and keys, by the way down to them (`("wechat", 0)`)."""

    file: str
    values: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Loc, tuple[int, int]] = field(default_factory=dict)

    def of(self, loc: Loc) -> Place:
        """The place of a value; of its nearest known ancestor where it is not there."""
        for end in range(len(loc), -1, -1):
            if at := self.values.get(loc[:end]) or self.keys.get(loc[:end]):
                return Place(file=self.file, line=at[0], column=at[1])
        return Place(file=self.file)

    def key(self, loc: Loc) -> Place:
        """The place of a key; where it is not there, of its nearest known ancestor's key."""
        for end in range(len(loc), 0, -1):
            if at := self.keys.get(loc[:end]) or self.values.get(loc[:end]):
                return Place(file=self.file, line=at[0], column=at[1])
        return Place(file=self.file, line=1 if self.values else None)
