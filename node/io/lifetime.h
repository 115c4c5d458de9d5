// lifetime.h - when may an object with uv handles be freed?
//
// Each open handle and each request on its way holds once. Closing asks the handles to close; the last
// release after that calls `closed`, from the loop, once, and only then may the memory go. Nothing new
// is held after closing has begun, except by those who hold already.
#ifndef NODE_IO_LIFETIME_H
#define NODE_IO_LIFETIME_H

#include "proto/base.h"

struct lifetime {
    unsigned held;
    bool closing;
    void (*closed)(struct lifetime *lifetime);
};

static inline void lifetime_hold(struct lifetime *lifetime)
{
    lifetime->held++;
}

static inline void lifetime_release(struct lifetime *lifetime)
{
    assert(lifetime->held > 0);
    lifetime->held--;
    if (lifetime->closing && lifetime->held == 0)
        lifetime->closed(lifetime);
}

// False when closing has begun before: then there is nothing to do.
static inline bool lifetime_begin_closing(struct lifetime *lifetime)
{
    if (lifetime->closing)
        return false;
    lifetime->closing = true;
    return true;
}

#endif
