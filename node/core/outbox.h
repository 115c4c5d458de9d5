// outbox.h - the effects that wait to be performed, in order, each with memory of its own.
//
// Adding copies everything an effect points to, so rooms may hand in views and locals. What
// outbox_next hands out stays valid until the next outbox_next or outbox_deinit.
#ifndef NODE_CORE_OUTBOX_H
#define NODE_CORE_OUTBOX_H

#include "node/core/effect.h"

struct outbox_entry;

struct outbox {
    struct outbox_entry *first, *last; // owned
    struct outbox_entry *out;          // handed out last; owned
    uint64_t ticket;                   // of the last write
};

void outbox_deinit(struct outbox *outbox);
bool outbox_next(struct outbox *outbox, struct effect *ret_effect);

// Numbers the write and returns its ticket.
uint64_t outbox_write(struct outbox *outbox, const struct effect_write *write);
void outbox_query(struct outbox *outbox, const struct effect_query *query);
void outbox_frame(struct outbox *outbox, const struct frame *frame);
void outbox_reply(struct outbox *outbox, uint64_t client, const struct control_reply *reply);
void outbox_datagram(struct outbox *outbox, const struct address *to, struct bytes data);
void outbox_stream(struct outbox *outbox, enum effect_kind kind, uint64_t stream, const struct address *to,
                   struct bytes data);
void outbox_notice(struct outbox *outbox, enum effect_level level, const char *format, ...) PRINTF_LIKE(3, 4);
void outbox_exit(struct outbox *outbox);

#endif
