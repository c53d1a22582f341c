"""Why ticket refuses: a class for each value of `helpdesk.ticket.v1.ErrorReason`."""

from collections.abc import Sequence

from services.mesh.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)

DOMAIN = "helpdesk.ticket"


class TicketNotFound(NotFound):
    """The tenant has no such ticket, or the caller may not see it; nobody can tell which."""

    domain = DOMAIN
    reason = "TICKET_NOT_FOUND"

    def __init__(self, ticket_id: str) -> None:
        super().__init__("There is no such ticket.", metadata={"ticket_id": ticket_id})


class TicketChanged(Aborted):
    """The ticket has changed since the caller read it."""

    domain = DOMAIN
    reason = "TICKET_CHANGED"

    def __init__(self, etag: str) -> None:
        super().__init__(
            "The ticket has changed since you read it; read it again.", metadata={"etag": etag}
        )


class TransitionNotAllowed(FailedPrecondition):
    """The ticket's status does not allow this step."""

    domain = DOMAIN
    reason = "TRANSITION_NOT_ALLOWED"

    def __init__(self, status: str, verb: str) -> None:
        super().__init__(
            f"A ticket that is {status} does not allow the step '{verb}'.",
            metadata={"status": status, "verb": verb},
        )


class FieldNotUpdatable(InvalidArgument):
    """The update mask names a field that a ticket does not have."""

    domain = DOMAIN
    reason = "FIELD_NOT_UPDATABLE"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' cannot be updated.",
            metadata={"field": field},
            violations=[FieldViolation("update_mask", f"'{field}' cannot be updated")],
        )


class FilterInvalid(InvalidArgument):
    """The filter or the order cannot be read."""

    domain = DOMAIN
    reason = "FILTER_INVALID"

    def __init__(self, field: str, position: int, expectation: str) -> None:
        where = f"at position {position}: {expectation}"
        super().__init__(
            f"The {field} cannot be read {where}.", violations=[FieldViolation(field, where)]
        )


class InternalCommentNotAllowed(PermissionDenied):
    """Only agents may write internal comments."""

    domain = DOMAIN
    reason = "INTERNAL_COMMENT_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("Only agents may write internal comments.")


class SlaCalendarNeverOpen(InvalidArgument):
    """The calendar has no open hour in the week, so nothing would ever be due."""

    domain = DOMAIN
    reason = "SLA_CALENDAR_NEVER_OPEN"

    def __init__(self) -> None:
        super().__init__(
            "The calendar has no open hour in the week.",
            violations=[FieldViolation("calendar.week", "needs an open hour")],
        )


class SlaSpansInvalid(InvalidArgument):
    """The spans of a day overlap, or one ends before it starts."""

    domain = DOMAIN
    reason = "SLA_SPANS_INVALID"

    def __init__(self, day: str, why: str) -> None:
        super().__init__(
            f"The hours of {day} cannot be: {why}.",
            metadata={"day": day},
            violations=[FieldViolation("calendar", f"{day}: {why}")],
        )


class SlaHolidaysInvalid(InvalidArgument):
    """A date is given twice, or there are too many of them."""

    domain = DOMAIN
    reason = "SLA_HOLIDAYS_INVALID"

    def __init__(self, day: str, why: str) -> None:
        super().__init__(
            f"The holidays cannot be: {why} ({day}).",
            metadata={"day": day},
            violations=[FieldViolation("calendar.holidays", f"{day}: {why}")],
        )


class SlaTimeZoneUnknown(InvalidArgument):
    """No such time zone is in the time zone database of the machine."""

    domain = DOMAIN
    reason = "SLA_TIME_ZONE_UNKNOWN"

    def __init__(self, time_zone: str) -> None:
        super().__init__(
            "There is no such time zone; it must be a name like 'Europe/Berlin'.",
            metadata={"time_zone": time_zone},
            violations=[FieldViolation("calendar.time_zone", "is not known")],
        )


class SlaSharesInvalid(InvalidArgument):
    """Amber must come before red, and red before the target is used up."""

    domain = DOMAIN
    reason = "SLA_SHARES_INVALID"

    def __init__(self, amber_percent: int, red_percent: int) -> None:
        super().__init__(
            "Amber must be more than 0 %, red more than amber and less than 100 %.",
            metadata={"amber_percent": str(amber_percent), "red_percent": str(red_percent)},
            violations=[FieldViolation("amber_percent", "must lie between 0 and red_percent")],
        )


class SlaTargetInvalid(InvalidArgument):
    """A target is no time at all, or more than could be waited for."""

    domain = DOMAIN
    reason = "SLA_TARGET_INVALID"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"A target cannot be kept: {why}.", violations=[FieldViolation("targets", why)]
        )


class QueueNotFound(NotFound):
    domain = DOMAIN
    reason = "QUEUE_NOT_FOUND"

    def __init__(self, queue: str) -> None:
        super().__init__("There is no such queue.", metadata={"queue": queue})


class QueueExists(AlreadyExists):
    domain = DOMAIN
    reason = "QUEUE_EXISTS"

    def __init__(self, queue: str) -> None:
        super().__init__("A queue of this name exists.", metadata={"queue": queue})


class QueueNotEmpty(FailedPrecondition):
    """The queue has tickets, and nobody said where they go."""

    domain = DOMAIN
    reason = "QUEUE_NOT_EMPTY"

    def __init__(self, queue: str) -> None:
        super().__init__(
            "The queue has tickets; say which queue they go to.", metadata={"queue": queue}
        )


class DefaultQueueNeeded(FailedPrecondition):
    """The queue that tickets are in unless somebody says otherwise stays."""

    domain = DOMAIN
    reason = "DEFAULT_QUEUE_NEEDED"

    def __init__(self, queue: str) -> None:
        super().__init__(f"The queue '{queue}' cannot be deleted.", metadata={"queue": queue})


class MailAddressExists(AlreadyExists):
    """A tenant has the address already, this one or another."""

    domain = DOMAIN
    reason = "MAIL_ADDRESS_EXISTS"

    def __init__(self, address: str) -> None:
        super().__init__("The address is given to a tenant.", metadata={"address": address})


class MailAddressNotFound(NotFound):
    domain = DOMAIN
    reason = "MAIL_ADDRESS_NOT_FOUND"

    def __init__(self, address: str) -> None:
        super().__init__("The address is nobody's.", metadata={"address": address})


class TooManyQueues(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_QUEUES"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A tenant has at most {most} queues of its own.", metadata={"most": str(most)}
        )


class TooManyFollowers(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_FOLLOWERS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A ticket has at most {most} followers.", metadata={"most": str(most)})


class ViewNotFound(NotFound):
    """The caller sees no such view, or may not delete it."""

    domain = DOMAIN
    reason = "VIEW_NOT_FOUND"

    def __init__(self, view_id: str) -> None:
        super().__init__("There is no such view.", metadata={"view_id": view_id})


class ViewExists(AlreadyExists):
    """There is a view of this name already."""

    domain = DOMAIN
    reason = "VIEW_EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a view named '{name}' already.", metadata={"name": name})


class ViewsFull(FailedPrecondition):
    """There are as many views as may be saved."""

    domain = DOMAIN
    reason = "VIEWS_FULL"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"There are {limit} views, and no more can be saved; delete one first.",
            metadata={"limit": str(limit)},
        )


class ViewSharingNotAllowed(PermissionDenied):
    """Only who may share views can save one for everybody."""

    domain = DOMAIN
    reason = "VIEW_SHARING_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("You may not share a view; save it for yourself.")


class LinkCycle(FailedPrecondition):
    """The link would close a circle of links of its kind."""

    domain = DOMAIN
    reason = "LINK_CYCLE"

    def __init__(self, kind: str) -> None:
        super().__init__("The link would lead back to where it begins.", metadata={"kind": kind})


class LinkNotFound(NotFound):
    domain = DOMAIN
    reason = "LINK_NOT_FOUND"

    def __init__(self, kind: str) -> None:
        super().__init__("There is no such link.", metadata={"kind": kind})


class TooManyLinks(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_LINKS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A ticket has at most {most} links.", metadata={"most": str(most)})


class MergeIntoItself(FailedPrecondition):
    domain = DOMAIN
    reason = "MERGE_INTO_ITSELF"

    def __init__(self) -> None:
        super().__init__("A ticket cannot be merged into itself.")


class TicketMerged(FailedPrecondition):
    """The ticket has been merged into another already."""

    domain = DOMAIN
    reason = "TICKET_MERGED"

    def __init__(self, ticket_id: str, merged_into_id: str) -> None:
        super().__init__(
            "The ticket has been merged into another already.",
            metadata={"ticket_id": ticket_id, "merged_into_id": merged_into_id},
        )


class CommentNotFound(NotFound):
    domain = DOMAIN
    reason = "COMMENT_NOT_FOUND"

    def __init__(self, comment_id: str) -> None:
        super().__init__("The ticket has no such comment.", metadata={"comment_id": comment_id})


class CannedReplyNotFound(NotFound):
    domain = DOMAIN
    reason = "CANNED_REPLY_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__("There is no such canned reply.", metadata={"name": name})


class CannedReplyExists(AlreadyExists):
    domain = DOMAIN
    reason = "CANNED_REPLY_EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__("A canned reply of this name exists.", metadata={"name": name})


class TooManyCannedReplies(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_CANNED_REPLIES"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A tenant has at most {most} canned replies.", metadata={"most": str(most)}
        )


class VariableUnknown(InvalidArgument):
    """The text names a variable that there is not."""

    domain = DOMAIN
    reason = "VARIABLE_UNKNOWN"

    def __init__(self, variable: str, known: Sequence[str]) -> None:
        expectation = f"expected one of {', '.join(known)}"
        super().__init__(
            f"There is no variable '{variable}'.",
            metadata={"variable": variable},
            violations=[FieldViolation("canned_reply.body", expectation)],
        )


class VariableNotGiven(FailedPrecondition):
    """The text names a variable that has no value for this ticket."""

    domain = DOMAIN
    reason = "VARIABLE_NOT_GIVEN"

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"The variable '{variable}' has no value here.", metadata={"variable": variable}
        )


class RatingNotAllowed(PermissionDenied):
    """Only a ticket's requester rates what was done."""

    domain = DOMAIN
    reason = "RATING_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("Only the requester may rate what was done.")


class ReportPeriodEmpty(InvalidArgument):
    """The period ends on the day on which it begins."""

    domain = DOMAIN
    reason = "REPORT_PERIOD_EMPTY"

    def __init__(self, from_day: str, until_day: str) -> None:
        super().__init__(
            "The period has no day; the day that it ends on is not part of it.",
            metadata={"from_day": from_day, "until_day": until_day},
            violations=[FieldViolation("until_day", "must be behind from_day")],
        )


class ReportPeriodReversed(InvalidArgument):
    """The period ends before it begins."""

    domain = DOMAIN
    reason = "REPORT_PERIOD_REVERSED"

    def __init__(self, from_day: str, until_day: str) -> None:
        super().__init__(
            "The period ends before it begins.",
            metadata={"from_day": from_day, "until_day": until_day},
            violations=[FieldViolation("until_day", "must be behind from_day")],
        )


class ReportDayUnknown(InvalidArgument):
    """No calendar has this day."""

    domain = DOMAIN
    reason = "REPORT_DAY_UNKNOWN"

    def __init__(self, field: str, day: str) -> None:
        super().__init__(
            "There is no such day; it must be one like '2027-12-01'.",
            metadata={"day": day},
            violations=[FieldViolation(field, "is not a day")],
        )


class ReportTimeZoneUnknown(InvalidArgument):
    """No such time zone is in the time zone database of the machine."""

    domain = DOMAIN
    reason = "REPORT_TIME_ZONE_UNKNOWN"

    def __init__(self, time_zone: str) -> None:
        super().__init__(
            "There is no such time zone; it must be a name like 'Europe/Berlin'.",
            metadata={"time_zone": time_zone},
            violations=[FieldViolation("time_zone", "is not known")],
        )


class ReportTooManyBuckets(InvalidArgument):
    """The period has more pieces than may be told, or more than that in all groups together."""

    domain = DOMAIN
    reason = "REPORT_TOO_MANY_BUCKETS"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A report has at most {most} pieces; take a shorter period or longer pieces.",
            metadata={"most": str(most)},
            violations=[FieldViolation("bucket", "is too short for the period")],
        )


class FieldNotFound(NotFound):
    """The field to change is not there."""

    domain = DOMAIN
    reason = "FIELD_NOT_FOUND"

    def __init__(self, field: str) -> None:
        super().__init__("There is no such field.", metadata={"field": field})


class FieldUnknown(InvalidArgument):
    """A value is named for a field that there is not, or the caller may not see it."""

    domain = DOMAIN
    reason = "FIELD_UNKNOWN"

    def __init__(self, field: str) -> None:
        super().__init__(
            "There is no such field.",
            metadata={"field": field},
            violations=[FieldViolation("fields", f"there is no field '{field}'")],
        )


class FieldExists(AlreadyExists):
    domain = DOMAIN
    reason = "FIELD_EXISTS"

    def __init__(self, field: str) -> None:
        super().__init__("A field of this key exists.", metadata={"field": field})


class TooManyFields(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_FIELDS"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A tenant has at most {most} fields, retired ones too.", metadata={"most": str(most)}
        )


class FieldOptionsInvalid(InvalidArgument):
    """The field needs options, or can have none."""

    domain = DOMAIN
    reason = "FIELD_OPTIONS_INVALID"

    def __init__(self, field: str, *, needed: bool) -> None:
        why = "needs an option" if needed else "can have no options"
        super().__init__(
            f"The field '{field}' {why}.",
            metadata={"field": field},
            violations=[FieldViolation("field.options", why)],
        )


class FieldTypeWrong(InvalidArgument):
    """The value is not of the field's type."""

    domain = DOMAIN
    reason = "FIELD_TYPE_WRONG"

    def __init__(self, field: str, field_type: str) -> None:
        super().__init__(
            f"The field '{field}' takes a value of the type {field_type}.",
            metadata={"field": field, "type": field_type},
            violations=[FieldViolation(f"fields.{field}", f"must be of the type {field_type}")],
        )


class FieldOptionUnknown(InvalidArgument):
    domain = DOMAIN
    reason = "FIELD_OPTION_UNKNOWN"

    def __init__(self, field: str, option: str) -> None:
        super().__init__(
            f"The field '{field}' has no such option.",
            metadata={"field": field, "option": option[:100]},
            violations=[FieldViolation(f"fields.{field}", "must be one of the options")],
        )


class FieldTextTooLong(InvalidArgument):
    domain = DOMAIN
    reason = "FIELD_TEXT_TOO_LONG"

    def __init__(self, field: str, most: int) -> None:
        super().__init__(
            f"The field '{field}' holds at most {most} characters.",
            metadata={"field": field, "most": str(most)},
            violations=[FieldViolation(f"fields.{field}", f"must have at most {most} characters")],
        )


class FieldRetired(FailedPrecondition):
    """It can no longer be set."""

    domain = DOMAIN
    reason = "FIELD_RETIRED"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The field '{field}' is retired and can no longer be set.", metadata={"field": field}
        )


class FieldsRequired(FailedPrecondition):
    """The ticket cannot be resolved before these have a value."""

    domain = DOMAIN
    reason = "FIELDS_REQUIRED"

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(
            f"The ticket cannot be resolved before it has a value of: {', '.join(fields)}.",
            metadata={"fields": ",".join(fields)},
        )


class RoutingAgentTwice(InvalidArgument):
    domain = DOMAIN
    reason = "ROUTING_AGENT_TWICE"

    def __init__(self, user_id: str) -> None:
        super().__init__(
            "The policy names an agent twice.",
            metadata={"user_id": user_id},
            violations=[FieldViolation("policy.agents", "each user at most once")],
        )


class RoutingAgentWithoutQueue(InvalidArgument):
    """Somebody who serves no queue would never get a ticket."""

    domain = DOMAIN
    reason = "ROUTING_AGENT_WITHOUT_QUEUE"

    def __init__(self, user_id: str) -> None:
        super().__init__(
            "An agent of the policy serves no queue.",
            metadata={"user_id": user_id},
            violations=[FieldViolation("policy.agents", "each needs a queue")],
        )


class RoutingEscalationEmpty(InvalidArgument):
    """The escalation names nothing that would be done."""

    domain = DOMAIN
    reason = "ROUTING_ESCALATION_EMPTY"

    def __init__(self) -> None:
        super().__init__(
            "The escalation does nothing; it needs a queue, a lead or a higher priority.",
            violations=[FieldViolation("policy.escalation", "needs something to do")],
        )


class AttachmentNotFound(NotFound):
    """The ticket has no such file, or the caller may not see it; nobody can tell which."""

    domain = DOMAIN
    reason = "ATTACHMENT_NOT_FOUND"

    def __init__(self, attachment_id: str) -> None:
        super().__init__("There is no such file.", metadata={"attachment_id": attachment_id})


class AttachmentNameInvalid(InvalidArgument):
    """No file can be called so everywhere, or it would be something else where it is saved."""

    domain = DOMAIN
    reason = "ATTACHMENT_NAME_INVALID"

    def __init__(self, why: str) -> None:
        description = f"cannot be the name of a file: {why.lower().replace('_', ' ')}"
        super().__init__(
            "The file cannot be called so.",
            metadata={"why": why},
            violations=[FieldViolation("file_name", description)],
        )


class AttachmentEmpty(InvalidArgument):
    domain = DOMAIN
    reason = "ATTACHMENT_EMPTY"

    def __init__(self) -> None:
        super().__init__(
            "The file has no bytes.", violations=[FieldViolation("content", "must not be empty")]
        )


class AttachmentTooLarge(InvalidArgument):
    domain = DOMAIN
    reason = "ATTACHMENT_TOO_LARGE"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"A file has at most {most_bytes} bytes.",
            metadata={"most_bytes": str(most_bytes)},
            violations=[FieldViolation("content", f"must not exceed {most_bytes} bytes")],
        )


class AttachmentTypeNotAllowed(InvalidArgument):
    """Empty where nobody knows what the file is."""

    domain = DOMAIN
    reason = "ATTACHMENT_TYPE_NOT_ALLOWED"

    def __init__(self, media_type: str) -> None:
        super().__init__(
            "Files of this kind cannot be put on tickets.",
            metadata={"media_type": media_type},
            violations=[
                FieldViolation(
                    "content", f"is {media_type or 'of no known type'}, which no ticket takes"
                )
            ],
        )


class AttachmentTypeMismatch(InvalidArgument):
    """The bytes say one thing, and the name or the declared type another."""

    domain = DOMAIN
    reason = "ATTACHMENT_TYPE_MISMATCH"

    def __init__(self, media_type: str, said: str) -> None:
        super().__init__(
            f"The file is {media_type} and was said to be {said}.",
            metadata={"media_type": media_type, "said": said},
            violations=[FieldViolation("content", f"is {media_type}, not {said}")],
        )


class AttachmentQuotaExceeded(FailedPrecondition):
    """All files of the tenant together are as large as they may be."""

    domain = DOMAIN
    reason = "ATTACHMENT_QUOTA_EXCEEDED"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"All files together have at most {most_bytes} bytes; take some away first.",
            metadata={"most_bytes": str(most_bytes)},
        )


class TooManyAttachments(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_ATTACHMENTS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A ticket has at most {most} files.", metadata={"most": str(most)})


class AttachmentNotUsable(FailedPrecondition):
    """A comment cannot name the file."""

    domain = DOMAIN
    reason = "ATTACHMENT_NOT_USABLE"

    def __init__(self, attachment_id: str, why: str) -> None:
        super().__init__(
            "The comment cannot have this file.",
            metadata={"attachment_id": attachment_id, "why": why},
        )


class InternalAttachmentNotAllowed(PermissionDenied):
    """Only agents may put internal files on tickets."""

    domain = DOMAIN
    reason = "INTERNAL_ATTACHMENT_NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("Only agents may put internal files on tickets.")


class MacroNotFound(NotFound):
    domain = DOMAIN
    reason = "MACRO_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__("There is no such macro.", metadata={"name": name})


class TooManyMacros(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_MACROS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A tenant has at most {most} macros.", metadata={"most": str(most)})


class MacroActionInvalid(InvalidArgument):
    """Nobody can take this action."""

    domain = DOMAIN
    reason = "MACRO_ACTION_INVALID"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"An action of the macro cannot be: {why}.",
            violations=[FieldViolation("macro.actions", why)],
        )


class TooManyTags(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_TAGS"

    def __init__(self, most: int) -> None:
        super().__init__(f"A ticket has at most {most} tags.", metadata={"most": str(most)})


class WebhookNotFound(NotFound):
    domain = DOMAIN
    reason = "WEBHOOK_NOT_FOUND"

    def __init__(self, webhook_id: str) -> None:
        super().__init__("There is no such webhook.", metadata={"webhook_id": webhook_id})


class WebhookUrlRefused(InvalidArgument):
    """Nothing may be posted to the address."""

    domain = DOMAIN
    reason = "WEBHOOK_URL_REFUSED"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"Nothing can be posted there: {problem}.",
            violations=[FieldViolation("webhook.url", problem)],
        )


class WebhookEventTypeUnknown(InvalidArgument):
    """No message has this type."""

    domain = DOMAIN
    reason = "WEBHOOK_EVENT_TYPE_UNKNOWN"

    def __init__(self, event_type: str, known: Sequence[str]) -> None:
        super().__init__(
            f"No message has this type; there are {', '.join(known)}.",
            metadata={"event_type": event_type},
            violations=[FieldViolation("webhook.event_types", "has an unknown type")],
        )


class TooManyWebhooks(FailedPrecondition):
    domain = DOMAIN
    reason = "TOO_MANY_WEBHOOKS"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A tenant may have {most} webhooks; delete one first.", metadata={"most": str(most)}
        )


class WebhookDisabled(FailedPrecondition):
    """The webhook is told nothing at present."""

    domain = DOMAIN
    reason = "WEBHOOK_DISABLED"

    def __init__(self, webhook_id: str) -> None:
        super().__init__(
            "The webhook is stopped; enable it first.", metadata={"webhook_id": webhook_id}
        )


class WebhookDeliveryNotFound(NotFound):
    domain = DOMAIN
    reason = "WEBHOOK_DELIVERY_NOT_FOUND"

    def __init__(self, delivery_id: str) -> None:
        super().__init__(
            "The webhook has no such delivery, or none any more.",
            metadata={"delivery_id": delivery_id},
        )


class TriageLabelUnknown(InvalidArgument):
    """No model knows the label."""

    domain = DOMAIN
    reason = "TRIAGE_LABEL_UNKNOWN"

    def __init__(self, field: str, label: str, known: Sequence[str]) -> None:
        expectation = f"expected one of {', '.join(known)}"
        super().__init__(
            "There is no such label.",
            metadata={"label": label},
            violations=[FieldViolation(field, expectation)],
        )


class TriageLabelTwice(InvalidArgument):
    """A label has two queues."""

    domain = DOMAIN
    reason = "TRIAGE_LABEL_TWICE"

    def __init__(self, label: str) -> None:
        super().__init__(
            "A label can have one queue only.",
            metadata={"label": label},
            violations=[FieldViolation("settings.queues", f"'{label}' is there twice")],
        )
