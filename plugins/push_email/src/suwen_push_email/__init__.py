"""E-mail (电子邮件) by SMTP."""

from typing import Final

__version__: Final = "0.1.0"
