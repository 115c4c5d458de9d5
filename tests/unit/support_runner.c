#include "tests/unit/support_runner.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crdt/stamp.h"
#include "node/io/clock.h"
#include "node/io/runner/agent_dir.h"
#include "node/io/runner/child.h"
#include "node/io/runner/evidence.h"
#include "node/io/runner/runner.h"
#include "tests/unit/support_nodes.h"

enum { PATIENCE_MS = 60000 };

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    perror(what);
    abort();
}

// --- in the place of the network process -------------------------------------

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    return address;
}

bool support_runner_relay(int argc, char **argv)
{
    if (argc < 3 || strcmp(argv[1], CHILD_ARGUMENT) != 0)
        return false;
    char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'x';
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = CHILD_RUNNER_FD;
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    struct sockaddr_un address = address_of(argv[2]);
    int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    signal(SIGTERM, SIG_IGN); // the test decides how it ends
    if (connect(socket_fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        sendmsg(socket_fd, &message, 0) == 1)
        if (read(socket_fd, &byte, 1) == 1) // until the test closes it, or says how to end
            _exit((uint8_t)byte);
    return true;
}

static int receive_descriptor(int relay)
{
    char control[CMSG_SPACE(sizeof(int))], byte;
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    must(recvmsg(relay, &message, MSG_CMSG_CLOEXEC) == 1, "relay");
    int fd;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

static void close_got(struct support_runner *runner)
{
    for (size_t i = 0; i < runner->got.descriptor_count; i++)
        if (runner->got.descriptors[i] >= 0)
            close(runner->got.descriptors[i]);
    runner->got = (struct link_delivery){0};
}

void support_runner_connect(struct support_runner *runner)
{
    struct pollfd ready = {.fd = runner->listener, .events = POLLIN};
    must(poll(&ready, 1, PATIENCE_MS) == 1, "no network process came");
    runner->relay = accept4(runner->listener, NULL, NULL, SOCK_CLOEXEC);
    link_init(&runner->link, receive_descriptor(runner->relay));
    struct frame heartbeat = {.kind = FRAME_HEARTBEAT};
    support_runner_send(runner, &heartbeat);
}

void support_runner_disconnect(struct support_runner *runner)
{
    close_got(runner);
    link_deinit(&runner->link);
    if (runner->relay >= 0)
        close(runner->relay);
    runner->relay = -1;
}

void support_runner_exit(struct support_runner *runner, uint8_t status)
{
    must(write(runner->relay, &status, 1) == 1, "relay");
    support_runner_disconnect(runner);
}

// --- the runner --------------------------------------------------------------

static void make_directory(struct support_runner *runner)
{
    static const struct label storage[] = {{"role", "storage"}};
    const struct labels labels = {storage, 1};
    struct agent_dir dir;
    struct support_envelope node = support_sign_node(&runner->alice, SUPPORT_RUNNER_NODE, &labels, 1, 1);
    struct bytes entries[8], node_record = buffer_view(&node.bytes);
    size_t count = runner->trust.log.entry_count;
    for (size_t i = 0; i < count; i++)
        entries[i] = buffer_view(&runner->trust.log.entries[i]->envelope);
    struct evidence_first first = {.pin = {.fleet = runner->trust.fleet, .node_key = runner->node.key},
                                   .genesis = buffer_view(&runner->trust.genesis),
                                   .authority = entries,
                                   .authority_count = count,
                                   .node = &node_record,
                                   .node_count = 1};
    strcpy(first.pin.node_name, "nas");
    must(agent_dir_create(&dir, runner->directory) == 0, "agent_dir_create");
    must(evidence_create(dir.runner, &first) == 0, "evidence_create");
    agent_dir_close(&dir);
    support_envelope_deinit(&node);
}

static void become_runner(const struct support_runner *runner, const char *relay_path)
{
    char log[SUPPORT_DIR_ROOM + 32];
    const char *const arguments[] = {relay_path};
    struct runner_options options = {
        .directory = runner->directory, .build = "test", .arguments = arguments, .argument_count = 1};
    if (access(runner->policy, F_OK) == 0)
        options.policy_file = runner->policy;
    snprintf(log, sizeof log, "%s/log", runner->top);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDERR_FILENO);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(runner_main(&options));
}

void support_runner_start(struct support_runner *runner)
{
    char relay_path[SUPPORT_DIR_ROOM + 16];
    snprintf(relay_path, sizeof relay_path, "%s/relay", runner->top);
    runner->pid = fork();
    if (runner->pid == 0)
        become_runner(runner, relay_path);
    support_runner_connect(runner);
}

void support_runner_init(struct support_runner *runner)
{
    *runner = (struct support_runner){.relay = -1, .link.fd = -1, .generation = 1};
    support_dir_make(runner->top);
    snprintf(runner->directory, sizeof runner->directory, "%s/node", runner->top);
    snprintf(runner->policy, sizeof runner->policy, "%s/policy", runner->top);
    support_trust_init(&runner->trust);
    support_trust_operators(&runner->trust, 2);
    runner->alice = support_signer(&runner->trust.fleet, SUPPORT_ALICE);
    runner->bob = support_signer(&runner->trust.fleet, SUPPORT_BOB);
    runner->node = support_signer(&runner->trust.fleet, SUPPORT_RUNNER_NODE);
    runner->self = node_id_of(&runner->node.key);
    snprintf(runner->user, sizeof runner->user, "%s", getpwuid(geteuid())->pw_name);
    make_directory(runner);
    char relay_path[SUPPORT_DIR_ROOM + 16];
    snprintf(relay_path, sizeof relay_path, "%s/relay", runner->top);
    struct sockaddr_un address = address_of(relay_path);
    runner->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(runner->listener, (const struct sockaddr *)&address, sizeof address) == 0, "bind");
    must(listen(runner->listener, 8) == 0, "listen");
    support_runner_start(runner);
}

int support_runner_stop(struct support_runner *runner, int signal)
{
    int status = 0;
    kill(runner->pid, signal);
    must(waitpid(runner->pid, &status, 0) == runner->pid, "waitpid");
    runner->pid = 0;
    support_runner_disconnect(runner);
    return status;
}

void support_runner_deinit(struct support_runner *runner)
{
    if (runner->pid)
        support_runner_stop(runner, SIGKILL);
    close(runner->listener);
    support_trust_deinit(&runner->trust);
    support_dir_remove(runner->top);
}

int support_runner_set_up(void **state)
{
    struct support_runner *runner = base_alloc(1, sizeof *runner);
    support_runner_init(runner);
    *state = runner;
    return 0;
}

int support_runner_tear_down(void **state)
{
    support_runner_deinit(*state);
    free(*state);
    return 0;
}

// --- talking -----------------------------------------------------------------

void support_runner_send(struct support_runner *runner, const struct frame *frame)
{
    must(link_send(&runner->link, frame, NULL, 0) == 0, "link_send");
}

static bool receive(struct support_runner *runner, int patience_ms)
{
    const struct frame heartbeat = {.kind = FRAME_HEARTBEAT};
    uint64_t until_ms = clock_now_ms() + (uint64_t)patience_ms;
    close_got(runner);
    for (;;) {
        struct pollfd ready = {.fd = runner->link.fd, .events = POLLIN};
        int outcome = link_receive(&runner->link, &runner->got);
        if (outcome == 0)
            return true;
        if (outcome != LINK_EMPTY || clock_now_ms() >= until_ms)
            return false;
        if (poll(&ready, 1, 500) == 0)
            support_runner_send(runner, &heartbeat);
    }
}

const struct frame *support_runner_wait(struct support_runner *runner, unsigned kinds)
{
    uint64_t until_ms = clock_now_ms() + PATIENCE_MS;
    while (clock_now_ms() < until_ms && receive(runner, PATIENCE_MS))
        if (kinds & 1u << runner->got.frame.kind)
            return &runner->got.frame;
    must(false, "the runner does not say what is waited for");
    return NULL;
}

bool support_runner_came(struct support_runner *runner, unsigned kinds)
{
    const struct frame question = {.kind = FRAME_ZONE_WANT, .name = "local"};
    bool came = false;
    support_runner_send(runner, &question);
    while (receive(runner, PATIENCE_MS) && runner->got.frame.kind != FRAME_ZONE)
        came |= (kinds & 1u << runner->got.frame.kind) != 0;
    return came;
}

bool support_runner_feed(struct support_runner *runner, struct bytes envelope)
{
    const struct frame frame = {.kind = FRAME_RECORD, .data = envelope};
    support_runner_send(runner, &frame);
    return support_runner_wait(runner, 1u << FRAME_FLOOR)->ok;
}

struct hash support_runner_define(struct support_runner *runner, const struct envelope_signer *signer,
                                  const struct definition *definition)
{
    struct buffer envelope = {0};
    struct record_id id = support_sign_definition(signer, definition, &envelope);
    support_runner_feed(runner, buffer_view(&envelope));
    buffer_deinit(&envelope);
    return id.hash;
}

// --- jobs --------------------------------------------------------------------

struct definition support_runner_definition(const struct support_runner *runner, const char *name,
                                            const char *text)
{
    static const struct definition_trigger every_second = {.kind = DEFINITION_EVERY, .period_ms = 1000};
    struct definition definition = support_definition(name);
    uint64_t stamp = stamp_of_wall_ms(clock_wall_ms() - 3600 * 1000);
    definition.stamp = definition.since = stamp;
    definition.triggers = &every_second;
    definition.argv = NULL;
    definition.argument_count = 0;
    definition.shell = text;
    snprintf(definition.user, sizeof definition.user, "%s", runner->user);
    return definition;
}

int64_t support_runner_due(void)
{
    return clock_wall_ms() / 1000 * 1000;
}

struct frame_start support_runner_due_start(const struct support_runner *runner,
                                            const struct hash *definition)
{
    return (struct frame_start){.definition = *definition,
                                .due_ms = support_runner_due(),
                                .cause = FRAME_SCHEDULED,
                                .attempt = 1,
                                .generation = runner->generation};
}

const struct frame *support_runner_try(struct support_runner *runner, const struct frame_start *start)
{
    struct frame frame = {.kind = FRAME_START, .start = *start};
    if (!frame.start.sent_boottime_ns)
        frame.start.sent_boottime_ns = clock_boottime_ns();
    support_runner_send(runner, &frame);
    return support_runner_wait(runner, 1u << FRAME_STARTED | 1u << FRAME_DENIED | 1u << FRAME_NEED |
                                           1u << FRAME_ENDED);
}

struct run_id support_runner_run(struct support_runner *runner, const struct frame_start *start)
{
    const struct frame *frame = support_runner_try(runner, start);
    if (frame->kind != FRAME_STARTED)
        fprintf(stderr, "not started but %d: rule %d: %s\n", (int)frame->kind, frame->rule, frame->reason);
    must(frame->kind == FRAME_STARTED, "it did not start");
    return frame->run;
}

struct buffer support_runner_output(struct support_runner *runner)
{
    struct buffer output = {0};
    uint8_t chunk[4096];
    int fd = runner->got.descriptors[0];
    must(runner->got.descriptor_count == 2, "no pipes came");
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        must(poll(&ready, 1, PATIENCE_MS) == 1, "the pipe stays open");
        ssize_t size = read(fd, chunk, sizeof chunk);
        if (size <= 0)
            break;
        buffer_add(&output, chunk, (size_t)size);
    }
    buffer_add_u8(&output, 0);
    output.size--;
    return output;
}

void support_runner_acknowledge(struct support_runner *runner, const struct run_id *run)
{
    const struct frame frame = {.kind = FRAME_ENDED_ACK, .run = *run};
    support_runner_send(runner, &frame);
}
