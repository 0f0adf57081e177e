"""Changes training images at random: moved, bent, partly covered, mixed with each other."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from analysis.spec import Affine, FlipAndShift

#: Points of the grid of elastic displacements, in each direction.
GRID = 5


def draw(
    augmentation: Affine | FlipAndShift,
    order: np.ndarray,
    size: tuple[int, int],
    stream: list[int],
    epoch: int,
):
    """Random transforms of one network's training images in one epoch, one an image.

    Parameters
    ----------
    augmentation : Affine or FlipAndShift
    order : ndarray of int, shape (n,)
        In which the images come.
    size : tuple of int
        Height and width of an image.
    stream : list of int
        Seed sequence.
    epoch : int

    Returns
    -------
    ndarray of float32, shape (n, 6), with cutout (n, 8), with elastic (n, 6 + 2 GRID²)
        Rows ``a b c d e f``: the pixel at column x and row y of the new image is that at
        column ax + by + c and row dx + ey + f of the old one. Then the column and the row at
        which the covered square begins, or the displacements at the grid's points, first those of
        columns and then those of rows.
    """
    generator = np.random.default_rng([*stream, epoch])
    n = len(order)
    if isinstance(augmentation, Affine):
        transforms = affine_transforms(augmentation, n, size, generator)
        if not augmentation.elastic:
            return transforms
        grids = generator.normal(0, augmentation.elastic, (n, 2 * GRID**2))
        return np.concatenate([transforms, grids.astype(np.float32)], axis=1)
    columns, rows = generator.integers(-augmentation.shift, augmentation.shift + 1, (2, n))
    mirrored = np.zeros(n, bool)
    if augmentation.flip == "random":
        mirrored = generator.integers(2, size=n) == 1
    if augmentation.flip == "alternating":
        # The same images throughout, wherever they come in the order.
        at_first = np.random.default_rng(stream).integers(2, size=n)
        mirrored = (at_first[order] + epoch) % 2 == 1
    one, none = np.ones(n), np.zeros(n)
    across, start = np.where(mirrored, -1, 1), np.where(mirrored, size[1] - 1, 0)
    transforms = [across, none, start + columns, none, one, rows]
    if augmentation.cutout:
        transforms += [
            generator.integers(pixels - augmentation.cutout + 1, size=n) for pixels in size[::-1]
        ]
    return np.stack(transforms, axis=1).astype(np.float32)


def affine_transforms(
    affine: Affine, n: int, size: tuple[int, int], generator: np.random.Generator
):
    """The first six numbers that `draw` gives, for ``n`` images."""

    def evenly(most, columns=1):
        return generator.uniform(-most, most, (n, columns))

    angle, (grow_x, grow_y) = np.radians(evenly(affine.rotation)[:, 0]), evenly(affine.scale, 2).T
    shear, shift = evenly(affine.shear)[:, 0], evenly(affine.shift, 2)

    cos, sin, one, none = np.cos(angle), np.sin(angle), np.ones(n), np.zeros(n)
    turn = np.array([[cos, -sin], [sin, cos]])
    slide = np.array([[one, shear], [none, one]])
    stretch = np.array([[1 + grow_x, none], [none, 1 + grow_y]])
    forward = np.einsum("ijn,jkn,kln->nil", turn, slide, stretch)
    back = np.linalg.inv(forward)
    centre = (np.array(size[::-1]) - 1) / 2
    offset = centre - np.einsum("nij,nj->ni", back, centre + shift)
    return np.concatenate([back, offset[..., None]], axis=2).reshape(n, 6).astype(np.float32)


def shares(mixup: float, n: int, stream: list[int], epoch: int) -> np.ndarray:
    """Shares that one network's images keep of themselves in one epoch: float32, shape (n,)."""
    drawn = np.random.default_rng([*stream, epoch]).beta(mixup, mixup, n)
    return np.maximum(drawn, 1 - drawn).astype(np.float32)


def apply(images: tf.Tensor, transforms: tf.Tensor, fill_mode: str = "constant") -> tf.Tensor:
    """The images as their transforms change them, between pixels linearly.

    Parameters
    ----------
    images : Tensor, shape (…, height, width) or (…, height, width, 3)
    transforms : Tensor of float32, shape (…, 6)
        As `draw` gives them.
    fill_mode : {"constant", "reflect"}
        What lies around an image: black, or the image again, mirrored at its edges, whose
        pixels are repeated (NumPy's "symmetric").

    Returns
    -------
    Tensor of float32, shape of ``images``
    """
    images, shape = tf.convert_to_tensor(images), tf.shape(images)
    before = len(transforms.shape) - 1  # axes before height and width
    size, channels = shape[before : before + 2], images.shape[before + 2 :].num_elements()
    flat = tf.reshape(images, [-1, size[0], size[1], channels])
    rows = tf.reshape(transforms, (-1, 6))
    changed = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(flat, tf.float32),
        transforms=tf.pad(rows, [[0, 0], [0, 2]]),
        output_shape=size,
        fill_value=0.0,
        interpolation="BILINEAR",
        # This REFLECT repeats the edge pixel; that of tf.pad, as PyTorch's for Jordan, does not.
        fill_mode=fill_mode.upper(),
    )
    return tf.reshape(changed, shape)


def bend(images: tf.Tensor, transforms: tf.Tensor, grids: tf.Tensor) -> tf.Tensor:
    """The images as their transforms change them, and elastic displacements as well.

    Parameters
    ----------
    images : Tensor, shape (…, height, width) or (…, height, width, 3)
    transforms : Tensor of float32, shape (…, 6)
        As `draw` gives them.
    grids : Tensor of float32, shape (…, 2 GRID²)
        Displacements as `draw` gives them; each is added to the column or the row that a pixel of
        the new image is taken from.

    Returns
    -------
    Tensor of float32, shape of ``images``
        Between pixels linearly, black around.
    """
    images, shape = tf.convert_to_tensor(images), tf.shape(images)
    before = len(transforms.shape) - 1  # axes before height and width
    height, width = images.shape[before : before + 2]
    channels = images.shape[before + 2 :].num_elements()
    a, b, c, d, e, f = tf.unstack(tf.reshape(transforms, (-1, 6, 1, 1)), axis=1)
    x, y = tf.range(width, dtype=tf.float32), tf.range(height, dtype=tf.float32)[:, None]
    across, down = tf.unstack(_smooth(grids, (height, width)), axis=1)
    left, from_left = _place(a * x + b * y + c + across, width)
    top, from_top = _place(d * x + e * y + f + down, height)

    wide = tf.reshape(images, (-1, height, width, channels))
    wide = tf.pad(wide, [[0, 0], [1, 1], [1, 1], [0, 0]])  # black
    wide = tf.reshape(wide, (-1, (height + 2) * (width + 2), channels))

    def row(start):
        first, second = (tf.gather(wide, start + step, batch_dims=1) for step in (0, 1))
        return _between(*(tf.cast(pixels, tf.float32) for pixels in (first, second)), from_left)

    start = top * (width + 2) + left
    return tf.reshape(_between(row(start), row(start + width + 2), from_top), shape)


def _smooth(grids: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Displacements of all pixels, (n, 2, height, width), from those of grids, cubically."""
    points = tf.reshape(tf.eye(GRID**2), (GRID**2, GRID, GRID, 1))
    by_point = tf.reshape(tf.image.resize(points, size, "bicubic"), (GRID**2, -1))
    return tf.reshape(tf.reshape(grids, (-1, GRID**2)) @ by_point, (-1, 2, *size))


def _place(positions: tf.Tensor, pixels: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The pixel before each position in an image with a pixel more all round, and how far on."""
    positions = tf.clip_by_value(positions + 1, 0.0, pixels + 1.0)
    before = tf.minimum(tf.floor(positions), pixels)
    return tf.cast(before, tf.int32), positions - before


def _between(first: tf.Tensor, second: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    return first + share[..., None] * (second - first)


def cover(images: tf.Tensor, corners: tf.Tensor, size: int, colour: tf.Tensor) -> tf.Tensor:
    """The images, each with one square painted over.

    Parameters
    ----------
    images : Tensor of float32, shape (…, height, width) or (…, height, width, 3)
    corners : Tensor of float32, shape (…, 2)
        Column and row at which each square begins.
    size : int
        Pixels across the square.
    colour : Tensor of float32, shape () or (3,)

    Returns
    -------
    Tensor of float32, shape of ``images``
    """
    before = len(corners.shape) - 1  # axes before height and width
    height, width = images.shape[before : before + 2]
    column, row = (corners[..., axis, None] for axis in (0, 1))

    def within(place, start):
        return (place >= start) & (place < start + size)

    rows = within(tf.range(height, dtype=tf.float32), row)
    columns = within(tf.range(width, dtype=tf.float32), column)
    covered = rows[..., None] & columns[..., None, :]
    if len(images.shape) > len(covered.shape):
        covered = covered[..., None]
    return tf.where(covered, colour, images)


def mix(values: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
    """Each value with its share, and the next one of the batch with what remains of it.

    Parameters
    ----------
    values : Tensor of float32, shape (R, n, …)
    shares : Tensor of float32, shape (R, n)

    Returns
    -------
    Tensor of float32, shape of ``values``
    """
    own = tf.reshape(shares, tf.concat([tf.shape(shares), [1] * (len(values.shape) - 2)], 0))
    return own * values + (1 - own) * tf.roll(values, -1, axis=1)
