"""The table of published models: every tag has its source, and deriving it again gives the same."""

import csv
import io
import json

import pandas as pd
import pytest
from published_tables import MODELS, write

from nbsupport.cli import main
from nbsupport.data.catalogue import entry_named
from nbsupport.data.checks import Wish, check
from nbsupport.errors import UserError
from nbsupport.evidence.published import derive, models, sources, tables
from nbsupport.evidence.published.models import published_models, published_points


# which data a model saw -----------------------------------------------------------------------
def listed(publication: str) -> set[str]:
    return set(sources._tags(publication))


@pytest.mark.parametrize("publication", ["timm", "open_clip", "entezari"])
def test_every_tag_is_listed_by_name_and_none_is_listed_in_vain(publication):
    own = published_models().query("publication == @publication")
    assert set(own["tag"]) == listed(publication)


def test_each_of_the_1266_models_has_the_source_of_its_tag_or_of_its_exception():
    own = published_models().query("publication == 'timm'")
    assert own["model"].is_unique
    assert len(own) == 1266
    told = [sources.source_of("timm", t, a).id for t, a in own[["tag", "architecture"]].to_numpy()]
    assert list(own["source"]) == told
    for (tag, architecture), source in sources._exceptions("timm").items():
        assert source != sources._tags("timm")[tag]
        assert f"{architecture}.{tag}" in set(own["model"])


def test_no_tag_has_a_source_by_default():
    with pytest.raises(UserError, match=r"'new_in1k', which .* does not name"):
        sources.source_of("timm", "new_in1k", "resnet50")


def test_what_the_names_give_away_agrees_with_the_table():
    """A second reading of the names, by their parts."""
    own = published_models().query("publication == 'timm'").set_index("model")["source"]
    parts = {
        "_in12k": {"in12k", "openai-400m", "laion-2b"},
        "openai": {"openai-400m"},
        "laion2b": {"laion-2b"},
        "yfcc": {"yfcc-90m"},
        "ig1b": {"instagram-940m"},
        "ns_jft": {"jft-300m"},
        "seer": {"instagram-1b"},
        "dist": {"distilled"},
        "ssld": {"distilled"},
        "mim_": {"clip-teacher"},
        "swag_lc": {"frozen"},
        "fcmae_ft_in22k": {"in21k-masked-first"},
        "adv": {"in1k-adversarial"},
    }
    for part, allowed in parts.items():
        found = own[own.index.str.contains(part, regex=False)]
        assert len(found)
        assert set(found) <= allowed, part
    alone = own[own == "in1k"].index
    assert not alone.str.contains("in2[12]k|in12k|laion|jft|ig1b|yfcc|distilled|teacher").any()


def test_sources_say_what_they_are():
    for source in sources.sources().values():
        assert source.supervision in sources.SUPERVISION
        assert (source.supervision == "mixed") == bool(source.apart)
        assert source.images or source.apart
    counts = published_models()["source"].value_counts()
    assert set(counts.index) == set(sources.sources())


def test_the_second_stage_is_read_from_the_name():
    own = published_models().query("publication == 'timm'")
    through = own["tag"].str.contains("ft_in12k_in1k")
    assert list(own["via"] == "in12k") == list(through & (own["source"] != "in12k"))


# deriving ---------------------------------------------------------------------------------------
def test_a_small_set_of_tables_becomes_a_table(tmp_path):
    text = derive.derived(write(tmp_path))
    table = models._parsed(text.encode(), "table")
    assert text == derive.derived(tmp_path)
    timm = table[table["publication"] == "timm"].set_index("model")
    assert set(timm.index) == set(MODELS)
    assert set(timm["imagenet"]) == {0.7825}  # at the smaller size
    assert set(timm["input_px"]) == {224}
    assert list(timm.loc[list(MODELS), "source"]) == ["in1k", "yfcc-90m", "distilled"]
    assert set(timm["params_m"]) == {1025.56}
    traps = table[table["publication"] == "entezari"]
    assert sorted(traps["source"]) == ["cc-3m", "wit-2.7m"]
    assert traps["shots_20"].isna().all()
    shares = table[table["publication"] == "testbed"]
    assert sorted(shares["share"]) == ["", "1/2"]


@pytest.mark.data("published")
def test_deriving_again_gives_the_same_bytes(real_data):
    assert derive.derived(real_data / "published").encode() == models.models_path().read_bytes()


@pytest.mark.data("published")
def test_a_second_derivation_agrees_on_twenty_models(real_data):
    """Read by hand, without the project's reader: scores, sizes and parameters."""
    files = {
        column: pd.read_csv(real_data / "published" / "timm" / f"{name}.csv")
        for column, name in tables.TIMM_FILES.items()
    }
    own = published_models().query("publication == 'timm'").set_index("model")
    some = sorted(own.index)[:: len(own) // 20][:20]
    assert len(some) == 20
    for model in some:
        size = min(files["imagenet"].query("model == @model")["img_size"])
        assert own.loc[model, "input_px"] == size
        assert (own.loc[model, "architecture"], own.loc[model, "tag"]) == tuple(model.split(".", 1))
        for column, file in files.items():
            row = file[(file["model"] == model) & (file["img_size"] == size)].iloc[0]
            assert own.loc[model, column] == pytest.approx(row["top1"] / 100, abs=5e-7)
            assert own.loc[model, "params_m"] == float(str(row["param_count"]).replace(",", ""))


@pytest.mark.data("published")
def test_the_other_tables_carry_over(real_data):
    own = published_models()
    where = real_data / "published"
    clip = pd.read_csv(where / "open_clip" / "openclip_results.csv").set_index(
        ["name", "pretrained"]
    )
    for _, row in own.query("publication == 'open_clip'").iloc[::7].iterrows():
        there = clip.loc[(row["architecture"], row["tag"])]
        assert (row["iwildcam"], row["imagenet"]) == (there["iWildCam"], there["ImageNet 1k"])
    lines = (where / "model_soups" / "individual_model_results.jsonl").read_text().splitlines()
    soups = {row["model_name"]: row for row in map(json.loads, lines)}
    for _, row in own.query("publication == 'soups'").iterrows():
        assert row["r"] == pytest.approx(soups[row["model"]]["ImageNetR"], abs=5e-7)
    beds = csv.DictReader(io.StringIO((where / "testbed" / "robustness_top1s.csv").read_text()))
    val = {row["model"]: float(row["val"] or "nan") for row in beds}
    for _, row in own.query("publication == 'testbed'").iterrows():
        assert row["imagenet"] == pytest.approx(val[row["model"]] / 100, abs=5e-7)


# checking ---------------------------------------------------------------------------------------
@pytest.mark.data("published")
def test_the_published_tables_are_whole(real_data):
    assert check(entry_named("published")).problems == []


def test_a_check_counts_rows_and_names_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    write(tmp_path / "published")
    problems = check(entry_named("published")).problems
    assert len(problems) == len(tables.PUBLICATIONS)
    assert "open_clip/openclip_results.csv has 1 rows, that of commit 89fb801 has 121" in problems
    path = tmp_path / "published" / "testbed" / "robustness_top1s.csv"
    path.write_text(path.read_text().replace("60.5", "sixty"), encoding="utf-8")
    (tmp_path / "published" / "timm" / "results-sketch.csv").unlink()
    problems = check(entry_named("published")).problems
    assert any("row 1: 'val' is 'sixty', no number" in line for line in problems)
    assert any("results-sketch.csv cannot be read" in line for line in problems)
    with pytest.raises(UserError, match="has no pictures: leave out --skip-broken"):
        check(entry_named("published"), Wish(skip_broken=True))


def test_a_table_that_is_cut_off_is_refused(tmp_path):
    path = write(tmp_path) / "open_clip" / "openclip_results.csv"
    path.write_text(path.read_text().rstrip()[:-8], encoding="utf-8")
    with pytest.raises(UserError, match=r"row 1: 'iWildCam' is (missing|.*no number)"):
        derive.derived(tmp_path)


def test_soups_that_are_no_json_are_refused(tmp_path):
    (write(tmp_path) / "model_soups" / "individual_model_results.jsonl").write_text("{")
    with pytest.raises(UserError, match="no list of JSON objects"):
        derive.derived(tmp_path)


# the command ------------------------------------------------------------------------------------
def test_the_command_writes_the_table(tmp_path, monkeypatch, capsys):
    target = tmp_path / "records" / "published-models.csv"
    monkeypatch.setattr(derive, "models_path", lambda: target)
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    write(tmp_path / "published")
    main(["record", "--published"])
    assert "published models" in capsys.readouterr().out
    assert target.read_text() == derive.derived(tmp_path / "published")


def test_the_command_without_the_tables_says_what_to_do(monkeypatch, capsys):
    monkeypatch.delenv("NBSUPPORT_DATA", raising=False)
    assert main(["record", "--published"])
    assert "NBSUPPORT_DATA is not set" in capsys.readouterr().err


# reading ----------------------------------------------------------------------------------------
def test_points_have_the_columns_that_records_have():
    points = published_points()
    assert {"profile", "setting", "role", "source", "family", "architecture", "id", "ood"} <= set(
        points
    )
    assert points[["id", "ood"]].notna().all(axis=None)
    assert points["id"].between(0, 1).all()
    assert points.groupby("setting").size()["timm: imagenet to v2"] == 1266


def test_a_damaged_table_is_refused_with_its_line(tmp_path, monkeypatch):
    text = models.models_path().read_text().splitlines(keepends=True)
    text[1] = text[1].replace(",in1k,", ",of nobody,", 1)
    broken = tmp_path / "published-models.csv"
    broken.write_text("".join(text))
    monkeypatch.setattr(models, "models_path", lambda: broken)
    with pytest.raises(UserError, match=r"line 2, column source: 'of nobody' is given"):
        published_models()
