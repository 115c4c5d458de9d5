# control.py - talks to an agent's control socket itself, for what a command line is too slow to ask.
#
# Frames of protobuf as in proto/control.proto; only the few fields that stories need.
import os
import socket
import struct

EMIT = 15  # proto/control.h, enum control_request_kind


def varint(number):
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(message):
    """{number: last value} of the fields that are numbers or bytes."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = number()
        if tag & 7 == 0:
            found[tag >> 3] = number()
        else:
            size = number()
            found[tag >> 3] = message[at:at + size]
            at += size
    return found


class Client:
    def __init__(self, node):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(os.path.join(node.directory, "control"))

    def close(self):
        self.socket.close()

    def _read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError("the agent hung up")
            data += more
        return data

    def ask(self, request):
        """The exit status of the answer, and its text."""
        self.socket.sendall(struct.pack("<I", len(request)) + request)
        while True:
            reply = fields(self._read(struct.unpack("<I", self._read(4))[0]))
            if reply.get(2):
                return reply.get(3, 0), reply.get(4, b"").decode()

    def emit(self, event, until_ms, data=b""):
        return self.ask(field(1, EMIT) + field(2, event.encode()) + field(4, data) + field(6, until_ms))
