#include "proto/address.h"

#include <stdio.h>
#include <string.h>

static bool address_is_mapped(const uint8_t ip[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(ip, prefix, sizeof prefix) == 0;
}

static size_t address_print_ipv4(const uint8_t ip[4], char *out, size_t room)
{
    return (size_t)snprintf(out, room, "%d.%d.%d.%d", ip[0], ip[1], ip[2], ip[3]);
}

static unsigned address_group(const uint8_t ip[16], size_t index)
{
    return (unsigned)ip[2 * index] << 8 | ip[2 * index + 1];
}

// The first of the longest runs of zero groups among `count`; *ret_length is 0 where none has two.
static size_t address_zero_run(const uint8_t ip[16], size_t count, size_t *ret_length)
{
    size_t best = 0, best_length = 0;
    for (size_t start = 0; start < count; start++) {
        size_t length = 0;
        while (start + length < count && address_group(ip, start + length) == 0)
            length++;
        if (length >= 2 && length > best_length) {
            best = start;
            best_length = length;
        }
    }
    *ret_length = best_length;
    return best;
}

static size_t address_print_ipv6(const uint8_t ip[16], char *out, size_t room)
{
    size_t groups = address_is_mapped(ip) ? 6 : 8;
    size_t run_length, run = address_zero_run(ip, groups, &run_length), used = 0;
    for (size_t i = 0; i < groups; i++) {
        if (run_length && i == run) {
            used += (size_t)snprintf(out + used, room - used, "::");
            i += run_length - 1;
            continue;
        }
        bool after_group = i > 0 && !(run_length && i == run + run_length);
        used +=
            (size_t)snprintf(out + used, room - used, "%s%x", after_group ? ":" : "", address_group(ip, i));
    }
    if (groups == 6) {
        used += (size_t)snprintf(out + used, room - used, ":");
        used += address_print_ipv4(ip + 12, out + used, room - used);
    }
    return used;
}

void address_print(const struct address *address, char out[ADDRESS_TEXT_ROOM])
{
    char ip[ADDRESS_TEXT_ROOM - 16];
    if (address->ip_size == 4) {
        address_print_ipv4(address->ip, ip, sizeof ip);
        snprintf(out, ADDRESS_TEXT_ROOM, "%s:%d", ip, address->port);
    } else if (address->ip_size == 16) {
        address_print_ipv6(address->ip, ip, sizeof ip);
        snprintf(out, ADDRESS_TEXT_ROOM, "[%s]:%d", ip, address->port);
    } else {
        snprintf(out, ADDRESS_TEXT_ROOM, "none");
    }
}

// Decimal digits at *text, without leading zeroes; moves past them.
static bool address_read_decimal(const char **text, unsigned max, unsigned *ret)
{
    const char *c = *text;
    unsigned value = 0;
    if (*c < '0' || *c > '9' || (*c == '0' && c[1] >= '0' && c[1] <= '9'))
        return false;
    for (; *c >= '0' && *c <= '9'; c++) {
        value = 10 * value + (unsigned)(*c - '0');
        if (value > max)
            return false;
    }
    *text = c;
    *ret = value;
    return true;
}

static bool address_read_ipv4(const char **text, uint8_t ip[4])
{
    const char *c = *text;
    for (size_t i = 0; i < 4; i++) {
        unsigned byte;
        if ((i && *c++ != '.') || !address_read_decimal(&c, 255, &byte))
            return false;
        ip[i] = (uint8_t)byte;
    }
    *text = c;
    return true;
}

static int address_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// One to four hexadecimal digits.
static bool address_read_group(const char **text, uint8_t out[2])
{
    unsigned value = 0;
    size_t count = 0;
    for (; count < 4 && address_hex_digit(**text) >= 0; count++, ++*text)
        value = value << 4 | (unsigned)address_hex_digit(**text);
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return count > 0;
}

// Groups with single colons between them. The last four bytes may be written as an IPv4 address, which
// before "::" they are only where nothing is left out.
static bool address_read_groups(const char **text, bool is_tail, uint8_t out[16], size_t *ret_size)
{
    const char *c = *text;
    size_t size = 0;
    for (;;) {
        if ((size == 12 || (is_tail && size < 12)) && address_read_ipv4(&c, out + size)) {
            size += 4;
            break;
        }
        if (size == 16 || !address_read_group(&c, out + size))
            return false;
        size += 2;
        if (c[0] != ':' || c[1] == ':')
            break;
        c++;
    }
    *text = c;
    *ret_size = size;
    return true;
}

static bool address_read_ipv6(const char **text, uint8_t ip[16])
{
    const char *c = *text;
    uint8_t tail[16];
    size_t head_size = 0, tail_size = 0;
    memset(ip, 0, 16);
    if (strncmp(c, "::", 2) != 0 && !address_read_groups(&c, false, ip, &head_size))
        return false;
    if (strncmp(c, "::", 2) == 0) {
        c += 2;
        if (address_hex_digit(*c) >= 0 && !address_read_groups(&c, true, tail, &tail_size))
            return false;
        if (head_size + tail_size > 14) // "::" stands for one group at least
            return false;
        memcpy(ip + 16 - tail_size, tail, tail_size);
    } else if (head_size != 16) {
        return false;
    }
    *text = c;
    return true;
}

static bool address_read_port(const char **text, uint16_t *port)
{
    unsigned value;
    if (**text != ':')
        return true;
    ++*text;
    if (!address_read_decimal(text, UINT16_MAX, &value))
        return false;
    *port = (uint16_t)value;
    return true;
}

bool address_parse(const char *text, uint16_t default_port, struct address *ret)
{
    struct address address = {.port = default_port};
    const char *c = text;
    if (address_read_ipv4(&c, address.ip)) {
        address.ip_size = 4;
    } else {
        bool has_bracket = *c == '[';
        c += has_bracket;
        address.ip_size = 16;
        if (!address_read_ipv6(&c, address.ip) || (has_bracket && *c++ != ']') || (!has_bracket && *c))
            return false;
    }
    if (!address_read_port(&c, &address.port) || *c)
        return false;
    *ret = address;
    return true;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->ip_size == b->ip_size && a->port == b->port && memcmp(a->ip, b->ip, a->ip_size) == 0;
}

bool address_is_unicast(const struct address *address)
{
    static const uint8_t zero[16], ones[4] = {255, 255, 255, 255};
    if (memcmp(address->ip, zero, sizeof zero) == 0)
        return false;
    if (address->ip_size == 4)
        return address->ip[0] >> 4 != 0xe && memcmp(address->ip, ones, sizeof ones) != 0;
    return address->ip_size == 16 && address->ip[0] != 0xff;
}
