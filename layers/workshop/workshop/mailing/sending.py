"""Sends a letter to each of a dataset's readers, once.

Each mail has a record that is taken with a lease before it is sent and marked after it, as a notice has: only a crash
between the two can send it twice, and none is lost as long as the topic hands the letter over again.
"""

from botocore.exceptions import ClientError

from workshop.ledger import Readers, Runs
from workshop.ledger.readers import mail_key
from workshop.mailing.letters import Letter
from workshop.mailing.messages import message_of
from workshop.mailing.small_pictures import SmallPicture, read_pictures
from workshop.platform import clock
from workshop.platform.clients import S3, SES, error_code
from workshop.platform.errors import MailsUnsent, NoticeBusy
from workshop.platform.telemetry import count, logger


class Postman:
    """`first_reader` gets the letters on every dataset, as all who are kept for every dataset do."""

    def __init__(
        self, s3: S3, ses: SES, bucket: str, sender: str, first_reader: str, readers: Readers, runs: Runs
    ) -> None:
        self._s3 = s3
        self._ses = ses
        self._bucket = bucket
        self._sender = sender
        self._first_reader = first_reader
        self._readers = readers
        self._runs = runs

    def deliver(self, letter: Letter) -> int:
        """Send the letter to everybody who has not got it yet; returns how many that were. One whom SES refuses keeps
        nobody else from getting it.

        Raises:
            MailsUnsent: at the end, if there is anybody who has not got it: handed over again, it goes to them.
        """
        sent, unsent = 0, 0
        pictures: list[SmallPicture] | None = None
        for reader in self._readers_of(letter.dataset):
            key = mail_key(letter.message_id, reader)
            try:
                if not self._runs.begin_notice(key, clock.now_ms()):
                    continue
                if pictures is None:
                    pictures = read_pictures(self._s3, self._bucket, letter.pictures)
                self._send(letter, pictures, reader)
            except NoticeBusy:
                unsent += 1
            except (ClientError, ValueError) as error:
                unsent += 1
                logger.warning("a mail was not sent", code=error_code(error) or type(error).__name__)
            else:
                self._runs.end_notice(key, clock.now_ms())
                sent += 1
        count("MailsSent", sent)
        if unsent:
            count("MailsUnsent", unsent)
            raise MailsUnsent(f"{unsent} readers have not got the mail; {sent} have got it now.")
        return sent

    def _readers_of(self, dataset: str) -> list[str]:
        others = self._readers.of_dataset(dataset) - {self._first_reader}
        return [self._first_reader, *sorted(others)]

    def _send(self, letter: Letter, pictures: list[SmallPicture], reader: str) -> None:
        message = message_of(letter, pictures, self._sender, reader)
        self._ses.send_email(
            FromEmailAddress=self._sender,
            Destination={"ToAddresses": [reader]},
            Content={"Raw": {"Data": message}},
        )
