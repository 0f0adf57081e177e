"""Changes training images at random: moved in one step, partly covered, mixed with each other."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from analysis.spec import Affine, FlipAndShift


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
    ndarray of float32, shape (n, 6), with cutout (n, 8)
        Rows ``a b c d e f``: the pixel at column x and row y of the new image is that at
        column ax + by + c and row dx + ey + f of the old one. Then the column and the row at
        which the covered square begins.
    """
    generator = np.random.default_rng([*stream, epoch])
    if isinstance(augmentation, Affine):
        return affine_transforms(augmentation, len(order), size, generator)
    n = len(order)
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
    """As `draw` gives them, for ``n`` images."""

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
