"""In which form an artefact takes data: as a person has it, or, where its format cannot hold that, further on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Form:
    """`names`: whether columns of names are texts (else codes); `texts`: whether texts are prepared inside; `numbers`: the
    type of columns of numbers; `prepared`: whether every input comes prepared; `batch`: how many samples it takes, None for
    any number; `unrolled`: whether layers that go through time are written out step by step."""

    names: bool = True
    texts: bool = True
    numbers: str = "float64"
    prepared: bool = False
    batch: int | None = None
    unrolled: bool = False

    @property
    def single(self) -> bool:
        """Whether everything is reckoned in 32 bits."""
        return self.numbers == "float32"
