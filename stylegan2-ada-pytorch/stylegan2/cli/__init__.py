"""What the command line programs share. Only they import it: the images of the jobs have no click.

command_line    options that several programs have, and what stands behind them
progress_bar    how far a training is, on a terminal (needs rich)
"""

from stylegan2.cli.command_line import errors_as_messages

__all__ = ["errors_as_messages"]
