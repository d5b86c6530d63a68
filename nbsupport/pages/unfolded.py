"""The parts of a claim, each compared in the same way in every setting."""

from html import escape

from nbsupport.analysis.verdicts import Verdict
from nbsupport.display import verdict_table as look
from nbsupport.evidence.ledger import Judged
from nbsupport.evidence.recorded import Recorded


def unfolded(entry: Judged, real: Recorded | None) -> str:
    """A row for each part and a column for each setting, which unfold; nothing for one part."""
    parts = entry.headline.parts
    settings = {name: v for name, v in _settings(entry, real).items() if len(v.parts) == len(parts)}
    if not parts or not settings:
        return ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("Part", *settings))
    rows = "".join(
        f'<tr><th scope="row">{escape(part.contrast.name)}</th>'
        f"{''.join(_cell(v.parts[place]) for v in settings.values())}</tr>"
        for place, part in enumerate(parts)
        if part.contrast is not None
    )
    return (
        f'<details class="nb-parts"><summary>{look.supported(entry.headline)}</summary>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _settings(entry: Judged, real: Recorded | None) -> dict[str, Verdict]:
    """The worlds and shifts that were run, and the summary over worlds, by name."""
    found = {f"World {n}": v for n, v in entry.worlds.items()}
    if entry.over_worlds:
        found = {"Over worlds": entry.headline} | found
    if real is not None:
        found |= {real.settings[n].short: v for n, v in entry.real.items()}
    return {name: v for name, v in found.items() if v.word != "not run"}


def _cell(part: Verdict) -> str:
    told = look.interval_text(part.contrast) if part.contrast is not None else ""
    return f'<td>{look.badge(part.word, part.text)} <div class="nb-interval">{told}</div></td>'
