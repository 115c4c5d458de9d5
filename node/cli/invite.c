// `invite`: a token for a machine that is to join. The key in it is made here and goes nowhere else; the
// agent gets the signed invite, and the token tells a machine where that agent is and how to know it.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/permission.h"
#include "crdt/scope.h"
#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/node_options.h"
#include "node/cli/print.h"
#include "node/cli/roster.h"
#include "node/cli/session.h"
#include "node/core/trigger/duration.h"
#include "node/core/trigger/instant.h"
#include "node/io/clock.h"
#include "node/io/socket.h"
#include "proto/parcel.h"
#include "proto/token.h"

enum { EXPIRES_MS_DEFAULT = 24 * 3600 * 1000 };

struct inviting {
    struct session session;
    struct arena arena; // of the labels
    struct invite invite;
    struct token token;
    struct secret_key token_secret;
};

// ---- what was asked for ----

static int read_uses(const struct command_line *line, uint32_t *ret_uses)
{
    const char *text = command_line_find(line, "uses");
    uint32_t uses = 1;
    if (text && !command_line_parse_count(text, LIMIT_MEMBER_COUNT_MAX, &uses))
        return print_usage("--uses %s: a number from 1 to %d belongs there", text, LIMIT_MEMBER_COUNT_MAX);
    *ret_uses = uses;
    return COMMAND_DONE;
}

static int read_expires(const struct command_line *line, int64_t *ret_expires_ms)
{
    const char *text = command_line_find(line, "expires");
    uint64_t duration_ms = EXPIRES_MS_DEFAULT;
    struct trigger_error error;
    if (text && !duration_parse(text, &duration_ms, &error))
        return print_usage("--expires %s: %s", text, error.text);
    if (duration_ms == 0)
        return print_usage("--expires 0s: such a token could never be used");
    *ret_expires_ms = clock_wall_ms() + (int64_t)duration_ms;
    return COMMAND_DONE;
}

static int read_options(const struct command_line *line, struct inviting *inviting)
{
    struct invite *invite = &inviting->invite;
    invite->name_pattern = "*";
    int status = node_options_labels(line, &inviting->arena, &invite->labels);
    if (status == COMMAND_DONE)
        status = read_uses(line, &invite->uses);
    if (status == COMMAND_DONE)
        status = read_expires(line, &invite->expires_ms);
    return status;
}

static int check_scope(const struct inviting *inviting)
{
    const struct signer *signer = &inviting->session.signer;
    struct node_id operator_ = node_id_of(&signer->key.key);
    const struct permission_request request = {.action = SCOPE_INVITE,
                                               .labels = &inviting->invite.labels,
                                               .authority_number = signer->authority_number};
    int status = sign_check(signer, SCOPE_INVITE, NULL, NULL);
    if (status == COMMAND_DONE &&
        permission_judge(&inviting->session.trust.log, &operator_, &request) != PERMISSION_GRANTED)
        return print_failure(
            "operator %s may only invite machines with the labels of its scope; add them with "
            "--label",
            signer->operator_->name);
    return status;
}

// ---- where the new machine has to go ----

// The pin says which node lives here, and the directory, from signed records, what its key is.
static int find_key(struct inviting *inviting, const struct buffer *records)
{
    struct directory directory;
    struct roster roster = {0};
    struct reader reader;
    struct bytes record;
    directory_init(&directory);
    reader_init(&reader, buffer_view(records));
    while (parcel_next(&reader, &record))
        roster_add(&roster, record);
    int status = COMMAND_DONE;
    if (!roster_fill(&roster, &inviting->session.trust.log, &directory))
        status = print_failure("the agent shows records about nodes that are not genuine; do not trust it");
    const struct directory_node *self = directory_find(&directory, &inviting->invite.redeemer);
    if (status == COMMAND_DONE && (!self || !self->has_keys || self->is_revoked))
        status = print_failure("the agent does not show that its node belongs to the fleet%s",
                               self && self->is_revoked ? ": it was revoked" : "; do not trust it");
    if (status == COMMAND_DONE)
        inviting->token.redeemer_key = self->datagram_key;
    roster_deinit(&roster);
    directory_deinit(&directory);
    return status;
}

static int take_key(struct inviting *inviting)
{
    struct client *client = &inviting->session.client;
    struct control_reply reply;
    struct buffer records = {0};
    client_send(client, &(struct control_request){.kind = CONTROL_AUTHORITY,
                                                  .job = "",
                                                  .run = "",
                                                  .from_number = inviting->token.authority_number + 1});
    while (client_next(client, &reply)) {
        bool is_about_nodes = reply.kind == CONTROL_REPLY_RECORD && reply.is.record.size &&
                              reply.is.record.size <= LIMIT_RECORD_SIZE_MAX &&
                              reply.is.record.data[0] >= ENVELOPE_INVITE &&
                              reply.is.record.data[0] <= ENVELOPE_NODE;
        if (is_about_nodes)
            parcel_add(&records, reply.is.record);
    }
    int status = client_end(client);
    if (status == COMMAND_DONE)
        status = find_key(inviting, &records);
    buffer_deinit(&records);
    return status;
}

static void add_address(struct token *token, const char *text, bool *all_local)
{
    struct address address;
    if (token->address_count == COUNT_OF(token->addresses) || !address_parse(text, 0, &address) ||
        !address.port || !address_is_unicast(&address))
        return;
    token->addresses[token->address_count++] = address;
    *all_local = *all_local && socket_is_local(&address);
}

// Where the agent says it is reached: not proved, and it need not be, since the key decides who answers.
static int take_addresses(struct inviting *inviting)
{
    struct control_reply reply;
    bool is_found, all_local = true;
    int status = client_ask(&inviting->session.client,
                            &(struct control_request){.kind = CONTROL_STATUS, .job = "", .run = ""}, &reply,
                            &is_found);
    if (!is_found || reply.kind != CONTROL_REPLY_STATUS)
        return status ? status : print_failure("the agent does not say where it is reached");
    for (size_t i = 0; i < reply.is.status.listen_count; i++)
        add_address(&inviting->token, reply.is.status.listen[i], &all_local);
    if (!inviting->token.address_count)
        return print_failure(
            "the agent has no address where others could reach it; start it with --advertise");
    if (all_local)
        print_notice(
            "the agent is reached on this machine only; for others start it with --listen or --advertise");
    return COMMAND_DONE;
}

// ---- the token ----

static int put_invite(struct inviting *inviting)
{
    struct buffer body = {0}, envelope = {0};
    clock_entropy(inviting->token.seed, sizeof inviting->token.seed);
    envelope_keypair(inviting->token.seed, &inviting->invite.token_key, &inviting->token_secret);
    inviting->invite.authority_number = inviting->session.signer.authority_number;
    invite_encode(&inviting->invite, &body);
    envelope_sign(&inviting->session.signer.key, ENVELOPE_INVITE, buffer_view(&body), &envelope);
    buffer_deinit(&body);
    return session_put(&inviting->session, &envelope);
}

static void print_token(const struct command_line *line, const struct inviting *inviting)
{
    struct buffer text = {0};
    token_encode(&inviting->token, &text);
    if (command_line_has(line, "json")) {
        document_print(json_pack("{s:o, s:o, s:I}", "token", document_bytes(buffer_view(&text)), "expires",
                                 document_time(inviting->invite.expires_ms), "uses",
                                 (json_int_t)inviting->invite.uses));
    } else {
        char when[PRINT_ROOM];
        print_relative(inviting->invite.expires_ms, clock_wall_ms(), when);
        print_line("%.*s", (int)text.size, (const char *)text.data);
        print_notice("give it to `katydid join -` on the new machine, on stdin; it lets %u machine%s in and "
                     "expires %s",
                     inviting->invite.uses, inviting->invite.uses == 1 ? "" : "s", when);
    }
    sodium_memzero(text.data, text.size);
    buffer_deinit(&text);
}

static int invite(const struct command_line *line, struct inviting *inviting)
{
    int status = session_open_signing(line, &inviting->session);
    if (status == COMMAND_DONE)
        status = check_scope(inviting);
    if (status != COMMAND_DONE)
        return status;
    struct authority_log_head head = authority_log_get_head(&inviting->session.trust.log);
    inviting->token.fleet = inviting->session.trust.log.fleet;
    inviting->token.authority_number = head.number;
    inviting->token.authority_head = head.id.hash;
    inviting->invite.redeemer = inviting->session.trust.node;
    status = take_key(inviting);
    if (status == COMMAND_DONE)
        status = take_addresses(inviting);
    if (status == COMMAND_DONE)
        status = put_invite(inviting);
    if (status == COMMAND_DONE)
        print_token(line, inviting);
    return status;
}

int commands_invite(const struct command_line *line)
{
    struct inviting inviting = {.session = {.client = {.socket = -1}}};
    int status = read_options(line, &inviting);
    if (status == COMMAND_DONE)
        status = invite(line, &inviting);
    session_close(&inviting.session);
    arena_deinit(&inviting.arena);
    sodium_memzero(&inviting, sizeof inviting);
    return status;
}
