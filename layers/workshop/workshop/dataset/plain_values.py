"""How numbers and truths are written in settings.yaml: so that they can be read in one way only."""

import re

WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
NUMBER = re.compile(r"-?((0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?|\.[0-9]{1,20})")
# To some, 25.000 is 25, to others 25 thousand.
AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}(\.[0-9]{3})+")
TRUTHS = {
    spelled: truth
    for word, truth in {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.items()
    for spelled in (word, word.title(), word.upper())
}
