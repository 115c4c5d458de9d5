// test_trust.c - whole commands against an agent that lies: what no pinned key signed is neither shown nor
// edited.
//
// The agent is a child process that answers from a script; everything else is real: key files, pin,
// signatures, the control socket.
#include "node/cli/command.h"
#include "node/cli/keystore.h"
#include "node/cli/sign.h"
#include "node/io/clock.h"
#include "node/io/runner/pin.h"
#include "proto/control.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    RECORD_COUNT_MAX = 8,
};

struct agent { // what the scripted agent says
    struct buffer authority[RECORD_COUNT_MAX];
    size_t authority_count;
    struct buffer definition; // empty: no such job
    struct buffer conflict;   // empty: none
    struct buffer pause;      // empty: none
    const char *job;
    int64_t clock_offset_ms;
    bool is_silent; // takes a request and closes
    pid_t process;
};

struct world {
    char directory[64], keys[80], pipe[80];
    struct keystore_key root, operator_, stranger;
    struct fleet_id fleet;
    struct record_id entry; // of authority entry 1
    struct agent agent;
};

// ---- records ----

static void sign_as(const struct keystore_key *key, enum envelope_kind kind, struct buffer *body,
                    struct buffer *out, struct record_id *ret_id)
{
    struct envelope_signer signer = keystore_signer(key);
    *ret_id = envelope_sign(&signer, kind, buffer_view(body), out);
    buffer_deinit(body);
}

static void make_genesis(struct world *world, struct buffer *out)
{
    struct genesis genesis = {
        .root_keys = &world->root.public_key, .root_key_count = 1, .threshold = 1, .name = "home"};
    struct buffer body = {0};
    struct record_id id;
    clock_entropy(genesis.random, sizeof genesis.random);
    genesis_encode(&genesis, &body);
    sign_as(&world->root, ENVELOPE_GENESIS, &body, out, &id);
    world->fleet.hash = id.hash;
    world->root.fleet = world->operator_.fleet = world->stranger.fleet = world->fleet;
}

static void make_operator(struct world *world, const struct keystore_key *key, const char *namespace_name,
                          struct buffer *out)
{
    static const char *const ALL[] = {"*"};
    struct authority_entry entry = {
        .number = 1,
        .previous = world->fleet.hash,
        .change = AUTHORITY_OPERATOR,
        .operator_ = {.key = key->public_key,
                      .name = "anna",
                      .scope = {.namespaces = &namespace_name,
                                .namespace_count = 1,
                                .actions = ALL,
                                .action_count = 1,
                                .users = ALL,
                                .user_count = 1}},
    };
    struct buffer body = {0};
    authority_entry_encode(&entry, &body);
    sign_as(&world->root, ENVELOPE_AUTHORITY, &body, out, &world->entry);
}

static void make_definition(const struct keystore_key *key, const char *name, struct buffer *out)
{
    static const char *const ARGV[] = {"true"};
    static const struct definition_trigger TRIGGER = {
        .kind = DEFINITION_EVERY, .period_ms = 60000, .anchor_ms = 1000};
    uint64_t stamp = stamp_of_wall_ms(clock_wall_ms());
    struct definition definition = {
        .namespace_name = "main",
        .life = 1,
        .version = 1,
        .stamp = stamp,
        .schedule_version = 1,
        .since = stamp,
        .authority_number = 1,
        .triggers = &TRIGGER,
        .trigger_count = 1,
        .zone = "UTC",
        .argv = ARGV,
        .argument_count = 1,
        .user = "ops",
    };
    struct buffer body = {0};
    struct record_id id;
    snprintf(definition.name, sizeof definition.name, "%s", name);
    definition_encode(&definition, &body);
    buffer_clear(out);
    sign_as(key, ENVELOPE_DEFINITION, &body, out, &id);
}

static struct hash make_pause(const struct keystore_key *key, const char *name, struct buffer *out)
{
    struct pause pause = {.namespace_name = "main",
                          .life = 1,
                          .stamp = stamp_of_wall_ms(clock_wall_ms()),
                          .authority_number = 1};
    struct buffer body = {0};
    struct record_id id;
    snprintf(pause.name, sizeof pause.name, "%s", name);
    pause_encode(&pause, &body);
    buffer_clear(out);
    sign_as(key, ENVELOPE_PAUSE, &body, out, &id);
    return id.hash;
}

// ---- the scripted agent ----

static void reply(int socket, const struct control_reply *reply)
{
    struct buffer message = {0}, frame = {0};
    control_reply_encode(reply, &message);
    buffer_add_u32(&frame, (uint32_t)message.size);
    buffer_add(&frame, message.data, message.size);
    if (send(socket, frame.data, frame.size, MSG_NOSIGNAL) != (ssize_t)frame.size)
        _exit(1);
    buffer_deinit(&message);
    buffer_deinit(&frame);
}

static void end(int socket, uint32_t exit_status, const char *text)
{
    reply(socket, &(struct control_reply){.kind = CONTROL_REPLY_END,
                                          .last = true,
                                          .exit_status = exit_status,
                                          .text = text,
                                          .complete = true});
}

static void answer_job(const struct world *world, int socket)
{
    const struct agent *agent = &world->agent;
    struct bytes conflict = buffer_view(&agent->conflict), pause = buffer_view(&agent->pause);
    if (agent->definition.size)
        reply(socket, &(struct control_reply){.kind = CONTROL_REPLY_JOB,
                                              .is.job = {.job = agent->job,
                                                         .life = 1,
                                                         .version = 1,
                                                         .definition = buffer_view(&agent->definition),
                                                         .conflicts = &conflict,
                                                         .conflict_count = conflict.size != 0,
                                                         .pauses = &pause,
                                                         .pause_count = pause.size != 0,
                                                         .paused = pause.size != 0}});
    end(socket, agent->definition.size ? 0 : 4, agent->definition.size ? "" : "there is no such job");
}

// What is put goes to a file, for the test to look at.
static void answer_put(const struct world *world, int socket, const struct control_request *request)
{
    for (size_t i = 0; i < request->record_count; i++) {
        FILE *file = fopen(world->pipe, "ab");
        fwrite(request->records[i].data, 1, request->records[i].size, file);
        fclose(file);
        reply(socket,
              &(struct control_reply){.kind = CONTROL_REPLY_PUT, .is.put = {.outcome = CONTROL_PUT_ADDED}});
    }
    end(socket, 0, "");
}

static void answer(const struct world *world, int socket, const struct control_request *request)
{
    const struct agent *agent = &world->agent;
    int64_t wall_ms = clock_wall_ms() + agent->clock_offset_ms;
    switch (request->kind) {
    case CONTROL_AUTHORITY:
        for (size_t i = 0; i < agent->authority_count; i++)
            reply(socket, &(struct control_reply){.kind = CONTROL_REPLY_RECORD,
                                                  .is.record = buffer_view(&agent->authority[i])});
        end(socket, 0, "");
        break;
    case CONTROL_STATUS:
        reply(socket,
              &(struct control_reply){
                  .kind = CONTROL_REPLY_STATUS,
                  .is.status = {.node_name = "nas", .wall_ms = wall_ms, .stamp = stamp_of_wall_ms(wall_ms)}});
        end(socket, 0, "");
        break;
    case CONTROL_JOB:
    case CONTROL_JOBS:
        answer_job(world, socket);
        break;
    case CONTROL_PUT:
        answer_put(world, socket, request);
        break;
    default:
        end(socket, 1, "not in this script");
    }
}

static void serve_client(const struct world *world, int socket)
{
    uint32_t size;
    while (recv(socket, &size, sizeof size, MSG_WAITALL) == (ssize_t)sizeof size) {
        uint8_t *message = malloc(size ? size : 1);
        struct arena arena = {0};
        struct control_request request;
        if (!message || recv(socket, message, size, MSG_WAITALL) != (ssize_t)size ||
            control_request_decode(bytes_of(message, size), &arena, &request) || world->agent.is_silent)
            _exit(1);
        answer(world, socket, &request);
        arena_deinit(&arena);
        free(message);
    }
}

static void start_agent(struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/control", world->directory);
    unlink(address.sun_path);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listening, 8), 0);
    world->agent.process = fork();
    if (world->agent.process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int socket = accept(listening, NULL, NULL);
            serve_client(world, socket);
            close(socket);
        }
    }
    close(listening);
}

static void stop_agent(struct world *world)
{
    kill(world->agent.process, SIGKILL);
    waitpid(world->agent.process, NULL, 0);
}

// ---- commands ----

// Runs one command line against the agent as it is scripted now; its output goes nowhere.
static int run(struct world *world, const char *text)
{
    char copy[512], *words[32], *rest;
    int count = 0, out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    snprintf(copy, sizeof copy, "katydid --dir %s --keys %s %s", world->directory, world->keys, text);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    start_agent(world);
    fflush(stdout);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    if (!getenv("SHOW_ERRORS"))
        dup2(nowhere, STDERR_FILENO);
    int status = command_main(count, words);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(nowhere);
    close(out);
    close(err);
    stop_agent(world);
    return status;
}

// The record that was put last, or an empty buffer.
static struct buffer take_put(const struct world *world)
{
    struct buffer record = {0};
    uint8_t part[4096];
    FILE *file = fopen(world->pipe, "rb");
    size_t size = file ? fread(part, 1, sizeof part, file) : 0;
    if (file)
        fclose(file);
    unlink(world->pipe);
    buffer_add(&record, part, size);
    return record;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct pin pin = {.node_name = "nas"};
    char path[128];
    strcpy(world->directory, "/tmp/trust.XXXXXX");
    if (!mkdtemp(world->directory))
        return -1;
    snprintf(world->keys, sizeof world->keys, "%s/keys", world->directory);
    snprintf(world->pipe, sizeof world->pipe, "%s/put", world->directory);
    snprintf(path, sizeof path, "%s/runner", world->directory);
    mkdir(path, 0700);
    keystore_generate(KEYSTORE_ROOT, "root", &world->root);
    keystore_generate(KEYSTORE_OPERATOR, "anna", &world->operator_);
    keystore_generate(KEYSTORE_OPERATOR, "stranger", &world->stranger);
    make_genesis(world, &world->agent.authority[0]);
    make_operator(world, &world->operator_, "*", &world->agent.authority[1]);
    world->agent.authority_count = 2;
    world->agent.job = "main/tick";
    make_definition(&world->operator_, "tick", &world->agent.definition);
    pin.fleet = world->fleet;
    int runner = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (pin_save(runner, &pin) || keystore_create(world->keys))
        return -1;
    close(runner);
    snprintf(path, sizeof path, "%s/%s", world->keys, KEYSTORE_OPERATOR_FILE);
    *state = world;
    return keystore_save(path, &world->operator_, NULL);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", world->directory);
    int status = system(command);
    for (size_t i = 0; i < RECORD_COUNT_MAX; i++)
        buffer_deinit(&world->agent.authority[i]);
    buffer_deinit(&world->agent.definition);
    buffer_deinit(&world->agent.conflict);
    buffer_deinit(&world->agent.pause);
    free(world);
    return status;
}

// ---- tests ----

static void an_honest_agent_is_believed(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "show tick"), COMMAND_DONE);
    assert_int_equal(run(world, "show tick --json"), COMMAND_DONE);
    assert_int_equal(run(world, "jobs"), COMMAND_DONE);
    assert_int_equal(run(world, "export"), COMMAND_DONE);
    assert_int_equal(run(world, "next tick --count 2"), COMMAND_DONE);
    assert_int_equal(run(world, "key list"), COMMAND_DONE);
    assert_int_equal(run(world, "pause tick"), COMMAND_DONE);
    struct buffer put = take_put(world);
    assert_true(put.size > 0);
    buffer_deinit(&put);
}

static void a_changed_definition_is_not_shown(void **state)
{
    struct world *world = *state;
    struct buffer *definition = &world->agent.definition;
    for (size_t i = 1; i <= definition->size; i += 17) {
        definition->data[definition->size - i] ^= 1;
        assert_int_equal(run(world, "show tick"), COMMAND_FAILED);
        definition->data[definition->size - i] ^= 1;
    }
    assert_int_equal(run(world, "show tick"), COMMAND_DONE);
}

static void a_definition_of_a_stranger_is_not_shown(void **state)
{
    struct world *world = *state;
    make_definition(&world->stranger, "tick", &world->agent.definition);
    assert_int_equal(run(world, "show tick"), COMMAND_FAILED);
    assert_int_equal(run(world, "jobs"), COMMAND_FAILED);
    assert_int_equal(run(world, "export"), COMMAND_FAILED);
    assert_int_equal(run(world, "edit tick"), COMMAND_FAILED);
    assert_int_equal(run(world, "next tick"), COMMAND_FAILED);
    assert_int_equal(run(world, "rm tick"), COMMAND_FAILED);
    struct buffer put = take_put(world);
    assert_int_equal(put.size, 0);
    buffer_deinit(&put);
}

static void another_jobs_definition_is_not_taken_for_this_one(void **state)
{
    struct world *world = *state;
    make_definition(&world->operator_, "tock", &world->agent.definition);
    assert_int_equal(run(world, "show tick"), COMMAND_FAILED);
    world->agent.job = "main/tock";
    assert_int_equal(run(world, "show tick"), COMMAND_FAILED);
    assert_int_equal(run(world, "show tock"), COMMAND_DONE);
}

static void a_definition_out_of_its_signers_scope_is_not_shown(void **state)
{
    struct world *world = *state;
    buffer_clear(&world->agent.authority[1]);
    make_operator(world, &world->operator_, "lab", &world->agent.authority[1]);
    assert_int_equal(run(world, "show tick"), COMMAND_FAILED);
}

static void a_conflict_is_shown_only_when_an_operator_signed_it(void **state)
{
    struct world *world = *state;
    make_definition(&world->operator_, "tick", &world->agent.conflict);
    assert_int_equal(run(world, "show tick"), COMMAND_DONE);
    assert_int_equal(run(world, "show tick --json"), COMMAND_DONE);
    make_definition(&world->stranger, "tick", &world->agent.conflict);
    assert_int_equal(run(world, "show tick"), COMMAND_FAILED);
    assert_int_equal(run(world, "show tick --json"), COMMAND_FAILED);
}

static void a_resume_names_the_pauses_it_has_seen(void **state)
{
    struct world *world = *state;
    struct envelope envelope;
    struct arena arena = {0};
    struct pause resume;
    struct hash id = make_pause(&world->operator_, "tick", &world->agent.pause);
    assert_int_equal(run(world, "show tick"), COMMAND_DONE);
    assert_int_equal(run(world, "run tick"), COMMAND_FAILED); // it is paused
    assert_int_equal(run(world, "resume tick"), COMMAND_DONE);
    struct buffer put = take_put(world);
    assert_int_equal(envelope_parse(buffer_view(&put), &envelope), 0);
    assert_int_equal(pause_decode(envelope.body, &arena, &resume), 0);
    assert_int_equal(resume.lift_count, 1);
    assert_memory_equal(&resume.lifts[0], &id, sizeof id);
    arena_deinit(&arena);
    buffer_deinit(&put);
}

static void a_pause_nobody_may_have_signed_is_not_lifted(void **state)
{
    struct world *world = *state;
    make_pause(&world->stranger, "tick", &world->agent.pause);
    assert_int_equal(run(world, "resume tick"), COMMAND_FAILED);
    make_pause(&world->operator_, "tock", &world->agent.pause);
    assert_int_equal(run(world, "resume tick"), COMMAND_FAILED);
    struct buffer put = take_put(world);
    assert_int_equal(put.size, 0);
    buffer_deinit(&put);
}

static void another_fleet_is_not_believed(void **state)
{
    struct world *world = *state;
    buffer_clear(&world->agent.authority[0]);
    buffer_clear(&world->agent.authority[1]);
    make_genesis(world, &world->agent.authority[0]);
    make_operator(world, &world->operator_, "*", &world->agent.authority[1]);
    make_definition(&world->operator_, "tick", &world->agent.definition);
    assert_int_equal(run(world, "show tick"), COMMAND_FAILED);
    assert_int_equal(run(world, "pause tick"), COMMAND_FAILED);
}

static void an_agent_without_genesis_is_not_believed(void **state)
{
    struct world *world = *state;
    world->agent.authority_count = 0;
    assert_int_equal(run(world, "jobs"), COMMAND_FAILED);
}

static void an_authority_log_cannot_grow_shorter(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "jobs"), COMMAND_DONE); // entry 1 has been seen now
    world->agent.authority_count = 1;
    make_definition(&world->operator_, "tick", &world->agent.definition);
    assert_int_equal(run(world, "jobs"), COMMAND_FAILED);
    world->agent.authority_count = 2;
    assert_int_equal(run(world, "jobs"), COMMAND_DONE);
    buffer_clear(&world->agent.authority[1]);
    make_operator(world, &world->stranger, "*", &world->agent.authority[1]); // another entry 1
    assert_int_equal(run(world, "key list"), COMMAND_FAILED);
}

static void a_forged_authority_entry_is_not_believed(void **state)
{
    struct world *world = *state;
    struct keystore_key root = world->root;
    world->root = world->stranger;
    buffer_clear(&world->agent.authority[1]);
    make_operator(world, &world->stranger, "*", &world->agent.authority[1]);
    world->root = root;
    assert_int_equal(run(world, "key list"), COMMAND_FAILED);
}

static void nothing_is_signed_when_the_clocks_are_apart(void **state)
{
    struct world *world = *state;
    static const int64_t OFFSETS[] = {-61000, 61000, 3600000};
    for (size_t i = 0; i < COUNT_OF(OFFSETS); i++) {
        world->agent.clock_offset_ms = OFFSETS[i];
        assert_int_equal(run(world, "pause tick"), COMMAND_FAILED);
    }
    world->agent.clock_offset_ms = 50000;
    assert_int_equal(run(world, "pause tick"), COMMAND_DONE);
}

static void a_stamp_is_above_what_the_agent_has_seen(void **state)
{
    struct world *world = *state;
    struct envelope envelope;
    struct arena arena = {0};
    struct pause pause;
    world->agent.clock_offset_ms = 50000;
    int64_t before_ms = clock_wall_ms();
    assert_int_equal(run(world, "pause tick --note why"), COMMAND_DONE);
    struct buffer put = take_put(world);
    assert_int_equal(envelope_parse(buffer_view(&put), &envelope), 0);
    assert_int_equal(envelope.kind, ENVELOPE_PAUSE);
    assert_int_equal(pause_decode(envelope.body, &arena, &pause), 0);
    assert_true(stamp_wall_ms(pause.stamp) >= before_ms + 50000);
    assert_string_equal(pause.note, "why");
    assert_int_equal(pause.authority_number, 1);
    arena_deinit(&arena);
    buffer_deinit(&put);
}

static void a_new_job_is_signed_whole(void **state)
{
    struct world *world = *state;
    struct envelope envelope;
    struct record_id id;
    struct arena arena = {0};
    struct definition definition;
    buffer_clear(&world->agent.definition);
    assert_int_equal(
        run(world, "add tick --every 5m --user ops --retry 3 --retry-delay 10s --where role=x -- ls -l"),
        COMMAND_DONE);
    struct buffer put = take_put(world);
    assert_int_equal(envelope_parse(buffer_view(&put), &envelope), 0);
    assert_int_equal(envelope_verify(&envelope, &world->fleet, &world->operator_.public_key, &id), 0);
    assert_int_equal(definition_decode(envelope.body, &arena, &definition), 0);
    assert_string_equal(definition.namespace_name, "main");
    assert_string_equal(definition.user, "ops");
    assert_string_equal(definition.argv[1], "-l");
    assert_string_equal(labels_find(&definition.where, "role"), "x");
    assert_int_equal(definition.retry_times, 3);
    assert_int_equal(definition.retry_delay_ms, 10000);
    assert_true(definition.life == 1 && definition.version == 1 && definition.schedule_version == 1);
    arena_deinit(&arena);
    buffer_deinit(&put);
}

static void a_job_that_exists_is_not_added_again(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "add tick --every 5m --user ops -- ls"), COMMAND_FAILED);
    struct buffer put = take_put(world);
    assert_int_equal(put.size, 0);
    buffer_deinit(&put);
}

static void bad_options_of_add_are_usage_errors(void **state)
{
    struct world *world = *state;
    static const char *const LINES[] = {
        "add tick --user ops -- ls",
        "add tick --every 5m --user ops",
        "add tick --every 0s --user ops -- ls",
        "add tick --every 5 --user ops -- ls",
        "add tick --every 99999999999d --user ops -- ls",
        "add tick --cron x --user ops -- ls",
        "add tick --every 5m --zone Mars/X --user ops -- ls",
        "add tick --every 5m --shell x --user ops -- ls",
        "add tick --every 5m --where role --user ops -- ls",
        "add tick --every 5m --retry-delay 5s --user ops -- ls",
        "add tick --every 5m --user a:b -- ls",
        "add ti/ck/x --every 5m --user ops -- ls",
        "add tick --every 5m --busy sometimes --user ops -- ls",
        "add tick extra --every 5m --user ops -- ls",
    };
    for (size_t i = 0; i < COUNT_OF(LINES); i++) {
        if (run(world, LINES[i]) != COMMAND_USAGE)
            fail_msg("taken: %s", LINES[i]);
    }
}

static void an_absent_job_is_not_found(void **state)
{
    struct world *world = *state;
    buffer_clear(&world->agent.definition);
    assert_int_equal(run(world, "show tick"), COMMAND_NOT_FOUND);
    assert_int_equal(run(world, "pause tick"), COMMAND_NOT_FOUND);
    assert_int_equal(run(world, "rm tick"), COMMAND_NOT_FOUND);
}

static void without_an_operator_key_nothing_is_signed(void **state)
{
    struct world *world = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/%s", world->keys, KEYSTORE_OPERATOR_FILE);
    assert_int_equal(rename(path, world->pipe), 0);
    assert_int_equal(run(world, "pause tick"), COMMAND_FAILED);
    assert_int_equal(run(world, "show tick"), COMMAND_DONE); // looking needs no key
}

static void an_agent_that_hangs_up_is_said(void **state)
{
    struct world *world = *state;
    world->agent.is_silent = true;
    assert_int_equal(run(world, "status"), COMMAND_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_honest_agent_is_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_definition_is_not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_definition_of_a_stranger_is_not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_jobs_definition_is_not_taken_for_this_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_definition_out_of_its_signers_scope_is_not_shown, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_conflict_is_shown_only_when_an_operator_signed_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_resume_names_the_pauses_it_has_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pause_nobody_may_have_signed_is_not_lifted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_fleet_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_agent_without_genesis_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_authority_log_cannot_grow_shorter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_forged_authority_entry_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_signed_when_the_clocks_are_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stamp_is_above_what_the_agent_has_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_job_is_signed_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_job_that_exists_is_not_added_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_options_of_add_are_usage_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_absent_job_is_not_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_an_operator_key_nothing_is_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_agent_that_hangs_up_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
