#include "node/cli/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crdt/scope.h"
#include "node/cli/keystore.h"
#include "node/cli/place.h"
#include "node/cli/print.h"
#include "node/io/runner/pin.h"

static int load_pin(const char *directory, struct pin *ret_pin)
{
    char *path = keystore_path(directory, "runner");
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = folder < 0 ? -errno : pin_load(folder, ret_pin);
    if (folder >= 0)
        close(folder);
    free(path);
    if (error)
        return print_failure("%s/runner/pin: %s; without it nothing the agent says can be checked", directory,
                             strerror(-error));
    return COMMAND_DONE;
}

static int add_record(struct trust *trust, const struct pin *pin, struct bytes record)
{
    struct envelope envelope;
    uint64_t needed;
    int outcome = envelope_parse(record, &envelope);
    if (outcome)
        return print_failure("the agent sent a record that cannot be read: %s",
                             envelope_outcome_text(outcome));
    if (envelope.kind == ENVELOPE_GENESIS && !trust->log.genesis_envelope.size) {
        outcome = authority_log_init(&trust->log, record, &pin->fleet);
        if (outcome)
            return print_failure(
                "the agent shows another fleet than DIR/runner/pin names (%s); do not trust it",
                authority_log_outcome_text(outcome));
    } else if (envelope.kind == ENVELOPE_AUTHORITY && trust->log.genesis_envelope.size) {
        outcome = authority_log_add(&trust->log, record, &needed);
        if (outcome && outcome != AUTHORITY_LOG_KNOWN && outcome != AUTHORITY_LOG_FORK)
            return print_failure(
                "the agent shows an authority log that the root did not sign (%s); do not trust it",
                authority_log_outcome_text(outcome));
    }
    return COMMAND_DONE;
}

static int fetch_log(struct client *client, const struct pin *pin, struct trust *trust)
{
    struct control_reply reply;
    int status = COMMAND_DONE;
    client_send(client, &(struct control_request){.kind = CONTROL_AUTHORITY, .job = "", .run = ""});
    while (client_next(client, &reply)) {
        if (status == COMMAND_DONE && reply.kind == CONTROL_REPLY_RECORD)
            status = add_record(trust, pin, reply.is.record);
    }
    int end = client_end(client);
    if (status == COMMAND_DONE && end == COMMAND_DONE && !trust->log.genesis_envelope.size)
        return print_failure("the agent does not show its genesis record; do not trust it");
    return status != COMMAND_DONE ? status : end;
}

// The log must contain what was seen before; what is newer is remembered.
static int compare_seen(const struct trust *trust)
{
    struct keystore_seen seen;
    if (!keystore_exists(trust->keys))
        return COMMAND_DONE;
    int status = keystore_load_seen(trust->keys, &seen);
    if (status != COMMAND_DONE)
        return status;
    bool is_new = hash_is_zero(&seen.fleet.hash);
    if (!is_new && !hash_equal(&seen.fleet.hash, &trust->log.fleet.hash))
        return print_failure("the keys in %s are of another fleet; name the right ones with --keys",
                             trust->keys);
    if (!is_new && !authority_log_has(&trust->log, seen.number, &seen.id))
        return print_failure("the agent shows an older or another authority log than entry %llu seen before; "
                             "do not trust it, or remove %s/seen",
                             (unsigned long long)seen.number, trust->keys);
    struct authority_log_head head = authority_log_get_head(&trust->log);
    if (!is_new && head.number <= seen.number)
        return COMMAND_DONE;
    seen = (struct keystore_seen){.fleet = trust->log.fleet, .number = head.number, .id = head.id.hash};
    return keystore_save_seen(trust->keys, &seen);
}

int trust_open(const struct command_line *line, struct client *client, struct trust *ret_trust)
{
    struct pin pin;
    *ret_trust = (struct trust){0};
    int status = load_pin(client->directory, &pin);
    if (status != COMMAND_DONE)
        return status;
    ret_trust->node = node_id_of(&pin.node_key);
    ret_trust->keys = place_keys(line, &pin.fleet);
    status = fetch_log(client, &pin, ret_trust);
    if (status == COMMAND_DONE && ret_trust->log.has_fork)
        print_notice("the root key signed two different entries with one number: find out who has it");
    return status == COMMAND_DONE ? compare_seen(ret_trust) : status;
}

void trust_close(struct trust *trust)
{
    authority_log_deinit(&trust->log);
    free(trust->keys);
    *trust = (struct trust){0};
}

struct proven { // a record whose signature holds
    struct envelope envelope;
    struct record_id id;
};

// Kind, signer and signature of one record about `job`.
static int verify(const struct trust *trust, const char *job, struct bytes record, enum envelope_kind kind,
                  struct proven *ret)
{
    int outcome = envelope_parse(record, &ret->envelope);
    if (!outcome && ret->envelope.kind != kind)
        return print_failure("the agent shows another kind of record for %s; do not trust it", job);
    const struct public_key *key =
        outcome ? NULL : authority_log_find_key(&trust->log, &ret->envelope.signer);
    if (!outcome && !key)
        return print_failure(
            "what the agent shows for %s is signed by no operator of this fleet; do not trust it", job);
    if (!outcome)
        outcome = envelope_verify(&ret->envelope, &trust->log.fleet, key, &ret->id);
    if (outcome)
        return print_failure("what the agent shows for %s is not what was signed (%s); do not trust it", job,
                             envelope_outcome_text(outcome));
    return COMMAND_DONE;
}

static int judge(const struct trust *trust, const char *job, const struct envelope *envelope,
                 const struct permission_request *request, enum permission *ret_permission)
{
    *ret_permission = permission_judge(&trust->log, &envelope->signer, request);
    if (!permission_is_accepted(*ret_permission))
        return print_failure("what the agent shows for %s was not the signer's to sign (%s); do not trust it",
                             job, permission_text(*ret_permission));
    return COMMAND_DONE;
}

static int check_name(const char *job, const char *namespace_name, const char *name)
{
    char signed_job[NAME_JOB_ROOM];
    name_join_job(namespace_name, name, signed_job);
    if (strcmp(job, signed_job) != 0)
        return print_failure("the agent shows %s for %s; do not trust it", signed_job, job);
    return COMMAND_DONE;
}

static const char *signer_name(const struct trust *trust, const struct node_id *signer)
{
    const struct authority_log_operator *operator_ = authority_log_find_operator(&trust->log, signer);
    return operator_ ? operator_->name : "root";
}

int trust_open_definition(const struct trust *trust, const char *job, struct bytes envelope,
                          struct trust_definition *ret)
{
    struct proven proven;
    *ret = (struct trust_definition){0};
    int status = verify(trust, job, envelope, ENVELOPE_DEFINITION, &proven);
    if (status != COMMAND_DONE)
        return status;
    ret->id = proven.id;
    if (definition_decode(proven.envelope.body, &ret->arena, &ret->definition)) {
        arena_deinit(&ret->arena);
        return print_failure("the definition of %s cannot be read by this version", job);
    }
    const struct definition *definition = &ret->definition;
    struct permission_request request = {
        .action = SCOPE_DEFINE,
        .namespace_name = definition->namespace_name,
        .user = definition->user,
        .stamp = definition->stamp,
        .authority_number = definition->authority_number,
    };
    status = check_name(job, definition->namespace_name, definition->name);
    if (status == COMMAND_DONE)
        status = judge(trust, job, &proven.envelope, &request, &ret->permission);
    ret->signer = signer_name(trust, &proven.envelope.signer);
    if (status != COMMAND_DONE)
        trust_close_definition(ret);
    return status;
}

void trust_close_definition(struct trust_definition *definition)
{
    arena_deinit(&definition->arena);
    *definition = (struct trust_definition){0};
}

int trust_open_pause(const struct trust *trust, const char *job, struct bytes envelope,
                     struct trust_pause *ret)
{
    struct proven proven;
    enum permission permission;
    *ret = (struct trust_pause){0};
    int status = verify(trust, job, envelope, ENVELOPE_PAUSE, &proven);
    if (status != COMMAND_DONE)
        return status;
    ret->id = proven.id;
    if (pause_decode(proven.envelope.body, &ret->arena, &ret->pause)) {
        arena_deinit(&ret->arena);
        return print_failure("a pause of %s cannot be read by this version", job);
    }
    struct permission_request request = {
        .action = SCOPE_PAUSE,
        .namespace_name = ret->pause.namespace_name,
        .stamp = ret->pause.stamp,
        .authority_number = ret->pause.authority_number,
    };
    status = check_name(job, ret->pause.namespace_name, ret->pause.name);
    if (status == COMMAND_DONE)
        status = judge(trust, job, &proven.envelope, &request, &permission);
    ret->signer = signer_name(trust, &proven.envelope.signer);
    if (status != COMMAND_DONE)
        trust_close_pause(ret);
    return status;
}

void trust_close_pause(struct trust_pause *pause)
{
    arena_deinit(&pause->arena);
    *pause = (struct trust_pause){0};
}
