"""What an artist does in the web app until a run has started: make a dataset, drop images, choose settings, start.

titles    what people call a dataset, and the name that is made of it
datasets  the operations on datasets; cards: what is told of each, cover: its picture
files     the operations on what lies in a dataset's folders: list it, and get forms to post more with
judging   whether a file may be sent, before it is
quotas    how much a link may send in a day
settings  the operations on settings.yaml, and the estimate
starting  the operations that start runs
"""

from workshop.dropping.datasets import Datasets
from workshop.dropping.files import Files
from workshop.dropping.settings import Settings
from workshop.dropping.starting import Starting

__all__ = ["Datasets", "Files", "Settings", "Starting"]
