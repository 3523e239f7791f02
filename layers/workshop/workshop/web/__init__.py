"""The artists' web app, seen from the server: who may enter, and what is answered. openapi.json says it all: the app's
types are made of it, requests are checked by it before anything is done, and the tests hold every answer to it.
"""
