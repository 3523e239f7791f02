"""What people take away: the pictures that a run has made.

pictures     the web app's operations on a run's pictures: to see and keep them, and which ones people like best
gallery_view what is told of a picture, made of what Infer has written down of it
favourites   which pictures of a run people like best, in the table
more         further pictures of the same model
"""

from workshop.taking.favourites import Favourites
from workshop.taking.more import MakingMore
from workshop.taking.pictures import Taking

__all__ = ["Favourites", "MakingMore", "Taking"]
