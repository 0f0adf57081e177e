"""What a finished figure shows, mark by mark, as rows of a table."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence

import numpy as np

from analysis import forms

#: ``x`` to ``x_end`` and ``y`` to ``y_end`` are what a bar or a band spans, of the quantities that
#: ``x_is`` and ``y_is`` name; where names stand on an axis in place of numbers, they are these.
#: ``value`` is a cell's number, or what stands beside an image; ``pixels`` is the digest by which
#: an image is known.
COLUMNS = (
    *("panel", "mark", "series", "seed"),
    *("x_is", "x", "x_end", "y_is", "y", "y_end", "value", "pixels"),
)


def of_seeds(artist, seeds, series: str = "", places: np.ndarray | None = None) -> None:
    """Note whose runs a mark or several are.

    Parameters
    ----------
    artist : matplotlib.artist.Artist
    seeds : int or sequence of int
        Of a curve one, of dots one each.
    series : str
        What its colour tells.
    places : array_like, shape (points, 2)
        Where they would be, had they not been moved apart.
    """
    artist.seeds = [seeds] if isinstance(seeds, int) else np.asarray(seeds).tolist()
    artist.series = series
    artist.places = places


def as_csv(figure) -> bytes:
    """The rows of a figure, under the names of their columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, ax in enumerate(figure.axes, 1):
        panel = forms.one_line(ax.get_title("left") or ax.get_title() or f"{number}")
        across, up = _label(ax, "x"), _label(ax, "y")
        for mark, series, seed, x, x_end, y, y_end, value, pixels in _marks(ax):
            if pixels:  # what stands below an image is no axis, but its value
                across = up = ""
            writer.writerow(
                (panel, mark, series, seed, across, x, x_end, up, y, y_end, value, pixels)
            )
    return text.getvalue().encode()


def in_short(table: bytes) -> dict[str, dict[str, dict]]:
    """What a table of `as_csv` holds, so short that it can be kept, and other for other cells.

    Returns
    -------
    dict
        By panel, with what its axes show, and by mark and series: how many rows there are, and of
        each column that is not empty its mean if it has numbers, or else its text, or of several
        texts a digest. A mean weighs each row by its place, so that it is another in another order.
    """
    series = {}
    for row in csv.DictReader(io.StringIO(table.decode())):
        axes = (f"{axis} is {row[f'{axis}_is']}" for axis in "xy" if row[f"{axis}_is"])
        panel = ", ".join([row["panel"], *axes])
        mark = ", ".join(filter(None, (row["mark"], row["series"])))
        series.setdefault(panel, {}).setdefault(mark, []).append(row)
    return {
        panel: {mark: {"rows": len(rows)} | _columns_in_short(rows) for mark, rows in marks.items()}
        for panel, marks in series.items()
    }


def _columns_in_short(rows: list[dict]) -> dict[str, float | str]:
    columns = {
        name: [row[name] for row in rows]
        for name in ("seed", "x", "x_end", "y", "y_end", "value", "pixels")
    }
    return {name: _cells_in_short(cells) for name, cells in columns.items() if any(cells)}


def _cells_in_short(cells: Sequence[str]) -> float | str:
    if len(set(cells)) == 1 and not _is_number(cells[0]):
        return cells[0]
    if not all(map(_is_number, cells)):
        return _digest("\n".join(cells).encode())
    # Weights from 1 to 2 without a pattern: those of other rows, or epochs, are not the same.
    weights = 1 + np.arange(len(cells)) ** 2 * ((5**0.5 - 1) / 2) % 1
    return _plain(np.average([_number(cell) for cell in cells], weights=weights))


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(_number(cell)))
    except ValueError:
        return False


def _number(cell: str) -> float:
    """Of a cell that may be the name of a tick, such as 1,000."""
    return float(cell.replace(",", ""))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


def _label(ax, axis: str) -> str:
    """What an axis shows; where panels share one only some of them say it."""
    panels = getattr(ax, f"get_shared_{axis}_axes")().get_siblings(ax)
    labels = [getattr(panel, f"get_{axis}label")() for panel in [ax, *panels]]
    return forms.one_line(next(filter(None, labels), ""))


def _marks(ax) -> Iterator[list]:
    """Rows of one panel, without its name."""
    from matplotlib.collections import LineCollection, PathCollection, PolyCollection, QuadMesh
    from matplotlib.patches import Rectangle, StepPatch

    names = _names(ax.xaxis), _names(ax.yaxis)
    for line in ax.lines:
        # A line across the whole panel is in data along one axis only.
        if all(line.get_transform().contains_branch_seperately(ax.transData)):
            for x, y in _places(line, np.transpose(line.get_data())):
                yield _row("line", line, 0, (x, "", y, ""), names)
    for drawn in ax.collections:
        if isinstance(drawn, PathCollection):
            for place, (x, y) in enumerate(_places(drawn, drawn.get_offsets())):
                yield _row("dot", drawn, place, (x, "", y, ""), names)
        elif isinstance(drawn, QuadMesh):
            yield from _cells(_in_rows(drawn), names, 0.5)
        elif isinstance(drawn, LineCollection):
            for (x, y), (x_end, y_end) in drawn.get_segments():
                yield _row("bar of error", drawn, 0, (x, x_end, y, y_end), names)
        elif isinstance(drawn, PolyCollection):
            for path in drawn.get_paths():
                yield from _band(drawn, path.vertices, names)
    for patch in ax.patches:
        if isinstance(patch, StepPatch):
            heights, edges, _ = patch.get_data()
            for height, start, end in zip(heights, edges[:-1], edges[1:], strict=True):
                yield _row("bar", patch, 0, (start, end, 0.0, height), names)
        elif isinstance(patch, Rectangle):
            x, y = patch.get_xy()
            ends = (x, x + patch.get_width(), y, y + patch.get_height())
            yield _row("bar", patch, 0, ends, names)
    for picture in ax.images:
        values = picture.get_array()
        if values.ndim == 2 and values.dtype.kind == "f":  # numbers, shown as shades
            yield from _cells(values, names, 0.0)
            continue
        height, width = values.shape[:2]
        told = " ".join(filter(None, (ax.get_title("center"), ax.get_xlabel())))
        pixels = _digest(np.ascontiguousarray(values))
        told = forms.one_line(told)
        yield [f"image of {width} × {height}", _series(picture), *[""] * 5, told, pixels]


def _row(mark: str, artist, place: int, ends: tuple, names: tuple[dict, dict]) -> list:
    seeds = getattr(artist, "seeds", [])
    x, x_end, y, y_end = ends
    across = [_told(x, names[0]), _told(x_end, names[0])]
    up = [_told(y, names[1]), _told(y_end, names[1])]
    seed = seeds[min(place, len(seeds) - 1)] if seeds else ""
    return [mark, _series(artist), seed, *across, *up, "", ""]


def _places(artist, drawn_at: np.ndarray) -> np.ndarray:
    places = getattr(artist, "places", None)
    return drawn_at if places is None else places


def _series(artist) -> str:
    label = str(artist.get_label())
    return forms.one_line(getattr(artist, "series", "") or ("" if label.startswith("_") else label))


def _band(drawn, vertices: np.ndarray, names: tuple[dict, dict]) -> Iterator[list]:
    for x in np.unique(vertices[:, 0]):
        heights = vertices[vertices[:, 0] == x, 1]
        yield _row("band", drawn, 0, (x, "", heights.min(), heights.max()), names)


def _in_rows(mesh) -> np.ma.MaskedArray:
    """A mesh's values as they stand."""
    values = np.ma.atleast_2d(mesh.get_array())
    if 1 in values.shape:
        values = values.reshape(np.subtract(mesh.get_coordinates().shape[:2], 1))
    return values


def _cells(values: np.ndarray, names: tuple[dict, dict], middle: float) -> Iterator[list]:
    """Rows of cells, the first of which has its middle there on both axes."""
    for (row, column), value in np.ma.ndenumerate(values):
        x, y = (_told(at + middle, n) for at, n in zip((column, row), names, strict=True))
        yield ["cell", "", "", x, "", y, "", _plain(value), ""]


def _names(axis) -> dict[float, str]:
    """The names that stand on an axis in place of numbers, by where they stand."""
    from matplotlib.ticker import FixedLocator

    if not isinstance(axis.get_major_locator(), FixedLocator):
        return {}
    places = axis.get_majorticklocs()
    named = zip(places.tolist(), axis.get_major_formatter().format_ticks(places), strict=True)
    named = {place: forms.one_line(str(name)) for place, name in named if str(name)}
    stands_for_itself = all(name.replace(",", "") == f"{place:g}" for place, name in named.items())
    return {} if stands_for_itself else named


def _told(value, names: dict[float, str]):
    """A number in seven digits, or the name of the tick that a dot, bar or cell stands at."""
    if isinstance(value, str):
        return value
    if names:
        nearest = min(names, key=lambda place: abs(place - value))
        if abs(nearest - value) <= 0.5:
            return names[nearest]
    return _plain(value)


def _plain(value) -> float:
    return float(f"{float(value):.7g}")
