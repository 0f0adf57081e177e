"""Changing images: the transforms drawn are those asked for, and done as SciPy does them."""

import numpy as np
import pytest
from scipy import ndimage

from analysis.spec import Affine

SIZE = (9, 12)  # not square, so that rows and columns cannot be mixed up
N = 4_000


@pytest.fixture(scope="module")
def augment(engine):
    return engine.augment


def drawn(augment, **parts):
    """Matrices and offsets, shapes (N, 2, 2) and (N, 2), of column and row."""
    transforms = augment.draw(Affine(**parts), N, SIZE, np.random.default_rng(0))
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
    row = augment.draw(Affine(**parts), 1, SIZE, Largest)[0].astype(float)
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
    transforms = augment.draw(affine, n, SIZE, generator)
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
