"""From what people upload to a data set, and from a data set to arrays. Free of torch: the Prepare image has none.

preparation         a folder or zip of anything -> a data set; every file is used, or set aside with a reason
uploads             what was uploaded, by name
vetting             one file -> training pixels, or why not
refusals            why a file is not used: codes and sentences
bounded_vetting     the same in processes that may die
dataset             the training images, and the order in which they are shown
image_files         where encoded images are: a folder or a zip, from anyone
labels              dataset.json
png_format          the PNGs of our data sets, read ten times as fast as others
"""

from stylegan2.data.dataset import ImageDataset, InfiniteSampler
from stylegan2.data.preparation import prepare_images
from stylegan2.data.refusals import RefusedImage
from stylegan2.data.uploads import NamedUploads, PreparationError, open_uploads
from stylegan2.data.vetting import Wanted

__all__ = [
    "ImageDataset",
    "InfiniteSampler",
    "NamedUploads",
    "PreparationError",
    "RefusedImage",
    "Wanted",
    "open_uploads",
    "prepare_images",
]
