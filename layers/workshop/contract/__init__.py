"""What function, pipeline and container must agree on, each fact once.

    names            the grammar of datasets, keys and executions; the languages that people are spoken to in
    file_kinds       what a file of a dataset's folder is to us, by its name
    layout           where everything lies in the bucket, and in a run's folder
    pipeline         the pipeline's steps, and its parameters: type, default, bounds or choices, fixed or open
    jobs             the names of their inputs, outputs, channels, hyperparameters and variables; codes of failures
    statuses         what SageMaker says of executions
    run_identity     which run an execution is, as its description tells
    image_record     the list of images that a job is to read
    reasons/         why a file was skipped: codes, and what each language says
    prepare_report   what Prepare has found, kept and set aside
    run_results      what a run has made, in numbers
    gallery/         ... and picture by picture, for the web app
    training_progress/  what a training tells while it goes on: phase, end, sheets, curves
    capacity/        how large everything can get, the limits that it meets, and the disks that a run needs
    documents        reading what another room has written; errors: what is raised here

Standard library only. Every room may import it, and it imports none of them; the model alone does not know it: what the
model needs is passed in. It is part of the functions' layer, of the images and of the inference code's bundle.
"""
