"""Notices as mails with HTML, pictures and a button, for a workshop with a sender (MailSender). The topic stays the one
place where notices are published; without a sender SNS itself mails their text.

letters        what the topic hands over: a notice, with what a mail needs beside its text
blocks         a notice's text, taken apart: paragraphs, facts, lists, commands, links
html_mail      these as HTML (mail.html), for mail programs
small_pictures what a mail shows, read from the bucket
messages       both texts and the pictures, as one message
sending        to each reader once

Bounces and complaints are left to SES: its suppression list of the account keeps who does not want any more from being
written to, and a mail that it refuses ends as a dead letter.
"""

from workshop.mailing.letters import Letter, letters_of
from workshop.mailing.sending import Postman

__all__ = ["Letter", "Postman", "letters_of"]
