import hashlib

from fusefront.results.report.vendored import SCRIPTS, STYLES, VENDOR, embedded, libraries


def test_files_are_those_of_the_manifest_and_no_others() -> None:
    listed = {name: sha for library in libraries() for name, sha in library["files"].items()}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "manifest.json"
    }
    assert found == listed
    assert {*SCRIPTS, *STYLES} <= set(listed)


def test_every_library_has_a_version_a_source_and_its_licence() -> None:
    for library in libraries():
        assert library["version"] in library["source"]
        licences = [name for name in library["files"] if name.endswith(".LICENSE")]
        assert len(licences) == 1
        text = (VENDOR / licences[0]).read_text("utf-8")
        assert "Copyright" in text
        assert {"ISC": "Permission to use, copy", "MIT": "MIT License"}[library["licence"]] in text


def test_embedded_files_cannot_end_their_element_or_name_another_file() -> None:
    for name in (*SCRIPTS, *STYLES):
        text = embedded(name)
        assert "</script" not in text.lower()
        assert "</style" not in text.lower()
        assert "<!--" not in text
        assert "sourceMappingURL" not in text
        assert "\r" not in text, "browsers hash scripts with \\n"
