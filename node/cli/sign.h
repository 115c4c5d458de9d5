// sign.h - the person's pen: signs records here and hands the bytes to the agent, which signs nothing.
//
// The key is --operator FILE, else operator.key of the key directory. Stamps are above everything the
// agent has seen and at or after this machine's clock; when the two are more than a minute apart nothing
// is signed, because a stamp decides which of two changes wins.
#ifndef NODE_CLI_SIGN_H
#define NODE_CLI_SIGN_H

#include "crdt/stamp.h"
#include "node/cli/trust.h"

struct signer {
    struct client *client;      // borrowed
    const struct trust *trust;  // borrowed
    struct envelope_signer key; // wiped by sign_close
    struct stamp_clock stamps;
    uint64_t authority_number;
    const struct authority_log_operator *operator_;
};

// A command_status, said on stderr.
int sign_open(const struct command_line *line, struct client *client, const struct trust *trust,
              struct signer *ret_signer) WARN_UNUSED;
void sign_close(struct signer *signer);

// Whether this operator may do that at all; says what is missing. user NULL: none concerned.
int sign_check(const struct signer *signer, const char *action, const char *namespace_name,
               const char *user) WARN_UNUSED;

uint64_t sign_stamp(struct signer *signer);

// Each fills in the authority number, signs, and appends the envelope. Stamp and names are the caller's.
struct record_id sign_definition(const struct signer *signer, struct definition *definition,
                                 struct buffer *out);
struct record_id sign_pause(const struct signer *signer, struct pause *pause, struct buffer *out);
struct record_id sign_removal(const struct signer *signer, struct removal *removal, struct buffer *out);
struct record_id sign_order(const struct signer *signer, struct order *order, struct buffer *out);
struct record_id sign_event(const struct signer *signer, struct event_record *event, struct buffer *out);

// Hands the records over and waits until they are durable. Refusals are said on stderr, one line each.
int sign_put(struct client *client, const struct bytes *records, size_t count) WARN_UNUSED;

#endif
