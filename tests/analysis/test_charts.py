"""The figures: valid specifications, legible in both themes, honest to their data, offline."""

import base64
import io
import itertools
import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import altair as alt
import numpy as np
import pandas as pd
import pytest
import vl_convert
from PIL import Image

from nbsupport.analysis import trends
from nbsupport.analysis.charts import (
    Figure,
    Pair,
    Words,
    chart_data,
    class_histogram,
    look,
    pairs_figure,
    reference_figure,
    residual_figure,
    trend_figure,
)
from nbsupport.analysis.charts.frame import scatter_frame
from nbsupport.analysis.charts.packing import unpacked
from nbsupport.analysis.contrasts import contrast
from nbsupport.errors import UserError

LIFTS = {"imagenet/full": 0.05, "imagenet/50K": 0.03, "imagenet/5K": 0.005, "scratch": 0.0}
LABELS = {"imagenet/full": "full <b>&</script>", "imagenet/50K": "1,000", "imagenet/5K": "5 each"}


def records(families: tuple[str, ...] = ("resnet", "alexnet"), seeds: int = 2) -> pd.DataFrame:
    """Runs of four roles, five epochs each, a little noise."""
    rng = np.random.default_rng(0)
    rows = []
    for (role, lift), family, seed in itertools.product(LIFTS.items(), families, range(seeds)):
        top = rng.uniform(0.5, 0.65)
        for k, epoch in enumerate((1, 2, 4, 8, 12)):
            x = top * (0.6 + 0.1 * k) + rng.normal(0, 0.01)
            y = 0.4 * x + lift + rng.normal(0, 0.004)
            rows.append((role, family, seed, epoch, x, y))
    columns = ["role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1"]
    return pd.DataFrame(rows, columns=columns)


def command(row: pd.Series) -> str:
    return f"run --family {row['family']} --seed {row['seed']}"


PANELS = [Pair(f"style {i} → other", f"pair-{i}/full", f"pair-{i}/scratch") for i in range(1, 7)]


def pair_records() -> pd.DataFrame:
    """The full and the scratch runs of `records`, for six pairs at other heights and places."""
    whole, parts = records(), []
    for i in range(1, 7):
        for role, name in (("imagenet/full", "full"), ("scratch", "scratch")):
            own = whole[whole["role"] == role].assign(role=f"pair-{i}/{name}")
            own["ood_macro_f1"] = own["ood_macro_f1"] + 0.1 * i
            parts.append(own.assign(id_macro_f1=own["id_macro_f1"] + 0.02 * i))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    return records()


@pytest.fixture(scope="module")
def trend(points: pd.DataFrame) -> Figure:
    return trend_figure(
        points,
        ["imagenet/50K", "imagenet/5K"],
        Words(
            title="More images, more <robustness>",
            subtitle="Made-up points",
            number="Figure 4",
            caption="What is drawn",
            name="figure-4",
        ),
        labels=LABELS,
        commands=command,
    )


@pytest.fixture(scope="module")
def figures(points: pd.DataFrame, trend: Figure) -> dict[str, Figure]:
    counts = {"balanced": [50] * 20, "long tail": {f"class {i}": 200 // (i + 1) for i in range(30)}}
    return {
        "trend": trend,
        "residual": residual_figure(points, Words("No drift"), margin=0.01, commands=command),
        "reference": reference_figure(points, Words("A gap"), published=True, commands=command),
        "histogram": class_histogram(counts, Words("Balanced and not")),
        "pairs": pairs_figure(pair_records(), PANELS, Words("Some shifts"), commands=command),
    }


NAMES = ("trend", "residual", "reference", "histogram", "pairs")
each_figure = pytest.mark.parametrize("name", NAMES)
each_theme = pytest.mark.parametrize("theme", look.THEMES)
each_layout = pytest.mark.parametrize("layout", ["wide", "narrow"])


class Page(HTMLParser):
    """The tags of a page with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open, []).append(data)

    def first(self, kind: str) -> dict[str, str | None]:
        return next(attributes for tag, attributes in self.tags if tag == kind)


# specifications -----------------------------------------------------------------------------------
@each_theme
@each_layout
@each_figure
def test_specification_is_valid_and_has_no_token_left(figures, name, layout, theme):
    spec = figures[name].spec(theme, layout)
    alt.Chart.from_dict(spec)  # validates against the Vega-Lite schema
    assert not re.search(r'"@\w+"', json.dumps(spec))


@each_layout
@each_figure
def test_specification_compiles_without_warning_and_fetches_nothing(figures, name, layout, capfd):
    vega = vl_convert.vegalite_to_vega(figures[name].spec("light", layout), show_warnings=True)
    assert capfd.readouterr().err == ""
    assert all("url" not in data for data in vega["data"])


def test_both_layouts_and_themes_share_one_copy_of_the_data(trend):
    wide, narrow = json.dumps(trend.wide), json.dumps(trend.narrow)
    assert len(wide) + len(narrow) < 60_000
    assert trend.spec("light")["datasets"] == trend.spec("dark")["datasets"]


def test_narrow_layout_fits_a_phone(figures):
    for figure in figures.values():
        with Image.open(io.BytesIO(figure.png("light", "narrow", titled=False, scale=1))) as png:
            assert png.width <= 360
        with Image.open(io.BytesIO(figure.png("light", "wide", titled=False, scale=1))) as png:
            assert 600 <= png.width <= 720


def test_hovering_is_wired_in_scatter_and_forest(trend):
    (pick,) = trend.wide["params"]
    assert len(pick["views"]) == 2
    assert pick["select"]["fields"] == ["group"]


# drawing ------------------------------------------------------------------------------------------
@each_theme
@each_figure
def test_picture_is_drawn_on_the_themes_paper(figures, name, theme):
    with Image.open(io.BytesIO(figures[name].png(theme, scale=1))) as png:
        picture = np.asarray(png.convert("RGB"))
    paper = [int(look.INKS[theme]["@paper"][i : i + 2], 16) for i in (1, 3, 5)]
    assert picture[0, 0].tolist() == paper
    assert (np.abs(picture.astype(int) - paper).sum(axis=2) > 60).mean() > 0.01


def test_ticks_do_not_touch():
    for axis, (low, high) in {
        "linear": (0.13, 0.71),
        "logit": (-3.9, 3.9),
        "probit": (-2, 2),
    }.items():
        for pixels in (288, 396, 600):
            ticks = look.score_ticks(low, high, pixels, axis, 48)
            assert len(ticks) >= 3
            assert min(np.diff(ticks)) / (high - low) * pixels >= 40
            assert all(low <= t <= high for t in ticks)


def test_y_equals_x_is_always_in_the_frame():
    x, y = np.array([0.7, 0.9]), np.array([0.1, 0.3])
    frame = scatter_frame(x, y, "linear", (400, 300), ("", ""))
    ends = frame.diagonal()
    assert ends is not None
    assert ends[1] - ends[0] > 0.02


def test_key_avoids_the_points():
    x, y = np.linspace(0.3, 0.7, 40), np.linspace(0.1, 0.3, 40)
    frame = scatter_frame(x, y, "linear", (400, 300), ("", ""))
    left, top = frame.roomiest_corner(x, y, 90, 80)
    across, down = frame.pixels(x, y)
    inside = (across > left) & (across < left + 90) & (down > top) & (down < top + 80)
    assert not inside.any()
    everywhere = np.random.default_rng(0).uniform(0.1, 0.9, (2, 4000))
    crowded = scatter_frame(*everywhere, "linear", (400, 300), ("", ""))
    assert crowded.roomiest_corner(*everywhere, 90, 80) is None


# what is drawn ------------------------------------------------------------------------------------
@pytest.mark.parametrize("axis", trends.AXES)
def test_drawn_points_and_lines_are_those_of_the_records(points, axis):
    figure = trend_figure(points, ["imagenet/50K"], Words("t"), axis=axis)
    own = points[points["role"].isin(["imagenet/50K", "imagenet/full", "scratch"])]
    drawn = pd.DataFrame(figure.datasets["points"])
    assert drawn["id"].to_numpy() == pytest.approx(own["id_macro_f1"].to_numpy(), abs=1e-4)
    assert drawn["y"].to_numpy() == pytest.approx(
        trends.transform(own["ood_macro_f1"].to_numpy(), axis), abs=1e-3
    )
    line = trends.role_line(points, "imagenet/50K", axis)
    lines = pd.DataFrame(figure.datasets["lines"])
    mine = lines[lines["group"] == "imagenet, 50K"]
    assert mine["y"].to_numpy() == pytest.approx(
        line.intercept + line.slope * mine["x"].to_numpy(), abs=1e-3
    )
    assert (mine["low"] <= mine["y"] + 1e-3).all()
    assert (mine["high"] >= mine["y"] - 1e-3).all()


def test_forest_shows_the_paired_contrasts(points, trend):
    effects = pd.DataFrame(trend.datasets["effects"]).set_index("group")
    found = contrast(points, "imagenet/50K", "scratch")
    row = effects.loc["1,000"]
    assert (row["er"], row["low"], row["high"]) == pytest.approx(
        (found.estimate.value, found.low, found.high)
    )
    assert effects.loc["from scratch", "er"] == 0
    assert effects.index.tolist() == [LABELS["imagenet/full"], "1,000", "5 each", "from scratch"]


def test_csv_holds_every_drawn_point_at_full_precision(points, trend):
    table = pd.read_csv(io.StringIO(trend.csv()))
    for column in ("role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1"):
        assert table[column].tolist() == points[column].tolist()


def test_tooltips_end_in_the_command_that_runs_the_point_again(points, trend):
    rerun = {c["key"]: c["rerun"] for c in trend.datasets["commands"]}
    drawn = [rerun[p["command"]] for p in trend.datasets["points"]]
    assert drawn == [command(row) for _, row in points.iterrows()]
    assert len(rerun) == 4  # two families x two seeds, each command kept once
    tips = [
        layer["encoding"]["tooltip"]
        for layer in trend.wide["hconcat"][0]["layer"]
        if layer.get("name", "").startswith("points")
    ]
    assert tips[0][-1]["field"] == "rerun"


def test_commands_may_be_a_list_in_the_order_of_the_records(points):
    shuffled = points.sample(frac=1, random_state=0).reset_index(drop=True)
    commands = [command(row) for _, row in shuffled.iterrows()]
    figure = trend_figure(shuffled, [], Words("t"), commands=commands)
    rerun = {c["key"]: c["rerun"] for c in figure.datasets["commands"]}
    own = shuffled[shuffled["role"].isin(["scratch", "imagenet/full"])]
    expected = [command(row) for _, row in own.iterrows()]
    assert [rerun[p["command"]] for p in figure.datasets["points"]] == expected
    with pytest.raises(UserError, match="1 commands for"):
        trend_figure(shuffled, [], Words("t"), commands=["one"])


def test_a_role_without_records_is_the_users_mistake(points):
    with pytest.raises(UserError, match="no records to draw for imagenet/7K"):
        trend_figure(points, ["imagenet/7K"], Words("t"))


def test_points_that_make_no_line_are_drawn_without_one(points):
    short = points[(points["role"] != "imagenet/5K") | (points["epoch"] == 1)]
    one = short[
        (short["role"] != "imagenet/5K") | ((short["family"] == "resnet") & (short["seed"] == 0))
    ]
    figure = trend_figure(one, ["imagenet/5K"], Words("t"))
    groups = {row["group"] for row in figure.datasets["lines"]}
    assert groups == {"imagenet, full", "from scratch"}
    assert sum(p["group"] == "imagenet, 5K" for p in figure.datasets["points"]) == 1
    assert "none" in figure.table.set_index("pre-training").loc["imagenet, 5K", "slope"]


def test_residuals_are_from_the_line_of_the_other_families(points):
    own = points[points["role"] == "imagenet/full"].reset_index(drop=True)
    figure = residual_figure(points, Words("t"))
    others = own[own["family"] == "alexnet"]
    line = trends.fit_line(others["id_macro_f1"], others["ood_macro_f1"])
    resnet = own[own["family"] == "resnet"]
    expected = resnet["ood_macro_f1"] - line.predict(resnet["id_macro_f1"])
    found = figure.data[figure.data["family"] == "resnet"]["residual"]
    assert found.to_numpy() == pytest.approx(expected.to_numpy())


def test_arrow_stands_on_the_scratch_line_and_ends_at_a_point(points):
    from nbsupport.analysis.charts.reference import arrow

    found = arrow(points, "imagenet/full", "scratch", "linear")
    line = trends.role_line(points, "scratch")
    assert found.foot == pytest.approx(line.predict(found.x))
    assert found.er == pytest.approx(found.tip - found.foot)
    own = points[points["role"] == "imagenet/full"]
    assert ((own["id_macro_f1"] == found.x) & (own["ood_macro_f1"] == found.tip)).any()


def test_published_points_are_named_as_real_iwildcam(figures):
    text = figures["reference"].description
    assert "real iWildCam" in text
    assert "0.505 and 0.338" in text


@each_layout
def test_each_panel_draws_its_own_points_on_its_own_scales(figures, layout):
    """Vega-Lite goes by the names of views: of two alike, one would show the other's points."""
    vega = vl_convert.vegalite_to_vega(figures["pairs"].spec("light", layout))
    drawn = [
        (mark["from"]["data"], mark["encode"]["update"]["x"]["scale"], group["name"])
        for group in groups_in(vega["marks"])
        for mark in group["marks"]
        if mark["name"].startswith("pair")
    ]
    assert len(drawn) == len(PANELS)
    assert len({data for data, _, _ in drawn}) == len(PANELS)
    assert all(group == scale.replace("_x", "_group") for _, scale, group in drawn)
    points = pd.DataFrame(figures["pairs"].datasets["points"])
    data = figures["pairs"].data
    for i, pair in enumerate(PANELS):
        own = data[data["role"].isin((pair.full, pair.scratch))]
        shown = points[points["panel"] == i]
        assert sorted(shown["ood"]) == pytest.approx(sorted(own["ood_macro_f1"]), abs=1e-4)


def groups_in(marks: list[dict]) -> list[dict]:
    """Every group of marks, however deep."""
    found = [mark for mark in marks if mark["type"] == "group"]
    return [*found, *(g for mark in found for g in groups_in(mark.get("marks", [])))]


def test_signed_numbers():
    assert [chart_data.signed(v) for v in (0.0312, -0.004, 0.0001, np.nan)] == [
        "+0.031",
        "−0.004",
        "0.000",
        "–",
    ]


# on the page --------------------------------------------------------------------------------------
@each_figure
def test_bundle_has_html_and_a_png(figures, name):
    bundle = figures[name]._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/html"].startswith("<figure")
    assert len(bundle["text/html"]) < 400_000


@each_figure
def test_html_asks_the_network_for_nothing_and_describes_itself(figures, name):
    text = figures[name].html()
    page = Page(text)
    for _, attributes in page.tags:
        for key in ("src", "href"):
            assert (attributes.get(key) or "data:").startswith("data:")
    assert page.first("figure")["aria-label"]
    assert page.first("img")["alt"] == figures[name].description
    assert len(figures[name].description) > 100
    assert any(tag == "table" for tag, _ in page.tags)
    assert "Figure" in "".join(page.texts["span"])


def test_download_link_is_the_csv(trend):
    link = Page(trend.html()).first("a")
    assert link["download"] == "figure-4.csv"
    kind, _, body = link["href"].partition(",")
    assert kind == "data:text/csv;charset=utf-8"
    assert unquote(body) == trend.csv()


def test_texts_are_escaped_and_the_payload_survives(trend):
    page = Page(trend.html())
    assert not any(tag in ("b", "robustness") for tag, _ in page.tags)
    payload = json.loads("".join(page.texts["script"]))
    drawn = {name: unpacked(table) for name, table in payload["datasets"].items()}
    assert drawn == json.loads(json.dumps(trend.datasets))
    assert payload["palettes"]["dark"]["@paper"] == look.INKS["dark"]["@paper"]
    assert LABELS["imagenet/full"] in {p["group"] for p in drawn["points"]}
