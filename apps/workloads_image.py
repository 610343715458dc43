"""Features of a made picture: OpenCV's AKAZE, or a stand-in where OpenCV has no wheel."""

import sys

import numpy

try:
    import cv2
except ImportError:
    cv2 = None
    sys.stderr.write("lab: OpenCV is missing: the workload image is a stand-in, not AKAZE\n")

SIDE = 256
SCALES = 12


def made_picture():
    """A picture of grey blocks with noise, the same every time: a detector finds its corners."""
    draw = numpy.random.RandomState(596)
    blocks = numpy.kron(draw.randint(0, 200, (8, 8)), numpy.ones((SIDE // 8, SIDE // 8)))
    return (blocks + draw.randint(0, 40, (SIDE, SIDE))).astype("uint8")


PICTURE = made_picture()


def features():
    """Detect and describe with a detector of this request's own."""
    points, _ = cv2.AKAZE_create().detectAndCompute(PICTURE, None)
    return len(points)


def stand_in():
    """What AKAZE holds at once, without OpenCV: derivatives of a scale space."""
    level, held = PICTURE.astype("float32"), []
    for _ in range(SCALES):
        across, down = numpy.gradient(level)
        held.append((level, across, down))
        level = level + 0.2 * (numpy.gradient(across)[0] + numpy.gradient(down)[1])
    strengths = [numpy.hypot(across, down) for _, across, down in held]
    return int(sum((strength > strength.mean() * 3).sum() for strength in strengths))


image = features if cv2 else stand_in
