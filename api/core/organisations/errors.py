"""Why a change to an organisation is refused."""

from api.core.command_errors import ConflictError, UnknownSubjectError


class OrganisationNotFoundError(UnknownSubjectError):
    def __init__(self, reference: str) -> None:
        super().__init__(f"No organisation has the id or name {reference!r}", field="organisation")


class OrganisationNameTakenError(ConflictError):
    def __init__(self, name: str) -> None:
        super().__init__(f"Another organisation is called {name!r}: give another name", field="name")


class DomainTakenError(ConflictError):
    def __init__(self, domain: str, owner: str) -> None:
        super().__init__(f"The domain {domain} belongs to {owner!r}: remove it there first", field="domains")
