"""Messages of the contract as protobuf JSON, as the gateway prints them too."""

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from services.cli.output import write


def write_message(message: Message) -> None:
    write(message_json(message) + "\n")


def message_json(message: Message) -> str:
    return MessageToJson(
        message, always_print_fields_with_no_presence=True, ensure_ascii=False, indent=2
    )
