"""SNS: each notice of the topic, invoked asynchronously, where the workshop has a sender of mails (MailSender).

An error makes Lambda invoke again: whoever has got the mail does not get it again.
"""

from workshop.handlers import assembly
from workshop.mailing import letters_of
from workshop.platform.telemetry import logger, observed


@observed
def handler(event: object, context: object) -> dict[str, int]:
    """Mail the notice to the dataset's readers; returns how many mails were sent."""
    sent = 0
    for letter in letters_of(event):
        logger.append_keys(dataset=letter.dataset)
        sent += assembly.postman().deliver(letter)
    return {"sent": sent}
