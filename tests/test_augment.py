"""Changing images: the transforms drawn are those asked for, done as SciPy or NumPy does them."""

import numpy as np
import pytest
from scipy import ndimage, stats

from analysis.spec import Affine, FlipAndShift

SIZE = (9, 12)  # not square, so that rows and columns cannot be mixed up
N = 4_000


@pytest.fixture(scope="module")
def augment(engine):
    return engine.augment


def drawn(augment, **parts):
    """Matrices and offsets, shapes (N, 2, 2) and (N, 2), of column and row."""
    transforms = augment.affine_transforms(Affine(**parts), N, SIZE, np.random.default_rng(0))
    assert transforms.dtype == np.float32 and transforms.shape == (N, 6)
    transforms = transforms.astype(float).reshape(N, 2, 3)
    return transforms[:, :, :2], transforms[:, :, 2]


def spread_evenly(values, most):
    """Whether values lie between -most and most, and all over."""
    share_below, quarter = np.mean(values < 0), np.mean(np.abs(values) < most / 2)
    return (
        np.abs(values).max() <= most * 1.0001
        and abs(share_below - 0.5) < 0.03
        and (abs(quarter - 0.5) < 0.03)
    )


def test_nothing_asked_for_changes_nothing(augment):
    matrices, offsets = drawn(augment)
    np.testing.assert_allclose(matrices, np.tile(np.eye(2), (N, 1, 1)))
    np.testing.assert_allclose(offsets, 0, atol=1e-6)


def test_rotation_turns_by_evenly_spread_angles(augment):
    matrices, _ = drawn(augment, rotation=30)
    np.testing.assert_allclose(
        matrices @ matrices.swapaxes(1, 2), np.tile(np.eye(2), (N, 1, 1)), atol=1e-6
    )
    assert spread_evenly(np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0])), 30)


def test_scale_stretches_width_and_height_apart(augment):
    matrices, _ = drawn(augment, scale=0.2)
    np.testing.assert_allclose(matrices[:, [0, 1], [1, 0]], 0, atol=1e-7)
    width, height = 1 / matrices[:, 0, 0] - 1, 1 / matrices[:, 1, 1] - 1
    assert spread_evenly(width, 0.2) and spread_evenly(height, 0.2)
    assert abs(np.corrcoef(width, height)[0, 1]) < 0.05


def test_shear_slides_rows_over_each_other(augment):
    matrices, _ = drawn(augment, shear=0.3)
    np.testing.assert_allclose(
        matrices[:, [0, 1, 1], [0, 0, 1]], np.tile([1, 0, 1], (N, 1)), atol=1e-7
    )
    assert spread_evenly(matrices[:, 0, 1], 0.3)


def test_shift_moves_columns_and_rows_apart(augment):
    matrices, offsets = drawn(augment, shift=2.5)
    np.testing.assert_allclose(matrices, np.tile(np.eye(2), (N, 1, 1)))
    assert spread_evenly(offsets[:, 0], 2.5) and spread_evenly(offsets[:, 1], 2.5)
    assert abs(np.corrcoef(offsets.T)[0, 1]) < 0.05


def test_centre_stays_unless_shifted(augment):
    matrices, offsets = drawn(augment, rotation=30, scale=0.2, shear=0.3)
    centre = np.array([(SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2])
    np.testing.assert_allclose(matrices @ centre + offsets, np.tile(centre, (N, 1)), atol=1e-5)


def test_a_row_of_numbers_is_an_image_turned_scaled_sheared_and_shifted_in_that_order(augment):
    class Largest:
        @staticmethod
        def uniform(low, high, size):
            return np.full(size, high)

    parts = {"rotation": 30, "scale": 0.2, "shear": 0.3, "shift": 2.0}
    row = augment.affine_transforms(Affine(**parts), 1, SIZE, Largest)[0].astype(float)
    back, offset = row.reshape(2, 3)[:, :2], row.reshape(2, 3)[:, 2]
    centre = np.array([5.5, 4.0])
    cos, sin = np.cos(np.pi / 6), np.sin(np.pi / 6)
    for point in ([0, 0], [3, 7], [11, 8]):
        x, y = np.array(point) - centre
        x, y = 1.2 * x, 1.2 * y
        x, y = x + 0.3 * y, y
        x, y = cos * x - sin * y, sin * x + cos * y
        new = np.array([x, y]) + centre + 2.0
        np.testing.assert_allclose(back @ new + offset, point, atol=1e-5)


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
@pytest.mark.parametrize("stacked", [(5,), (2, 3)], ids=["images", "runs of images"])
def test_images_change_as_scipy_changes_them(augment, channels, stacked):
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (*stacked, *SIZE, *channels)).astype(np.uint8)
    affine = Affine(rotation=25, scale=0.2, shear=0.2, shift=3)
    n = int(np.prod(stacked))
    transforms = augment.affine_transforms(affine, n, SIZE, generator)
    changed = augment.apply(images, transforms.reshape(*stacked, 6)).numpy()
    assert changed.shape == images.shape and changed.dtype == np.float32
    for new, old, row in zip(
        changed.reshape(n, *SIZE, -1), images.reshape(n, *SIZE, -1), transforms, strict=True
    ):
        a, b, c, d, e, f = row.astype(float)
        for channel in range(old.shape[-1]):
            expected = ndimage.affine_transform(
                old[..., channel].astype(float),
                [[e, d], [b, a]],
                [f, c],
                order=1,
                mode="grid-constant",
            )
            np.testing.assert_allclose(new[..., channel], expected, atol=2e-2)


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
@pytest.mark.parametrize("stacked", [(5,), (2, 3)], ids=["images", "runs of images"])
@pytest.mark.parametrize("elastic", [0.01, 1.5, 9])
def test_images_bend_as_scipy_bends_them_by_a_grid_enlarged(augment, stacked, channels, elastic):
    import tensorflow as tf

    n = int(np.prod(stacked))
    images = np.random.default_rng(1).integers(0, 256, (n, *SIZE, *channels)).astype(np.uint8)
    affine = Affine(rotation=25, scale=0.2, shear=0.2, shift=3, elastic=elastic)
    drawn = augment.draw(affine, np.arange(n), SIZE, [0, 2], 0)
    parts = (images, drawn[:, :6], drawn[:, 6:])
    found = augment.bend(*(part.reshape(*stacked, *part.shape[1:]) for part in parts)).numpy()
    assert found.shape == (*stacked, *SIZE, *channels) and found.dtype == np.float32

    row, column = np.mgrid[: SIZE[0], : SIZE[1]]
    grids = drawn[:, 6:].reshape(n, 2, augment.GRID, augment.GRID).transpose(0, 2, 3, 1)
    found, images = (values.reshape(n, *SIZE, -1) for values in (found, images))
    for new, old, transform, moved in zip(
        found, images, drawn[:, :6], tf.image.resize(grids, SIZE, "bicubic").numpy(), strict=True
    ):
        a, b, c, d, e, f = transform.astype(float)
        places = [
            d * column + e * row + f + moved[..., 1],
            a * column + b * row + c + moved[..., 0],
        ]
        for channel in range(old.shape[-1]):
            expected = ndimage.map_coordinates(
                old[..., channel].astype(float), places, order=1, mode="grid-constant"
            )
            np.testing.assert_allclose(new[..., channel], expected, atol=2e-2)


def test_displacements_are_normal_and_leave_the_other_changes_as_they_are(augment):
    order = np.arange(2_000)
    with_it, without = (
        augment.draw(Affine(rotation=9, shift=2, elastic=elastic), order, SIZE, [0, 2], 1)
        for elastic in (1.5, 0)
    )
    np.testing.assert_array_equal(with_it[:, :6], without)
    grids = with_it[:, 6:]
    assert grids.dtype == np.float32 and grids.shape == (2_000, 2 * augment.GRID**2)
    assert stats.kstest(grids.ravel()[::7] / 1.5, "norm").pvalue > 0.01
    assert abs(np.corrcoef(grids.T) - np.eye(grids.shape[1])).max() < 0.1


def changed_by(augment, spec, order, epoch, stream=(0, 2)):
    """Images of random pixels after the changes that are drawn for them, in their order."""
    images = np.random.default_rng(2).integers(0, 256, (len(order), *SIZE, 3)).astype(np.uint8)
    transforms = augment.draw(spec, order, SIZE, list(stream), epoch)
    assert transforms.dtype == np.float32 and transforms.shape == (len(order), 6)
    return images[order], augment.apply(images[order], transforms, "reflect").numpy()


def ways(old, new, shift):
    """Rows, columns and mirroring of each change, found by trying all in NumPy."""
    wide = np.pad(old, [(0, 0), (shift, shift), (shift, shift), (0, 0)], "symmetric")
    height, width = old.shape[1:3]
    found = np.full((len(old), 3), -1)
    for row in range(2 * shift + 1):
        for column in range(2 * shift + 1):
            moved = wide[:, row : row + height, column : column + width]
            for mirrored, candidate in ((0, moved), (1, moved[:, :, ::-1])):
                same = (candidate == new).all(axis=(1, 2, 3))
                found[same] = row - shift, column - shift, mirrored
    return found


def test_images_are_mirrored_and_shifted_by_whole_pixels_and_mirrored_outward(augment):
    order = np.random.default_rng(0).permutation(2_000)
    found = ways(*changed_by(augment, FlipAndShift("random", 2), order, 0), 2)
    assert found.min() >= -2, "an image is none of those that it could be"
    counts = [np.bincount(column - column.min()) for column in found.T]
    assert [len(c) for c in counts] == [5, 5, 2]
    for count in counts:
        np.testing.assert_allclose(count / len(order), 1 / len(count), atol=0.04)


@pytest.mark.parametrize("flip", ["none", "random", "alternating"])
def test_half_of_the_images_are_mirrored_anew_or_in_turn_wherever_they_come(augment, flip):
    mirrored = []
    for epoch in range(3):
        order = np.random.default_rng(epoch).permutation(500)
        found = ways(*changed_by(augment, FlipAndShift(flip), order, epoch), 0)
        by_image = np.empty(500, int)
        by_image[order] = found[:, 2]
        mirrored.append(by_image)
    first, second, third = mirrored
    if flip == "none":
        assert not np.any(mirrored)
        return
    assert 0.4 < first.mean() < 0.6
    if flip == "alternating":
        assert np.all(second == 1 - first) and np.all(third == first)
    else:
        assert 0.4 < np.mean(first == second) < 0.6


def test_another_seed_mirrors_other_images(augment):
    order = np.arange(200)
    one, other = (
        augment.draw(FlipAndShift("alternating"), order, SIZE, [seed, 2], 0) for seed in (0, 1)
    )
    assert 0.3 < np.mean(one[:, 0] == other[:, 0]) < 0.7


@pytest.mark.parametrize("colour", [(7.0,), (7.0, 8.0, 9.0)], ids=["grey", "colour"])
def test_cutout_covers_a_square_that_lies_anywhere_within_the_image(augment, colour):
    spec, order = FlipAndShift("random", 1, cutout=4), np.arange(4_000)
    drawn = augment.draw(spec, order, SIZE, [0, 2], 0)
    corners = drawn[:, 6:].astype(int)
    for found, pixels in zip(corners.T, SIZE[::-1], strict=True):
        counts = np.bincount(found)
        assert len(counts) == pixels - 3
        np.testing.assert_allclose(counts / len(order), 1 / len(counts), atol=0.03)
    assert abs(np.corrcoef(corners.T)[0, 1]) < 0.05

    shape = SIZE if len(colour) == 1 else (*SIZE, 3)
    images = np.random.default_rng(1).uniform(0, 255, (4_000, *shape)).astype(np.float32)
    stacked = images.reshape(2, 2_000, *shape), drawn[:, 6:].reshape(2, 2_000, 2)
    paint = np.array(colour if len(colour) > 1 else colour[0], np.float32)
    covered = augment.cover(*map(tf_constant, stacked), 4, paint).numpy().reshape(images.shape)
    for image, (column, row) in zip(images, corners, strict=True):
        image[row : row + 4, column : column + 4] = paint
    np.testing.assert_array_equal(covered, images)


def tf_constant(values):
    import tensorflow as tf

    return tf.constant(values)


def test_cutout_leaves_the_other_changes_as_they_are(augment):
    order = np.arange(100)
    with_it, without = (
        augment.draw(FlipAndShift("random", 2, cutout), order, SIZE, [0, 2], 1) for cutout in (3, 0)
    )
    np.testing.assert_array_equal(with_it[:, :6], without)


def test_images_keep_the_larger_of_two_shares_that_follow_a_beta_distribution(augment):
    shares = augment.shares(0.4, 20_000, [0, 3], 0)
    assert shares.dtype == np.float32 and shares.min() >= 0.5 and shares.max() <= 1
    assert stats.kstest(shares, lambda x: 2 * stats.beta(0.4, 0.4).cdf(x) - 1).pvalue > 0.01
    assert not np.array_equal(shares, augment.shares(0.4, 20_000, [0, 3], 1))
    assert not np.array_equal(shares, augment.shares(0.4, 20_000, [1, 3], 0))


def test_each_value_is_mixed_with_the_next_of_its_batch_and_run(augment):
    values = np.random.default_rng(0).uniform(size=(2, 3, 4, 5)).astype(np.float32)
    shares = np.array([[0.5, 0.75, 1], [0.9, 0.6, 0.8]], np.float32)
    mixed = augment.mix(tf_constant(values), tf_constant(shares)).numpy()
    for run in range(2):
        for place in range(3):
            share, following = shares[run, place], values[run, (place + 1) % 3]
            expected = share * values[run, place] + (1 - share) * following
            np.testing.assert_allclose(mixed[run, place], expected, rtol=1e-6)
