#include "node/io/listen.h"

#include <stdio.h>
#include <string.h>

#include "node/io/socket.h"

enum { PORT_TRIES = 8 };

static const struct address any4 = {.ip_size = 4, .port = LISTEN_PORT_DEFAULT};
static const struct address any6 = {.ip_size = 16, .port = LISTEN_PORT_DEFAULT};

// The kernel picks a free port for streams; that of datagrams may be taken, then another is picked.
static int bind_both(const struct address *address, struct tcp *tcp, struct udp *udp,
                     struct address *ret_bound)
{
    int result = UV_EADDRINUSE;
    int tries = address->port == 0 ? PORT_TRIES : 1;
    for (int i = 0; i < tries && result == UV_EADDRINUSE; i++) {
        if (tcp->listener_count == TCP_LISTENER_COUNT_MAX)
            return UV_EMFILE;
        result = tcp_bind(tcp, address, ret_bound);
        if (!result)
            result = udp_bind(udp, ret_bound);
        if (result)
            tcp_unbind_last(tcp);
    }
    return result;
}

// The port of this node's process before, where it asks for any and that one is free.
static bool bind_again(const struct listen_wish *wish, size_t index, struct tcp *tcp, struct udp *udp,
                       struct listen_result *result)
{
    if (index >= wish->before_count || wish->listen[index].port)
        return false;
    struct address address = wish->before[index];
    address.port = 0;
    if (!address_equal(&address, &wish->listen[index]))
        return false;
    address.port = wish->before[index].port;
    if (bind_both(&address, tcp, udp, &result->bound[result->bound_count]))
        return false;
    result->bound_count++;
    return true;
}

static const char *reason_of(int error)
{
    switch (error) {
    case UV_EADDRINUSE:
        return "another program has this address; end it, or choose another with --listen";
    case UV_EADDRNOTAVAIL:
        return "this machine has no such address";
    case UV_EACCES:
        return "no right to take this port";
    case UV_EAFNOSUPPORT:
        return "this machine has no IPv6";
    default:
        return uv_strerror(error);
    }
}

static bool bind_one(const struct address *address, struct tcp *tcp, struct udp *udp, bool is_optional,
                     struct listen_result *result)
{
    char text[ADDRESS_TEXT_ROOM];
    struct address bound;
    int error = bind_both(address, tcp, udp, &bound);
    if (!error) {
        result->bound[result->bound_count++] = bound;
        return true;
    }
    if (is_optional && (error == UV_EAFNOSUPPORT || error == UV_EADDRNOTAVAIL))
        return true;
    address_print(address, text);
    snprintf(result->why, sizeof result->why, "cannot listen on %s: %s", text, reason_of(error));
    return false;
}

static bool bind_all(const struct listen_wish *wish, struct tcp *tcp, struct udp *udp,
                     struct listen_result *result)
{
    if (!wish->listen_count)
        return bind_one(&any4, tcp, udp, false, result) && bind_one(&any6, tcp, udp, true, result);
    for (size_t i = 0; i < wish->listen_count; i++)
        if (!bind_again(wish, i, tcp, udp, result) && !bind_one(&wish->listen[i], tcp, udp, false, result))
            return false;
    return true;
}

static void add_reached(struct listen_result *result, const struct address *address)
{
    for (size_t i = 0; i < result->reached_count; i++)
        if (address_equal(&result->reached[i], address))
            return;
    if (result->reached_count < LIMIT_ADDRESS_COUNT_MAX)
        result->reached[result->reached_count++] = *address;
}

// The addresses of this machine that stand for a wildcard: of the same family, local ones only on demand.
static void add_interfaces(struct listen_result *result, const struct address *wildcard, bool local)
{
    uv_interface_address_t *interfaces;
    int count;
    if (uv_interface_addresses(&interfaces, &count))
        return;
    for (int i = 0; i < count; i++) {
        struct address address;
        if (!socket_to_address((const struct sockaddr *)&interfaces[i].address, &address) ||
            address.ip_size != wildcard->ip_size || socket_is_local(&address) != local)
            continue;
        address.port = wildcard->port;
        add_reached(result, &address);
    }
    uv_free_interface_addresses(interfaces, count);
}

static void find_reached(const struct listen_wish *wish, struct listen_result *result)
{
    for (size_t i = 0; i < wish->advertise_count; i++) {
        struct address address = wish->advertise[i];
        if (address.port == 0)
            address.port = result->bound[0].port;
        add_reached(result, &address);
    }
    if (wish->advertise_count)
        return;
    for (size_t i = 0; i < result->bound_count; i++)
        if (socket_is_wildcard(&result->bound[i]))
            add_interfaces(result, &result->bound[i], false);
        else
            add_reached(result, &result->bound[i]);
    if (!result->reached_count) // a machine by itself still talks to itself
        add_interfaces(result, &result->bound[0], true);
}

bool listen_bind(const struct listen_wish *wish, struct tcp *tcp, struct udp *udp,
                 struct listen_result *ret_result)
{
    *ret_result = (struct listen_result){0};
    if (!bind_all(wish, tcp, udp, ret_result))
        return false;
    find_reached(wish, ret_result);
    return true;
}
