"""Amazon SES (API v2): SendEmail with a plain text, of a sender in the domain of its own."""

import uuid

from . import ACCOUNT, REGION
from .access import require
from .errors import Refusal

VERIFIED_DOMAIN = "example.org"


class Ses:
    """send_mail(kind, address, **fields) delivers."""

    name = "ses"
    operations = {("POST", "/v2/email/outbound-emails"): "SendEmail"}

    def __init__(self, send_mail):
        self._send_mail = send_mail

    def call(self, _operation, p, session):
        sender = p.get("FromEmailAddress", "")
        domain = sender.rpartition("@")[2]
        require(session, "ses:SendEmail", f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{domain}",
                {"ses:FromAddress": sender})
        if domain != VERIFIED_DOMAIN:
            raise Refusal("MessageRejected", "Email address is not verified.")
        simple = p["Content"].get("Simple")
        receivers = p.get("Destination", {})
        if simple is None or "Text" not in simple["Body"] or set(receivers) != {"ToAddresses"}:
            raise Refusal("BadRequestException", "The double sends plain texts to ToAddresses only")
        for address in receivers["ToAddresses"]:
            self._send_mail("notice", address, sender=sender, subject=simple["Subject"]["Data"],
                            text=simple["Body"]["Text"]["Data"])
        return {"MessageId": str(uuid.uuid4())}
