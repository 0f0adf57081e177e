"""What questions 7 and 10 work out from right and wrong answers, against values counted by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from analysis import published
from analysis.excerpts import Excerpt
from analysis.loaded import Results
from analysis.questions import q07, q10
from analysis.statistics import Estimate

#: Of twenty images: the even ones show a 0, the others a 1.
LABELS = np.arange(20) % 2


def made_up(wrong, sure=0.9):
    """Runs that are wrong on some images each, and so sure of all their answers."""
    answers = np.array(
        [np.where(np.isin(np.arange(20), places), 1 - LABELS, LABELS) for places in wrong]
    )
    outputs = np.full((*answers.shape, 10), 0.0)
    for run, image in np.ndindex(answers.shape):
        outputs[run, image, answers[run, image]] = sure
        outputs[run, image, 1 - answers[run, image]] = 1 - sure
    return tiny.runs(loss=[[0.1]] * len(wrong), predictions=answers, outputs=outputs)


def results(experiment, wrong):
    excerpt = Excerpt(LABELS, LABELS, np.array([], int), Path())
    return Results({experiment: made_up(wrong)}, {experiment.dataset: excerpt})


#: Three networks: all miss image 0, two image 1, one of them images 2 and 3.
WRONG = [[0, 1], [0, 1], [0, 2, 3]]


def test_a_vote_misses_what_most_networks_miss():
    found = results(q07.FINAL_CNN, WRONG)
    assert q07._missed(found, q07.FINAL_CNN).tolist() == [0, 1]
    assert q07._voted(found, q07.FINAL_CNN) == 2
    assert q07._mistakes(found, q07.FINAL_CNN).tolist() == [2, 2, 3]


def test_what_a_vote_saves_is_counted_by_image_and_is_a_loss_where_it_is_wrong():
    saved = q07._saved_by_vote(results(q07.FINAL_CNN, WRONG), q07.FINAL_CNN)
    assert saved == pytest.approx([0, -1 / 3, 1 / 3, 1 / 3, *[0] * 16])
    assert saved.sum() == pytest.approx(np.mean([2, 2, 3]) - 2)


def test_final_networks_have_a_row_for_their_mean_and_one_for_their_vote():
    both = results(q07.FINAL_CNN, WRONG)
    both = Results(
        {q07.FINAL_CNN: both[q07.FINAL_CNN], q07.FINAL_DENSE: made_up([[0], [1]])},
        both.excerpts,
    )
    header, *rows = q07._final_rows(both)
    assert all(len(row) == len(header) for row in rows)
    assert [row[0] for row in rows] == [
        "dense layers only, mean of 2 runs",
        "dense layers only, vote of all 2",
        "convolutional, mean of 3 runs",
        "convolutional, vote of all 3",
    ]
    assert [row[1] for row in rows][2:] == [f"{1 - 7 / 60:.2%}", "90.00%"]
    assert [row[-1] for row in rows][2:] == ["2\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}3", "2"]
    assert [row[2] for row in rows][1::2] == ["–", "–"]


def test_every_setting_has_a_number_and_later_ones_change_no_earlier_one():
    assert len(set(q07.ARMS)) == len(q07.ARMS) == len(q07.FIRST) + len(q07.LATER)
    assert len({arm.experiment.name for arm in q07.ARMS}) == len(q07.ARMS)
    assert q07.ARMS[: len(q07.FIRST)] == q07.FIRST
    assert [arm.experiment for arm in q07.ARMS_BY_SIZE] == [arm.experiment for arm in q07.ARMS]


def test_the_final_recipes_are_those_of_the_chosen_settings():
    assert replace(q07.FINAL_CNN, name="q07-chosen", validation=q07.HELD_OUT) == replace(
        q07.BEST_CNN.experiment, name="q07-chosen"
    )
    chosen = q10.WIDER.experiment
    assert replace(chosen, name="q10-final", validation=0, epochs=12, seeds=range(6)) == q10.FINAL


def test_networks_that_answer_together_can_be_right_where_most_are_not():
    found = results(q10.FINAL, WRONG)
    assert q10.with_tta(found, q10.FINAL) == pytest.approx([0.9, 0.9, 0.85])
    assert q10._right_together(found, q10.FINAL).tolist() == [False, False, *[True] * 18]
    assert q10._together(found, q10.FINAL) == pytest.approx(0.9)
    # One that is surer than the two others together.
    surer = {q10.FINAL: made_up([[0], [0], []], sure=0.6)}
    outputs = np.array(surer[q10.FINAL].outputs)
    outputs[2, 0] = np.eye(10)[LABELS[0]]
    surer[q10.FINAL] = tiny.runs(loss=[[0.1]] * 3, predictions=outputs.argmax(2), outputs=outputs)
    assert q10._right_together(Results(surer, found.excerpts), q10.FINAL)[0]


def test_views_gain_what_they_get_right_beyond_one_view():
    one_view = made_up(WRONG)
    answers = made_up([[0], [0], [2]]).outputs
    runs = tiny.runs(
        loss=[[0.1]] * 3,
        val_accuracy=[[0.9], [0.9], [0.85]],
        predictions=one_view.predictions,
        outputs=answers,
    )
    found = Results({q10.FINAL: runs}, results(q10.FINAL, WRONG).excerpts)
    gain = q10._gain_of_tta(found, q10.FINAL)
    assert isinstance(gain, Estimate) and gain.mean == pytest.approx((5 + 5 + 10) / 3)


def test_the_best_network_is_the_one_that_is_right_most_often():
    right = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 1]], bool)
    assert q10._best(right).tolist() == [True, False, True, True]


def test_what_is_missed_is_a_share_of_each_category_by_run():
    labels = np.array([0, 0, 0, 0, *range(1, 10)])
    answers = np.array([[0, 0, 0, 1, *range(1, 10)], [0, 0, 9, 1, *range(1, 9), 0]])
    missed = q10._missed(answers, labels)
    assert missed.shape == (10, 2)
    assert missed[0].tolist() == [0.25, 0.5] and missed[9].tolist() == [0, 1]
    assert not missed[1:9].any()


def test_images_are_doubtful_if_fewer_than_most_readers_chose_the_label():
    few = [place for place, readers in published.READERS.items() if readers < published.MOST]
    assert len(few) == 15 and {947, 3558, 1621} <= set(few) and 1232 not in few
