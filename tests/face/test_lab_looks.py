"""All states in both themes: texts can be read, badges lie over nothing, and what ends is told to who can't see it."""

from __future__ import annotations

import pytest
from lab_feed import tell, told
from lab_kit import Front, Server, until

pytestmark = pytest.mark.browser

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
OPEN = ("waiting", "ready", "submitted", "running")
LOOKS = {
    **{state: {"state": state, "open": True, "verdict": "stale", "started_at": 0} for state in OPEN},
    **{state: {"state": state, "open": False, "verdict": "fresh", "seconds": 1.0} for state in ("done", "reused")},
    **{state: {"state": state, "open": False, "verdict": "stale"} for state in ("failed", "skipped", "blocked")},
    "cancelled": {"state": "cancelled", "open": False, "verdict": "stale"},
    "stale": {"state": None, "open": False, "verdict": "stale"},
    "maybe": {"state": None, "open": False, "verdict": "undecided"},
    "fresh": {"state": None, "open": False, "verdict": "fresh"},
    "unknown": {"state": None, "open": False, "verdict": None},
}
ATTEMPT = {"engine": "box:0", "ready_at": 0, "submitted_at": 1, "started_at": 2, "ended_at": 9, "end": "done"}

# Contrast as WCAG 2.1 defines it, of each text with what lies behind it; those below 4.5.
PALE = """() => {
    const parts = colour => { const found = /^rgba?\\(([^)]*)\\)$/.exec(colour);
        if (!found) throw new Error(`no such colour: ${colour}`);
        const [r, g, b, a = 1] = found[1].split(/[ ,/]+/).map(Number); return [r, g, b, a] };
    const over = ([r, g, b, a], below) => [r, g, b].map((one, at) => a * one + (1 - a) * below[at]).concat(1);
    const light = colour => { const [r, g, b] = colour.slice(0, 3).map(one => { const share = one / 255;
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4 });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b };
    const behind = element => { const box = element.closest('g')?.querySelector('.phelps-box');
        if (box) return parts(getComputedStyle(box).fill);
        const layers = []; for (let at = element; at; at = at.parentElement) {
            layers.push(parts(getComputedStyle(at).backgroundColor)); if (layers.at(-1)[3] === 1) break; }
        return layers.reverse().reduce((below, one) => over(one, below), [255, 255, 255, 1]) };
    const within = '.phelps-panel *, .phelps-badge, .phelps-statusbar';
    const texts = [...document.querySelectorAll(within)].filter(one => one.checkVisibility() && !one.disabled
        && one.tagName !== 'title'
        && [...one.childNodes].some(child => child.nodeType === Node.TEXT_NODE && child.textContent.trim()));
    const found = texts.map(one => { const style = getComputedStyle(one); const back = behind(one);
        const front = over(parts(one instanceof SVGElement ? style.fill : style.color), back);
        const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
        return [`${one.getAttribute('class')} ${one.textContent.slice(0, 30)}`, (high + 0.05) / (low + 0.05)] });
    return { count: found.length, pale: found.filter(([, ratio]) => ratio < 4.5) } }"""

# Badges that lie over an output or over code, in pixels.
OVER = """() => [...document.querySelectorAll('.jp-Cell > .phelps-badge')].flatMap(badge => {
    const mine = badge.getBoundingClientRect();
    return [...document.querySelectorAll('.jp-OutputArea-output, .cm-line')].flatMap(other => {
        const its = other.getBoundingClientRect();
        const across = Math.min(mine.right, its.right) - Math.max(mine.left, its.left);
        const along = Math.min(mine.bottom, its.bottom) - Math.max(mine.top, its.top);
        return across > 0 && along > 0.5 ? [[badge.textContent, other.textContent.slice(0, 20), along]] : [] }) })"""


def begun(front: Front, server: Server, name: str) -> None:
    server.write(name, LOAD, "print('above')", *[f"%%task {look}_\nx_{look} = 1" for look in LOOKS])
    front.open(name)
    front.show_panel()
    front.run_cell(0)
    front.run_cell(1)
    front.page.wait_for_selector(f".phelps-panel g[data-task={list(LOOKS)[-1]}_]")
    front.idle()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_stands_out_from_what_is_behind_it(front: Front, server: Server, theme: str) -> None:
    begun(front, server, f"{theme[-5:].strip()}.ipynb")
    front.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    front.wait_js("light => document.body.dataset.jpThemeLight === light", "false" if "Dark" in theme else "true")
    tell(front, [task | LOOKS[task["name"][:-1]] | {"history": [ATTEMPT]} for task in told(front)])
    until(lambda: set(front.looks().values()) >= {"failed", "running", "maybe", "cancelled"}, front.looks)
    front.page.click(".phelps-panel g[data-task=failed_]")
    front.page.click(".phelps-engines summary")
    for view, shown in (("graph", ".phelps-graph g[data-task]"), ("list", ".phelps-row"), ("timeline", ".phelps-span")):
        front.press(view)
        front.page.wait_for_selector(shown)
        front.shot(f"36-{theme[-5:].strip()}-{view}")
        found = front.page.evaluate(PALE)
        assert found["count"] > 30
        assert found["pale"] == []
    front.page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")


def test_a_badge_lies_over_nothing(front: Front, server: Server) -> None:
    begun(front, server, "over.ipynb")
    assert front.page.evaluate(OVER) == []
    front.shot("37-badges")


def test_what_ends_is_told_to_who_cannot_see_it(front: Front, server: Server) -> None:
    server.write("heard.ipynb", LOAD, "%%task good\nx = 1", "%%task bad\n1 / 0")
    front.open("heard.ipynb")
    front.run_all()
    front.await_looks({"good": "done", "bad": "failed"})
    front.wait_js(
        """() => { const said = [...document.querySelectorAll('.phelps-heard[aria-live=polite]')]
            .map(one => one.textContent).join(); window.heardTexts = (window.heardTexts ?? new Set()).add(said);
            const all = [...window.heardTexts].join(); return all.includes('good') && all.includes('bad failed') }"""
    )
