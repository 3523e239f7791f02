"""A notice as HTML for mail programs: tables and inlined styles, which all of them know; colours for light and dark.

It says all that the plain text says, in the same order. Where the text has the notice's own link on a line of its own,
there is the button. Whatever is shown is escaped, and only what stands on a line of its own becomes a link: names and
reasons are others' (notices.quoting), and stay text.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from string import Template

from workshop.mailing.blocks import Block, Facts, Items, Paragraph, Verbatim, blocks_of, is_link
from workshop.mailing.letters import Letter
from workshop.words import Words, words

_COLUMNS = 3
_WRAP = "overflow-wrap:anywhere;word-break:break-word;"
_PARAGRAPH = f"margin:0 0 16px;color:#1c1c1e;{_WRAP}"
_CODE = (
    "margin:0 0 16px;padding:10px 12px;background:#f2f1ee;color:#1c1c1e;border-radius:6px;"
    f"font-family:ui-monospace,Menlo,Consolas,monospace;font-size:14px;{_WRAP}"
)
_LINK = f"color:#0b57d0;{_WRAP}"


def html_of(letter: Letter, picture_ids: Sequence[str]) -> str:
    """The mail's HTML. `picture_ids`: the content ids of the pictures that are sent with it."""
    say = words(letter.language)
    blocks = list(blocks_of(letter.body))
    shown = [_html(say, letter, block) for block in blocks]
    if letter.link and not any(isinstance(block, Verbatim) and block.link == letter.link for block in blocks):
        shown.append(_button(say, letter))
    return _template().substitute(
        language=escape(letter.language),
        subject=escape(letter.subject),
        pictures=_grid(say, picture_ids),
        blocks="\n".join(shown),
    )


def _html(say: Words, letter: Letter, block: Block) -> str:
    match block:
        case Paragraph(text):
            return f'<p style="{_PARAGRAPH}">{escape(text)}</p>'
        case Facts(rows):
            return _facts(rows)
        case Items(items):
            return _list(items)
        case Verbatim(lines) if block.link and block.link == letter.link:
            return _button(say, letter)
        case Verbatim(lines):
            return f'<div class="code" dir="auto" style="{_CODE}">{_lines(lines)}</div>'


def _facts(rows: Sequence[tuple[str, str]]) -> str:
    label = "padding:3px 16px 3px 0;color:#5f5e5a;vertical-align:top;white-space:nowrap;"
    value = f"padding:3px 0;color:#1c1c1e;vertical-align:top;{_WRAP}"
    cells = "\n".join(
        f'<tr><td class="label" style="{label}">{escape(name)}</td>'
        f'<td dir="auto" style="{value}">{escape(text)}</td></tr>'
        for name, text in rows
    )
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px;font-size:15px;">'
        f"\n{cells}\n</table>"
    )


def _list(items: Sequence[Sequence[str]]) -> str:
    shown = "\n".join(f'<li style="margin:0 0 8px;{_WRAP}">{_lines(item)}</li>' for item in items)
    return f'<ul style="margin:0 0 16px;padding:0 0 0 20px;">\n{shown}\n</ul>'


def _lines(lines: Sequence[str]) -> str:
    return "<br>\n".join(_anchor(line) if is_link(line) else escape(line) for line in lines)


def _anchor(link: str) -> str:
    return f'<a href="{escape(link)}" style="{_LINK}">{escape(link)}</a>'


def _button(say: Words, letter: Letter) -> str:
    label = say.button[letter.kind or ""]
    style = "display:inline-block;padding:12px 24px;color:#ffffff;font-weight:600;text-decoration:none;"
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px;"><tr>'
        '<td class="button" style="background:#22313f;border-radius:6px;">'
        f'<a href="{escape(letter.link)}" style="{style}">{escape(label)}</a></td></tr></table>'
    )


def _grid(say: Words, picture_ids: Sequence[str]) -> str:
    """The pictures in rows of three; one alone as wide as the mail."""
    if not picture_ids:
        return ""
    columns = min(_COLUMNS, len(picture_ids))
    cell = f'<td width="{100 // columns}%" style="padding:0 4px 8px 0;vertical-align:top;">'
    cells = [f"{cell}{_picture(say, one, at, picture_ids)}</td>" for at, one in enumerate(picture_ids, start=1)]
    rows = "\n".join(f"<tr>{''.join(cells[at : at + columns])}</tr>" for at in range(0, len(cells), columns))
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 12px;">'
        f"\n{rows}\n</table>\n"
    )


def _picture(say: Words, content_id: str, number: int, of: Sequence[str]) -> str:
    alt = say.picture_alt.format(number=number, count=len(of))
    style = "display:block;width:100%;height:auto;border-radius:4px;"
    return f'<img src="cid:{escape(content_id)}" alt="{escape(alt)}" style="{style}">'


@cache
def _template() -> Template:
    return Template(resources.files("workshop.mailing").joinpath("mail.html").read_text(encoding="utf-8"))
