"""What the command line programs share. Only they import it: the images of the jobs have no click.

table           options that several programs have, one row each
click_options   tables of options as options of click
values          what is written on a command line, as values
messages        errors as messages
networks        opening a network, reading latents, writing a PNG (loads torch, which the face does not)
reference_names options that the reference has and ours have not
next_steps      what to type next
progress_bar    how far a training is, on a terminal (needs rich)
"""

from stylegan2.cli.click_options import WIDE, SectionedCommand, with_options
from stylegan2.cli.messages import errors_as_messages

__all__ = ["WIDE", "SectionedCommand", "errors_as_messages", "with_options"]
