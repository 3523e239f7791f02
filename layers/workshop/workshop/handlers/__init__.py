"""What each function does with its events: the logic behind functions/<name>/app.py, of the same name.

upload_trigger    uploads are noted, and a timer is armed; deletions: the keys of what was deleted
start_run         due timers, the schedule, a person; sweep: the hourly look at what is outstanding
status_listener   what status events lead to; status_events: their forms
web_api           what does each operation of the web app
report            report_success and report_failure: the one notice on a run's end
queue_records     records of SQS, each with what came in it
assembly          puts the parts together from the environment, one function for each handler's need

send_mail has nothing here: it hands over to workshop.mailing.
"""

from workshop.handlers import assembly

__all__ = ["assembly"]
