"""StyleGAN2-ADA, written from the papers: networks, training, and the files they read and write.

Each folder says what it is for and what to read first. None imports one that stands below it:

    base            errors, files, sizes of images
    options         what a person may choose
    data            from uploads to a data set
    model           the networks
    augmentation    what the discriminator sees
    formats         networks as files
    synthesis       what a finished generator is used for
    metrics         how good it is, in numbers
    results         what a training leaves behind
    training        the training itself
    cli             what the command line programs share
"""

import os

# OpenMP's threads wait for each other by spinning. Where another program has one of the cores, they burn the other one
# meanwhile: two threads beside one busy process took 400 to 700 s/kimg, and 36 to 55 when they spin only briefly before
# they sleep. The library reads this once, when torch is loaded, so it has to be said here, before that.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
