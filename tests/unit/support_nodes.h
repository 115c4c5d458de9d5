// support_nodes.h - signed records about nodes: invites, admissions, keys, node records.
//
// Node keys come from support_signer; every name is valid, every salt fixed, every weight 100.
#ifndef TESTS_UNIT_SUPPORT_NODES_H
#define TESTS_UNIT_SUPPORT_NODES_H

#include "tests/unit/support_trust.h"

struct support_envelope { // one signed record; free with support_envelope_deinit
    struct buffer bytes;
    struct record_id id;
};

void support_envelope_deinit(struct support_envelope *envelope);
struct node_id support_id(uint8_t number);

// `labels` may be NULL: none.
struct support_envelope support_sign_node(const struct envelope_signer *operator_, uint8_t node,
                                          const struct labels *labels, uint64_t serial,
                                          uint64_t authority_number);
struct support_envelope support_sign_invite(const struct envelope_signer *operator_,
                                            const struct invite *invite);
struct support_envelope support_sign_admission(const struct envelope_signer *redeemer,
                                               const struct admission *admission);
struct support_envelope support_sign_keys(const struct envelope_signer *node,
                                          const struct record_id *admission, uint64_t serial);

#endif
