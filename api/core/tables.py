"""Imports every model, so that `metadata` is whole: for migrations and their check."""

from api.core.billing import models as billing
from api.core.callbacks import models as callbacks
from api.core.complaints import models as complaints
from api.core.delivery import models as delivery
from api.core.events import models as events
from api.core.inbound import models as inbound
from api.core.jobs import models as jobs
from api.core.notifications import models as notifications
from api.core.organisations import models as organisations
from api.core.services import models as services
from api.core.statistics import models as statistics
from api.core.suppressions import models as suppressions
from api.core.templates import models as templates
from api.core.users import models as users
from api.db.base import Base

__all__ = [
    "billing",
    "callbacks",
    "complaints",
    "delivery",
    "events",
    "inbound",
    "jobs",
    "metadata",
    "notifications",
    "organisations",
    "services",
    "statistics",
    "suppressions",
    "templates",
    "users",
]

metadata = Base.metadata
