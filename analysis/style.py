"""How figures look, on light and on dark pages: the one place for fonts, sizes and colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: Inches: the width of the text on a page.
WIDTH = 6.2
#: And of one that a phone shows whole, with its letters as large.
PHONE_WIDTH = 3.85


@dataclass(frozen=True)
class Theme:
    """Colours of a page.

    Parameters
    ----------
    name : str
    text : str
        Labels and titles.
    faint : str
        Axes, grids and what stays in the background.
    page : str
        The page behind the figure, for what must hide a line.
    categories : tuple of str
        Colours for what is compared, dark or light enough on the page for small letters; told
        apart by colour-blind readers, and by their lightness in grey print.
    sequence : str
        Colormap from the page's colour on for counts.
    """

    name: str
    text: str
    faint: str
    page: str
    categories: tuple[str, ...]
    sequence: str


LIGHT = Theme(
    name="light",
    text="#222222",
    faint="#8a8a8a",
    page="#ffffff",
    categories=("#0033bf", "#d64300", "#096f4b", "#570c5a", "#1c1500"),
    sequence="Blues",
)
DARK = Theme(
    name="dark",
    text="#dddddd",
    faint="#8a8a8a",
    page="#121212",
    categories=("#6c91fb", "#ffa734", "#89e7d0", "#a36b9b", "#fff2a5"),
    sequence="mako",
)

_current = LIGHT


def theme() -> Theme:
    """The theme that is being drawn in."""
    return _current


@contextmanager
def drawing(chosen: Theme) -> Iterator[None]:
    """Draw in a theme: Matplotlib's settings hold within, and are put back after."""
    import matplotlib as mpl  # with seaborn a second to import, and only drawing needs them
    import seaborn as sns

    global _current
    previous, _current = _current, chosen
    try:
        with mpl.rc_context(), sns.axes_style("ticks"):
            mpl.rcParams.update(_settings(chosen))
            yield
    finally:
        _current = previous


def figure(columns: int = 1, rows: int = 1, height: float = 3.4, width: float = WIDTH, **options):
    """A figure, of the text's width unless it says another, and its axes.

    Parameters
    ----------
    columns, rows : int
        How many axes.
    height, width : float
        Inches.
    **options
        As for `matplotlib.figure.Figure.subplots`.

    Returns
    -------
    Figure, Axes or ndarray of Axes
    """
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(width, height), layout="constrained")
    return canvas, canvas.subplots(rows, columns, **options)


def plain_ticks(axis, digits=(1, 2, 3, 5, 7)) -> None:
    """Numbers such as 0.5, 20 and 1,000 on a logarithmic axis, those that begin with ``digits``."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=digits))
    axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axis.set_minor_formatter(NullFormatter())


def on(shade: tuple[float, ...]) -> str:
    """Black or white, whichever can be read on a shade of red, green, blue and opacity, 0 to 1."""
    red, green, blue, _ = shade
    return "#000000" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "#ffffff"


def small_figure():
    """A figure for the home page, without scales or labels, and its axes."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(2.6, 1.4), layout="constrained")
    ax = canvas.subplots()
    ax.set(xticks=[], yticks=[])
    return canvas, ax


def _settings(chosen: Theme) -> dict:
    return {
        "font.family": "DejaVu Sans",
        "font.size": 9.5,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.labelsize": 9.5,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": chosen.faint,
        "axes.linewidth": 0.8,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "text.color": chosen.text,
        "axes.labelcolor": chosen.text,
        "axes.titlecolor": chosen.text,
        "xtick.color": chosen.faint,
        "ytick.color": chosen.faint,
        "xtick.labelcolor": chosen.text,
        "ytick.labelcolor": chosen.text,
        "lines.linewidth": 1.4,
        "patch.force_edgecolor": False,  # which seaborn draws white, on dark pages, too
        "svg.hashsalt": "report",  # the same figure gives the same file
        "pdf.fonttype": 42,  # letters stay letters in the PDF
    }
