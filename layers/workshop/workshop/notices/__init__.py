"""The mails to a dataset's people.

publishing     `Notices`: rendering within SNS's limits, publishing each one once; texts/<language>/
content        what each one says: from records and findings to the words
started        the first: a run has begun; expectations: what it will take and cost, and whether it can be done
artefacts      what a finished run left behind
failures       why a failed one failed, and what helps; reasons: the causes that are met often
billing        what the training was billed
links          into the web app or, where there is none, to the page in S3
leftovers      files that no run looks at
strays         files outside every dataset
quoting        how a mail repeats what somebody else has written
"""

from workshop.notices.publishing import Kind, Notice, Notices

__all__ = ["Kind", "Notice", "Notices"]
