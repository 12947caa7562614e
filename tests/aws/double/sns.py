"""Amazon SNS: topics, e-mail subscriptions that must be confirmed, and what is published."""

import dataclasses
import re
import secrets
import threading
import uuid

from . import ACCOUNT, REGION
from .access import require
from .errors import Refusal

ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
NAME = re.compile("[A-Za-z0-9_-]{1,256}")
SUBJECT_MAX = 100
MESSAGE_MAX = 256 * 1024
PAGE = 100
PENDING = "PendingConfirmation"


@dataclasses.dataclass
class Subscription:
    topic_arn: str
    endpoint: str
    arn: str
    token: str = dataclasses.field(default_factory=lambda: secrets.token_hex(80))
    confirmed: bool = False


@dataclasses.dataclass
class Topic:
    arn: str
    tags: dict
    attributes: dict
    subscriptions: list = dataclasses.field(default_factory=list)


def _invalid(message):
    return Refusal("InvalidParameter", f"Invalid parameter: {message}")


class Sns:
    """send_mail(kind, address, **fields) delivers."""

    name = "sns"

    def __init__(self, send_mail):
        self._send_mail = send_mail
        self._lock = threading.Lock()
        self._topics = {}
        self._operations = {
            "CreateTopic": self._create_topic,
            "DeleteTopic": self._delete_topic,
            "ListTopics": self._list_topics,
            "ListTagsForResource": self._list_tags_for_resource,
            "Subscribe": self._subscribe,
            "ConfirmSubscription": self._confirm_subscription,
            "Unsubscribe": self._unsubscribe,
            "ListSubscriptionsByTopic": self._list_subscriptions_by_topic,
            "Publish": self._publish,
        }

    def call(self, operation, parameters, session):
        handler = self._operations.get(operation)
        if handler is None:
            raise Refusal("InvalidAction", f"The double has no {operation}")
        with self._lock:
            return handler(parameters, session)

    @staticmethod
    def _require(session, action, resource, context=None):
        require(session, action, resource, context, "AuthorizationError", 403)

    def _topic(self, arn):
        if not arn.startswith(ARN) or not NAME.fullmatch(arn.removeprefix(ARN)):
            raise _invalid("TopicArn")
        topic = self._topics.get(arn)
        if topic is None:
            raise Refusal("NotFound", "Topic does not exist", 404)
        return topic

    def _create_topic(self, p, session):
        if not NAME.fullmatch(p["Name"]):
            raise _invalid("Topic Name")
        arn = ARN + p["Name"]
        tags = {t["Key"]: t["Value"] for t in p.get("Tags", ())}
        values = {f"aws:RequestTag/{n}": v for n, v in tags.items()}
        values |= {"aws:TagKeys": list(tags)} if tags else {}
        self._require(session, "sns:CreateTopic", arn, values)
        if tags:
            self._require(session, "sns:TagResource", arn, values)
        known = self._topics.setdefault(arn, Topic(arn, tags, p.get("Attributes", {})))
        if known.tags != tags:
            raise _invalid("Tags Reason: Topic already exists with different tags")
        if any(known.attributes.get(n) != v for n, v in p.get("Attributes", {}).items()):
            raise _invalid("Attributes Reason: Topic already exists with different attributes")
        return {"TopicArn": arn}

    def _delete_topic(self, p, session):
        self._require(session, "sns:DeleteTopic", p["TopicArn"])
        self._topics.pop(p["TopicArn"], None)  # as SNS: no error when there is none
        return {}

    def _list_topics(self, p, session):
        self._require(session, "sns:ListTopics", "*")
        page, more = _page(sorted(self._topics), p)
        return {"Topics": [{"TopicArn": arn} for arn in page], **more}

    def _list_tags_for_resource(self, p, session):
        self._require(session, "sns:ListTagsForResource", p["ResourceArn"])
        tags = self._topic(p["ResourceArn"]).tags
        return {"Tags": [{"Key": n, "Value": v} for n, v in tags.items()]}

    def _subscribe(self, p, session):
        address = p.get("Endpoint", "")
        self._require(session, "sns:Subscribe", p["TopicArn"],
                      {"sns:Protocol": p["Protocol"], "sns:Endpoint": address})
        if p["Protocol"] != "email":
            raise _invalid("Protocol: the double has e-mail only")
        topic = self._topic(p["TopicArn"])
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            raise _invalid("Email address")
        known = next((s for s in topic.subscriptions if s.endpoint == address), None)
        if known is None:
            known = Subscription(topic.arn, address, f"{topic.arn}:{uuid.uuid4()}")
            topic.subscriptions.append(known)
        if not known.confirmed:
            self._send_mail("subscription", address, topic=topic.arn, token=known.token)
        named = known.confirmed or p.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": known.arn if named else "pending confirmation"}

    def confirm(self, topic_arn, token):
        """What the link of a subscription's mail does."""
        with self._lock:
            return self._confirm(topic_arn, token)

    def _confirm(self, topic_arn, token):
        found = next((s for s in self._topic(topic_arn).subscriptions if s.token == token), None)
        if found is None:
            raise _invalid("Token")
        found.confirmed = True
        return {"SubscriptionArn": found.arn}

    def _confirm_subscription(self, p, session):
        self._require(session, "sns:ConfirmSubscription", p["TopicArn"])
        return self._confirm(p["TopicArn"], p["Token"])

    def _unsubscribe(self, p, session):
        topic_arn, _, _ = p["SubscriptionArn"].rpartition(":")
        self._require(session, "sns:Unsubscribe", topic_arn)
        topic = self._topic(topic_arn)
        topic.subscriptions = [s for s in topic.subscriptions if s.arn != p["SubscriptionArn"]]
        return {}

    def _list_subscriptions_by_topic(self, p, session):
        self._require(session, "sns:ListSubscriptionsByTopic", p["TopicArn"])
        found = {s.arn: s for s in self._topic(p["TopicArn"]).subscriptions}
        page, more = _page(sorted(found), p)
        return {"Subscriptions": [
            {"SubscriptionArn": arn if found[arn].confirmed else PENDING, "Owner": ACCOUNT,
             "Protocol": "email", "Endpoint": found[arn].endpoint, "TopicArn": p["TopicArn"]}
            for arn in page], **more}

    def _publish(self, p, session):
        if "TopicArn" not in p or set(p) & {"TargetArn", "PhoneNumber", "MessageStructure"}:
            raise _invalid("The double publishes plain messages to topics only")
        self._require(session, "sns:Publish", p["TopicArn"])
        topic, subject = self._topic(p["TopicArn"]), p.get("Subject")
        if subject is not None and not re.fullmatch(r"[!-~][ -~]{0,%d}" % (SUBJECT_MAX - 1),
                                                    subject):
            raise _invalid("Subject")
        if not p["Message"]:
            raise _invalid("Empty message")
        if len(p["Message"].encode()) > MESSAGE_MAX:
            raise _invalid("Message too long")
        for subscription in topic.subscriptions:
            if subscription.confirmed:
                self._send_mail("notice", subscription.endpoint, topic=topic.arn,
                                subject=subject or "AWS Notification Message", text=p["Message"])
        return {"MessageId": str(uuid.uuid4())}


def _page(names, p):
    names = [n for n in names if n > p.get("NextToken", "")]
    return names[:PAGE], {"NextToken": names[PAGE - 1]} if len(names) > PAGE else {}
