"""Mail: templates, an outbox in the database, delivery by SMTP, and a mailbox for development."""

from duplex.mail.outbox import Outbox
from duplex.mail.templates import Mail, Templates, isolate

__all__ = ["Mail", "Outbox", "Templates", "isolate"]
