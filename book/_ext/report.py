"""Sphinx extension that takes the book's numbers, claims and figures from results."""

from __future__ import annotations

import difflib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

NUMBERS_FILE = "numbers.json"
FIGURES_FOLDER = "figures"
PDF_FILE = "_build/latex/book.pdf"
MOST_VARIED = 3  # so many settings that differ have columns of their own
KEY_DIGITS = 10  # enough of a SHA-256 to tell experiments apart by eye
MINUS_SIGN = "\N{MINUS SIGN}"
MINUS_BEFORE_DIGITS = re.compile(r"(?<!\w)-(?=\d)")  # and no hyphen, as in 784-32-10
WORD = re.compile(r"[^\s-]+-?|-")  # lines may end after a hyphen
# Letters that fit on a line of the PDF's tables, by their size, and what is lost to a gap.
LINE_OF_A_TABLE = {r"\footnotesize": 110, r"\scriptsize\let\codesize\tiny": 140}
BETWEEN_COLUMNS = 4
NUMBER_IN_TEXT = re.compile(r"\{num\}`([^`]+)`")


# Before the pages are read ------------------------------------------------------------


def prepare(app: Sphinx) -> None:
    """Bring figures and numbers up to date, then read the numbers.

    Inside doit, which has made them already and holds its database,
    ``REPORT_STAGES_DONE=1`` says so.
    """
    book = Path(app.srcdir)
    if os.environ.get("REPORT_STAGES_DONE") != "1":
        make_stages(book.parent)
    app.env.report = read_numbers(book / NUMBERS_FILE)


def make_stages(root: Path) -> None:
    """Run the stages of ``dodo.py`` that the pages need.

    Parameters
    ----------
    root
        The repository's root.

    Raises
    ------
    ExtensionError
        With what doit says of it, when a stage fails.
    """
    logger.info("making figures and numbers (doit)")
    (root / "_build").mkdir(exist_ok=True)
    # A database of its own: one shared with a doit that is running would be locked.
    database = root / "_build" / ".doit-book.db"
    command = [sys.executable, "-m", "doit", "--db-file", str(database)]
    command += ["-d", str(root), "-f", str(root / "dodo.py"), "figures", "numbers"]
    # Progress, and what it waits for, are to be seen meanwhile.
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE)
    if result.returncode != 0:
        raise ExtensionError(f"figures and numbers could not be made:\n{result.stdout.strip()}")


def read_numbers(path: Path) -> dict:
    """Read the numbers, claims and experiments that the pages show.

    Raises
    ------
    ExtensionError
        When the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ExtensionError(f"{path} is missing: run `doit figures numbers`") from None
    except json.JSONDecodeError as error:
        raise ExtensionError(f"{path} is not valid JSON: {error}") from error


def depend_on_numbers(env: BuildEnvironment) -> None:
    """Have Sphinx read the current page again when the numbers change."""
    env.note_dependency(NUMBERS_FILE)


def complain(env: BuildEnvironment, message: str, location: nodes.Node | str) -> None:
    """Warn about the current page, in this build and the next ones until it is mended.

    Sphinx alone would be silent when it has no reason to read the page again, and the
    fault would pass a build in which warnings are errors.
    """
    logger.warning("%s", message, location=location)
    env.note_reread()


# Numbers ------------------------------------------------------------------------------


class UnknownName(ValueError):
    """A name that the results lack, with the closest ones that they have."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        super().__init__(f"{NUMBERS_FILE} has no {kind} {name!r}{hint}")


def number_text(numbers: dict, reference: str) -> str:
    """Return a number as the prose shows it.

    Parameters
    ----------
    numbers
        Value of every name.
    reference
        A name, or a name and a format as in ``q02.final_error:.3f``.

    Raises
    ------
    ValueError
        When there is no such number or the format does not suit it.
    """
    name, _, spec = reference.partition(":")
    if name not in numbers:
        raise UnknownName("number", name, numbers)
    value = numbers[name]
    if isinstance(value, str):
        return _format(name, value, spec)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {value!r}, neither a number nor text")
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value}, not a finite number")
    if isinstance(value, float) and not spec:
        raise ValueError(f"{name} needs a format, as in {{num}}`{name}:.3f`")
    return _format(name, value, spec or ",").replace("-", MINUS_SIGN)


def _format(name: str, value: int | float | str, spec: str) -> str:
    try:
        return format(value, spec)
    except ValueError as error:
        raise ValueError(f"{name} = {value!r} and format {spec!r}: {error}") from error


class NumberRole(SphinxRole):
    """The role ``{num}``: a number of the results, as plain text.

    Plain text, and no node of its own, so that it works wherever text does:
    in headings and the contents made from them, in table cells, in captions.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        depend_on_numbers(self.env)
        try:
            return [nodes.Text(number_text(self.env.report["numbers"], self.text))], []
        except ValueError as error:
            complain(self.env, str(error), self.get_location())
            return [nodes.strong(text=f"[{self.text}]")], []


class NumbersInAltText(SphinxTransform):
    """Put numbers into alt texts, where roles are not read.

    Left alone, ``{num}`` would stay there as text that only a screen reader tells. This
    is for ``{figure}`` and ``{image}``: MyST drops roles from the alt text of
    ``![alt](file)`` before an extension can see them.
    """

    default_priority = 200

    def apply(self, **kwargs) -> None:
        for image in self.document.findall(nodes.image):
            if NUMBER_IN_TEXT.search(image.get("alt", "")):
                depend_on_numbers(self.env)
                self._fill(image)

    def _fill(self, image: nodes.image) -> None:
        numbers = self.env.report["numbers"]
        try:
            image["alt"] = NUMBER_IN_TEXT.sub(
                lambda match: number_text(numbers, match[1]), image["alt"]
            )
        except ValueError as error:
            complain(self.env, f"alt text: {error}", image)


# Claims and experiments ---------------------------------------------------------------


class QuestionDirective(SphinxDirective):
    """What ``numbers.json`` holds under one heading for the question that is named."""

    required_arguments = 1
    heading: str

    def run(self) -> list[nodes.Node]:
        depend_on_numbers(self.env)
        question = self.arguments[0]
        results = self.env.report[self.heading]
        # A question without entries counts as unknown: an empty table proves nothing.
        known = [name for name, entries in results.items() if entries]
        if question not in known:
            error = UnknownName(f"{self.heading} for", question, known)
            complain(self.env, str(error), self.get_location())
            return []
        return self.show(results[question])

    def show(self, entries: list[dict] | dict) -> list[nodes.Node]:
        """Return the nodes that stand for the question's entries."""
        raise NotImplementedError


def with_minus(text: str) -> str:
    """Return a text with minus signs in place of the hyphens before its numbers."""
    return MINUS_BEFORE_DIGITS.sub(MINUS_SIGN, text)


class ClaimsDirective(QuestionDirective):
    """The directive ``{claims}``: each claim with what was measured; all must hold."""

    heading = "claims"

    def show(self, entries: list[dict]) -> list[nodes.Node]:
        for claim in entries:
            if not claim["holds"]:
                message = "claim does not hold: {sentence} (measured: {measured})"
                complain(self.env, message.format(**claim), self.get_location())
        rows = [
            ["✓" if claim["holds"] else "✗", claim["sentence"], with_minus(claim["measured"])]
            for claim in entries
        ]
        header = ["Holds", "Claim", "Measured"]
        return table(header, rows, "claims", widths=[9, 56, 35])


class TableDirective(QuestionDirective):
    """The directive ``{results-table}``: a table that a question makes of its results."""

    heading = "tables"

    def show(self, entries: dict) -> list[nodes.Node]:
        rows = [list(map(with_minus, row)) for row in entries["rows"]]
        return table(entries["header"], rows, "results")


class ExperimentsDirective(QuestionDirective):
    """The directive ``{experiments}``: how the networks of a question were trained.

    One table has the settings that are the same for all, another a row an experiment
    with those that differ, so that what was varied is seen at a glance. Where these are
    many, one column tells of each experiment what differs from the one before.
    """

    heading = "experiments"

    def show(self, entries: list[dict]) -> list[nodes.Node]:
        shared, varied = split_settings(entries)
        many = len(varied) > MOST_VARIED
        columns = ["What differs from the line above"] if many else map(_heading, varied)
        header = ["Experiment", *columns, "Runs", "Training time", "Key"]
        facts = [settings_of(experiment) for experiment in entries]
        values = [[str(fact.get(name, "–")) for name in varied] for fact in facts]
        if many:
            values = [[text] for text in _changes(varied, values)]
        rows = [self._row(*pair) for pair in zip(entries, values, strict=True)]
        tables = table(header, rows, "experiments")
        if shared:
            title = "Setting" if len(entries) == 1 else "The same for all"
            cells = [[_heading(name), str(value)] for name, value in shared.items()]
            tables = table([title, "Value"], cells, "settings", widths=[30, 70]) + tables
        return tables

    def _row(self, experiment: dict, values: list[str]) -> list[str | nodes.Node]:
        # A run whose error became infinite counts as a run, and is told of.
        diverged = f", {experiment['diverged']:,} diverged" if experiment["diverged"] else ""
        return [
            download(experiment["ledger"], experiment["name"]),
            *values,
            f"{experiment['runs']:,}" + diverged,
            duration(experiment["seconds"]),
            nodes.literal(text=experiment["key"][:KEY_DIGITS]),
        ]


def _changes(names: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Tell of each row which values are not those of the row before; of the first, all."""
    before = [""] * len(names)
    for row in rows:
        told = zip(names, row, before, strict=True)
        yield _heading("; ".join(f"{name} {new}" for name, new, old in told if new != old))
        before = row


def settings_of(experiment: dict) -> dict:
    """Return all that may distinguish an experiment from its neighbours."""
    provenance = {name: experiment[name] for name in ("versions", "machine")}
    return {**experiment["settings"], **provenance}


def split_settings(experiments: list[dict]) -> tuple[dict, list[str]]:
    """Separate the settings that all experiments share from those that differ.

    Returns
    -------
    shared : dict
        Value of every setting that is the same in all experiments.
    varied : list of str
        Names of the others, which some experiments may lack.
    """
    facts = [settings_of(experiment) for experiment in experiments]
    first, *others = facts
    names = dict.fromkeys(name for settings in facts for name in settings)
    shared = {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }
    return shared, [name for name in names if name not in shared]


def _heading(name: str) -> str:
    # Not str.capitalize(), which would make "l2 of Adam" into "L2 of adam".
    return name[:1].upper() + name[1:]


def duration(seconds: float) -> str:
    """Return a time in words, as coarse as its length allows.

    Examples
    --------
    >>> duration(7.6), duration(123.4), duration(5400)
    ('8 s', '2 min 3 s', '1 h 30 min')
    """
    if seconds < 0.5:
        return "under 1 s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"


def table(
    header: list[str],
    rows: list[list[str | nodes.Node]],
    name: str,
    widths: list[int] | None = None,
) -> list[nodes.Node]:
    """Build a table, after what LaTeX is to know of its columns.

    Parameters
    ----------
    header
        Heading of each column.
    rows
        Cells, each a text or an inline node.
    name
        Class by which the style sheet knows the table.
    widths
        Per cent of the line for each column; without it, the contents decide.
    """
    columns = [nodes.colspec(colwidth=width) for width in widths or [1] * len(header)]
    group = nodes.tgroup("", *columns, cols=len(header))
    group += nodes.thead("", _row(header))
    group += nodes.tbody("", *map(_row, rows))
    # On paper a table may go on on the next page.
    classes = [name, "longtable", *["colwidths-given"] * bool(widths)]
    columns = addnodes.tabular_col_spec(spec=latex_columns([header, *rows]))
    return [*([] if widths else [columns]), nodes.table("", group, classes=classes)]


def latex_columns(rows: list[list[str | nodes.Node]]) -> str:
    r"""Return how LaTeX shall set a table's columns, as ``>{\scriptsize …}\X{3}{10}…``.

    Each gets room for its longest word, and of what is then left on the line a share by the
    length of its texts. Left to itself, LaTeX lets words stand over the edge. Letters are made
    smaller where the words alone would fill the line.
    """
    columns = list(zip(*rows, strict=True))
    texts = [[c if isinstance(c, str) else c.astext() for c in column] for column in columns]
    longest = [max(map(len, WORD.findall(" ".join(column)))) for column in texts]
    words = [word + BETWEEN_COLUMNS for word in longest]
    wholes = [max(map(len, column)) + BETWEEN_COLUMNS for column in texts]
    more = [whole - word for whole, word in zip(wholes, words, strict=True)]
    sizes = list(LINE_OF_A_TABLE.items())
    size, line = next(((s, n) for s, n in sizes if sum(words) <= n), sizes[-1])
    share = min(max(line - sum(words), 0) / max(sum(more), 1), 1)
    widths = [round(10 * (word + share * extra)) for word, extra in zip(words, more, strict=True)]
    total = max(sum(widths), 10 * line)
    return "".join(
        rf">{{\raggedright\arraybackslash{size}}}\X{{{width}}}{{{total}}}" for width in widths
    )


def _row(cells: Iterable[str | nodes.Node]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        content = nodes.Text(cell) if isinstance(cell, str) else cell
        row += nodes.entry("", nodes.paragraph("", "", content))
    return row


class PdfDirective(SphinxDirective):
    """The directive ``{pdf}``: a link to the book as a PDF, where one was typeset."""

    def run(self) -> list[nodes.Node]:
        # Through the link that leads from the book's folder to what is built.
        if not Path(self.env.srcdir, PDF_FILE).is_file():
            return []
        line = nodes.paragraph("", "", classes=["on-screen"])
        line += [nodes.Text("To read on paper: "), download(PDF_FILE, "the report as a PDF")]
        return [line]


# Figures ------------------------------------------------------------------------------


class DarkTwins(SphinxTransform):
    """Put the dark twin of a figure's image beside it; the theme shows one of the two.

    The two share a wrapper, for the theme hides not only the image of the other mode
    but also every caption that follows it among its siblings.
    """

    default_priority = 210  # before Sphinx looks for the image files

    def apply(self, **kwargs) -> None:
        for image in list(self.document.findall(nodes.image)):
            file, _ = self.env.relfn2path(image["uri"])
            if file.startswith(f"{FIGURES_FOLDER}/"):
                self._pair(image, dark_name(file))

    def _pair(self, image: nodes.image, dark: str) -> None:
        if not Path(self.env.srcdir, dark).is_file():
            complain(self.env, f"the figure has no dark twin {dark}", image)
            return
        wrapper = nodes.inline(classes=["twins"])
        image.replace_self(wrapper)  # which takes over the label, if there is one
        image["ids"], image["names"] = [], []
        twin = image.deepcopy()
        twin["uri"] = f"/{dark}"
        image["classes"].append("only-light")
        twin["classes"].append("only-dark")
        wrapper += [image, twin]


def dark_name(file: str) -> str:
    """Return the file that HTML shows instead of an image when the page is dark."""
    path = PurePosixPath(file)
    suffix = ".svg" if path.suffix == ".*" else path.suffix
    return str(path.with_name(f"{path.stem}-dark{suffix}"))


def visit_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write an image, and how large a drawing is: so the text keeps its place while it loads."""
    drawing = Path(self.builder.srcdir, node["uri"])
    type(self).visit_image(self, node)  # which makes of the file the one that is published
    known = drawing.suffix == ".svg" and drawing.is_file()
    if known and (size := svg_size(drawing)):
        sides = 'width="{}" height="{}"'.format(*size)
        self.body[-1] = self.body[-1].replace("<img ", f"<img {sides} ", 1)


def svg_size(path: Path) -> tuple[int, int] | None:
    """Return a drawing's width and height in CSS pixels, or nothing if it does not say them."""
    _, root = next(ElementTree.iterparse(path, events=["start"]))
    sizes = [re.fullmatch(r"([\d.]+)pt", root.get(side, "")) for side in ("width", "height")]
    return tuple(round(float(size[1]) * 96 / 72) for size in sizes) if all(sizes) else None


class FigureLinks(SphinxTransform):
    """Say under each figure where its data, its drawing for print and its code are."""

    default_priority = 205  # while images still have the names that the pages give them

    def apply(self, **kwargs) -> None:
        for figure in list(self.document.findall(nodes.figure)):
            image = next(iter(figure.findall(nodes.image)))
            origin = self.env.report["figures"].get(PurePosixPath(image["uri"]).stem)
            if origin:
                depend_on_numbers(self.env)
                figure += self._links(image["uri"], origin)

    def _links(self, uri: str, origin: dict) -> nodes.legend:
        file, _ = self.env.relfn2path(uri)
        links = [
            download(origin["data"], "data (CSV)"),
            download(str(PurePosixPath(file).with_suffix(".pdf")), "figure (PDF)"),
        ]
        if address := repository(self.config):
            code = f"{address}/blob/HEAD/{origin['source']}"
            links.append(nodes.reference("", "code", refuri=code, internal=False))
        line = nodes.paragraph("", "")
        for link in links:
            line += [nodes.Text(" · "), link] if len(line) else [link]
        return nodes.legend("", line, classes=["figure-links", "on-screen"])


def repository(config) -> str:
    """Where the book's repository is on the web, or nothing if it is not said.

    On GitHub the repository that a workflow runs for, so that a fork links to its own code.
    """
    if name := os.environ.get("GITHUB_REPOSITORY"):
        return f"https://github.com/{name}"
    return getattr(config, "html_theme_options", {}).get("repository_url", "").rstrip("/")


def download(file: str, text: str) -> addnodes.download_reference:
    """Return a link that downloads a file of the book."""
    # The leading slash counts from the book's folder, wherever the page lies.
    link = addnodes.download_reference(reftarget=f"/{file}")
    link += nodes.inline(text=text)
    return link


class OnScreenOnly(SphinxPostTransform):
    """Take out again what only a screen can show: dark twins, and links to downloads."""

    default_priority = 5

    def run(self, **kwargs) -> None:
        if self.app.builder.format == "html":
            return
        for wrapper in list(self.document.findall(_holds_twins)):
            wrapper.replace_self(wrapper[0])
        for node in list(self.document.findall(nodes.Element)):
            if "on-screen" in node.get("classes", ()):
                node.parent.remove(node)


def _holds_twins(node: nodes.Node) -> bool:
    return isinstance(node, nodes.inline) and "twins" in node["classes"]


class CardsOnPaper(SphinxPostTransform):
    """Make a list of a grid of cards, which LaTeX would set as one run of text.

    Each card's title becomes the link that on screen the whole card is; its image, which
    only decorates, is left out.
    """

    default_priority = 200  # after links are resolved
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for grid in list(self.document.findall(_is("grid-container"))):
            items = map(self._item, list(grid.findall(_is("card"))))
            grid.replace_self(nodes.definition_list("", *items))

    def _item(self, card: nodes.Element) -> nodes.definition_list_item:
        title = next(card.findall(_is("card-title")))
        link = next(card.findall(nodes.reference)).copy()
        link += nodes.Text(title.astext())
        texts = [text for text in title.parent.findall(nodes.paragraph) if text is not title]
        return nodes.definition_list_item(
            "", nodes.term("", "", link), nodes.definition("", *(t.deepcopy() for t in texts))
        )


def _is(component: str) -> Callable[[nodes.Node], bool]:
    """Whether a node is this component of sphinx-design."""
    return lambda node: (
        isinstance(node, nodes.Element) and node.get("design_component") == component
    )


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    app.connect("builder-inited", prepare)
    app.add_role("num", NumberRole())
    app.add_directive("claims", ClaimsDirective)
    app.add_directive("experiments", ExperimentsDirective)
    app.add_directive("results-table", TableDirective)
    app.add_directive("pdf", PdfDirective)
    app.add_transform(NumbersInAltText)
    app.add_transform(FigureLinks)
    app.add_transform(DarkTwins)
    app.add_node(nodes.image, override=True, html=(visit_image, None))
    app.add_post_transform(OnScreenOnly)
    app.add_post_transform(CardsOnPaper)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
