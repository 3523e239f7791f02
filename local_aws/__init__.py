"""The workshop on one machine: an embedded AWS with the same template, handlers, pipeline definition and entry
points.
"""
