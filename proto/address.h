// address.h - where a node is reached: a numeric IPv4 or IPv6 address and a port.
//
// Names are never resolved here and never travel: what a record says must mean the same everywhere.
// Text follows RFC 5952 (one form for each IPv6 address). IPv4 is dotted decimal without leading
// zeroes, since some readers take those for octal.
#ifndef PROTO_ADDRESS_H
#define PROTO_ADDRESS_H

#include "proto/base.h"

struct address {
    uint8_t ip[16];  // IPv4 in the first four bytes, the rest zero
    uint8_t ip_size; // 4 or 16; 0: none
    uint16_t port;
};

enum {
    ADDRESS_TEXT_ROOM = 64,
};

// "1.2.3.4:5289", "[::1]:5289", "none".
void address_print(const struct address *address, char out[ADDRESS_TEXT_ROOM]);
// Numeric only; a missing port becomes `default_port`, port 0 is allowed. "::1" needs no brackets
// where no port follows.
bool address_parse(const char *text, uint16_t default_port, struct address *ret) WARN_UNUSED;
bool address_equal(const struct address *a, const struct address *b);
// True for what a single machine can be reached at: not 0.0.0.0, ::, multicast or broadcast.
bool address_is_unicast(const struct address *address);

#endif
