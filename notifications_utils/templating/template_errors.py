"""Why a filled template cannot be sent."""


class TemplateError(ValueError):
    """The base of all of them."""


class MissingPersonalisationError(TemplateError):
    """Placeholders without a value, in the spelling and order of the template."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"No value for: {', '.join(names)}")
        self.names = names


class EmptyMessageError(TemplateError):
    """Nothing remains once the placeholders are filled."""

    def __init__(self) -> None:
        super().__init__("The message is empty")


class MessageTooLongError(TemplateError):
    """`length` and `limit` in characters of an SMS, or in bytes of an e-mail."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"The length is {length}, the limit {limit}")
        self.length = length
        self.limit = limit


class TooManyPartsError(TemplateError):
    """`weight` and `limit` of an SMS in septets, or in UTF-16 code units for UCS-2."""

    def __init__(self, weight: int, limit: int) -> None:
        super().__init__(f"The weight is {weight}, the limit {limit}")
        self.weight = weight
        self.limit = limit
