#include "node/cli/sign.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crdt/scope.h"
#include "node/cli/keystore.h"
#include "node/cli/print.h"
#include "node/io/clock.h"

enum {
    BATCH_SIZE_MAX =
        LIMIT_CONTROL_FRAME_SIZE_MAX / 2, // records in one request; the rest is room for its frame
};

static int load_key(const struct command_line *line, const struct trust *trust, struct keystore_key *ret_key)
{
    const char *chosen = command_line_find(line, "operator");
    char *path = chosen ? base_copy_text(chosen) : keystore_path(trust->keys, KEYSTORE_OPERATOR_FILE);
    int status;
    if (!chosen && access(path, F_OK))
        status = print_failure(
            "no operator key in %s: run this where the fleet was made, or give --operator FILE", trust->keys);
    else
        status = keystore_load(path, ret_key);
    free(path);
    return status;
}

static int check_key(const struct trust *trust, const struct keystore_key *key)
{
    if (key->role != KEYSTORE_OPERATOR)
        return print_failure("that is a root key; jobs are signed with an operator key");
    if (!hash_equal(&key->fleet.hash, &trust->log.fleet.hash))
        return print_failure(
            "the key of %s is of another fleet than this agent; name another with --operator or --keys",
            key->name);
    return COMMAND_DONE;
}

static int check_operator(struct signer *signer)
{
    struct node_id id = node_id_of(&signer->key.key);
    const struct authority_log_operator *operator_ = authority_log_find_operator(&signer->trust->log, &id);
    if (!operator_)
        return print_failure("this key is no operator of the fleet; the holder of the root key adds it with "
                             "`katydid key add`");
    if (operator_->is_revoked)
        return print_failure("the key of operator %s was revoked; it can sign nothing any more",
                             operator_->name);
    signer->operator_ = operator_;
    signer->authority_number = authority_log_get_head(&signer->trust->log).number;
    return COMMAND_DONE;
}

static int refuse_clock(int64_t distance_ms, const char *before, const char *after)
{
    char distance[PRINT_ROOM];
    print_duration(distance_ms, distance);
    return print_failure("%s is %s %s; nothing was signed: set the clock first", before, distance, after);
}

// The agent's hybrid time is the newest stamp it has seen, or its clock.
static int take_time(struct client *client, struct signer *signer)
{
    struct control_reply reply;
    bool is_found;
    int64_t own_ms = clock_wall_ms();
    int status = client_ask(client, &(struct control_request){.kind = CONTROL_STATUS, .job = "", .run = ""},
                            &reply, &is_found);
    if (!is_found || reply.kind != CONTROL_REPLY_STATUS)
        return status
                   ? status
                   : print_failure("the agent does not tell its time; are agent and command of one version?");
    int64_t stamp_ms = stamp_wall_ms(reply.is.status.stamp), agent_ms = reply.is.status.wall_ms;
    if (agent_ms - own_ms > LIMIT_STAMP_AHEAD_MS)
        return refuse_clock(agent_ms - own_ms, "the clock of the agent", "ahead of this command's");
    if (own_ms - agent_ms > LIMIT_STAMP_AHEAD_MS)
        return refuse_clock(own_ms - agent_ms, "the clock of the agent", "behind this command's");
    if (stamp_ms - own_ms > LIMIT_STAMP_AHEAD_MS)
        return refuse_clock(stamp_ms - own_ms, "the newest change in the fleet",
                            "ahead of this machine's clock, or "
                            "this clock is behind");
    stamp_seen(&signer->stamps, reply.is.status.stamp);
    return COMMAND_DONE;
}

int sign_open(const struct command_line *line, struct client *client, const struct trust *trust,
              struct signer *ret_signer)
{
    struct keystore_key key = {0};
    *ret_signer = (struct signer){.client = client, .trust = trust};
    int status = load_key(line, trust, &key);
    if (status == COMMAND_DONE)
        status = check_key(trust, &key);
    if (status == COMMAND_DONE) {
        ret_signer->key = keystore_signer(&key);
        status = check_operator(ret_signer);
    }
    keystore_wipe(&key);
    if (status == COMMAND_DONE)
        status = take_time(client, ret_signer);
    if (status != COMMAND_DONE)
        sign_close(ret_signer);
    return status;
}

void sign_close(struct signer *signer)
{
    sodium_memzero(signer, sizeof *signer);
}

static const struct authority_log_grant *present_grant(const struct signer *signer)
{
    return &signer->operator_->grants[signer->operator_->grant_count - 1];
}

int sign_check(const struct signer *signer, const char *action, const char *namespace_name, const char *user)
{
    const struct authority_log_grant *grant = present_grant(signer);
    const char *name = signer->operator_->name;
    if (grant->not_after_ms && grant->not_after_ms < clock_wall_ms())
        return print_failure("the term of operator %s has ended; the holder of the root key can renew it",
                             name);
    if (!scope_has_action(&grant->scope, action))
        return print_failure("operator %s may not do that: its scope has no action `%s`", name, action);
    if (namespace_name && !scope_has_namespace(&grant->scope, namespace_name))
        return print_failure("operator %s may not touch namespace %s", name, namespace_name);
    if (user && !scope_has_user(&grant->scope, user))
        return print_failure("operator %s may not let jobs run as user %s", name, user);
    return COMMAND_DONE;
}

uint64_t sign_stamp(struct signer *signer)
{
    return stamp_next(&signer->stamps, clock_wall_ms());
}

static struct record_id sign_body(const struct signer *signer, enum envelope_kind kind, struct buffer *body,
                                  struct buffer *out)
{
    struct record_id id = envelope_sign(&signer->key, kind, buffer_view(body), out);
    buffer_deinit(body);
    return id;
}

struct record_id sign_definition(const struct signer *signer, struct definition *definition,
                                 struct buffer *out)
{
    struct buffer body = {0};
    definition->authority_number = signer->authority_number;
    definition_encode(definition, &body);
    return sign_body(signer, ENVELOPE_DEFINITION, &body, out);
}

struct record_id sign_pause(const struct signer *signer, struct pause *pause, struct buffer *out)
{
    struct buffer body = {0};
    pause->authority_number = signer->authority_number;
    pause_encode(pause, &body);
    return sign_body(signer, ENVELOPE_PAUSE, &body, out);
}

struct record_id sign_removal(const struct signer *signer, struct removal *removal, struct buffer *out)
{
    struct buffer body = {0};
    removal->authority_number = signer->authority_number;
    removal_encode(removal, &body);
    return sign_body(signer, ENVELOPE_DELETE, &body, out);
}

struct record_id sign_order(const struct signer *signer, struct order *order, struct buffer *out)
{
    struct buffer body = {0};
    order->authority_number = signer->authority_number;
    order_encode(order, &body);
    return sign_body(signer, ENVELOPE_ORDER, &body, out);
}

struct record_id sign_event(const struct signer *signer, struct event_record *event, struct buffer *out)
{
    struct buffer body = {0};
    event->authority_number = signer->authority_number;
    event_record_encode(event, &body);
    return sign_body(signer, ENVELOPE_EVENT, &body, out);
}

static int put_batch(struct client *client, const struct bytes *records, size_t count)
{
    struct control_reply reply;
    int status = COMMAND_DONE;
    size_t answered = 0;
    struct control_request request = {
        .kind = CONTROL_PUT, .job = "", .run = "", .records = records, .record_count = count};
    client_send(client, &request);
    while (client_next(client, &reply)) {
        if (reply.kind != CONTROL_REPLY_PUT)
            continue;
        answered++;
        if (reply.is.put.outcome == CONTROL_PUT_REFUSED)
            status = print_failure("refused: %s", reply.is.put.text);
    }
    int end = client_end(client);
    if (status == COMMAND_DONE && end == COMMAND_DONE && answered != count)
        return print_failure("the agent did not answer for every record; `katydid jobs` shows what it has");
    return status != COMMAND_DONE ? status : end;
}

int sign_put(struct client *client, const struct bytes *records, size_t count)
{
    int status = COMMAND_DONE;
    while (count && status == COMMAND_DONE) {
        size_t taken = 0, size = 0;
        while (taken < count && taken < CONTROL_RECORD_COUNT_MAX &&
               (!taken || size + records[taken].size <= BATCH_SIZE_MAX))
            size += records[taken++].size;
        status = put_batch(client, records, taken);
        records += taken;
        count -= taken;
    }
    return status;
}
