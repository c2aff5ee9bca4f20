#!/usr/bin/env python3
"""Opens a report.html in headless Chromium and checks what a reader would see.

    check_report.py REPORT.html [--search WORD] [--chromium PATH]

Checks: the page runs without console errors or blocked resources, has its title, its answer and its charts, refers to
no other file, stays below 20 MB, is not wider than a phone, and its transcript browser finds rows for a search in the
address. Exit status 0 if all hold, 1 with the reasons if not, 77 if there is no Chromium. Standard library only.
"""
import argparse
import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MOST_BYTES = 20_000_000
SECONDS = 240  # for one page load, on a busy machine
CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
SECTIONS = ["answer", "rates", "run", "words"]
LOADING_ATTRIBUTES = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping"}
# Messages of a console that the page cannot cause by itself.
HARMLESS = re.compile(r"dbus|gpu|vulkan|gl_|vaapi|font|sandbox|gcm|registration|Floss|udev|inotify|oom_score", re.I)


class Page(html.parser.HTMLParser):
    """What the checks need of a document: elements, their attributes, and the text of those with an id."""

    VOID = {"meta", "input", "br", "link", "hr", "img"}

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.elements = []  # (tag, attributes)
        self.text_of_id = {}
        self.title = ""
        self.stack = []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if tag not in self.VOID:
            self.stack.append((tag, attributes.get("id")))

    def handle_endtag(self, tag):
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at][0] == tag:
                del self.stack[at:]
                return

    def handle_data(self, data):
        if self.stack and self.stack[-1][0] == "title" and not any(tag == "svg" for tag, _ in self.stack):
            self.title += data
        for _, name in self.stack:
            if name:
                self.text_of_id[name] = self.text_of_id.get(name, "") + data

    def with_class(self, tag, name):
        return [a for t, a in self.elements if t == tag and name in (a.get("class") or "").split()]


def run_chromium(chromium, url, *options):
    """Standard output and the console messages of one page load."""
    with tempfile.TemporaryDirectory(prefix="check-report-") as profile:
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
                   f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=8000",
                   *options, url]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            sys.exit(f"check_report: {url}: Chromium did not finish within {SECONDS} s")
    console = [line for line in done.stderr.decode("utf-8", "replace").splitlines()
               if ":CONSOLE" in line and not (HARMLESS.search(line) and "file://" not in line)]
    return done.stdout.decode("utf-8", "replace"), console


def transcript_data(source):
    found = re.search(r'<script type="application/json" id="transcript-data">(.*?)</script>', source, re.S)
    return json.loads(found.group(1)) if found else None


def check_file(source, page, problems):
    if len(source.encode()) >= MOST_BYTES:
        problems.append(f"the file has {len(source.encode()):,} bytes, the limit is {MOST_BYTES:,}")
    for tag, attributes in page.elements:
        if tag in ("link", "img", "iframe", "object", "embed", "base", "form"):
            problems.append(f"<{tag}> is an element that can load or send something")
        for name, value in attributes.items():
            if name in LOADING_ATTRIBUTES:
                problems.append(f"<{tag} {name}={value!r}> refers to another resource")
            if name in ("href", "xlink:href") and not (value or "").startswith("#"):
                problems.append(f"<{tag} href={value!r}> leaves the page")
    for block in re.findall(r"<style>(.*?)</style>", source, re.S):
        if re.search(r"@import|url\((?!#)", block):
            problems.append("the style sheet loads something")


def check_content(page, problems):
    if not page.title.strip().endswith("Dormouse report"):
        problems.append(f"the title is {page.title!r}")
    if not any(tag == "html" and a.get("lang") for tag, a in page.elements):
        problems.append("the document names no language")
    sentence = page.text_of_id.get("answer-sentence", "").strip()
    if len(sentence) < 20 or not sentence.endswith("."):
        problems.append(f"the answer is no sentence: {sentence!r}")
    ids = {a.get("id") for _, a in page.elements}
    for section in SECTIONS:
        if section not in ids:
            problems.append(f"there is no section #{section}")
    if not page.with_class("svg", "bar-drawing"):
        problems.append("there is no bar chart")
    if "curves" in ids and not page.with_class("svg", "plot"):
        problems.append("the curves have no chart")


def rows_shown(page):
    return len(page.with_class("div", "t-row"))


def check_browser(chromium, url, data, search, problems):
    """Deep links: a search shows its rows, a transcript's id opens it, nonsense shows none."""
    texts, rows = data["texts"], data["rows"]
    wanted = [row for row in rows if search.lower() in
              "\n".join([texts[row[7]], texts[row[8]], texts[row[9]], row[1]]).lower()]
    page = Page(run_chromium(chromium, f"{url}#q={search.replace(' ', '+')}", "--dump-dom")[0])
    count = page.text_of_id.get("t-count", "")
    if not count.startswith(f"{len(wanted):,} of {len(rows):,}"):
        problems.append(f"a search for {search!r} should count {len(wanted)} of {len(rows)} rows; it says {count!r}")
    if bool(wanted) != bool(rows_shown(page)):
        problems.append(f"a search for {search!r} should show rows: {bool(wanted)}; it shows {rows_shown(page)}")
    if rows_shown(page) > 60:
        problems.append(f"{rows_shown(page)} rows are in the document at once; the list is not virtual")
    row = rows[len(rows) // 2]
    page = Page(run_chromium(chromium, f"{url}#t={row[0]}", "--dump-dom")[0])
    detail = page.text_of_id.get("t-detail", "")
    for name, part in (("prompt", texts[row[7]]), ("completion", texts[row[9]])):
        if " ".join(part.split()) not in " ".join(detail.split()):
            problems.append(f"the link to transcript {row[0]} does not show its {name}")
    page = Page(run_chromium(chromium, f"{url}#q=zqxjkvbnwm", "--dump-dom")[0])
    if rows_shown(page) != 0:
        problems.append("a search for nonsense shows rows")


PHONE_PROBE = """<!doctype html><meta charset=utf-8><pre id=width></pre>
<iframe id=frame width=360 height=800></iframe><script>
frame.onload = () => { width.textContent = frame.contentDocument.documentElement.scrollWidth; };
frame.src = "report.html";</script>"""


def check_phone(chromium, report, problems):
    """The page inside a frame of 360 pixels must not need horizontal scrolling."""
    with tempfile.TemporaryDirectory(prefix="check-report-") as folder:
        folder = pathlib.Path(folder)
        shutil.copy(report, folder / "report.html")
        (folder / "probe.html").write_text(PHONE_PROBE, encoding="utf-8")
        dom, _ = run_chromium(chromium, (folder / "probe.html").as_uri(), "--dump-dom",
                              "--allow-file-access-from-files")
    width = re.search(r'<pre id="width">(\d+)</pre>', dom)
    if not width:
        problems.append("the width on a phone could not be measured")
    elif int(width.group(1)) > 360:
        problems.append(f"on a phone of 360 px the page is {width.group(1)} px wide")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--search", default="hate", help="a word that the transcripts may have")
    parser.add_argument("--chromium", default=next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None))
    arguments = parser.parse_args()
    if not arguments.report.is_file():
        sys.exit(f"check_report: {arguments.report}: no such file")
    if not arguments.chromium:
        print("check_report: skipped, there is no Chromium", file=sys.stderr)
        sys.exit(77)

    source = arguments.report.read_text(encoding="utf-8")
    url = arguments.report.resolve().as_uri()
    problems = []
    dom, console = run_chromium(arguments.chromium, url, "--dump-dom")
    problems += [f"console: {line.split(':CONSOLE', 1)[1]}" for line in console]
    check_file(source, Page(source), problems)
    page = Page(dom)
    check_content(page, problems)
    data = transcript_data(source)
    if data and data["rows"]:
        if rows_shown(page) == 0:
            problems.append("the transcript browser shows no rows")
        check_browser(arguments.chromium, url, data, arguments.search, problems)
    check_phone(arguments.chromium, arguments.report, problems)
    for problem in problems:
        print(f"check_report: {arguments.report}: {problem}", file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"check_report: {arguments.report}: all checks hold ({len(source.encode()):,} bytes)")


if __name__ == "__main__":
    main()
