"""Log groups in Protocol Buffers, the documented body of PutLogs ("Data encoding" in the API reference)."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from local.sls.errors import SlsError
from local.sls.groups import Log, LogGroup

_Field = descriptor_pb2.FieldDescriptorProto
_REQUIRED, _OPTIONAL, _REPEATED = _Field.LABEL_REQUIRED, _Field.LABEL_OPTIONAL, _Field.LABEL_REPEATED

# Texts are declared as bytes, which is equal on the wire, so that invalid UTF-8 can be detected.
_PAIR = [("Key", 1, _REQUIRED, _Field.TYPE_BYTES, ""), ("Value", 2, _REQUIRED, _Field.TYPE_BYTES, "")]
_MESSAGES: dict[str, list[tuple[str, int, _Field.Label.ValueType, _Field.Type.ValueType, str]]] = {
    "Content": _PAIR,
    "LogTag": _PAIR,
    "Log": [
        ("Time", 1, _REQUIRED, _Field.TYPE_UINT32, ""),
        ("Contents", 2, _REPEATED, _Field.TYPE_MESSAGE, ".sls.Content"),
        ("Time_ns", 4, _OPTIONAL, _Field.TYPE_FIXED32, ""),
    ],
    "LogGroup": [
        ("Logs", 1, _REPEATED, _Field.TYPE_MESSAGE, ".sls.Log"),
        ("Topic", 3, _OPTIONAL, _Field.TYPE_BYTES, ""),
        ("Source", 4, _OPTIONAL, _Field.TYPE_BYTES, ""),
        ("LogTags", 6, _REPEATED, _Field.TYPE_MESSAGE, ".sls.LogTag"),
    ],
}


def _log_group_class() -> Any:  # its attributes exist only at run time
    file = descriptor_pb2.FileDescriptorProto(name="sls.proto", package="sls", syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, label, kind, type_name in fields:
            field = message.field.add(name=field_name, number=number, label=label, type=kind)
            if type_name:
                field.type_name = type_name
    pool: Any = descriptor_pool.DescriptorPool()  # not typed in its stubs
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sls.LogGroup"))


_LogGroup = _log_group_class()


def parse_protobuf(body: bytes) -> LogGroup:
    """Parse a log group from Protocol Buffers. Raises SlsError: PostBodyInvalid, InvalidEncoding."""
    message = _LogGroup()
    try:
        message.ParseFromString(body)
    except DecodeError:
        raise SlsError("PostBodyInvalid", "Protobuffer content cannot be parsed.") from None
    try:
        logs = [Log(log.Time, _pairs(log.Contents)) for log in message.Logs]
        return LogGroup(message.Topic.decode(), message.Source.decode(), _pairs(message.LogTags), logs)
    except UnicodeDecodeError:
        raise SlsError("InvalidEncoding", "Non-UTF8 characters are in logs.") from None


def _pairs(pairs: Any) -> dict[str, str]:
    return {pair.Key.decode(): pair.Value.decode() for pair in pairs}
