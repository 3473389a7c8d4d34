"""What gunicorn serves."""

from api.app import create_app
from api.config import load_settings
from notifications_utils.observability.logs import configure_logging

settings = load_settings()
configure_logging("api", settings.log_level)
application = create_app(settings)
