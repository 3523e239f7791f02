"""What an operator does to a deployed workshop: `python -m operations --help`.

    workshop_stack     finds the deployed resources by their names in template.yaml
    runs, describing   which runs there are, and everything about one of them
    starting           asks the function start_run to look, start or rerun
    cancelling         ends a run
    dead_letters, queues  what lies in the dead-letter queues
    redriving          hands it over again
    purging            deletes a dataset for good
    subscribing        has somebody told about one dataset, or no longer; reader_commands: its commands
    cli                the commands; aws, errors, text

It decides nothing about runs: whatever starts one goes through start_run, which alone keeps two runs apart.
"""

import sys
from pathlib import Path

# The functions' package is importable here, as the layer makes it on AWS.
sys.path.append(str(Path(__file__).resolve().parent.parent / "layers/workshop"))
