// change.h - records that change what runs without defining it: pause and resume, delete, order, event.
//
// Decoded like everything in proto/authority.h. Each decoder returns 0 or CHANGE_MALFORMED.
#ifndef PROTO_CHANGE_H
#define PROTO_CHANGE_H

#include "proto/authority.h"

enum {
    CHANGE_MALFORMED = 1,
};

struct pause { // kind 21: a pause, or a resume when it lifts something
    char namespace_name[NAME_ROOM];
    char name[NAME_ROOM];
    uint64_t life; // odd
    uint64_t stamp;
    int64_t until_ms; // 0: until resumed
    const struct hash *lifts;
    size_t lift_count;
    uint64_t authority_number;
    const char *note; // NULL: none
};

struct removal { // kind 22
    char namespace_name[NAME_ROOM];
    char name[NAME_ROOM];
    uint64_t life; // even: the deleted life + 1
    uint64_t stamp;
    uint64_t authority_number;
};

enum order_action {
    ORDER_RUN = 1,
    ORDER_CANCEL,
    ORDER_EMIT,
};

struct order { // kind 23
    uint8_t random[16];
    enum order_action action;
    char namespace_name[NAME_ROOM];
    char name[NAME_ROOM];
    uint64_t life;                 // odd; 0 for an event
    struct run_id run;             // cancel of one run; zero: all of the job's
    const struct node_id *targets; // empty: whoever owns the job
    size_t target_count;
    int64_t not_before_ms;
    int64_t not_after_ms; // <= not_before + LIMIT_ORDER_MS_MAX
    int64_t from_ms;      // run: the due times in [from, until] anew; both 0: run once, now
    int64_t until_ms;
    uint64_t stamp;
    uint64_t authority_number;
};

struct event_record { // kind 50
    char namespace_name[NAME_ROOM];
    char name[NAME_ROOM];
    uint8_t random[16];
    uint64_t stamp;
    int64_t expires_ms;
    struct bytes data;         // <= LIMIT_EVENT_DATA_SIZE_MAX
    uint64_t authority_number; // 0 for an event that a node signed
};

int pause_decode(struct bytes body, struct arena *arena, struct pause *ret) WARN_UNUSED;
void pause_encode(const struct pause *pause, struct buffer *out);
int removal_decode(struct bytes body, struct arena *arena, struct removal *ret) WARN_UNUSED;
void removal_encode(const struct removal *removal, struct buffer *out);
int order_decode(struct bytes body, struct arena *arena, struct order *ret) WARN_UNUSED;
void order_encode(const struct order *order, struct buffer *out);
int event_record_decode(struct bytes body, struct arena *arena, struct event_record *ret) WARN_UNUSED;
void event_record_encode(const struct event_record *event, struct buffer *out);

#endif
