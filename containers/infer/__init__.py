"""The processing job that draws images with a trained network and writes the run's report."""
