"""The documents hold what they say: derived texts are derived, links lead somewhere."""

import importlib.util
import re
import threading
from pathlib import Path

import import_graph
import pytest

import shim
from shim.objectapi.codes import Code
from shim.offline import ENDPOINTS
from shim.sandbox import PROFILES, Sandbox
from shim.settings.model import Settings

ROOT = Path(__file__).parent.parent
PACKAGE = Path(shim.__file__).parent
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md"))
}
README = DOCUMENTS["README.md"]
MIGRATION = DOCUMENTS["MIGRATION.md"]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def derive():
    """Return the program that derives."""
    spec = importlib.util.spec_from_file_location("derive", ROOT / "docs" / "derive.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", DOCUMENTS)
class TestEveryDocument:
    """What holds for each of them."""

    def test_its_derived_texts_are_those_of_today(self, name, derive):
        """`make derived` has been run."""
        assert derive.derived(DOCUMENTS[name]) == DOCUMENTS[name]

    def test_its_links_lead_somewhere(self, name):
        """To a file of this repository, and to a heading that is there."""
        for target in links(DOCUMENTS[name]):
            path, _, anchor = target.partition("#")
            there = (ROOT / name).parent.joinpath(path).resolve() if path else ROOT / name
            assert there.is_relative_to(ROOT), target
            assert there.is_file(), target
            if anchor:
                assert anchor in anchors(there.read_text(encoding="utf-8")), target

    def test_each_of_its_blocks_is_run(self, name):
        """`conftest.py` knows its language; a block without one is a drawing."""
        for language, source in FENCED.findall(DOCUMENTS[name]):
            assert language in {"python", "sh", "toml", "diff", "text"} or "--->" in source

    def test_the_files_that_it_names_are_there(self, name):
        """A path in code marks that begins with a folder of this repository."""
        inside = re.compile(r"`((?:shim|tests|docs|examples|benchmarks|tools)/[\w./-]*)`")
        paths = inside.findall(FENCED.sub("", DOCUMENTS[name]))
        # The package may be an installed one.
        roots = {path: PACKAGE.parent if path.startswith("shim/") else ROOT for path in paths}
        assert [path for path, root in roots.items() if not (root / path).exists()] == []

    def test_its_external_links_are_known(self, name):
        """So that no address gets in that does not exist."""
        known = {"https://keepachangelog.com/en/1.1.0/", "https://semver.org/"}
        assert set(re.findall(r"\]\((https?://[^)]+)\)", DOCUMENTS[name])) <= known


def links(document):
    """Return the relative links and pictures outside of code."""
    return re.findall(r"\]\((?!https?://)([^)\s]+)\)", FENCED.sub("", document))


def anchors(document):
    """Return the anchors that GitHub gives a document: of its headings, and those it sets."""
    prose = FENCED.sub("", document)
    found = set(re.findall(r'<a id="([^"]+)"></a>', prose))
    for heading in re.findall(r"^#{1,6} (.+?)\s*$", prose, re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        repeats = (f"{anchor}-{number}" for number in range(1, 100))
        found.add(
            anchor if anchor not in found else next(one for one in repeats if one not in found)
        )
    return found


def test_anchors_are_made_as_github_makes_them():
    """Punctuation goes, blanks become hyphens, the second of the same name is numbered."""
    document = '# At 2 a.m.: `x_y`\n## Same\n## Same\n```sh\n# no heading\n```\n<a id="own"></a>\n'
    assert anchors(document) == {"at-2-am-x_y", "same", "same-1", "own"}


def test_every_derived_text_is_in_one_document(derive):
    """Not forgotten, and not twice."""
    for name in derive.BLOCKS:
        assert sum(f"<!-- {name} -->\n" in one for one in DOCUMENTS.values()) == 1, name


def test_the_readme_is_short():
    """Everything else is in docs/."""
    assert len(README.splitlines()) <= 180


def test_the_readme_links_every_document():
    """Directly, so that a reader finds it."""
    rest = {*DOCUMENTS, "LICENSE"} - {"README.md"}
    assert rest <= {link.partition("#")[0] for link in links(README)}


def test_the_architecture_says_what_each_part_is_for(derive):
    """Each row of the picture has one in the table, and the other way round."""
    document = DOCUMENTS["docs/architecture.md"]
    drawn = set(re.findall(r"^\| ([\w./]+) ", derive.architecture(), re.MULTILINE))
    table = re.search(r"\| part \|.*?\n\n", document, re.DOTALL)[0]
    first_cells = " ".join(re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE))
    named = set(re.findall(r"`shim/([^`]+)`", first_cells))
    assert drawn == named


class TestPicture:
    """The drawing of the imports."""

    def test_each_is_below_all_that_import_it(self):
        """On the floor below the lowest of them."""
        graph = {"door": {"room", "cellar"}, "shed": set(), "room": {"cellar"}, "cellar": set()}
        assert import_graph.floors(graph) == [["door", "shed"], ["room"], ["cellar"]]
        assert import_graph.picture(graph).splitlines() == [
            "+--------+",
            "| door   | ---> room, cellar",
            "| shed   |",
            "+--------+",
            "| room   | ---> cellar",
            "+--------+",
            "| cellar |",
            "+--------+",
        ]

    def test_a_circle_is_refused_with_its_path(self):
        """None of its parts is above the others."""
        with pytest.raises(ValueError, match="a -> b -> a"):
            import_graph.floors({"a": {"b"}, "b": {"a"}})


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_the_number_of_calls_is_that_of_the_declarations(document):
    """Where a document says how many offline calls there are."""
    counts = re.findall(r"\b[Aa]ll (\d+)(?: offline)? calls", document)
    assert set(counts) <= {str(len(ENDPOINTS))}


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
def test_every_call_has_a_section(endpoint):
    """Under its code, where other documents point to."""
    anchor = endpoint.code.lower()
    assert f'<a id="{anchor}"></a>\n### {endpoint.code}: {endpoint.name}\n' in MIGRATION


def test_every_setting_has_a_text():
    """In plain sentences."""
    rows = dict(
        re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", DOCUMENTS["docs/settings.md"], re.MULTILINE)
    )
    assert set(rows) >= set(Settings.model_fields)
    assert all(text.endswith(".") for text in rows.values())


def test_every_code_is_explained():
    """Those that something here depends on."""
    table = DOCUMENTS["docs/codes.md"].partition("## ")[0]
    first_cells = " ".join(re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE))
    assert {str(int(code)) for code in Code} <= set(re.findall(r"-?\d+", first_cells))


def test_every_profile_is_explained():
    """One row each."""
    table = re.findall(r"^\| `(\w+)` \|", DOCUMENTS["docs/sandbox.md"], re.MULTILINE)
    assert [name for name in table if name in PROFILES] == list(PROFILES)


class TestRollback:
    """The settings file of README.md, turned as README.md says."""

    OLD, NEW = "/cgi/user/batchSetStatus", "/cgi/crm/v2/data/query"

    def test_one_line_takes_it_back_without_a_restart(self, tmp_path, events):
        """And other functions keep their old way all the time."""
        tenant = Sandbox(2, seed=1)
        toml = re.search(r"```toml\n(# fxiaoke-shim\.toml\n.*?)```", README, re.DOTALL)[1]
        toml = toml.replace("FSUID_ADMIN", tenant.current_open_user_id)
        line = 'mode = "object" '
        assert toml.count(line) == 1
        file = tmp_path / "fxiaoke-shim.toml"
        file.write_text(toml, encoding="utf-8")
        shim.configure(
            base_url=tenant.base_url, transport=tenant.transport(), notices="log", quota_calls=0
        )
        token, corp_id, people = tenant.corp_access_token, tenant.corp_id, tenant.open_user_ids

        def paths():
            answer = shim.set_member_status_batch(token, corp_id, people, 1)
            assert answer["errorCode"] == 0
            assert list(shim.get_department_list(token, corp_id).api_calls) == [
                "/cgi/department/list"
            ]
            return set(answer.api_calls)

        assert self.NEW in paths()
        assert self.OLD not in paths()
        file.write_text(toml.replace(line, 'mode = "legacy" '), encoding="utf-8")
        until = threading.Event()
        for _ in range(100):
            shim.get_department_list(token, corp_id)
            if any(event.name == "shim.settings_file_read" for event in events):
                break
            until.wait(0.05)
        assert paths() == {self.OLD}
