"""Which characters of a text make it travel as UCS-2: 70 characters a part instead of 160."""

from notifications_utils.sms.alphabet import ECONOMY, Replacement, SmsAlphabet


def find_costly(text: str, alphabet: SmsAlphabet) -> tuple[Replacement, ...]:
    """The pieces that the alphabet keeps although GSM 7-bit lacks them, and what would stand there instead.

    Expects the text as `prepare` leaves it; positions are in that text.
    """
    replaced: set[int] = set()
    for piece in alphabet.find_replacements(text):
        replaced.update(range(piece.start, piece.end))
    return tuple(
        piece
        for piece in ECONOMY.find_replacements(text)
        if replaced.isdisjoint(range(piece.start, piece.end))
    )
