"""The report in a real browser: it sorts, filters, fits, and loads nothing."""

import json
from datetime import datetime, timezone
from importlib.resources import files

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from shim.usage import Log, ProcessSeen, Seen, SiteKey, SiteSeen, Usage
from shim.usage.figures import figures
from shim.usage.report import render
from shim.usage.verdict import Judge

NOW = datetime(2026, 11, 26, 8, tzinfo=timezone.utc)
HOSTILE = '"><img src=x onerror="document.title=1"><script>document.title=2</script>'


PATH = "/srv/apps/hr-sync/releases/20261127103355/src/hr/integration/fxiaoke/leavers.py"


def site(  # noqa: PLR0913, PLR0917 - a site has that much.
    number,
    function="update_member",
    module="hr.sync",
    calls=10,
    last="2026-11-25",
    service="hr-sync",
    **seen,
):
    name = f"Sync.push_{number}"
    at = f"{last}T10:00:00.000Z"
    return SiteSeen(
        SiteKey(function, module, name, service),
        "FXO003",
        "PersonnelObj update",
        "fxshim explain FXO003",
        PATH,
        number,
        {f"{PATH}:{number}": calls},
        overflow=False,
        seen=Seen(
            calls=calls,
            first=f"2026-09-01T0{number % 10}:00:00.000Z",
            last=at,
            modes=seen.pop("modes", {"object": calls}),
            processes=frozenset({"1-a"}),
            days={"2026-09-01": calls - 1, last: 1},
            **seen,
        ),
    )


SITES = [
    site(1, calls=5, compared=4, mismatched=1, paths={"errorCode": 1}),
    site(2, calls=300, modes={"legacy": 100, "shadow": 200}),
    site(3, "set_member_status", "helpdesk", calls=70, last="2026-10-01", service="portal"),
    site(4, "set_member_status", HOSTILE, calls=1, service="portal"),
]


def page(sites=SITES, days=(), unread=1):
    processes = {"1-a": ProcessSeen("hr-sync", {"2026-11-25"}, ended=True, faults=())}
    log = Log(
        ("a.log",), 9, 9, unread, f"{PATH}.log:7 has no time", days or ["2026-09-01"], processes
    )
    usage = Usage(log, {one.key: one for one in sites}, NOW)
    known = {"update_department": ("FXO009", "DepartmentObj update", "fxshim explain FXO009")}
    return render(figures(usage, Judge(usage, 30), known))


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """Return the browser with the report open, as wide as asked."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(), encoding="utf-8")

    def opened(width=1280, scheme="light", scripts=True):  # noqa: FBT002 - named at each call.
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        browser.get(path.as_uri())
        return browser

    return opened


def shown(browser):
    rows = browser.find_elements(By.CSS_SELECTOR, "#sites tbody tr")
    return [int(row.get_attribute("data-calls")) for row in rows if row.is_displayed()]


def head(browser, name):
    return browser.find_element(By.CSS_SELECTOR, f'#sites th[data-by="{name}"]')


def background(browser):
    return browser.execute_script("return getComputedStyle(document.body).backgroundColor")


def test_table_sorts_by_click_and_by_keyboard(opened):
    """By a click and by the keyboard, numbers as numbers, up and down."""
    browser = opened()
    calls = head(browser, "calls")
    calls.find_element(By.TAG_NAME, "button").click()
    assert calls.get_attribute("aria-sort") == "descending"
    assert shown(browser) == [300, 70, 5, 1]
    calls.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert calls.get_attribute("aria-sort") == "ascending"
    assert shown(browser) == [1, 5, 70, 300]
    last = head(browser, "last")
    last.find_element(By.TAG_NAME, "button").send_keys(Keys.SPACE)
    assert (calls.get_attribute("aria-sort"), last.get_attribute("aria-sort")) == (
        None,
        "ascending",
    )
    assert shown(browser)[0] == 70


def test_filters_combine_and_count_what_is_left(opened):
    """By text, function, way and verdict, together; and says how many are left."""
    browser = opened()
    form = browser.find_element(By.ID, "filter")
    output = form.find_element(By.TAG_NAME, "output")
    assert output.text == "4 sites"
    text = form.find_element(By.NAME, "text")
    text.send_keys("HR sync")
    assert sorted(shown(browser)) == [1, 5, 70, 300]
    text.clear()
    text.send_keys("helpdesk")
    assert shown(browser) == [70]
    assert output.text == "1 of 4 sites"
    text.clear()
    text.send_keys(" ")
    Select(form.find_element(By.NAME, "mode")).select_by_visible_text("shadow")
    assert shown(browser) == [300]
    Select(form.find_element(By.NAME, "function")).select_by_visible_text("set_member_status")
    assert shown(browser) == []
    Select(form.find_element(By.NAME, "mode")).select_by_visible_text("all")
    assert sorted(shown(browser)) == [1, 70]
    text.send_keys(Keys.ENTER)
    assert browser.current_url.endswith("report.html#function=set_member_status")


def choose(browser, name, value):
    form = browser.find_element(By.ID, "filter")
    Select(form.find_element(By.NAME, name)).select_by_value(value)


def test_filters_are_in_the_address(opened):
    """It can be sent to others; back and forward undo and do a filter, a word at a time."""
    browser = opened()
    choose(browser, "service", "portal")
    browser.find_element(By.NAME, "text").send_keys("helpdesk")
    choose(browser, "state", "not_known")
    address = browser.current_url
    assert address.endswith("report.html#text=helpdesk&service=portal&state=not_known")
    assert shown(browser) == [70]
    for expected in ([70], [1, 70], [1, 5, 70, 300]):
        browser.back()
        assert sorted(shown(browser)) == expected or expected == [70]
    assert browser.find_element(By.NAME, "text").get_attribute("value") == ""
    browser.forward()
    assert sorted(shown(browser)) == [1, 70]
    browser.get("about:blank")
    browser.get(address)
    assert shown(browser) == [70]
    browser.get(address.replace("portal", "no-such-service"))
    browser.refresh()
    assert shown(browser) == [70]
    select = Select(browser.find_element(By.NAME, "service"))
    assert select.first_selected_option.text == "all"


def test_a_search_without_a_find_says_so(opened):
    """And leads back."""
    browser = opened()
    none = browser.find_element(By.ID, "none")
    assert not none.is_displayed()
    browser.find_element(By.NAME, "text").send_keys("no such site")
    assert none.text == "No call site fits. Clear the filters"
    assert not browser.find_element(By.ID, "sites").is_displayed()
    none.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert len(shown(browser)) == len(SITES)
    assert browser.current_url.endswith("report.html")


def test_links_lead_from_code_to_advice_to_call_sites(opened):
    """From a code to what to do instead, and from there to its call sites."""
    browser = opened()
    browser.find_element(By.CSS_SELECTOR, '#sites a[href="#fxo003"]').click()
    target = browser.find_element(By.CSS_SELECTOR, ":target")
    assert target.text.startswith("FXO003: ")
    assert "fxshim explain FXO003" in target.text
    choose(browser, "mode", "legacy")
    browser.find_element(By.CSS_SELECTOR, '#functions a[data-value="set_member_status"]').click()
    assert sorted(shown(browser)) == [1, 70]
    assert browser.current_url.endswith("#function=set_member_status")
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map(one => one.id)")
    links = browser.find_elements(By.CSS_SELECTOR, "a[href]")
    assert {one.get_attribute("href").partition("#")[2] for one in links} <= set(ids)


def test_the_end_of_a_long_path_is_seen(opened):
    """All of it is in the title and in a copy; no cell is wider than its column."""
    browser = opened()
    place = browser.find_element(By.CSS_SELECTOR, f'#sites .place[title="{PATH}:1"]')
    browser.execute_script("getSelection().selectAllChildren(arguments[0])", place)
    assert browser.execute_script("return getSelection().toString()") == f"{PATH}:1"
    end = browser.execute_script(
        "const text = arguments[0].firstChild.firstChild, range = document.createRange();"
        "range.setStart(text, text.length - 14); range.setEnd(text, text.length);"
        "const inner = range.getBoundingClientRect(), outer = arguments[0].getBoundingClientRect();"
        "return inner.left >= outer.left && inner.right <= outer.right + 1;",
        place,
    )
    assert end
    wide = browser.execute_script(
        "return [...document.querySelectorAll('th, td')].filter("
        "one => one.offsetParent && one.scrollWidth > one.clientWidth + 1).length"
    )
    assert wide == 0


def test_no_colour_means_two_things(opened):
    """Neither light nor dark: functions have colours, modes have greys."""
    for scheme in ("light", "dark"):
        browser = opened(scheme=scheme)
        functions, modes = browser.execute_script(
            "const fill = name => { const one = document.createElementNS("
            "'http://www.w3.org/2000/svg', 'rect'); one.setAttribute('class', name);"
            "document.querySelector('.chart').append(one);"
            "const colour = getComputedStyle(one).fill; one.remove(); return colour; };"
            "return [[0, 1, 2, 3, 4, 5, 6].map(one => fill('c' + one)),"
            "['object', 'shadow', 'dry_run', 'legacy', 'routed', 'other'].map("
            "one => fill('m-' + one))]"
        )
        assert len({*functions, *modes}) == 13


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_accessibility_violation(opened, width, scheme):
    """With everything unfolded, and a banner."""
    browser = opened(width=width, scheme=scheme)
    for details in browser.find_elements(By.TAG_NAME, "details"):
        details.find_element(By.TAG_NAME, "summary").click()
    assert browser.find_element(By.CLASS_NAME, "banner").is_displayed()
    browser.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text("utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run(document).then(found => done("
        "[found.passes.length, found.violations.map(one => [one.id, one.nodes[0].html])]))"
    )
    assert found[0] > 20
    assert found[1] == []


def test_colours_follow_the_system_until_the_button_is_used(opened):
    """As the system says, and the other way at a button."""
    light, dark = (background(opened(scheme=scheme)) for scheme in ("light", "dark"))
    assert light != dark
    browser = opened(scheme="dark")
    button = browser.find_element(By.ID, "theme")
    assert button.text == "Light"
    button.send_keys(Keys.ENTER)
    assert (background(browser), button.text) == (light, "Dark")


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_page_does_not_scroll_sideways(opened, width):
    """No scrolling to the side, but within the chart."""
    browser = opened(width=width)
    # Less than the width by a bar to scroll up and down.
    wider = "return document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wider) == 0
    for details in browser.find_elements(By.TAG_NAME, "details"):
        details.find_element(By.TAG_NAME, "summary").click()
    assert browser.execute_script(wider) == 0


def test_everything_can_be_reached_by_keyboard(opened):
    """The first stop leads past all others to the sites; each stop can be seen."""
    browser = opened()
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    active = browser.switch_to.active_element
    assert active.text == "Skip to the call sites"
    stops = []
    for _ in range(40):
        active = browser.switch_to.active_element
        outline = browser.execute_script(
            "return getComputedStyle(arguments[0]).outlineStyle", active
        )
        stops.append((active.tag_name, outline))
        active.send_keys(Keys.TAB)
        if browser.switch_to.active_element.tag_name == "body":
            break
    assert {tag for tag, _ in stops} >= {"a", "button", "div", "summary", "input", "select"}
    assert {outline for _, outline in stops} <= {"solid", "auto"}


def test_hostile_names_do_nothing(opened):
    """A module may be called anything."""
    browser = opened()
    assert browser.title == "Offline API: what is left"
    assert browser.find_elements(By.TAG_NAME, "img") == []
    assert HOSTILE in browser.find_element(By.ID, "sites").text


def test_nothing_is_loaded_and_nothing_goes_wrong(opened):
    """No request but for the page itself, no word on the console."""
    browser = opened()
    browser.get_log("performance")
    browser.get_log("browser")
    browser.refresh()
    messages = [json.loads(one["message"])["message"] for one in browser.get_log("performance")]
    asked = [
        one["params"]["request"]["url"]
        for one in messages
        if one["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [browser.current_url]
    assert browser.get_log("browser") == []


def test_page_is_complete_without_scripts(opened):
    """All is there, but for what only scripts can do."""
    browser = opened(scripts=False)
    assert len(shown(browser)) == len(SITES)
    assert not browser.find_element(By.ID, "filter").is_displayed()
    assert not browser.find_element(By.ID, "theme").is_displayed()


def test_thousands_of_sites_are_sorted_and_filtered_at_once(opened, tmp_path):
    """Are still sorted and filtered at once."""
    browser = opened()
    path = tmp_path / "large.html"
    path.write_text(page([site(n, calls=n + 1) for n in range(2000)]), encoding="utf-8")
    browser.get(path.as_uri())
    milliseconds = browser.execute_script(
        "const start = performance.now();"
        "document.querySelector('#sites th[data-by=calls] button').click();"
        "document.querySelector('#filter [name=text]').value = 'push_77';"
        "document.querySelector('#filter').dispatchEvent(new Event('input'));"
        "document.body.offsetHeight;"
        "return performance.now() - start;"
    )
    assert milliseconds < 5000
    assert browser.find_element(By.CSS_SELECTOR, "#filter output").text == "11 of 2,000 sites"
