#include "proto/authority.h"

#include <string.h>

#include "proto/authority.pb-c.h"
#include "proto/codec.h"

_Static_assert((int)AUTHORITY_MALFORMED == (int)CODEC_MALFORMED, "one outcome");

// Unknown fields are refused here: who skips a word of the authority log may grant what it takes away.
#define AUTHORITY_TYPE(message, reader, type)                                                                \
    {                                                                                                        \
        .descriptor = &katydid__authority__##message##__descriptor, .size = sizeof(type), .read = (reader),  \
        .is_exact = true                                                                                     \
    }

static int authority_decode(const struct codec_message *type, struct bytes body, struct arena *arena,
                            void *ret)
{
    return body.size > LIMIT_AUTHORITY_SIZE_MAX ? AUTHORITY_MALFORMED : codec_decode(type, body, arena, ret);
}

static struct labels labels_read(struct codec *codec, size_t count, Katydid__Authority__Label *const *in)
{
    struct label *labels = codec_array(codec, &count, LIMIT_LABEL_COUNT_MAX, sizeof *labels);
    for (size_t i = 0; i < count; i++)
        codec_label(codec, in[i]->key, in[i]->value, labels, i);
    return (struct labels){labels, count};
}

static Katydid__Authority__Label **labels_write(const struct labels *labels, struct arena *room)
{
    Katydid__Authority__Label **out =
        codec_put_messages(room, &katydid__authority__label__descriptor, labels->count);
    for (size_t i = 0; i < labels->count; i++) {
        out[i]->key = codec_put_text(labels->items[i].key);
        out[i]->value = codec_put_text(labels->items[i].value);
    }
    return out;
}

const char *labels_find(const struct labels *labels, const char *key)
{
    for (size_t i = 0; i < labels->count; i++)
        if (strcmp(labels->items[i].key, key) == 0)
            return labels->items[i].value;
    return NULL;
}

bool labels_cover(const struct labels *labels, const struct labels *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const char *value = labels_find(labels, wanted->items[i].key);
        if (!value || !name_matches(wanted->items[i].value, value))
            return false;
    }
    return true;
}

static bool authority_are_distinct(const void *items, size_t count, size_t size)
{
    const uint8_t *start = items;
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(start + i * size, start + j * size, size) == 0)
                return false;
    return true;
}

static void genesis_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Authority__Genesis *in = message;
    struct genesis *out = ret;
    out->root_key_count = in->n_root_keys;
    out->root_keys =
        codec_ids(codec, in->root_keys, &out->root_key_count, LIMIT_ROOT_COUNT_MAX, sizeof *out->root_keys);
    codec_check(codec, out->root_key_count > 0);
    codec_check(codec, authority_are_distinct(out->root_keys, out->root_key_count, sizeof *out->root_keys));
    out->threshold = (uint32_t)codec_number(codec, in->threshold, 1, 1);
    codec_id(codec, in->random, out->random, sizeof out->random);
    codec_name(codec, in->name, out->name);
}

int genesis_decode(struct bytes body, struct arena *arena, struct genesis *ret)
{
    static const struct codec_message type = AUTHORITY_TYPE(genesis, genesis_read, struct genesis);
    return authority_decode(&type, body, arena, ret);
}

void genesis_encode(const struct genesis *genesis, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Authority__Genesis message = KATYDID__AUTHORITY__GENESIS__INIT;
    message.n_root_keys = genesis->root_key_count;
    message.root_keys = codec_put_ids(&room, genesis->root_keys, genesis->root_key_count, PUBLIC_KEY_SIZE);
    message.threshold = genesis->threshold;
    message.random = codec_put(genesis->random, sizeof genesis->random);
    message.name = codec_put_text(genesis->name);
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static const char *const *scope_read_list(struct codec *codec, const ProtobufCBinaryData *in, size_t *count)
{
    const char **texts = codec_texts(codec, in, count, LIMIT_SCOPE_COUNT_MAX, LIMIT_NAME_SIZE_MAX);
    for (size_t i = 0; i < *count; i++)
        codec_check(codec, strcmp(texts[i], "*") == 0 || name_is_valid(bytes_of_text(texts[i])));
    return texts;
}

static void scope_read(struct codec *codec, const Katydid__Authority__Scope *in, struct scope *out)
{
    out->namespace_count = in->n_namespaces;
    out->namespaces = scope_read_list(codec, in->namespaces, &out->namespace_count);
    out->labels = labels_read(codec, in->n_labels, in->labels);
    out->action_count = in->n_actions;
    out->actions = scope_read_list(codec, in->actions, &out->action_count);
    out->user_count = in->n_users;
    out->users = scope_read_list(codec, in->users, &out->user_count);
}

static void entry_read_operator(struct codec *codec, const Katydid__Authority__Operator *in,
                                struct authority_entry *out)
{
    out->change = AUTHORITY_OPERATOR;
    codec_id(codec, in->key, out->operator_.key.b, sizeof out->operator_.key.b);
    codec_name(codec, in->name, out->operator_.name);
    if (in->scope)
        scope_read(codec, in->scope, &out->operator_.scope);
    out->operator_.not_after_ms = codec_instant(codec, in->not_after_ms);
    codec_check(codec, in->scope && in->not_after_ms >= 0);
}

static void entry_read_revoke(struct codec *codec, const Katydid__Authority__Revoke *in,
                              struct authority_entry *out)
{
    out->change = AUTHORITY_REVOKE;
    codec_id(codec, in->key, out->revoke.key.b, sizeof out->revoke.key.b);
    out->revoke.stamp = codec_stamp(codec, in->stamp);
}

static void entry_read_voters(struct codec *codec, const Katydid__Authority__Voters *in,
                              struct authority_entry *out)
{
    out->change = AUTHORITY_VOTERS;
    codec_name(codec, in->group, out->voters.group);
    out->voters.epoch = codec_counter(codec, in->epoch, 1);
    out->voters.node_count = in->n_nodes;
    out->voters.nodes = codec_ids(codec, in->nodes, &out->voters.node_count, LIMIT_VOTER_COUNT_MAX,
                                  sizeof *out->voters.nodes);
    codec_check(codec, out->voters.node_count > 0);
    codec_check(codec,
                authority_are_distinct(out->voters.nodes, out->voters.node_count, sizeof(struct node_id)));
}

static void entry_read_setting(struct codec *codec, const Katydid__Authority__Setting *in,
                               struct authority_entry *out)
{
    out->change = AUTHORITY_SETTING;
    codec_name(codec, in->key, out->setting.key);
    out->setting.value = codec_text(codec, in->value, LIMIT_TEXT_SIZE_MAX);
}

static void entry_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Authority__Entry *in = message;
    struct authority_entry *out = ret;
    out->number = codec_number(codec, in->number, 1, LIMIT_AUTHORITY_COUNT_MAX);
    codec_id(codec, in->previous, out->previous.b, sizeof out->previous.b);
    codec_check(codec, !!in->operator_ + !!in->revoke + !!in->voters + !!in->setting == 1);
    if (in->operator_)
        entry_read_operator(codec, in->operator_, out);
    if (in->revoke)
        entry_read_revoke(codec, in->revoke, out);
    if (in->voters)
        entry_read_voters(codec, in->voters, out);
    if (in->setting)
        entry_read_setting(codec, in->setting, out);
}

int authority_entry_decode(struct bytes body, struct arena *arena, struct authority_entry *ret)
{
    static const struct codec_message type = AUTHORITY_TYPE(entry, entry_read, struct authority_entry);
    return authority_decode(&type, body, arena, ret);
}

static void scope_write(const struct scope *in, struct arena *room, Katydid__Authority__Scope *out)
{
    out->n_namespaces = in->namespace_count;
    out->namespaces = codec_put_texts(room, in->namespaces, in->namespace_count);
    out->n_labels = in->labels.count;
    out->labels = labels_write(&in->labels, room);
    out->n_actions = in->action_count;
    out->actions = codec_put_texts(room, in->actions, in->action_count);
    out->n_users = in->user_count;
    out->users = codec_put_texts(room, in->users, in->user_count);
}

struct entry_parts { // what an entry may point to while it is packed
    Katydid__Authority__Scope scope;
    Katydid__Authority__Operator operator_;
    Katydid__Authority__Revoke revoke;
    Katydid__Authority__Voters voters;
    Katydid__Authority__Setting setting;
};

static void entry_write_operator(const struct authority_entry *in, struct arena *room,
                                 struct entry_parts *parts, Katydid__Authority__Entry *out)
{
    katydid__authority__operator__init(&parts->operator_);
    katydid__authority__scope__init(&parts->scope);
    scope_write(&in->operator_.scope, room, &parts->scope);
    parts->operator_.key = codec_put(in->operator_.key.b, sizeof in->operator_.key.b);
    parts->operator_.name = codec_put_text(in->operator_.name);
    parts->operator_.scope = &parts->scope;
    parts->operator_.not_after_ms = in->operator_.not_after_ms;
    out->operator_ = &parts->operator_;
}

static void entry_write_change(const struct authority_entry *in, struct arena *room,
                               struct entry_parts *parts, Katydid__Authority__Entry *out)
{
    switch (in->change) {
    case AUTHORITY_OPERATOR:
        entry_write_operator(in, room, parts, out);
        break;
    case AUTHORITY_REVOKE:
        katydid__authority__revoke__init(&parts->revoke);
        parts->revoke.key = codec_put(in->revoke.key.b, sizeof in->revoke.key.b);
        parts->revoke.stamp = in->revoke.stamp;
        out->revoke = &parts->revoke;
        break;
    case AUTHORITY_VOTERS:
        katydid__authority__voters__init(&parts->voters);
        parts->voters.group = codec_put_text(in->voters.group);
        parts->voters.epoch = in->voters.epoch;
        parts->voters.n_nodes = in->voters.node_count;
        parts->voters.nodes = codec_put_ids(room, in->voters.nodes, in->voters.node_count, NODE_ID_SIZE);
        out->voters = &parts->voters;
        break;
    case AUTHORITY_SETTING:
        katydid__authority__setting__init(&parts->setting);
        parts->setting.key = codec_put_text(in->setting.key);
        parts->setting.value = codec_put_text(in->setting.value);
        out->setting = &parts->setting;
        break;
    }
}

void authority_entry_encode(const struct authority_entry *entry, struct buffer *out)
{
    struct arena room = {0};
    struct entry_parts parts;
    Katydid__Authority__Entry message = KATYDID__AUTHORITY__ENTRY__INIT;
    message.number = entry->number;
    message.previous = codec_put(entry->previous.b, sizeof entry->previous.b);
    entry_write_change(entry, &room, &parts, &message);
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

// A name, or the beginning of one and "*".
static bool invite_is_pattern(struct bytes text)
{
    bool has_star = text.size && text.data[text.size - 1] == '*';
    struct bytes prefix = bytes_of(text.data, text.size - has_star);
    return name_is_valid(prefix) || (has_star && prefix.size == 0);
}

static void invite_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Authority__Invite *in = message;
    struct invite *out = ret;
    codec_id(codec, in->token_key, out->token_key.b, sizeof out->token_key.b);
    codec_id(codec, in->redeemer, out->redeemer.b, sizeof out->redeemer.b);
    out->labels = labels_read(codec, in->n_labels, in->labels);
    out->uses = (uint32_t)codec_number(codec, in->uses, 1, LIMIT_MEMBER_COUNT_MAX);
    out->expires_ms = codec_instant(codec, in->expires_ms);
    out->name_pattern = codec_text(codec, in->name_pattern, LIMIT_NAME_SIZE_MAX);
    codec_check(codec, invite_is_pattern(bytes_of_text(out->name_pattern)));
    out->authority_number = codec_counter(codec, in->authority_number, 0);
}

int invite_decode(struct bytes body, struct arena *arena, struct invite *ret)
{
    static const struct codec_message type = AUTHORITY_TYPE(invite, invite_read, struct invite);
    return authority_decode(&type, body, arena, ret);
}

void invite_encode(const struct invite *invite, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Authority__Invite message = KATYDID__AUTHORITY__INVITE__INIT;
    message.token_key = codec_put(invite->token_key.b, sizeof invite->token_key.b);
    message.redeemer = codec_put(invite->redeemer.b, sizeof invite->redeemer.b);
    message.n_labels = invite->labels.count;
    message.labels = labels_write(&invite->labels, &room);
    message.uses = invite->uses;
    message.expires_ms = invite->expires_ms;
    message.name_pattern = codec_put_text(invite->name_pattern);
    message.authority_number = invite->authority_number;
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static void admission_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Authority__Admission *in = message;
    struct admission *out = ret;
    codec_id(codec, in->invite, out->invite.b, sizeof out->invite.b);
    out->use = (uint32_t)codec_number(codec, in->use, 0, LIMIT_MEMBER_COUNT_MAX - 1);
    codec_id(codec, in->node_key, out->node_key.b, sizeof out->node_key.b);
    codec_name(codec, in->name, out->name);
    codec_id(codec, in->salt, out->salt, sizeof out->salt);
    out->weight = (uint32_t)codec_number(codec, in->weight, 0, LIMIT_WEIGHT_MAX);
    out->at_ms = codec_instant(codec, in->at_ms);
}

int admission_decode(struct bytes body, struct arena *arena, struct admission *ret)
{
    static const struct codec_message type = AUTHORITY_TYPE(admission, admission_read, struct admission);
    return authority_decode(&type, body, arena, ret);
}

void admission_encode(const struct admission *admission, struct buffer *out)
{
    Katydid__Authority__Admission message = KATYDID__AUTHORITY__ADMISSION__INIT;
    message.invite = codec_put(admission->invite.b, sizeof admission->invite.b);
    message.use = admission->use;
    message.node_key = codec_put(admission->node_key.b, sizeof admission->node_key.b);
    message.name = codec_put_text(admission->name);
    message.salt = codec_put(admission->salt, sizeof admission->salt);
    message.weight = admission->weight;
    message.at_ms = admission->at_ms;
    codec_pack(&message.base, out);
}

static void node_keys_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Authority__Keys *in = message;
    struct node_keys *out = ret;
    codec_id(codec, in->datagram_key, out->datagram_key.b, sizeof out->datagram_key.b);
    out->serial = codec_counter(codec, in->serial, 0);
    codec_id(codec, in->admission, out->admission.b, sizeof out->admission.b);
    codec_name(codec, in->version, out->version);
}

int node_keys_decode(struct bytes body, struct arena *arena, struct node_keys *ret)
{
    static const struct codec_message type = AUTHORITY_TYPE(keys, node_keys_read, struct node_keys);
    return authority_decode(&type, body, arena, ret);
}

void node_keys_encode(const struct node_keys *keys, struct buffer *out)
{
    Katydid__Authority__Keys message = KATYDID__AUTHORITY__KEYS__INIT;
    message.datagram_key = codec_put(keys->datagram_key.b, sizeof keys->datagram_key.b);
    message.serial = keys->serial;
    message.admission = codec_put(keys->admission.b, sizeof keys->admission.b);
    message.version = codec_put_text(keys->version);
    codec_pack(&message.base, out);
}

static void node_record_read(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Authority__NodeRecord *in = message;
    struct node_record *out = ret;
    codec_id(codec, in->node_key, out->node_key.b, sizeof out->node_key.b);
    codec_name(codec, in->name, out->name);
    out->labels = labels_read(codec, in->n_labels, in->labels);
    codec_id(codec, in->salt, out->salt, sizeof out->salt);
    out->weight = (uint32_t)codec_number(codec, in->weight, 0, LIMIT_WEIGHT_MAX);
    out->role_count = in->n_roles;
    const char **roles =
        codec_texts(codec, in->roles, &out->role_count, LIMIT_ROLE_COUNT_MAX, LIMIT_NAME_SIZE_MAX);
    for (size_t i = 0; i < out->role_count; i++)
        codec_check(codec, name_is_valid(bytes_of_text(roles[i])));
    out->roles = roles;
    out->serial = codec_counter(codec, in->serial, 1);
    out->authority_number = codec_counter(codec, in->authority_number, 0);
}

int node_record_decode(struct bytes body, struct arena *arena, struct node_record *ret)
{
    static const struct codec_message type =
        AUTHORITY_TYPE(node_record, node_record_read, struct node_record);
    return authority_decode(&type, body, arena, ret);
}

void node_record_encode(const struct node_record *record, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Authority__NodeRecord message = KATYDID__AUTHORITY__NODE_RECORD__INIT;
    message.node_key = codec_put(record->node_key.b, sizeof record->node_key.b);
    message.name = codec_put_text(record->name);
    message.n_labels = record->labels.count;
    message.labels = labels_write(&record->labels, &room);
    message.salt = codec_put(record->salt, sizeof record->salt);
    message.weight = record->weight;
    message.n_roles = record->role_count;
    message.roles = codec_put_texts(&room, record->roles, record->role_count);
    message.serial = record->serial;
    message.authority_number = record->authority_number;
    codec_pack(&message.base, out);
    arena_deinit(&room);
}
