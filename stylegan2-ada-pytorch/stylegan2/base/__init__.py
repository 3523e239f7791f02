"""What every other folder stands on, free of torch: errors, files, marks of pictures, sizes of images.

errors          everything that this package raises on purpose
whole_files     files that appear whole or not at all, and are not overwritten unasked
image_size      the sizes of images that the networks can make
machine_made    the mark in a file that says who has made the picture
signed_files    signatures in pictures and films, where whoever starts the program has them signed
worker_pool     work in processes that may die
host_memory     what a program that computes on the CPU asks of the C library
"""

from stylegan2.base.errors import (
    CheckpointError,
    DatasetError,
    DivergedError,
    ModelError,
    NetworkFileError,
    OptionError,
    OutputError,
    PeerLostError,
)

__all__ = [
    "CheckpointError",
    "DatasetError",
    "DivergedError",
    "ModelError",
    "NetworkFileError",
    "OptionError",
    "OutputError",
    "PeerLostError",
]
