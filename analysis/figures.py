"""Draws the pages' figures into files, each with the data and the runs that it shows."""

from __future__ import annotations

import gc
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from analysis import drawn as shown
from analysis import explore, speed, style
from analysis.files import write_whole
from analysis.loaded import Results
from analysis.naming import naming
from analysis.questions import QUESTIONS
from analysis.results import FOLDER

BOOK = FOLDER.parent
FIGURES = BOOK / "figures"

#: What all figures show, in short; under version control, so that no change to it passes unseen.
DRAWN = BOOK / "drawn.json"

#: By page, each figure's name and the function of results that draws it.
BY_PAGE = {page: module.FIGURES for page, module in QUESTIONS.items()} | {"speed": speed.FIGURES}

#: At most so many are drawn at a time: a figure takes half a second, and a process a second to
#: start and 300 MB.
PROCESSES = 4


def figure_files(name: str) -> list[Path]:
    """The files of a figure: for light and dark pages, for paper, its dots, and its data."""
    endings = (".svg", "-dark.svg", ".pdf", ".json", ".csv")
    return [FIGURES / f"{name}{ending}" for ending in endings]


def data_file(name: str) -> Path:
    """The file of a figure's data."""
    return figure_files(name)[-1]


def draw_page(page: str, results: Results) -> None:
    """Draw a page's figures for light and dark pages and for paper, and tell their data.

    On several cores several figures are drawn at a time, in processes that read the ledgers
    they need for themselves.
    """
    import multiprocessing

    import joblib  # only drawing needs it

    names = list(BY_PAGE[page])
    # A child of multiprocessing, as with doit -n, would wait at its end for processes of its own.
    is_child = multiprocessing.parent_process() is not None
    at_a_time = 1 if is_child else min(joblib.cpu_count(), PROCESSES)
    if at_a_time > 1:
        drawings = _drawn_apart(page, names, at_a_time)
    else:
        drawings = (drawn(function, results) for function in BY_PAGE[page].values())
    for name, contents in zip(names, drawings, strict=True):
        for path, content in zip(figure_files(name), contents, strict=True):
            write_whole(path, content)


def _drawn_apart(page: str, names: Iterable[str], at_a_time: int) -> list[tuple]:
    import joblib

    from analysis.processes import processes_here

    with processes_here():
        parallel = joblib.Parallel(n_jobs=at_a_time, batch_size=1)
        return parallel(joblib.delayed(_drawn_here)(page, name) for name in names)


def _drawn_here(page: str, name: str) -> tuple[bytes, ...]:
    """In a process that draws."""
    return drawn(BY_PAGE[page][name], _results_here())


@cache
def _results_here() -> Results:
    return Results()


def drawn(function: Callable, results: Results) -> tuple[bytes, ...]:
    """The contents of a figure's files; it is a function of results.

    Raises
    ------
    analysis.naming.ClaimError
        If the results have nothing to draw.
    """
    file = function.__code__.co_filename
    called = Path(file).relative_to(BOOK.parent).as_posix()
    with _collecting_later(), naming(file, called, function.__name__):
        with style.drawing(style.LIGHT):
            figure = function(results)
            light = _saved(figure, "svg", {"Date": None})
            paper = _saved(figure, "pdf", {"CreationDate": None})
            dots = explore.as_json(figure)
            data = shown.as_csv(figure)
        with style.drawing(style.DARK):
            dark = _saved(function(results), "svg", {"Date": None})
    return light, dark, paper, dots, data


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Have Python look for garbage after a figure: while it is drawn that takes a fifth longer."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _saved(figure, form: str, metadata: dict) -> bytes:
    # Without dates in it, the same figure gives the same bytes.
    content = io.BytesIO()
    figure.savefig(content, format=form, metadata=metadata)
    return content.getvalue()


def write_drawn() -> None:
    """Write what all figures show, in short, from the files of their data."""
    names = (name for drawn in BY_PAGE.values() for name in drawn)
    found = {name: shown.in_short(data_file(name).read_bytes()) for name in names}
    write_whole(DRAWN, _in_lines(found).encode() + b"\n")


def _in_lines(content: dict, depth: int = 0) -> str:
    """As JSON, with a line for each figure, each of its panels, and each series in them."""
    if depth == 3:
        return json.dumps(content, ensure_ascii=False, allow_nan=False)
    inner = ",\n".join(
        f"{' ' * (depth + 1)}{json.dumps(key, ensure_ascii=False)}: {_in_lines(value, depth + 1)}"
        for key, value in content.items()
    )
    return f"{{\n{inner}\n{' ' * depth}}}"
