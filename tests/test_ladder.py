"""Arms against their bases: gains paired by seed, rows of the table, the figures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from analysis import ladder, ladder_figures, style
from analysis.claims import SIGNIFICANT
from analysis.excerpts import Excerpt
from analysis.ladder import Arm
from analysis.loaded import Results
from analysis.results import Runs
from analysis.spec import SpecError, mlp
from analysis.statistics import estimate

FIRST = Arm("8 hidden", tiny.experiment(name="q00-first", validation=200))
WIDER = FIRST.but("q00-wider", "16 hidden", layers=mlp(16, output="relu"))
FEWER = WIDER.but("q00-fewer", "fewer seeds", seeds=(0, 1))


def runs(arm, accuracies):
    """An arm's runs that end with these accuracies on held-out images."""
    records = []
    for seed, value in zip(arm.experiment.seeds, accuracies, strict=True):
        record = tiny.record(seed)
        record["history"]["val_accuracy"] = [0.1, value]
        record["after"]["accuracy"] = value + 0.1
        records.append(record)
    return Runs(arm.experiment, tuple(records))


def results(wider=(0.85, 0.80, 0.90)):
    """Results of the three arms."""
    ends = {FIRST: (0.80, 0.70, 0.90), WIDER: wider, FEWER: (0.80, 0.90)}
    return Results({arm.experiment: runs(arm, values) for arm, values in ends.items()})


RESULTS = results()
#: With which the second arm is told from the first.
BETTER = results(wider=(0.86, 0.77, 0.96))


def test_arm_differs_from_its_base_in_what_is_named():
    assert WIDER.base is FIRST
    assert WIDER.experiment == tiny.experiment(
        name="q00-wider", validation=200, layers=mlp(16, output="relu")
    )


def test_gain_is_in_points_and_paired_by_seed():
    mean, low, high = ladder.gain(RESULTS, WIDER)
    assert mean == pytest.approx((5 + 10 + 0) / 3)
    # 4.303: the 97.5% point of Student's t with two degrees of freedom; 5: the differences' sd.
    assert high - mean == pytest.approx(4.303 * 5 / 3**0.5, rel=1e-3)
    assert mean - low == pytest.approx(high - mean)


def test_one_lead_is_set_against_another_by_seed():
    found = ladder.lead_over_lead(RESULTS, (WIDER, FIRST), (FEWER, FIRST))
    # Of the two seeds that all have.
    assert found == pytest.approx(tuple(estimate(np.array([5.0 - 0.0, 10.0 - 20.0]))))


def test_an_arm_is_compared_with_any_other():
    assert ladder.over(RESULTS, WIDER, FIRST) == ladder.gain(RESULTS, WIDER)
    assert ladder.over(RESULTS, FEWER, FIRST).mean == pytest.approx((0 + 20) / 2)


#: The second arm against the first as an arm of its own.
BACK = replace(FIRST, label="back", base=WIDER)
EVERY = (FIRST, WIDER, FEWER, BACK)


@pytest.mark.parametrize(
    "claim, holding, failing",
    [
        (ladder.helping, [WIDER], [BACK, FEWER]),
        (ladder.harming, [BACK], [WIDER, FEWER]),
        (ladder.in_doubt, [FEWER], [WIDER, BACK]),
    ],
)
def test_claims_hold_if_the_interval_of_every_arm_does(claim, holding, failing):
    assert claim(BETTER, EVERY, "name", "It is so.", *holding).holds
    for arm in failing:
        assert not claim(BETTER, EVERY, "name", "It is so.", arm).holds
        assert not claim(BETTER, EVERY, "name", "It is so.", *holding, arm).holds


def test_claims_have_a_criterion_an_arm_with_its_gain_and_p_value():
    claim = ladder.harming(BETTER, EVERY, "back-harms", "Both do harm.", BACK, WIDER)
    assert (claim.name, claim.sentence) == ("back-harms", "Both do harm.")
    back, wider = claim.criteria
    assert back.is_met and not wider.is_met
    assert back.measured.startswith("4. back −6.33 (−7.") and "+6.33" in wider.measured
    p = ladder.p_values(BETTER, EVERY)[BACK]
    assert back.measured.endswith(f", p after Holm {p:.3f}")


def test_p_values_are_of_the_paired_t_test_and_raised_for_all_comparisons():
    # Differences 6, 7 and 6 points: t = (19/3) / (1/3) = 19 with two degrees of freedom.
    alone = 1 - 19 / (19**2 + 2) ** 0.5
    # FEWER's are -6 and 13: t = 3.5 / 9.5 with one degree of freedom.
    doubtful = 1 - 2 * np.arctan(3.5 / 9.5) / np.pi
    assert ladder.p_values(BETTER, EVERY) == {
        WIDER: pytest.approx(3 * alone),
        BACK: pytest.approx(3 * alone),
        FEWER: pytest.approx(doubtful),
    }
    assert ladder.remaining(BETTER, EVERY) == [WIDER, BACK]
    assert ladder.remaining(RESULTS, EVERY) == []


def test_just_the_arms_that_remain_withstand():
    def claim(*arms):
        return ladder.withstanding(BETTER, EVERY, "holm", "These do.", *arms)

    assert claim(WIDER, BACK).holds
    other = claim(WIDER)
    assert not other.holds  # the other does, too
    assert "the largest p of these (2. 16 hidden)" in other.criteria[0].measured
    assert "the smallest p of all others (4. back)" in other.criteria[1].measured
    assert not claim(WIDER, BACK, FEWER).holds  # the third does not
    (_, of_none) = claim(WIDER, BACK, FEWER).criteria
    assert of_none.is_met and "all others (none)" in of_none.measured  # so it cannot be too small


def test_an_arm_with_a_single_pair_is_named():
    lone = WIDER.but("q00-lone", "one seed", seeds=(0,))
    known = {arm.experiment: BETTER[arm.experiment] for arm in (FIRST, WIDER)}
    of_it = Results(known | {lone.experiment: runs(lone, [0.9])})
    with pytest.raises(
        ValueError, match="q00-lone has fewer than two seeds in common with q00-wider"
    ):
        ladder.p_values(of_it, (FIRST, WIDER, lone))


def test_an_arm_that_is_shown_and_not_among_all_is_named():
    said = "q00-fewer is to be shown, but is not among the ARMS"
    with pytest.raises(SpecError, match=said):
        ladder.rows(BETTER, (FIRST, FEWER), (FIRST, WIDER))
    with pytest.raises(SpecError, match=said):
        ladder.withstanding(BETTER, (FIRST, WIDER), "holm", "These do.", WIDER, FEWER)
    with pytest.raises(SpecError, match=said):
        ladder_figures.mistakes(BETTER, (FIRST, FEWER), (FIRST, WIDER))
    with pytest.raises(SpecError, match="q00-wider is to be shown"):  # for the other changes it
        ladder.rows(BETTER, (FIRST, FEWER), (FIRST, FEWER))


def test_an_arm_at_the_border_remains_and_withstands(monkeypatch):
    found = {WIDER: SIGNIFICANT, FEWER: np.nextafter(SIGNIFICANT, 1)}
    monkeypatch.setattr(ladder, "p_values", lambda results, every: found)
    assert ladder.remaining(RESULTS, EVERY) == [WIDER]
    assert ladder.withstanding(RESULTS, EVERY, "holm", "It does.", WIDER).holds


def test_gain_takes_the_seeds_that_both_have():
    assert ladder.gain(RESULTS, FEWER)[0] == pytest.approx((-5 + 10) / 2)


def test_rows_tell_accuracy_gain_and_cost():
    header, first, wider = ladder.rows(RESULTS, [FIRST, WIDER], [FEWER, FIRST, WIDER])
    assert len(header) == len(first) == len(wider)
    assert first[:5] == ["2. 8 hidden", "", "", "", "80.00%"]
    assert wider[:2] == ["3. 16 hidden", "2"] and wider[2] == "+5.00 ± 12.42"  # 4.303 × 5 / √3
    # t = 5 / (5 / √3) with two degrees of freedom; twice that, for two are compared
    assert float(wider[3]) == pytest.approx(2 * (1 - 3**0.5 / 5**0.5), abs=5e-4)
    assert wider[4:6] == ["85.00%", "3"]
    assert wider[6:] == [f"{(64 + 1) * 16 + (16 + 1) * 10:,}", "0.0"]


def test_an_arm_with_more_seeds_than_its_base_has_as_many_pairs_as_the_base_has_seeds():
    more = FEWER.but("q00-more", "more seeds", seeds=(0, 1, 2))
    found = {arm.experiment: RESULTS[arm.experiment] for arm in (WIDER, FEWER)}
    found |= {more.experiment: runs(more, (0.85, 0.95, 0.10))}
    _, row = ladder.rows(Results(found), [more], [FEWER, more])
    assert row[2].startswith("+5.00 ± ") and row[5] == "2"


def test_numbers_are_those_cited_and_named_after_the_experiment():
    cited = {
        "mistakes": [FIRST, WIDER],
        **{name: [WIDER] for name in ("accuracy", "gain", "fewer", "seconds", "known")},
    }
    assert ladder.numbers(RESULTS, cited) == {
        "first_mistakes": pytest.approx(200 * 0.2),
        "wider_mistakes": pytest.approx(200 * 0.15),
        "wider_accuracy": pytest.approx(0.85),
        "wider_gain": pytest.approx(5),
        "wider_fewer": pytest.approx(1 - 30 / 40),
        "wider_seconds": 1.5,
        "wider_known": pytest.approx(0.95),
    }


def test_figure_has_a_row_an_arm_and_counts_mistakes():
    with style.drawing(style.LIGHT):
        figure = ladder_figures.mistakes(
            RESULTS, [FIRST, WIDER], [FEWER, FIRST, WIDER], dropped=[WIDER]
        )
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["2. 8 hidden", "3. 16 hidden"]
    np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 0], [40, 60, 20])
    first, wider, change = ax.lines
    assert [mean.get_xdata()[0] for mean in (first, wider)] == pytest.approx([40, 30])
    colours = [style.LIGHT.categories[0], style.LIGHT.faint]  # of what was dropped, too
    assert [mean.get_color() for mean in (first, wider)] == colours
    assert change.get_xdata() == pytest.approx([40, 30])
    assert list(change.get_ydata()) == [1, 1]
    assert "200 held-out images" in ax.get_xlabel()


def test_a_row_says_what_it_changes_where_the_row_above_or_the_other_rows_do_not():
    def named(*arms):
        with style.drawing(style.LIGHT):
            (ax,) = ladder_figures.mistakes(RESULTS, arms, [FEWER, FIRST, WIDER, BACK]).axes
        return [label.get_text().partition(". ")[2] for label in ax.get_yticklabels()]

    names = ["8 hidden", WIDER.label, BACK.label]
    assert (WIDER.base, BACK.base) == (FIRST, WIDER)
    assert named(FIRST, WIDER, BACK) == names  # each changes the row above
    assert named(FIRST, BACK, WIDER) == [names[0], f"{names[2]} (to 3)", f"{names[1]} (to 2)"]
    assert named(BACK, FIRST) == [names[2], names[0]]  # what that changes is not drawn
    others = [WIDER.but(f"q00-{label}", label) for label in ("a", "b")]
    # As most rows do.
    assert ladder_figures._row_names([WIDER, *others], [WIDER, *others])[2] == "3. b"


def test_bundles_have_a_dagger():
    bundle = WIDER.but("q00-bundle", "two things", bundle=True, epochs=3)
    assert ladder.names([FIRST, bundle]) == {FIRST: "1. 8 hidden", bundle: "2. two things\u00a0†"}
    assert (bundle.base, bundle.experiment.epochs) == (WIDER, 3)


def test_a_gain_by_images_has_the_spread_of_the_images():
    labels = tiny.DATA.y_train
    counted = labels[-200:]
    wrong = 9 - counted  # which is never the label

    def made_up(*rights):
        """Networks that are right on the first so many images."""
        answers = [np.where(np.arange(200) < right, counted, wrong) for right in rights]
        return tiny.runs(loss=[[0.1]] * len(rights), predictions=answers)

    ends = {FIRST: made_up(100, 120, 80), WIDER: made_up(120, 120, 120)}
    both = Results(
        {arm.experiment: some for arm, some in ends.items()},
        {"tiny": Excerpt(labels, labels, np.array([], int), Path())},
    )
    found = ladder.gain_by_images(both, WIDER)
    # From the 80th to the 100th image one of three networks gains, to the 120th two do.
    each = np.repeat([0, 1 / 3, 2 / 3, 0], [80, 20, 20, 80])
    assert found.mean == pytest.approx(100 * each.mean())
    half = 1.97196 * each.std(ddof=1) / 200**0.5  # the 97.5% point with 199 degrees of freedom
    assert found.high - found.mean == pytest.approx(100 * half, rel=1e-4)
    ends[WIDER] = made_up(120, 120, 120, 200)  # the fourth has no partner
    more = Results({arm.experiment: some for arm, some in ends.items()}, both.excerpts)
    assert ladder.gain_by_images(more, WIDER) == found


def test_what_is_tested_has_an_interval_for_seeds_and_one_for_images():
    right = np.zeros((3, 100), bool)
    for run, count in enumerate((90, 80, 70)):
        right[run, :count] = True
    share, seeds, images, mistakes = ladder.tested_cells(right)
    assert share == "80.00%"
    half = 4.3027 * 10 / 3**0.5  # in points; see above
    assert seeds == f"{80 - half:.2f}% to {80 + half:.2f}%"
    each = np.repeat([1, 2 / 3, 1 / 3, 0], [70, 10, 10, 10])
    half = 1.98422 * 100 * each.std(ddof=1) / 10
    assert images == f"{80 - half:.2f}% to {80 + half:.2f}%"
    assert mistakes == "10\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}30"


def test_a_vote_has_an_interval_for_images_only():
    share, seeds, images, mistakes = ladder.tested_cells(np.arange(29) > 0)
    assert (share, seeds, mistakes) == (f"{28 / 29:.2%}", "–", "1")
    assert images == "82.82% to 99.39%"  # Wilson's: 1 of 29 is 0.0061 to 0.1718


def test_small_figure_has_a_dot_an_arm():
    with style.drawing(style.LIGHT):
        (ax,) = ladder_figures.small(RESULTS, [FIRST, WIDER]).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [40, 30])


def test_dead_ends_are_arms_that_nothing_builds_on():
    assert ladder.dead_ends([FIRST, WIDER, FEWER], []) == [FEWER]
    assert ladder.dead_ends([FIRST, WIDER, FEWER], [FEWER]) == []
    assert ladder.dead_ends([FIRST, WIDER], []) == [WIDER]
