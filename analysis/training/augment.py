"""Changes training images at random: turned, scaled, sheared, mirrored, shifted in one step."""

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
    ndarray of float32, shape (n, 6)
        Rows ``a b c d e f``: the pixel at column x and row y of the new image is that at
        column ax + by + c and row dx + ey + f of the old one.
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
