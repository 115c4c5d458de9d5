#include "tests/unit/support_nodes.h"

#include <stdio.h>
#include <string.h>

void support_envelope_deinit(struct support_envelope *envelope)
{
    buffer_deinit(&envelope->bytes);
}

struct node_id support_id(uint8_t number)
{
    struct envelope_signer signer = support_signer(NULL, number);
    return node_id_of(&signer.key);
}

static struct support_envelope sign(const struct envelope_signer *signer, enum envelope_kind kind,
                                    struct buffer *body)
{
    struct support_envelope envelope = {0};
    envelope.id = envelope_sign(signer, kind, buffer_view(body), &envelope.bytes);
    buffer_deinit(body);
    return envelope;
}

struct support_envelope support_sign_node(const struct envelope_signer *operator_, uint8_t node,
                                          const struct labels *labels, uint64_t serial,
                                          uint64_t authority_number)
{
    struct node_record record = {
        .node_key = support_signer(NULL, node).key,
        .weight = 100,
        .serial = serial,
        .authority_number = authority_number,
    };
    struct buffer body = {0};
    if (labels)
        record.labels = *labels;
    snprintf(record.name, sizeof record.name, "node-%d", node);
    memset(record.salt, node, sizeof record.salt);
    node_record_encode(&record, &body);
    return sign(operator_, ENVELOPE_NODE, &body);
}

struct support_envelope support_sign_invite(const struct envelope_signer *operator_,
                                            const struct invite *invite)
{
    struct buffer body = {0};
    invite_encode(invite, &body);
    return sign(operator_, ENVELOPE_INVITE, &body);
}

struct support_envelope support_sign_admission(const struct envelope_signer *redeemer,
                                               const struct admission *admission)
{
    struct buffer body = {0};
    admission_encode(admission, &body);
    return sign(redeemer, ENVELOPE_ADMISSION, &body);
}

struct support_envelope support_sign_keys(const struct envelope_signer *node,
                                          const struct record_id *admission, uint64_t serial)
{
    struct node_keys keys = {.serial = serial, .admission = admission->hash, .version = "0.1.0"};
    struct buffer body = {0};
    memset(keys.datagram_key.b, (int)serial, sizeof keys.datagram_key.b);
    keys.datagram_key.b[0] = node->key.b[0];
    node_keys_encode(&keys, &body);
    return sign(node, ENVELOPE_KEYS, &body);
}
