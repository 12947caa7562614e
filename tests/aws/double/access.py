"""Asks the policies of a session's role, and refuses as AWS does."""

from .errors import Refusal
from .policies import Caller, Question, decide


def require(session, action, resource, context=None, code="AccessDeniedException", status=400):
    """Refusal unless the role's own policies allow action on resource."""
    question = Question(Caller.of_session(session), action, resource, context or {})
    decision = decide(question, identity=session.role.policies)
    if not decision.allowed:
        raise denied(session, action, resource, decision.reason, code, status)


def denied(session, action, resource, reason, code="AccessDeniedException", status=400):
    return Refusal(code, f"User: {session.arn} is not authorized to perform: {action} on resource: "
                   f"{resource} because of {reason}", status)
