// confine_filter.h - the system call filter of confine.h.
#ifndef NODE_IO_RUNNER_CONFINE_FILTER_H
#define NODE_IO_RUNNER_CONFINE_FILTER_H

#include "proto/base.h"

// For x86_64 and aarch64; -ENOSYS elsewhere. Needs no_new_privs. 0 or -errno.
int confine_filter_install(void) WARN_UNUSED;

#endif
