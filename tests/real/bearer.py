# bearer.py - a join token taken apart, so that a test can send its bearer elsewhere (proto/token.h).
import hashlib
import ipaddress
import struct

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
FIXED = 1 + 32 + 8 + 32 + 32 + 32  # version, fleet, authority number, its head, datagram key, seed


def _decode(text):
    bits = "".join(f"{ALPHABET.index(letter):05b}" for letter in text.strip())
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits) - 7, 8))


def _encode(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(ALPHABET[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))


def redirect(text, *addresses):
    """The same token, but its bearer goes to these (host, port) instead."""
    data = _decode(text)[:FIXED] + bytes([len(addresses)])
    for host, port in addresses:
        packed = ipaddress.ip_address(host).packed
        data += bytes([len(packed)]) + packed + struct.pack("<H", port)
    check = hashlib.blake2b(b"katydid-token-1\0" + data, digest_size=32).digest()[:4]
    return _encode(data + check)
