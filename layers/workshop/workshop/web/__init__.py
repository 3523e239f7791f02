"""The artists' web app, seen from the server. openapi.json says what is asked and answered: the app's types are made of
it, requests are checked by it before anything is done, and the tests hold every answer to it.

interface     that document, read: the operations, the right that each needs, the forms of requests
routes        from a request to an operation and back; who may is asked here, once for all of them
calls         `Call` and `Reply`: what an operation is asked, and what it answers
asking        start_run asked for a run, and its answer told
sessions      opening a link, and who is here; sharing: links to hand on
asking        start_run, asked for runs, settings and estimates
sentences     what is said, in the reader's language: texts/<language>.json
static_files  the app's own files
"""

from workshop.web.calls import Call, Reply
from workshop.web.routes import Routes

__all__ = ["Call", "Reply", "Routes"]
