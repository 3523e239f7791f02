"""The shared package of the functions. Read a folder's docstring first: it says what is in it.

    handlers     what each function does with its events, and how the parts are put together
    reconcile    the one rule: compare what is there with the last run, do at most one thing
    notices      the mails: findings on a run, texts, limits, exactly one per (run, kind)
    dropping     the web app until a run has started: datasets, uploads, settings, starts
    watching     a run that is under way: how far it is, and ending it
    ledger       the table: a dataset's state and its one claim, runs and their notices; timers
    dataset      what lies in a dataset's folder right now, and what its settings file asks for
    config       the environment of each function
    words        what the mails say in each language
    platform     AWS clients, logs and metrics, the clock, errors

None knows one that stands above it. What other rooms must know too is in `contract`.

Events are hints, S3 and SageMaker are the truth: everything that happens ends in `reconcile`.
"""
