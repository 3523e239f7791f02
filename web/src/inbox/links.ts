/** A piece of a mail's text: words, or an address that may be followed. */
export type Piece = { text: string; href?: string; isOwn?: boolean };

const ADDRESS = /https?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]+/gi;
const TRAILING = /[.,;:!?)\]}]+$/;

/** Cuts a plain text at its addresses. Only http and https ones become links; `isOwn` are those of the app itself. */
export function piecesOf(text: string, origin: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const add = (piece: Piece) => void (piece.text && pieces.push(piece));
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = withoutTrailing(found);
    const url = parsed(address);
    if (!url || url.username || url.password) continue;
    add({ text: text.slice(at, index) });
    add({ text: address, href: url.href, isOwn: url.origin === origin });
    at = index + address.length;
  }
  add({ text: text.slice(at) });
  return pieces;
}

/** A sentence's end is not the address's; a bracket is if it was opened in it. */
function withoutTrailing(found: string): string {
  const [end = ""] = TRAILING.exec(found) ?? [];
  const address = found.slice(0, found.length - end.length);
  return end.startsWith(")") && address.split("(").length > address.split(")").length ? `${address})` : address;
}

function parsed(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
