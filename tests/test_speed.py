"""The figure of how fast training is: its bars and words are what was measured."""

from analysis import speed, style
from analysis.loaded import Results


def test_bars_are_the_time_of_one_network_each_way_with_how_many_times_as_fast():
    results = Results()
    results.speed = {
        **{"dense_networks": 10, "dense_sheet_epoch_seconds": 30.0},
        **{"dense_engine_epoch_seconds": 1.5, "dense_ratio": 20.0},
        **{"cnn_networks": 2, "cnn_sheet_epoch_seconds": 12.0},
        **{"cnn_engine_epoch_seconds": 8.0, "cnn_ratio": 1.5},
    }
    with style.drawing(style.LIGHT):
        axes = speed.epochs(results).axes
    assert [[bar.get_width() for bar in ax.patches] for ax in axes] == [[3.0, 0.15], [6.0, 4.0]]
    assert [[text.get_text() for text in ax.texts] for ax in axes] == [
        ["3 s", "0.15 s, 20 times as fast"],
        ["6 s", "4 s, 1.5 times as fast"],
    ]
    titles = [ax.get_title("left") for ax in axes]
    assert titles == ["10 networks of question 2", "2 networks of question 9"]
