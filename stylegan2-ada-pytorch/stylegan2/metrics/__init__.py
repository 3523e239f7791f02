"""How good a generator is, in numbers.

    distances       the formulas, on rows of features
    features        what turns images into features
    detector_file   the user's detector, from a path or an address
    path_length     perceptual path length
    images          the images that are compared
    evaluation      the metrics by name, for calc_metrics.py
    signal          the cheap signal that a training watches itself with
    watch           what a training's own scores say: it has collapsed, it has stood still

No weights come with this package. FID, KID, precision and recall, the inception score and path lengths need a detector
of the user's; without one there are the Frechet distances on random and on the discriminator's features, which are no
FID: they tell better from worse for one data set, but their numbers cannot be compared with published ones.
"""

from stylegan2.metrics.evaluation import METRICS, Evaluation
from stylegan2.metrics.signal import PatchDistance

__all__ = ["METRICS", "Evaluation", "PatchDistance"]
