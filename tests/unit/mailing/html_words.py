"""What a person reads in a mail's HTML, and what there is beside it: links and pictures."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNREAD = {"style", "title", "head"}


@dataclass
class Page:
    """Texts in their order, tags in theirs, addresses of links, and (address, alt) of pictures."""

    texts: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    language: str = ""

    @property
    def words(self) -> str:
        """All that is read, in lines that are as long as they are."""
        return squeezed(" ".join(self.texts))


def squeezed(text: str) -> str:
    """Text without what depends on how it is set: spaces."""
    return "".join(text.split())


def read_page(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.page.tags.append(tag)
        if tag in _UNREAD:
            self._unread.append(tag)
        elif tag == "html":
            self.page.language = given["lang"]
        elif tag == "a":
            self.page.links.append(given["href"])
        elif tag == "img":
            self.page.pictures.append((given["src"], given["alt"]))

    def handle_endtag(self, tag: str) -> None:
        if self._unread and tag == self._unread[-1]:
            self._unread.pop()

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.page.texts.append(data)
