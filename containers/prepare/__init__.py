"""The processing job that turns uploaded images into a data set."""
