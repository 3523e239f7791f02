"""The processing job that draws pictures with a trained network and writes the run's report."""
