// `key list|add|export`: who may sign what, as the root has written it into the authority log.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/grid.h"
#include "node/cli/keystore.h"
#include "node/cli/local_time.h"
#include "node/cli/node_options.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/cli/time_option.h"
#include "node/cli/zone_file.h"
#include "node/io/clock.h"

// ---- list ----

static void add_words(struct buffer *out, const char *title, const char *const *words, size_t count)
{
    if (count == 1 && strcmp(words[0], "*") == 0)
        return;
    buffer_add(out, title, strlen(title));
    for (size_t i = 0; i < count; i++) {
        buffer_add(out, " ", 1);
        buffer_add(out, words[i], strlen(words[i]));
    }
    if (count == 0)
        buffer_add(out, " none", 5);
    buffer_add(out, "; ", 2);
}

static void describe_scope(const struct scope *scope, struct buffer *out)
{
    add_words(out, "namespaces", scope->namespaces, scope->namespace_count);
    add_words(out, "actions", scope->actions, scope->action_count);
    add_words(out, "users", scope->users, scope->user_count);
    for (size_t i = 0; i < scope->labels.count; i++) {
        const struct label *label = &scope->labels.items[i];
        buffer_add(out, "nodes ", 6);
        buffer_add(out, label->key, strlen(label->key));
        buffer_add(out, "=", 1);
        buffer_add(out, label->value, strlen(label->value));
        buffer_add(out, "; ", 2);
    }
    if (out->size == 0)
        buffer_add(out, "everything; ", 12);
    out->size -= 2;
    buffer_add_u8(out, 0);
}

static json_t *operator_document(const struct authority_log_operator *operator_)
{
    const struct authority_log_grant *grant = &operator_->grants[operator_->grant_count - 1];
    json_t *object = json_object(), *labels = json_object();
    for (size_t i = 0; i < grant->scope.labels.count; i++)
        json_object_set_new(labels, grant->scope.labels.items[i].key,
                            document_text(grant->scope.labels.items[i].value));
    json_object_set_new(object, "name", document_text(operator_->name));
    json_object_set_new(object, "id", document_hex(&operator_->id, sizeof operator_->id));
    json_object_set_new(object, "key", document_hex(&operator_->key, sizeof operator_->key));
    json_object_set_new(object, "number", document_number(grant->number));
    json_object_set_new(object, "namespaces",
                        document_texts(grant->scope.namespaces, grant->scope.namespace_count));
    json_object_set_new(object, "actions", document_texts(grant->scope.actions, grant->scope.action_count));
    json_object_set_new(object, "users", document_texts(grant->scope.users, grant->scope.user_count));
    json_object_set_new(object, "labels", labels);
    json_object_set_new(object, "expires", document_time(grant->not_after_ms));
    json_object_set_new(object, "revoked", json_boolean(operator_->is_revoked));
    return object;
}

static void add_operator(struct grid *grid, const struct zone_file *zone,
                         const struct authority_log_operator *operator_)
{
    const struct authority_log_grant *grant = &operator_->grants[operator_->grant_count - 1];
    char id[2 * NODE_ID_SIZE + 1], until[LOCAL_TIME_ROOM];
    struct buffer scope = {0};
    hex_encode(operator_->id.b, NODE_ID_SIZE, id);
    local_time_short(zone->zone, grant->not_after_ms, clock_wall_ms(), until);
    describe_scope(&grant->scope, &scope);
    grid_add(grid, operator_->name);
    grid_add_format(grid, "%.8s", id);
    grid_add_colour(grid, operator_->is_revoked ? "revoked" : "valid",
                    operator_->is_revoked ? TERMINAL_RED : TERMINAL_GREEN);
    grid_add(grid, until);
    grid_add(grid, (const char *)scope.data);
    buffer_deinit(&scope);
}

static int list(const struct command_line *line)
{
    static const char *const HEADINGS[] = {"OPERATOR", "ID", "STATE", "UNTIL", "MAY"};
    struct session session;
    struct grid grid;
    struct zone_file zone;
    json_t *documents = json_array();
    grid_init(&grid, HEADINGS, COUNT_OF(HEADINGS));
    zone_file_open_local(&zone);
    int status = session_open(line, &session);
    for (size_t i = 0; status == COMMAND_DONE && i < session.trust.log.operator_count; i++) {
        add_operator(&grid, &zone, &session.trust.log.operators[i]);
        json_array_append_new(documents, operator_document(&session.trust.log.operators[i]));
    }
    if (status == COMMAND_DONE && command_line_has(line, "json"))
        document_print(json_incref(documents));
    else if (status == COMMAND_DONE)
        grid_print(&grid, stdout);
    json_decref(documents);
    grid_deinit(&grid);
    zone_file_close(&zone);
    session_close(&session);
    return status;
}

// ---- add ----

struct adding {
    struct arena arena; // of the lists
    struct authority_entry entry;
    struct keystore_key key; // made here, unless the public key was given
    bool is_made;
    char path[256]; // where the made key goes
};

// Values of a repeatable option; "*" when there are none.
static int read_words(const struct command_line *line, const char *option, struct arena *arena,
                      const char *const **ret_words, size_t *ret_count)
{
    const char **words;
    size_t count = 0;
    while (command_line_find_nth(line, option, count))
        count++;
    if (count > LIMIT_SCOPE_COUNT_MAX)
        return print_usage("--%s: at most %d", option, LIMIT_SCOPE_COUNT_MAX);
    arena->ceiling = SIZE_MAX;
    words = arena_take(arena, MAX_OF(count, (size_t)1), sizeof *words);
    words[0] = "*";
    for (size_t i = 0; i < count; i++) {
        words[i] = command_line_find_nth(line, option, i);
        if (strcmp(words[i], "*") != 0 && !name_is_valid(bytes_of_text(words[i])))
            return print_usage("--%s `%.80s` is no name", option, words[i]);
    }
    *ret_words = words;
    *ret_count = MAX_OF(count, (size_t)1);
    return COMMAND_DONE;
}

static int check_actions(const struct scope *scope)
{
    static const char *const KNOWN[] = {"*", "define", "pause", "trigger", "invite"};
    for (size_t i = 0; i < scope->action_count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < COUNT_OF(KNOWN); k++)
            is_known = is_known || strcmp(scope->actions[i], KNOWN[k]) == 0;
        if (!is_known)
            return print_usage("--action `%.80s`: write define, pause, trigger or invite", scope->actions[i]);
    }
    return COMMAND_DONE;
}

static int read_expires(const struct command_line *line, int64_t *ret_ms)
{
    const char *text = command_line_find(line, "expires");
    struct zone_file zone;
    struct typed_time time = {0};
    if (!text)
        return COMMAND_DONE;
    zone_file_open_local(&zone);
    struct typed_time_context context = {zone.zone, clock_wall_ms(), TYPED_TIME_FUTURE};
    int status = time_option_read(line, "expires", &context, &time);
    zone_file_close(&zone);
    if (status != COMMAND_DONE)
        return status;
    if (time.ms <= context.now_ms)
        return print_usage("--expires %s: that time has passed", text);
    *ret_ms = time.ms;
    return COMMAND_DONE;
}

static int read_scope(const struct command_line *line, struct adding *adding)
{
    struct scope *scope = &adding->entry.operator_.scope;
    int status = read_words(line, "namespace", &adding->arena, &scope->namespaces, &scope->namespace_count);
    if (status == COMMAND_DONE)
        status = read_words(line, "action", &adding->arena, &scope->actions, &scope->action_count);
    if (status == COMMAND_DONE)
        status = check_actions(scope);
    if (status == COMMAND_DONE)
        status = read_words(line, "user", &adding->arena, &scope->users, &scope->user_count);
    if (status == COMMAND_DONE)
        status = node_options_labels(line, &adding->arena, &adding->entry.operator_.scope.labels);
    return status == COMMAND_DONE ? read_expires(line, &adding->entry.operator_.not_after_ms) : status;
}

static int take_key(const struct command_line *line, struct adding *adding)
{
    const char *name = command_line_argument(line, 1), *given = command_line_find(line, "public");
    const char *out = command_line_find(line, "out");
    if (!name)
        return print_usage("the name of the operator is missing; usage: katydid key add NAME");
    if (!name_is_valid(bytes_of_text(name)))
        return print_usage("`%.80s` is no name of an operator", name);
    if (given && out)
        return print_usage("--public and --out together; choose one");
    memcpy(adding->entry.operator_.name, name, strlen(name) + 1);
    if (given && !hex_decode(given, adding->entry.operator_.key.b, PUBLIC_KEY_SIZE))
        return print_usage("--public: write the 64 digits that `katydid key export` prints");
    if (given)
        return COMMAND_DONE;
    keystore_generate(KEYSTORE_OPERATOR, name, &adding->key);
    adding->entry.operator_.key = adding->key.public_key;
    adding->is_made = true;
    int size = out ? snprintf(adding->path, sizeof adding->path, "%s", out)
                   : snprintf(adding->path, sizeof adding->path, "%s.key", name);
    return size < (int)sizeof adding->path ? COMMAND_DONE : print_usage("--out: that path is too long");
}

static int load_root(const struct command_line *line, const struct trust *trust,
                     struct keystore_key *ret_root)
{
    const char *chosen = command_line_find(line, "root");
    char *path = chosen ? base_copy_text(chosen) : keystore_path(trust->keys, KEYSTORE_ROOT_FILE);
    int status = COMMAND_FAILED;
    if (!chosen && access(path, F_OK))
        print_failure("no root key in %s: run this where it is kept, or give --root FILE", trust->keys);
    else
        status = keystore_load(path, ret_root);
    if (status == COMMAND_DONE && ret_root->role != KEYSTORE_ROOT)
        status = print_failure("%s is an operator key; operators are made with the root key", path);
    if (status == COMMAND_DONE && !hash_equal(&ret_root->fleet.hash, &trust->log.fleet.hash))
        status = print_failure("%s is of another fleet than this agent", path);
    free(path);
    return status;
}

static void sign_entry(struct adding *adding, const struct trust *trust, const struct keystore_key *root,
                       struct buffer *out)
{
    struct authority_log_head head = authority_log_get_head(&trust->log);
    struct envelope_signer signer = keystore_signer(root);
    struct buffer body = {0};
    adding->entry.change = AUTHORITY_OPERATOR;
    adding->entry.number = head.number + 1;
    adding->entry.previous = head.id.hash;
    authority_entry_encode(&adding->entry, &body);
    envelope_sign(&signer, ENVELOPE_AUTHORITY, buffer_view(&body), out);
    sodium_memzero(&signer, sizeof signer);
    buffer_deinit(&body);
}

static void print_added(const struct command_line *line, const struct adding *adding)
{
    struct node_id id = node_id_of(&adding->entry.operator_.key);
    char text[2 * NODE_ID_SIZE + 1];
    hex_encode(id.b, NODE_ID_SIZE, text);
    if (command_line_has(line, "json"))
        document_print(json_pack("{s:s, s:s, s:o, s:o}", "name", adding->entry.operator_.name, "id", text,
                                 "number", document_number(adding->entry.number), "file",
                                 document_text_or_null(adding->path)));
    else if (adding->is_made)
        print_line("operator %s (%.8s) may sign now; its key is in %s: hand it over, and use it with "
                   "--operator FILE",
                   adding->entry.operator_.name, text, adding->path);
    else
        print_line("operator %s (%.8s) may sign now", adding->entry.operator_.name, text);
}

static int add_to_fleet(const struct command_line *line, struct adding *adding)
{
    struct session session;
    struct keystore_key root = {0};
    struct buffer record = {0};
    int status = session_open(line, &session);
    if (status == COMMAND_DONE)
        status = load_root(line, &session.trust, &root);
    if (status == COMMAND_DONE && adding->is_made) {
        adding->key.fleet = session.trust.log.fleet;
        status = keystore_save(adding->path, &adding->key, NULL);
    }
    if (status == COMMAND_DONE) {
        sign_entry(adding, &session.trust, &root, &record);
        status = session_put(&session, &record);
        if (status != COMMAND_DONE && adding->is_made)
            unlink(adding->path);
    }
    if (status == COMMAND_DONE)
        print_added(line, adding);
    keystore_wipe(&root);
    session_close(&session);
    return status;
}

static int add(const struct command_line *line)
{
    struct adding adding = {0};
    int status = take_key(line, &adding);
    if (status == COMMAND_DONE)
        status = read_scope(line, &adding);
    if (status == COMMAND_DONE)
        status = add_to_fleet(line, &adding);
    keystore_wipe(&adding.key);
    arena_deinit(&adding.arena);
    return status;
}

// ---- export ----

// The public half of one's own key, for the holder of the root key.
static int export_key(const struct command_line *line)
{
    struct session session;
    int status = session_open_signing(line, &session);
    if (status == COMMAND_DONE) {
        char key[2 * PUBLIC_KEY_SIZE + 1];
        hex_encode(session.signer.key.key.b, PUBLIC_KEY_SIZE, key);
        if (command_line_has(line, "json"))
            document_print(
                json_pack("{s:o, s:s}", "name", document_text(session.signer.operator_->name), "key", key));
        else
            printf("%s\n", key);
    }
    session_close(&session);
    return status;
}

int commands_key(const struct command_line *line)
{
    const char *what = command_line_argument(line, 0);
    if (strcmp(what, "add") == 0)
        return add(line);
    if (line->argument_count > 1)
        return print_usage("too many words; usage: katydid key list|add NAME|export");
    if (strcmp(what, "list") == 0)
        return list(line);
    if (strcmp(what, "export") == 0)
        return export_key(line);
    return print_usage("`key %.40s` is unknown; write key list, key add NAME or key export", what);
}
