"""Pictures drawn by a program, to try the workshop and to train on without downloading anything.

draw_face, draw_mask    one picture: portraits of people, and animal masks in another style
write_drawings          a folder of them (also: python -m local_aws.drawings)
write_sample_drop       a folder as an artist might drop it, with a handful of files that are no good
"""

from local_aws.drawings.faces import draw_face
from local_aws.drawings.masks import draw_mask
from local_aws.drawings.sample_drop import write_drawings, write_sample_drop

__all__ = ["draw_face", "draw_mask", "write_drawings", "write_sample_drop"]
