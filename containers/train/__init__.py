"""The training job: a data set in, a network and its record out."""
