"""The page of findings says what its generator finds in the shipped comparison."""

import pytest
from benches.findings.__main__ import PAGE, fill, parts
from benches.findings.claims import CONSTANT, LEVEL, MERGED, PAIRS, Claims, interval
from benches.findings.study import SOUP, Study

import fusefront


@pytest.fixture(scope="module")
def claims() -> Claims:
    return Claims(study=Study(results=fusefront.load_prerun("comparison"), seeds=3))


def claims_that_went() -> str:
    return PAGE.read_text("utf-8").partition("## Claims that went")[2].partition("\n## ")[0]


def test_generated_texts_are_up_to_date(claims: Claims) -> None:
    page = PAGE.read_text("utf-8")
    for name, text in parts(claims.study).items():
        assert fill(page, name, text) == page, f"run `python -m benches.findings` for {name}"


def test_no_gain_over_problems_survives_six_problems(claims: Claims) -> None:
    assert claims.general["p_value"].min() == 1 / 32
    assert claims.general["holm"].min() == 1
    assert not (claims.general["p_value"] * 2 <= LEVEL).any()  # not even two comparisons


def test_one_correction_covers_all_comparisons(claims: Claims) -> None:
    assert claims.number == len(claims.single) + len(claims.general) + 1
    least = claims.single.nsmallest(1, "p_value")
    assert (least["holm"] <= claims.number * least["p_value"]).all()
    assert set(claims.single["against"]) == {
        *(SOUP, MERGED, CONSTANT),
        *(f"{rival} ({name})" for name, rival in PAIRS),
    }
    assert (claims.single["holm"] >= claims.single["p_value"]).all()
    assert not claims.single.loc[claims.single["against"] == CONSTANT, "refuted"].any()


def test_the_text_has_the_numbers_that_sank_claims(claims: Claims) -> None:
    text = claims_that_went()
    soup, constant = claims.of(SOUP), claims.of(CONSTANT)
    assert f"Of {soup['better'].sum()} such gains, 175" in text
    assert f"and {soup['survives'].sum()} survive with the errors of test examples" in text
    assert f"Of the {constant['better'].sum()} lower means" in text
    assert constant["survives"].sum() == 2  # "two survive"
    everywhere = ["pamal", "lorpman", "palora", "pwemoe-corner-exact", "regmean-plus-plus"]
    assert soup.loc[soup["display_name"].isin(everywhere), "survives"].sum() == 6  # "six survive"
    general = claims.general
    for against, name in (
        ("lorpman (pamal)", "pamal"),
        ("qlognparego (pwemoe-corner-exact)", "pwemoe-corner-exact"),
        ("pamal (emr)", "emr"),
        (SOUP, "regmean-plus-plus"),
    ):
        own = general[(general["against"] == against) & (general["display_name"] == name)]
        ((gain, low, high),) = own[["gain", "low", "high"]].itertuples(index=False, name=None)
        value, _, rest = interval(gain, low, high).partition(" ")
        assert value in text
        assert rest in text
