"""The RPCs of what mails say."""

from helpdesk.ticket.v1 import mail_template_service_pb2, mail_template_service_pb2_grpc
from services.ticket.mail import wording
from services.ticket.mail.templates import MailKind, MailTemplate
from services.ticket.mail.wording import WordingDesk

_KINDS = {
    mail_template_service_pb2.MAIL_KIND_REPLY: MailKind.REPLY,
    mail_template_service_pb2.MAIL_KIND_ACKNOWLEDGEMENT: MailKind.ACKNOWLEDGEMENT,
}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}


class MailTemplateServicer(mail_template_service_pb2_grpc.MailTemplateServiceServicer):
    def __init__(self, desk: WordingDesk) -> None:
        self._desk = desk

    async def ListMailTemplates(
        self, request: mail_template_service_pb2.ListMailTemplatesRequest, context: object
    ) -> mail_template_service_pb2.ListMailTemplatesResponse:
        found = await wording.list_templates(self._desk)
        return mail_template_service_pb2.ListMailTemplatesResponse(
            mail_templates=map(_message, found)
        )

    async def SetMailTemplate(
        self, request: mail_template_service_pb2.SetMailTemplateRequest, context: object
    ) -> mail_template_service_pb2.MailTemplate:
        kept = await wording.set_template(self._desk, _template(request.mail_template))
        return _message(kept)

    async def ResetMailTemplate(
        self, request: mail_template_service_pb2.ResetMailTemplateRequest, context: object
    ) -> mail_template_service_pb2.MailTemplate:
        return _message(await wording.reset_template(self._desk, _KINDS[request.kind]))

    async def PreviewMailTemplate(
        self, request: mail_template_service_pb2.PreviewMailTemplateRequest, context: object
    ) -> mail_template_service_pb2.PreviewMailTemplateResponse:
        template = _template(request.mail_template)
        said = await wording.preview_template(self._desk, template, request.ticket_id)
        return mail_template_service_pb2.PreviewMailTemplateResponse(
            subject=said.subject, body=said.body
        )


def _template(message: mail_template_service_pb2.MailTemplate) -> MailTemplate:
    return MailTemplate(_KINDS[message.kind], message.subject, message.body)


def _message(template: MailTemplate) -> mail_template_service_pb2.MailTemplate:
    message = mail_template_service_pb2.MailTemplate(
        kind=_NUMBERS[template.kind], subject=template.subject, body=template.body
    )
    if template.update_time is not None:
        message.update_time.FromDatetime(template.update_time)
    return message
