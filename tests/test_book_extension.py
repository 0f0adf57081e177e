"""The book's Sphinx extensions, on a tiny book that each test writes for itself."""

import json
import os
import re
from pathlib import Path

import pytest
from sphinx.errors import ExtensionError
from sphinx.testing.util import SphinxTestApp
from sphinx.util.console import strip_colors

EXTENSIONS = Path(__file__).parent.parent / "book" / "_ext"

EXPERIMENT = {
    "name": "q02-sgd",
    "settings": {"data": "MNIST", "optimizer": "SGD, 0.1"},
    "runs": 1000,
    "diverged": 0,
    "seconds": 123.4,
    "key": "0123456789abcdef" * 4,
    "ledger": "results/q02-sgd.jsonl",
    "versions": "TensorFlow 2, Keras 3",
    "machine": "two cores",
}
ANOTHER = EXPERIMENT | {
    "name": "q02-adam",
    "settings": {"data": "MNIST", "optimizer": "Adam, 0.001", "warm-up": "2 epochs"},
    "ledger": "results/q02-adam.jsonl",
    "diverged": 12,
    "base": "q02-sgd",
    "changes": "optimizer Adam, 0.001; warm-up 2 epochs",
}
RESULTS = {
    "numbers": {
        "q02.images": 60000,
        "q02.stuck_runs": 3,
        "q02.final_error": 0.01234,
        "q02.change": -0.5,
        "q02.little": -0.04,
        "q02.names": "0, 4 and 7",
        "q02.nothing": float("nan"),
        "q02.verdict": True,
    },
    "claims": {
        "q01": [],
        "q02": [
            {
                "name": "stuck",
                "sentence": "Some runs stick.",
                "needed": "at least -1",
                "measured": "3 of 10, -2",
                "holds": True,
            }
        ],
        "q03": [
            {
                "name": "none",
                "sentence": "None ever does.",
                "needed": "at most 0",
                "measured": "3 of 10",
                "holds": False,
            }
        ],
    },
    "experiments": {"q02": [EXPERIMENT, ANOTHER]},
    "figures": {
        "linked": {"data": "figures/q02.csv", "source": "analysis/questions/q02.py#L80"},
    },
    "tables": {
        "q02-arms": {"header": ["network", "gain"], "rows": [["784-32-10", "-0.5"], ["b", "+1"]]}
    },
}
SETTINGS = """
extensions = ["formulas", "myst_parser", "results_in_pages", "sphinx_design", "theme"]
exclude_patterns = ["_build"]
html_theme = "basic"
latex_documents = [("index", "book.tex", "Tiny book", "", "howto")]
myst_enable_extensions = ["dollarmath"]
numfig = True
"""
SVG = "<svg xmlns='http://www.w3.org/2000/svg'/>"
FIGURE = """
```{figure} figures/%s.*
:name: %s
:alt: Curves, {num}`q02.stuck_runs` of them high.

{num}`q02.stuck_runs` runs.
```
"""


class Book:
    """A book in a folder, with Sphinx to build it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.html = folder / "_build" / "html"
        for name in ("figures", "results"):
            (folder / name).mkdir(parents=True)
        self.write("conf.py", SETTINGS)
        self.write("numbers.json", json.dumps(RESULTS))
        for experiment in RESULTS["experiments"]["q02"]:
            self.write(experiment["ledger"], f"{experiment['name']}\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def draw(self, name: str, *suffixes: str) -> None:
        for suffix in suffixes:
            self.write(f"figures/{name}{suffix}", SVG)

    def build(self, page: str = "", builder: str = "html") -> str:
        """Build the book with this first page; return what became of it."""
        if page:
            self.write("index.md", page)
        app = SphinxTestApp(builder, self.folder)
        try:
            app.build()
            self.status = strip_colors(app.status.getvalue())
            self.warnings = strip_colors(app.warning.getvalue())
            output = "book.tex" if builder == "latex" else "index.html"
            return Path(app.outdir, output).read_text(encoding="utf-8")
        finally:
            app.cleanup()


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(EXTENSIONS)
    monkeypatch.setenv("REPORT_STAGES_DONE", "1")
    return Book(tmp_path / "book")


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("q02.images", "60,000"),
        ("q02.images:d", "60000"),
        ("q02.final_error:.3f", "0.012"),
        ("q02.final_error:.1%", "1.2%"),
        ("q02.change:+.1f", "\N{MINUS SIGN}0.5"),
        ("q02.little:+.1f", "0.0"),
        ("q02.names", "0, 4 and 7"),
    ],
)
def test_numbers_take_a_format(book, reference, shown):
    html = book.build(f"# Title\n\nValue: {{num}}`{reference}`.\n")
    assert f"<p>Value: {shown}.</p>" in html
    assert book.warnings == ""


def test_numbers_stand_wherever_text_does(book):
    book.draw("curves", ".svg", "-dark.svg")
    html = book.build(
        "# {num}`q02.stuck_runs` stick\n\n"
        "| Runs |\n| --- |\n| {num}`q02.stuck_runs` |\n" + FIGURE % ("curves", "curves")
    )
    assert re.search("<h1>3 stick", html)
    assert "<td><p>3</p></td>" in html
    assert '<span class="caption-text">3 runs.</span>' in html
    assert html.count('alt="Curves, 3 of them high."') == 2
    assert book.warnings == ""


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("q02.stuck_run", "no number 'q02.stuck_run'; did you mean q02.stuck_runs"),
        ("q02.final_error", "needs a format"),
        ("q02.images:.3q", "format '.3q'"),
        ("q02.names:.3f", "format '.3f'"),
        ("q02.nothing:.3f", "not a finite number"),
        ("q02.verdict", "neither a number nor text"),
    ],
)
def test_wrong_number_is_a_warning_with_page_and_line(book, reference, complaint):
    book.build(f"# Title\n\nText.\n\nValue: {{num}}`{reference}`.\n")
    (warning,) = book.warnings.splitlines()
    assert "index.md:5: WARNING: " in warning
    assert complaint in warning


def test_wrong_number_in_alt_text_is_a_warning(book):
    book.draw("curves", ".svg", "-dark.svg")
    figure = FIGURE % ("curves", "curves")
    book.build("# Title\n" + figure.replace("stuck_runs", "stuck"))
    assert "alt text: numbers.json has no number 'q02.stuck'" in book.warnings


def test_claims_that_hold(book):
    html = book.build("# Title\n\n```{claims} q02\n```\n")
    cells = re.findall("<td><p>(.*?)</p></td>", html)
    sentence = '<span id="claim-q02-stuck">Some runs stick.</span>'
    assert cells == ["✓", sentence, "at least \N{MINUS SIGN}1", "3 of 10, \N{MINUS SIGN}2"]
    assert book.warnings == ""


def test_a_number_leads_to_its_row_in_the_list_but_in_headings(book):
    book.write("numbers.md", "---\norphan: true\n---\n# All\n\n```{all-numbers}\n```\n")
    html = book.build("# The {num}`q02.stuck_runs`\n\nThere {num}`q02.images` are.\n")
    (link,) = re.findall('<a class="[^"]*number[^"]*"[^>]*>60,000</a>', html)
    assert 'href="numbers.html#q02.images"' in link and 'title="q02.images"' in link
    assert "<h1>The 3<" in html
    rows = (book.html / "numbers.html").read_text()
    assert 'id="q02.images"' in rows and "analysis/questions/q02.py" in rows
    assert book.warnings == ""


def test_the_list_names_a_file_that_is_there_for_every_number():
    from results_in_pages.numbers import source

    root = EXTENSIONS.parents[1]
    numbers = json.loads((root / "book" / "numbers.json").read_text())["numbers"]
    sources = {source(name.partition(".")[0]) for name in numbers}
    assert [name for name in sources if not (root / name).is_file()] == []


def test_a_sentence_leads_to_its_claim(book):
    html = book.build("# Title\n\nThree stick.{claim}`q02.stuck`\n")
    (link,) = re.findall("<a [^>]*>✓</a>", html)
    for part in (
        'class="on-screen claim',
        'href="q02.html#claim-q02-stuck"',
        'title="Tested: Some runs stick."',
    ):
        assert part in link
    assert book.warnings == ""


@pytest.mark.parametrize(
    "name, complaint",
    [
        ("q02.stick", "no claim for q02 'stick'; did you mean stuck?"),
        ("q2.stuck", "no claim for q2 'stuck'"),
    ],
)
def test_a_sentence_without_its_claim_is_a_warning(book, name, complaint):
    html = book.build(f"# Title\n\nThree stick.{{claim}}`{name}`\n")
    assert f"index.md:3: WARNING: numbers.json has {complaint}" in book.warnings
    assert f"[{name}]" in html


def test_claim_that_fails_is_a_warning_with_page_sentence_and_measurement(book):
    html = book.build("# Title\n\n```{claims} q03\n```\n")
    assert "index.md:3: WARNING: claim does not hold: None ever does." in book.warnings
    assert "(measured: 3 of 10)" in book.warnings
    assert "✗" in html


@pytest.mark.parametrize(
    ("directive", "complaint"),
    [
        ("{claims} q2", "no claims for 'q2'; did you mean q02"),
        ("{claims} q01", "no claims for 'q01'"),  # known, but its list is empty
        ("{experiments} q2", "no experiments for 'q2'; did you mean q02?"),
        ("{results-table} q02-arm", "no tables for 'q02-arm'; did you mean q02-arms?"),
    ],
)
def test_unknown_question_is_a_warning(book, directive, complaint):
    book.build(f"# Title\n\n```{directive}\n```\n")
    assert "index.md:3: WARNING: " in book.warnings
    assert complaint in book.warnings


def test_results_table_has_headings_rows_and_minus_signs_but_for_hyphens(book):
    html = book.build("# Title\n\n```{results-table} q02-arms\nBoth {num}`q02.stuck_runs`.\n```\n")
    assert "Both 3." in re.sub("<.*?>", "", re.search("<caption>.*?</caption>", html, re.S)[0])
    assert re.findall("<th.*?><p>(.*?)</p></th>", html) == ["network", "gain"]
    assert re.findall("<td><p>(.*?)</p></td>", html) == [
        "784-32-10",
        "\N{MINUS SIGN}0.5",
        "b",
        "+1",
    ]
    assert 'class="results' in html
    assert book.warnings == ""


def test_a_cell_with_a_text_may_be_broken_and_one_with_an_interval_may_not(book):  # by style
    from results_in_pages.tables import table

    cells = ["+24.77 (+24.06 to +25.48)", "c473ce9de4170e6f e7638543697b7512"]
    (*_, made) = table(["a", "b"], [cells], "results")
    body = made.next_node(lambda node: node.tagname == "tbody")
    assert [cell["classes"] for cell in body[0]] == [[], ["text"]]


def test_experiments_show_what_is_shared_and_what_differs(book):
    html = book.build("# Title\n\n```{experiments} q02\n```\n")
    settings, experiments = re.findall("<table.*?</table>", html, re.DOTALL)
    assert re.findall("<td><p>(.*?)</p></td>", settings) == [
        "Data", "MNIST", "Versions", "TensorFlow 2, Keras 3", "Machine", "two cores",
    ]  # fmt: skip
    assert re.findall("<th.*?><p>(.*?)</p></th>", experiments) == [
        "Experiment", "Optimizer", "Warm-up", "Runs", "Training time", "Key",
    ]  # fmt: skip
    plain = re.sub(r"<[^>]+>|\s", "", experiments.partition("<tbody>")[2])
    assert plain == (
        "q02-sgdSGD,0.1–1,0002min3s0123456789"
        "q02-adamAdam,0.0012epochs1,000,12diverged2min3s0123456789"
    )
    assert book.warnings == ""


def test_where_many_settings_differ_it_is_told_what_each_changes_and_in_which(book, monkeypatch):
    monkeypatch.setattr("results_in_pages.experiments.MOST_VARIED", 1)
    experiments = [EXPERIMENT, ANOTHER | {"machine": "three cores"}]
    book.write("numbers.json", json.dumps(RESULTS | {"experiments": {"q02": experiments}}))
    html = book.build("# Title\n\n```{experiments} q02\n```\n")
    assert "<details" in html and "2 experiments, their settings and keys" in html
    first, experiments = re.findall("<table.*?</table>", html, re.DOTALL)
    assert re.findall("<p>(.*?)</p>", first) == [
        "Setting", "q02-sgd", "Data", "MNIST", "Optimizer", "SGD, 0.1",
        "Versions", "TensorFlow 2, Keras 3", "Machine", "two cores or three cores",
    ]  # fmt: skip
    assert re.findall("<th.*?><p>(.*?)</p></th>", experiments) == [
        "Experiment", "Compared with", "What it changes", "Runs", "Training time", "Key",
    ]  # fmt: skip
    cells = [
        re.findall("<p>(.*?)</p>", row)[1:3] for row in re.findall("<tr.*?</tr>", experiments, re.S)
    ]
    assert cells[1:] == [["–", "–"], ["q02-sgd", "optimizer Adam, 0.001; warm-up 2 epochs"]]


def test_setting_that_any_experiment_lacks_is_not_shared(book):
    from results_in_pages.experiments import split_settings

    for order in ([EXPERIMENT, ANOTHER, ANOTHER], [ANOTHER, ANOTHER, EXPERIMENT]):
        shared, varied = split_settings(order)
        assert list(shared) == ["data", "versions", "machine"]
        assert sorted(varied) == ["optimizer", "warm-up"]


def test_ledgers_can_be_downloaded(book):
    html = book.build("# Title\n\n```{experiments} q02\n```\n")
    links = re.findall('href="(_downloads/[^"]+)"', html)
    contents = [(book.html / link).read_text() for link in links]
    assert contents == ["q02-sgd\n", "q02-adam\n"]


def column_shares(rows):
    from results_in_pages.tables import latex_columns

    widths = re.findall(r"\\X\{(\d+)\}\{(\d+)\}", latex_columns(rows))
    return [int(width) / int(total) for width, total in widths]


def test_columns_of_print_are_as_wide_as_their_texts_where_that_fits(book):
    from docutils.nodes import literal
    from results_in_pages.tables import BETWEEN_COLUMNS, LINE_OF_A_TABLE

    shares = column_shares([["a", "gain"], ["784-1024-10", literal(text="q02-sgd.jsonl")]])
    letters = [share * LINE_OF_A_TABLE[r"\footnotesize"] - BETWEEN_COLUMNS for share in shares]
    assert letters == pytest.approx([11, 13], abs=0.1)


def test_columns_of_print_break_no_number_where_texts_can_give_way(book):
    from results_in_pages.tables import BETWEEN_COLUMNS, LINE_OF_A_TABLE

    share, _ = column_shares([["95%", "text"], ["93.48% to 93.80%", "word " * 100]])
    assert share * LINE_OF_A_TABLE[r"\footnotesize"] - BETWEEN_COLUMNS >= 15.9


def test_columns_of_print_break_names_where_texts_need_the_room(book):
    name = "q07-dense-changed-smoothing"
    names, _ = column_shares([["arm", "text"], [name, "word " * 100]])
    numbers, _ = column_shares([["arm", "text"], [name.replace("-", "0"), "word " * 100]])
    assert names < 0.8 * numbers


def test_columns_of_print_have_smaller_letters_where_words_would_not_fit(book):
    from results_in_pages.tables import latex_columns

    assert latex_columns([["x" * 50, "y-" * 60]]).count(r"\footnotesize}") == 2
    assert latex_columns([["x" * 60, "y" * 70]]).count(r"\scriptsize") == 2
    assert latex_columns([["x" * 90, "y" * 90]]).count(r"\scriptsize") == 2


def test_columns_of_print_share_what_words_leave_of_the_line(book):
    long, longer = "a word " * 20, "a word " * 40
    shares = column_shares([["a", "b"], [long, longer]])
    assert sum(shares) == pytest.approx(1, abs=0.01)
    assert shares[0] < 0.36 and shares[1] > 0.6


def test_columns_of_print_never_take_more_than_the_line(book):
    shares = column_shares([["x" * 90, "y" * 60]])
    assert sum(shares) == pytest.approx(1, abs=0.01)


def test_home_page_offers_the_pdf_and_the_code_where_there_are_any(book, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    page = "# Title\n\n```{take-away}\n```\n"
    assert "Take it with you" not in book.build(page)
    pdf = book.folder / "_build" / "latex" / "book.pdf"
    pdf.parent.mkdir(parents=True)
    pdf.write_text("the book")
    (link,) = re.findall('href="(_downloads/[^"]+book.pdf)"', book.build(page + "\n"))
    assert (book.html / link).read_text() == "the book"
    assert book.warnings == ""
    assert "as a PDF" not in book.build(page, builder="latex")
    monkeypatch.setenv("GITHUB_REPOSITORY", "me/mine")
    html = book.build(page + "\n\n")
    assert 'href="https://github.com/me/mine">code and results' in html
    line = re.sub("<[^>]+>", "", html)
    assert "Take it with you: the report as a PDF · code and results\n" in line


def test_times_read_as_words(book):
    from results_in_pages.experiments import duration

    times = [0.2, 7.6, 59.6, 123.4, 3599.7, 5400]
    assert [duration(seconds) for seconds in times] == [
        "under 1 s", "8 s", "1 min 0 s", "2 min 3 s", "1 h 0 min", "1 h 30 min",
    ]  # fmt: skip


def test_figure_has_both_twins_and_one_number(book):
    book.draw("first", ".svg", "-dark.svg")
    book.draw("second", ".svg", "-dark.svg")
    html = book.build("# Title\n" + FIGURE % ("first", "a") + FIGURE % ("second", "b"))
    images = re.findall('<img alt="Curves.*?" class="(.*?)" src="_images/(.*?)"', html)
    assert images == [
        ("only-light", "first.svg"),
        ("only-dark", "first-dark.svg"),
        ("only-light", "second.svg"),
        ("only-dark", "second-dark.svg"),
    ]
    assert re.findall('caption-number">Fig. (.*?) <', html) == ["1", "2"]
    assert (book.html / "_images" / "first-dark.svg").is_file()
    # The theme would hide a caption that has the dark image as a sibling.
    assert html.count("</span><figcaption>") == 2
    assert book.warnings == ""


def test_page_knows_how_large_its_figures_are(book):
    sized = SVG.replace("<svg", '<svg width="72pt" height="36.3pt"')
    for name, drawing in (("sized", sized), ("free", SVG)):
        for twin in ("", "-dark"):
            book.write(f"figures/{name}{twin}.svg", drawing)
    html = book.build("# Title\n" + FIGURE % ("sized", "a") + FIGURE % ("free", "b"))
    sides = 'loading="lazy" width="(.*?)" height="(.*?)" '
    images = re.findall(f'<img (?:{sides})?alt="Curves', html)
    assert images == [("96", "48")] * 2 + [("", "")] * 2
    assert book.warnings == ""


def test_label_of_an_image_stays_unique(book):
    book.draw("curves", ".svg", "-dark.svg")
    html = book.build("# Title\n\n```{image} figures/curves.svg\n:name: here\n```\n")
    assert html.count('id="here"') == 1
    assert html.count("<img ") == 2


@pytest.fixture
def linked(book):
    """A book with a figure whose data and code are known."""
    book.draw("linked", ".svg", ".pdf", "-dark.svg")
    book.write("figures/q02.csv", "experiment,seed\n")
    book.write("index.md", "# Title\n" + FIGURE % ("linked", "linked"))
    return book


def links(html) -> dict[str, str]:
    """Addresses of the links under the figure, by their text."""
    (legend,) = re.findall('<div class="figure-links .*?>(.*?)</div>', html, re.DOTALL)
    found = re.findall('<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', legend, re.DOTALL)
    return {re.sub("<[^>]+>", "", text): address for address, text in found}


def test_figure_links_to_its_data_and_its_drawing_for_print(linked, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    found = links(linked.build())
    assert list(found) == ["data (CSV)", "figure (PDF)"]
    assert (linked.html / found["data (CSV)"]).read_text() == "experiment,seed\n"
    assert (linked.html / found["figure (PDF)"]).read_text() == SVG
    assert linked.warnings == ""


@pytest.mark.parametrize("where", ["settings", "workflow"])
def test_figure_links_to_its_code_where_the_repository_is_known(linked, monkeypatch, where):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    if where == "workflow":
        monkeypatch.setenv("GITHUB_REPOSITORY", "someone/fork")
    else:
        address = 'html_theme_options = {"repository_url": "https://github.com/someone/fork/"}\n'
        # The basic theme has no such option; ours has.
        linked.write("conf.py", SETTINGS + address + 'suppress_warnings = ["config"]\n')
    address = "https://github.com/someone/fork/blob/HEAD/analysis/questions/q02.py#L80"
    assert links(linked.build())["code"] == address


def test_print_has_no_links_under_figures(linked):
    tex = linked.build(builder="latex")
    assert "data (CSV)" not in tex and "figure (PDF)" not in tex
    assert "3 runs." in tex


def test_print_has_only_the_light_image(book):
    book.draw("curves", ".svg", ".pdf", "-dark.svg")
    tex = book.build("# Title\n" + FIGURE % ("curves", "curves"), builder="latex")
    images = re.findall(r"includegraphics\[(.*?)\]\{+(.*?)\}+\.?(\w+)", tex)
    assert images == [("scale=0.86", "curves", "pdf")]
    assert book.warnings == ""


@pytest.fixture
def digit(book):
    """A book with a page on which one can draw, and one on which one cannot."""
    book.draw("curves", ".svg", ".pdf", "-dark.svg")
    book.write("results/draw-a-digit.json", '{"networks": {}}\n')
    book.write("other.md", "# Other\n" + FIGURE % ("curves", "curves"))
    digit = FIGURE.replace("{figure}", "{draw-a-digit}") % ("curves", "digit")
    contents = "\n```{toctree}\nother\n```\n"
    book.write("index.md", "# Title\n" + digit + "\n{numref}`digit` shows it.\n" + contents)
    return book


def test_drawing_has_its_place_in_a_figure_and_its_script_on_that_page_alone(digit):
    html = digit.build()
    figure = html[html.index("<figure") : html.index("</figure>")]
    assert figure.index("<img ") < figure.index('<div class="draw-a-digit">')
    assert figure.index('<div class="draw-a-digit">') < figure.index("<figcaption>")
    assert "3 runs." in figure and 'alt="Curves, 3 of them high."' in figure
    assert "Fig. 1</span></a> shows it" in html
    files = re.findall(r'(?:src|href)="(_static/draw-a-digit\.\w+)', html)
    assert sorted(files) == ["_static/draw-a-digit.css", "_static/draw-a-digit.js"]
    assert all((digit.html / file).is_file() for file in files)
    assert "_static/draw-a-digit" not in (digit.html / "other.html").read_text()
    networks = (digit.html / "_static" / "draw-a-digit-networks.js").read_text()
    assert networks == 'DrawADigit.begin({"networks": {}});\n'
    assert digit.warnings == ""


def test_print_has_the_figure_in_place_of_the_drawing(digit):
    tex = digit.build(builder="latex")
    assert "includegraphics" in tex and "3 runs." in tex
    assert "draw-a-digit" not in tex
    assert digit.warnings == ""


def test_drawing_without_networks_is_a_warning(digit):
    (digit.folder / "results" / "draw-a-digit.json").unlink()
    digit.build()
    assert "index.md:3: WARNING: there is no results/draw-a-digit.json" in digit.warnings


DOTS = '[{"name":"a</script>","dots":[[0.5,0.25,7,"no output silent"]]}]'


def test_figure_of_runs_has_its_dots_beside_it_and_their_script_on_that_page_alone(book):
    book.draw("runs", ".svg", ".pdf", "-dark.svg")
    book.write("figures/runs.json", DOTS + "\n")
    book.draw("curves", ".svg", ".pdf", "-dark.svg")
    book.write("figures/curves.json", "[]\n")
    book.write("other.md", "# Other\n" + FIGURE % ("curves", "curves"))
    html = book.build("# Title\n" + FIGURE % ("runs", "runs") + "\n```{toctree}\nother\n```\n")
    (inside,) = re.findall(r'</span><div class="explore.*?json">(.*?)</script></div>', html)
    assert json.loads(inside) == json.loads(DOTS)
    assert "explore.js" in html and "explore.css" in html
    other = (book.html / "other.html").read_text()
    assert "explore" not in other
    assert book.warnings == ""
    later = DOTS.replace("no output", "output 3")
    book.write("figures/runs.json", later)
    os.utime(book.folder / "figures" / "runs.json", (2**33, 2**33))
    assert "output 3 silent" in book.build()


def test_print_has_the_figure_of_runs_alone(book):
    book.draw("runs", ".svg", ".pdf", "-dark.svg")
    book.write("figures/runs.json", DOTS)
    tex = book.build("# Title\n" + FIGURE % ("runs", "runs"), builder="latex")
    assert "includegraphics" in tex and "no output silent" not in tex


def test_missing_twin_is_a_warning(book):
    book.draw("curves", ".svg")
    html = book.build("# Title\n" + FIGURE % ("curves", "curves"))
    assert "index.md:3: WARNING: " in book.warnings
    assert "no dark twin figures/curves-dark.svg" in book.warnings
    assert html.count("<img ") == 1


def test_images_elsewhere_need_no_twin(book):
    book.write("logo.svg", SVG)
    assert book.build("# Title\n\n![Logo](logo.svg)\n").count("<img ") == 1
    assert book.warnings == ""


@pytest.mark.parametrize(
    "fault",
    [
        "{num}`q02.missing`",
        "```{claims} q03\n```",
        "```{experiments} q03\n```",
        "![Curves](figures/curves.svg)",
        "```{image} logo.svg\n:alt: {num}`q02.missing`\n```",
    ],
)
def test_fault_is_told_again_until_it_is_mended(book, fault):
    book.draw("curves", ".svg")
    book.write("logo.svg", SVG)
    book.build(f"# Title\n\n{fault}\n")
    first = book.warnings
    book.build()
    assert book.warnings == first != ""


def later(path: Path) -> None:
    """Date a file after the last build, however fast that was."""
    future = path.stat().st_mtime + 60
    os.utime(path, (future, future))


def test_changed_numbers_rebuild_the_pages_that_use_them(book):
    book.write("other.md", "# Other\n\nNo numbers.\n")
    page = "# Title\n\n{num}`q02.stuck_runs` runs.\n\n```{toctree}\nother\n```\n"
    assert "<p>3 runs.</p>" in book.build(page)
    changed = RESULTS | {"numbers": {"q02.stuck_runs": 4}}
    book.write("numbers.json", json.dumps(changed))
    later(book.folder / "numbers.json")
    assert "<p>4 runs.</p>" in book.build()
    assert "0 added, 1 changed, 0 removed" in book.status


def test_changed_twin_rebuilds_the_page(book):
    book.draw("curves", ".svg", "-dark.svg")
    book.build("# Title\n\n![Curves](figures/curves.svg)\n")
    later(book.folder / "figures" / "curves-dark.svg")
    book.build()
    assert "0 added, 1 changed, 0 removed" in book.status


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "is missing: run"), ("{", "is not valid JSON")]
)
def test_unreadable_numbers_stop_the_build(book, content, complaint):
    (book.folder / "numbers.json").unlink()
    if content is not None:
        book.write("numbers.json", content)
    with pytest.raises(ExtensionError, match=complaint):
        book.build("# Title\n")


DODO = """
def task_figures():
    return {"actions": ["touch book/figures/drawn.svg"]}

def task_numbers():
    return {"actions": ["touch book/counted && %s"], "task_dep": ["figures"]}
"""


def test_stages_run_before_the_pages_are_read(book, monkeypatch):
    monkeypatch.setenv("REPORT_STAGES_DONE", "0")
    book.write("../dodo.py", DODO % "true")
    book.build("# Title\n")
    assert (book.folder / "figures" / "drawn.svg").is_file()
    assert (book.folder / "counted").is_file()


@pytest.mark.parametrize(
    ("dodo", "message"),
    [
        (DODO % "echo no ledger of q02 >&2 && false", "no ledger of q02"),
        ("def task_figures(:", "SyntaxError"),
    ],
)
def test_failed_stage_stops_the_build_with_its_message(book, monkeypatch, capfd, dodo, message):
    monkeypatch.setenv("REPORT_STAGES_DONE", "0")
    book.write("../dodo.py", dodo)
    with pytest.raises(ExtensionError, match="could not be made") as stopped:
        book.build("# Title\n")
    # A task that fails is told of at the end; what Python itself says stands before.
    assert message in str(stopped.value) + capfd.readouterr().err


def test_a_change_of_any_file_of_the_extensions_builds_the_pages_again(monkeypatch):
    monkeypatch.syspath_prepend(EXTENSIONS.parent.parent)
    import dodo

    files = {*EXTENSIONS.rglob("*.py"), *EXTENSIONS.rglob("*.js"), *EXTENSIONS.rglob("*.css")}
    assert len({file.parent for file in files}) > 1  # in packages, too
    assert files <= set(dodo.PAGES_FROM)


def test_formulas_need_no_script(book):
    html = book.build("# Title\n\nHere $x^2$ and $\\max(0, z)$, below\n\n$$\\frac{1}{n}$$\n")
    assert "<msup><mi>x</mi><mn>2</mn></msup></mrow></math> and" in html
    assert "<mi>max</mi><mo" in html
    assert re.search(r'<div class="formula".*display="block"><mrow><mfrac>', html)
    assert "mathjax" not in html.lower()
    assert book.warnings == ""


def test_a_functions_name_and_what_follows_are_two_words(book):
    html = book.build("# Title\n\n$(-\\log p_t)$, $\\ln 10$, $\\log(x)$\n")
    space = '<mspace width="0.167em"/>'
    assert f"<mi>log</mi>{space}<msub>" in html and f"<mi>ln</mi>{space}<mn>" in html
    assert "<mi>log</mi><mo" in html
    assert '<mo form="prefix">&#x02212;</mo>' in html


def test_formula_that_cannot_be_set_is_a_warning(book):
    book.build("# Title\n\nHere $\\unheard x$.\n")
    assert r"index.md:3: WARNING: not a formula that can be set: \unheard x" in book.warnings


def test_theme_is_known_before_the_page_is_drawn(book):
    head, body = book.build("# Title\n").split("</head>")
    assert "page.dataset.theme" in head and "page.dataset.theme" not in body
