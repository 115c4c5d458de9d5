// `join`: this machine becomes a node of a fleet, with a token. Keys are made first and kept whatever
// happens, so that trying again after a lost answer costs no second use; all else is written only when
// everything the inviter said has proved true.
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/birth.h"
#include "node/cli/call.h"
#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/joiner.h"
#include "node/cli/newcomer.h"
#include "node/cli/node_options.h"
#include "node/cli/place.h"
#include "node/cli/print.h"
#include "node/cli/roster.h"
#include "node/io/clock.h"
#include "proto/parcel.h"

enum {
    TOKEN_FILE_SIZE_MAX = 16 * 1024, // with any line breaks a mail program may have added
    FAILURES_ROOM = 2048,
    ANSWER_MS = 30 * 1000,
};

struct joining {
    struct token token;
    char name[NAME_ROOM];
    struct agent_dir dir;
    struct agent_keys keys;
    struct joiner joiner;
    int socket; // -1: none; open while the inviter waits for our keys record
    struct newcomer newcomer;
    struct buffer keys_record;    // envelope
    char failures[FAILURES_ROOM]; // what came of each address
};

// ---- the token ----

static int read_all(int file, const char *path, char *out, size_t *ret_size)
{
    size_t size = 0;
    for (;;) {
        ssize_t part = read(file, out + size, TOKEN_FILE_SIZE_MAX - size);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return print_failure("%s: %s", path, strerror(errno));
        size += (size_t)part;
        bool is_line = isatty(file) && size && out[size - 1] == '\n';
        if (part == 0 || is_line)
            break;
        if (size == TOKEN_FILE_SIZE_MAX)
            return print_failure("%s: far too large for a token", path);
    }
    *ret_size = size;
    return COMMAND_DONE;
}

// Somebody wrote the token itself where its file should be.
static bool looks_like_token(const char *argument)
{
    return strlen(argument) > 100 && !strpbrk(argument, "/.") && access(argument, F_OK) != 0;
}

static int open_source(const char *argument, int *ret_file)
{
    if (looks_like_token(argument))
        return print_usage("a token as an argument is seen by everybody on this machine; it belongs on stdin "
                           "(katydid join -) or into a file, and this one should not be used any more");
    int file =
        strcmp(argument, "-") == 0 ? dup(STDIN_FILENO) : open(argument, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return print_failure("%s: %s", argument, strerror(errno));
    if (isatty(file))
        print_notice("paste the token, then press enter");
    *ret_file = file;
    return COMMAND_DONE;
}

static int refuse_token(int outcome, size_t position)
{
    if (outcome == TOKEN_BAD_CHARACTER)
        return print_failure("the token is not right: %s (character %zu); copy it once more, whole",
                             token_outcome_text(outcome), position);
    return print_failure("the token is not right: %s; copy it once more, whole", token_outcome_text(outcome));
}

static int read_token(const struct command_line *line, struct token *ret_token)
{
    const char *argument = command_line_argument(line, 0);
    char text[TOKEN_FILE_SIZE_MAX];
    size_t size = 0, position = 0;
    int file = -1;
    int status = open_source(argument, &file);
    if (status == COMMAND_DONE)
        status = read_all(file, argument, text, &size);
    if (file >= 0)
        close(file);
    if (status == COMMAND_DONE) {
        int outcome = token_decode(bytes_of(text, size), ret_token, &position);
        status = outcome ? refuse_token(outcome, position) : COMMAND_DONE;
    }
    sodium_memzero(text, sizeof text);
    return status;
}

// ---- keys ----

static int take_keys(struct joining *joining)
{
    const struct agent_dir *dir = &joining->dir;
    int error = agent_keys_load(dir->net, &joining->keys);
    if (error == -ENOENT) {
        agent_keys_generate(&joining->keys);
        error = agent_keys_save(dir->net, dir->network_user, dir->network_group, &joining->keys);
    }
    if (error == -EBADMSG)
        return print_failure("%s/net/keys is damaged and no node lives there: remove it and try again",
                             dir->path);
    return error ? print_failure("%s/net/keys: %s", dir->path, strerror(-error)) : COMMAND_DONE;
}

// ---- the talk ----

static void add_failure(struct joining *joining, const struct address *address, const char *what)
{
    char text[ADDRESS_TEXT_ROOM];
    size_t used = strlen(joining->failures);
    address_print(address, text);
    snprintf(joining->failures + used, sizeof joining->failures - used, "%s%s: %s", used ? "; " : "", text,
             what);
}

static const char *text_of(const struct joiner *joiner)
{
    switch (joiner->outcome) {
    case JOINER_IMPOSTOR:
        return "this is not the machine that invited you";
    case JOINER_BROKEN:
        return stream_outcome_text(joiner->stream_outcome);
    case JOINER_STRANGE:
        return "its answer makes no sense to this version";
    default:
        return "it hung up: it has no open invite for this token";
    }
}

// 0: an outcome of the joiner, or the other side closed. Negative: -errno. Who was asked may take its time:
// it answers when the use of the token is on its disk.
static int talk(struct joiner *joiner, int socket)
{
    struct call_data data = {.size = 1};
    int error = call_send(socket, joiner_output(joiner));
    while (!error && !joiner->outcome && data.size) {
        bool is_asked = joiner->stream.state == STREAM_OPEN;
        error = call_receive(socket, is_asked ? ANSWER_MS : LIMIT_HANDSHAKE_MS, &data);
        if (!error && data.size && joiner_receive(joiner, bytes_of(data.bytes, data.size)) == 0)
            error = call_send(socket, joiner_output(joiner));
    }
    return error;
}

// True when there is nothing to gain from another address.
static bool try_address(struct joining *joining, const struct address *address)
{
    struct joiner_options options = {.token = &joining->token, .keys = &joining->keys, .name = joining->name};
    int error = call_open(address, &joining->socket);
    if (error) {
        add_failure(joining, address, strerror(-error));
        return false;
    }
    clock_entropy(options.one_time.b, sizeof options.one_time.b);
    joiner_deinit(&joining->joiner);
    joiner_init(&joining->joiner, &options);
    sodium_memzero(&options.one_time, sizeof options.one_time);
    error = talk(&joining->joiner, joining->socket);
    int outcome = joining->joiner.outcome;
    if (outcome == JOINER_ADMITTED)
        return true;
    close(joining->socket);
    joining->socket = -1;
    if (outcome != JOINER_REFUSED)
        add_failure(joining, address, error ? strerror(-error) : text_of(&joining->joiner));
    return outcome == JOINER_REFUSED;
}

static int ask_inviter(struct joining *joining)
{
    bool is_over = false;
    for (size_t i = 0; i < joining->token.address_count && !is_over; i++)
        is_over = try_address(joining, &joining->token.addresses[i]);
    if (!is_over)
        return print_failure(
            "nobody let this machine in: %s; is the agent that made the token running, and can "
            "it be reached from here?",
            joining->failures);
    if (joining->joiner.outcome == JOINER_REFUSED)
        return print_failure("not let in: %s", joining->joiner.refusal);
    return COMMAND_DONE;
}

static int check(struct joining *joining)
{
    const struct newcomer_claim claim = {.token = &joining->token,
                                         .node_key = agent_keys_node_key(&joining->keys),
                                         .admission = joining->joiner.admission,
                                         .records = buffer_view(&joining->joiner.records)};
    int outcome = newcomer_init(&joining->newcomer, &claim);
    if (outcome)
        return print_failure("do not trust the machine that answered: %s; nothing was kept but the keys of "
                             "this machine",
                             newcomer_outcome_text(outcome));
    return COMMAND_DONE;
}

// ---- to disk ----

static void add_views(struct roster *views, const struct directory *directory, struct record_queue *queue)
{
    struct record_id id;
    while (record_queue_take(queue, &id))
        roster_add(views, directory_record_bytes(directory_find_record(directory, &id)));
    record_queue_deinit(queue);
}

// All that was proved, for the network process: it finds the others by their alive records.
static void pack(const struct joining *joining, struct buffer *out)
{
    const struct newcomer *newcomer = &joining->newcomer;
    struct record_queue queue = {0};
    struct roster views = {0};
    parcel_add(out, buffer_view(&newcomer->log.genesis_envelope));
    for (size_t i = 0; i < newcomer->log.entry_count; i++)
        parcel_add(out, buffer_view(&newcomer->log.entries[i]->envelope));
    for (const struct directory_node *node = NULL; (node = directory_next(&newcomer->directory, node));)
        directory_prove(&newcomer->directory, &node->id, &queue);
    add_views(&views, &newcomer->directory, &queue);
    for (size_t i = 0; i < views.count; i++)
        parcel_add(out, views.records[i]);
    parcel_add(out, buffer_view(&joining->keys_record));
    for (size_t i = 0; i < newcomer->member_count; i++)
        parcel_add(out, newcomer->members[i]);
    roster_deinit(&views);
}

static void add_seeds(const struct token *token, struct buffer *out)
{
    for (size_t i = 0; i < token->address_count; i++) {
        char text[ADDRESS_TEXT_ROOM];
        address_print(&token->addresses[i], text);
        buffer_add(out, text, strlen(text));
        buffer_add_u8(out, '\n');
    }
}

static int save(struct joining *joining)
{
    struct newcomer *newcomer = &joining->newcomer;
    struct record_queue queue = {0};
    struct roster authority = {0}, node = {0};
    struct buffer records = {0}, seeds = {0};
    for (size_t i = 0; i < newcomer->log.entry_count; i++)
        roster_add(&authority, buffer_view(&newcomer->log.entries[i]->envelope));
    directory_prove(&newcomer->directory, &newcomer->self->id, &queue);
    add_views(&node, &newcomer->directory, &queue);
    pack(joining, &records);
    add_seeds(&joining->token, &seeds);
    struct birth birth = {.keys = &joining->keys,
                          .records = buffer_view(&records),
                          .seeds = buffer_view(&seeds),
                          .runner = {.pin = {.fleet = joining->token.fleet, .node_key = newcomer->self->key},
                                     .genesis = buffer_view(&newcomer->log.genesis_envelope),
                                     .authority = authority.records,
                                     .authority_count = authority.count,
                                     .node = node.records,
                                     .node_count = node.count}};
    snprintf(birth.runner.pin.node_name, NAME_ROOM, "%s", newcomer->self->name);
    int status = birth_save(&joining->dir, &birth);
    roster_deinit(&authority);
    roster_deinit(&node);
    buffer_deinit(&records);
    buffer_deinit(&seeds);
    return status;
}

// Tells the inviter our keys, so that the fleet can talk to this node as soon as its agent runs.
static void tell_keys(struct joining *joining)
{
    joiner_tell_keys(&joining->joiner, buffer_view(&joining->keys_record));
    if (call_send(joining->socket, joiner_output(&joining->joiner)) == 0)
        call_finish(joining->socket);
}

// ---- what became of it ----

static json_t *labels_document(const struct labels *labels)
{
    json_t *object = json_object();
    for (size_t i = 0; i < labels->count; i++)
        json_object_set_new(object, labels->items[i].key, document_text(labels->items[i].value));
    return object;
}

static void print_joined(const struct command_line *line, const struct joining *joining)
{
    const struct newcomer *newcomer = &joining->newcomer;
    const struct directory_node *self = newcomer->self;
    char fleet[2 * HASH_SIZE + 1];
    hex_encode(joining->token.fleet.hash.b, HASH_SIZE, fleet);
    if (command_line_has(line, "json")) {
        document_print(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "fleet", fleet, "fleet_name",
                                 document_text(newcomer->log.genesis.name), "node", document_text(self->name),
                                 "id", document_hex(&self->id, sizeof self->id), "labels",
                                 labels_document(&self->labels), "dir", document_text(joining->dir.path)));
        return;
    }
    print_line("joined fleet %s (%.16s) as node %s", newcomer->log.genesis.name, fleet, self->name);
    for (size_t i = 0; i < self->labels.count; i++)
        print_line("%s %s=%s", i ? "      " : "labels", self->labels.items[i].key,
                   self->labels.items[i].value);
    print_line("next   katydid agent%s%s", command_line_has(line, "dir") ? " --dir " : "",
               command_line_has(line, "dir") ? joining->dir.path : "");
}

static int join(const struct command_line *line, struct joining *joining)
{
    int status = take_keys(joining);
    if (status == COMMAND_DONE)
        status = ask_inviter(joining);
    if (status == COMMAND_DONE)
        status = check(joining);
    if (status != COMMAND_DONE)
        return status;
    joining->keys.fleet = joining->token.fleet;
    birth_sign_keys(&joining->keys, &joining->joiner.admission, &joining->keys_record);
    status = save(joining);
    if (status != COMMAND_DONE)
        return status;
    tell_keys(joining);
    if (strcmp(joining->name, joining->newcomer.self->name) != 0)
        print_notice("this machine was let in before, as %s; that name stays", joining->newcomer.self->name);
    print_joined(line, joining);
    return COMMAND_DONE;
}

static void forget(struct joining *joining)
{
    if (joining->socket >= 0)
        close(joining->socket);
    joiner_deinit(&joining->joiner);
    newcomer_deinit(&joining->newcomer);
    buffer_deinit(&joining->keys_record);
    agent_keys_wipe(&joining->keys);
    sodium_memzero(&joining->token, sizeof joining->token);
}

int commands_join(const struct command_line *line)
{
    struct joining joining = {.socket = -1};
    node_options_host_name(joining.name);
    int status = node_options_name(line, "name", joining.name);
    if (status == COMMAND_DONE)
        status = read_token(line, &joining.token);
    if (status == COMMAND_DONE) {
        char *path = place_dir(line);
        status = agent_dir_create(&joining.dir, path) ? print_failure("%s", joining.dir.why)
                                                      : join(line, &joining);
        agent_dir_close(&joining.dir);
        free(path);
    }
    forget(&joining);
    return status;
}
