"""The parts of a claim, each compared in the same way in every setting."""

from html import escape

from nbsupport.analysis.verdicts import Verdict
from nbsupport.display import verdict_table as look
from nbsupport.evidence.ledger import Judged
from nbsupport.evidence.recorded import Recorded


def unfolded(entry: Judged, real: Recorded | None) -> str:
    """Under each part a line for each setting, which unfold; nothing for a claim of one part."""
    parts = entry.headline.parts
    settings = {name: v for name, v in _settings(entry, real).items() if len(v.parts) == len(parts)}
    if not parts or not settings:
        return ""
    rows = "".join(
        f"<dt>{escape(part.contrast.name)}</dt>"
        f"{''.join(_cell(name, v.parts[place]) for name, v in settings.items())}"
        for place, part in enumerate(parts)
        if part.contrast is not None
    )
    return (
        f'<details class="nb-parts"><summary>{look.supported(entry.headline)}</summary>'
        f"<dl>{rows}</dl></details>"
    )


def _settings(entry: Judged, real: Recorded | None) -> dict[str, Verdict]:
    """The worlds and shifts that were run, and the summary over worlds, by name."""
    found = {f"World {n}": v for n, v in entry.worlds.items()}
    if entry.over_worlds:
        found = {"Over worlds": entry.headline} | found
    if real is not None:
        found |= {real.settings[n].short: v for n, v in entry.real.items()}
        for n, each in entry.confirmed.items():
            found |= {f"{real.settings[n].short}, {cells}": v for cells, v in each.named.items()}
    return {name: v for name, v in found.items() if v.word != "not run"}


def _cell(name: str, part: Verdict) -> str:
    told = look.interval_text(part.contrast) if part.contrast is not None else ""
    badge = look.badge(part.word, part.text)
    return f'<dd><span>{escape(name)}</span> {badge} <span class="nb-interval">{told}</span></dd>'
