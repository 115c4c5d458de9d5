#include "node/io/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

void socket_from_address(const struct address *address, struct sockaddr_storage *ret_system)
{
    memset(ret_system, 0, sizeof *ret_system);
    if (address->ip_size == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)ret_system;
        in->sin_family = AF_INET;
        in->sin_port = htons(address->port);
        memcpy(&in->sin_addr, address->ip, 4);
        return;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_system;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(address->port);
    memcpy(&in6->sin6_addr, address->ip, 16);
}

bool socket_to_address(const struct sockaddr *system, struct address *ret_address)
{
    struct address address = {0};
    if (system->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, system, sizeof in);
        address.ip_size = 4;
        address.port = ntohs(in.sin_port);
        memcpy(address.ip, &in.sin_addr, 4);
    } else if (system->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, system, sizeof in6);
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
        address.ip_size = is_mapped ? 4 : 16;
        address.port = ntohs(in6.sin6_port);
        memcpy(address.ip, (const uint8_t *)&in6.sin6_addr + (is_mapped ? 12 : 0), address.ip_size);
    } else {
        return false;
    }
    *ret_address = address;
    return true;
}

bool socket_is_wildcard(const struct address *address)
{
    static const uint8_t zero[16];
    return memcmp(address->ip, zero, address->ip_size) == 0;
}

bool socket_is_local(const struct address *address)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    if (address->ip_size == 4)
        return address->ip[0] == 127 || (address->ip[0] == 169 && address->ip[1] == 254);
    return memcmp(address->ip, loopback6, 16) == 0 ||
           (address->ip[0] == 0xfe && (address->ip[1] & 0xc0) == 0x80);
}
