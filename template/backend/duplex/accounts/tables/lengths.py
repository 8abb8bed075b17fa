"""The longest values of columns whose values are checked or cut elsewhere, in characters."""

from typing import Final

EMAIL_MAX: Final = 254
"""After normalisation: the maximum of SMTP."""

ADDRESS_MAX: Final = 64
USER_AGENT_MAX: Final = 255
DETAIL_MAX: Final = 200
