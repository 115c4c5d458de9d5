// daemon_options.h - what the runner tells the network process on its command line; see daemon.h.
#ifndef NODE_IO_DAEMON_OPTIONS_H
#define NODE_IO_DAEMON_OPTIONS_H

#include "node/io/listen.h"

struct daemon_options {
    struct listen_wish wish;
    struct address seeds[LIMIT_ADDRESS_COUNT_MAX];
    size_t seed_count;
    char why[256]; // one line for people when they are refused
};

// `words` begin with the first option.
bool daemon_options_parse(const char *const *words, size_t count,
                          struct daemon_options *ret_options) WARN_UNUSED;

#endif
