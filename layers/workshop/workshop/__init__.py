"""The shared package of the functions.

    names, layout          the grammar of datasets and keys; where everything lies in the bucket
    snapshot, settings     what is in a dataset's folder right now, and what its settings file asks for
    ledger, runs           the table: a dataset's state and its one claim; a run's records and its notices
    settling               the delayed message that says "look again at this dataset"
    reconcile              the one rule: compare what is there with the last run, do at most one thing
    starting, ending       StartPipelineExecution with a token that cannot start twice; what the end of a run means
    notices, words         the mails: texts, limits, exactly one per (run, kind); what they say in each language
    artefacts, failures    what a finished run left behind; why a failed one failed
    links                  durable signed links to a report
    config, clients, clock, telemetry, errors

Events are hints, S3 and SageMaker are the truth: everything that happens ends in `reconcile`.
"""
