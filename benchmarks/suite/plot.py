"""Bars as SVG, written by hand: it reads well in light and dark, and needs no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LABELS, _FIGURES, _ROW = 760, 300, 110, 34
_STYLE = """
  .card { fill: #ffffff; stroke: #d5dcdf; }
  .text { fill: #22292f; }
  .soft { fill: #67727b; }
  .bar { fill: #9fb3bd; }
  .ours { fill: #0e6b70; }
  .span { stroke: #22292f; stroke-opacity: 0.55; }
  @media (prefers-color-scheme: dark) {
    .card { fill: #1b1f22; stroke: #2b3135; }
    .text { fill: #dfe4e7; }
    .soft { fill: #9aa5ad; }
    .bar { fill: #5a6b75; }
    .ours { fill: #6fc3c7; }
    .span { stroke: #dfe4e7; stroke-opacity: 0.7; }
  }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row: its name, its figure, and how low and high it went."""

    label: str
    value: float
    lowest: float
    highest: float
    ours: bool = False


def bars(title: str, note: str, rows: Sequence[Bar]) -> str:
    """A chart of rows, the first on top; `note` stands below the title."""
    height = 84 + _ROW * len(rows)
    scale = (_WIDTH - _LABELS - _FIGURES) / max(row.highest for row in rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="14">',
        f"<style>{_STYLE}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="10"/>',
        f'<text class="text" x="24" y="34" font-size="17" font-weight="600">{escape(title)}</text>',
        f'<text class="soft" x="24" y="56" font-size="12">{escape(note)}</text>',
        *(_row(row, 72 + _ROW * place, scale) for place, row in enumerate(rows)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _row(row: Bar, top: float, scale: float) -> str:
    middle, kind = top + _ROW / 2 - 3, "ours" if row.ours else "bar"
    low, high = _LABELS + row.lowest * scale, _LABELS + row.highest * scale
    weight = ' font-weight="600"' if row.ours else ""
    end = max(high, _LABELS + row.value * scale)
    return (
        f'<text class="text" x="{_LABELS - 12}" y="{middle + 5:.0f}" text-anchor="end"{weight}>'
        f"{escape(row.label)}</text>"
        f'<rect class="{kind}" x="{_LABELS}" y="{middle - 9:.0f}" '
        f'width="{max(1.5, row.value * scale):.1f}" height="18" rx="3"/>'
        f'<line class="span" x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.0f}" y2="{middle:.0f}"/>'
        f'<text class="text" x="{end + 10:.1f}" y="{middle + 5:.0f}"{weight}>'
        f"{row.value:,.0f}</text>"
    )
