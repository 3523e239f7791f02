"""What an artist drops, and gets."""

import io
import re
from collections.abc import Iterable

from local_aws.drawings import draw_face
from local_aws.workshop import LocalWorkshop


def png(seed: int) -> bytes:
    """A small portrait, another one for each seed."""
    data = io.BytesIO()
    draw_face(seed, 32).save(data, "PNG")
    return data.getvalue()


def upload(workshop: LocalWorkshop, dataset: str, files: Iterable[tuple[str, bytes]]) -> None:
    """Drop files and say that these are all."""
    s3 = workshop.endpoint.client("s3")
    for name, content in [*files, ("_READY", b"")]:
        s3.put_object(Bucket=workshop.bucket, Key=f"uploads/{dataset}/{name}", Body=content)


def link_in(text: str) -> str:
    """The link of a mail that leads to a run's pictures in the web app."""
    (link,) = re.findall(r"https?://\S+#t=\S+/pictures", text)
    return str(link)
