#include "node/io/runner/watches.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/notice.h"
#include "node/io/runner/runner_state.h"
#include "node/io/runner/spawn.h"

void watches_init(struct watches *watches)
{
    *watches = (struct watches){.ready = epoll_create1(EPOLL_CLOEXEC)};
}

static void end(struct watches_item *item)
{
    if (item->pid)
        kill(item->pid, SIGKILL);
    if (item->output >= 0)
        close(item->output); // which takes it out of the epoll set
    item->pid = 0;
    item->output = -1;
}

void watches_deinit(struct watches *watches)
{
    for (size_t i = 0; i < watches->count; i++)
        end(&watches->items[i]);
    if (watches->ready >= 0)
        close(watches->ready);
    free(watches->items);
    free(watches->news);
    *watches = (struct watches){.ready = -1};
}

bool watches_has(const struct watches *watches, pid_t pid)
{
    for (size_t i = 0; i < watches->count; i++)
        if (watches->items[i].pid == pid)
            return true;
    return false;
}

void watches_ended(struct watches *watches, pid_t pid, uint64_t now_ms)
{
    for (size_t i = 0; i < watches->count; i++) {
        struct watches_item *item = &watches->items[i];
        if (item->pid != pid)
            continue;
        item->pid = 0;
        end(item);
        item->deaths = now_ms - item->started_ms >= WATCHES_GOOD_MS ? 1 : item->deaths + 1;
        uint64_t wait_ms = (uint64_t)WATCHES_RETRY_MS_MIN << MIN_OF(item->deaths, 9u);
        item->retry_ms = now_ms + MIN_OF(wait_ms, (uint64_t)WATCHES_RETRY_MS_MAX);
    }
}

const struct watches_news *watches_find(const struct watches *watches, const struct hash *token)
{
    for (size_t i = 0; i < watches->news_count; i++)
        if (hash_equal(&watches->news[i].token, token))
            return &watches->news[i];
    return NULL;
}

void watches_settle(struct watches *watches, const struct hash *token)
{
    for (size_t i = 0; i < watches->news_count; i++)
        if (hash_equal(&watches->news[i].token, token))
            watches->news[i].told_ms = UINT64_MAX; // kept: another attempt may follow
}

// --- processes ---------------------------------------------------------------

static struct watches_item *find_item(const struct watches *watches, const struct hash *definition,
                                      uint16_t trigger)
{
    for (size_t i = 0; i < watches->count; i++)
        if (hash_equal(&watches->items[i].definition, definition) && watches->items[i].trigger == trigger)
            return &watches->items[i];
    return NULL;
}

static void tell_trouble(struct runner *runner, const struct watches_item *item)
{
    struct frame frame = {.kind = FRAME_WATCH};
    frame.start = (struct frame_start){
        .definition = item->definition, .trigger = item->trigger, .cause = FRAME_FILE, .attempt = 1};
    memcpy(frame.reason, item->trouble, sizeof frame.reason);
    runner_send(runner, &frame, NULL);
}

// In words; "": there is none.
PRINTF_LIKE(3, 4)
static void set_trouble(struct runner *runner, struct watches_item *item, const char *format, ...)
{
    char text[FRAME_REASON_ROOM];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    name_trim(text);
    if (item->is_told && strcmp(text, item->trouble) == 0)
        return;
    item->is_told = true;
    memcpy(item->trouble, text, sizeof item->trouble);
    tell_trouble(runner, item);
}

static void add(struct watches *watches, const struct hash *definition, uint16_t trigger)
{
    if (watches->count == WATCHES_COUNT_MAX) {
        notice_say(EFFECT_WARNING, "more than %d files to watch: one more is not", WATCHES_COUNT_MAX);
        return;
    }
    void *items = watches->items;
    base_grow(&items, &watches->capacity, watches->count + 1, sizeof *watches->items);
    watches->items = items;
    watches->items[watches->count++] =
        (struct watches_item){.definition = *definition, .trigger = trigger, .output = -1};
}

void watches_offer(struct runner *runner, const struct hash *definition)
{
    const struct definition_cache_entry *entry =
        definition_cache_find(&runner->evidence.definitions, definition);
    struct arena arena = {0};
    struct definition decoded;
    if (!entry)
        return;
    definition_cache_decode(entry, &arena, &decoded);
    for (size_t i = 0; i < decoded.trigger_count; i++) {
        const struct watches_item *item = find_item(&runner->watches, definition, (uint16_t)i);
        if (decoded.triggers[i].kind == DEFINITION_FILE && !item)
            add(&runner->watches, definition, (uint16_t)i);
        else if (item && item->trouble[0])
            tell_trouble(runner, item); // who offers it may be new
    }
    arena_deinit(&arena);
}

static void start(struct runner *runner, struct watches_item *item, const struct check *check,
                  uint64_t now_ms)
{
    const struct definition_trigger *trigger = &check->definition.triggers[item->trigger];
    char changes[24], quiet[24], throttle[24];
    snprintf(changes, sizeof changes, "%u", (unsigned)trigger->changes);
    snprintf(quiet, sizeof quiet, "%llu", (unsigned long long)trigger->quiet_ms);
    snprintf(throttle, sizeof throttle, "%llu", (unsigned long long)trigger->throttle_ms);
    const char *const words[] = {
        "/proc/self/exe", WATCH_ARGUMENT, trigger->path, trigger->name ? trigger->name : "",
        changes,          quiet,          throttle,      NULL};
    char *const environment[] = {NULL};
    char *argv[COUNT_OF(words)];
    memcpy(argv, words, sizeof argv); // exec only reads them
    const struct spawn_request request = {
        .argv = argv, .environment = environment, .path = "/", .account = &check->user, .directory = "/"};
    struct spawn_process process;
    struct reason reason;
    if (!spawn_start(&request, &process, &reason)) {
        set_trouble(runner, item, "cannot watch %.70s: %.60s", trigger->path, reason.text);
        item->retry_ms = now_ms + WATCHES_RETRY_MS_MAX;
        return;
    }
    close(process.errors);
    item->pid = process.pid;
    item->output = process.output;
    item->started_ms = now_ms;
    struct epoll_event wanted = {.events = EPOLLIN};
    (void)epoll_ctl(runner->watches.ready, EPOLL_CTL_ADD, item->output, &wanted);
}

// In force, allowed, meant for this node, with a user there is: then it is watched.
static void follow(struct runner *runner, struct watches_item *item, uint64_t now_ms)
{
    struct check check;
    const struct check_world world = runner_world(runner);
    const struct frame_start standing = {.definition = item->definition, .trigger = item->trigger};
    int outcome = check_standing(&check, &world, &standing);
    bool may_run = outcome == 0 && check.has_user;
    if (outcome == CHECK_NEED)
        runner_send(runner, &(struct frame){.kind = FRAME_NEED, .record = item->definition}, NULL);
    else if (!may_run) {
        end(item);
        if (outcome == 0)
            set_trouble(runner, item, "cannot watch: there is no user %.60s here", check.user.name);
        else
            set_trouble(runner, item, "%s", "");
    } else if (!item->pid && now_ms >= item->retry_ms)
        start(runner, item, &check, now_ms);
    check_deinit(&check);
}

static bool is_in_force(struct runner *runner, const struct watches_item *item)
{
    return floors_has_definition(&runner->evidence.floors, &item->definition);
}

// --- news --------------------------------------------------------------------

// For people: what is no character of a text becomes a question mark.
static void print_name(const char *name, char out[WATCHES_NAME_ROOM])
{
    bool is_text = name_is_text(bytes_of_text(name), NAME_MAX);
    size_t size = strnlen(name, WATCHES_NAME_ROOM - 1);
    while (is_text && name[size] && size && ((uint8_t)name[size] & 0xc0) == 0x80)
        size--; // no half characters
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)name[i];
        out[i] = c < ' ' || c == 0x7f || (c >= 0x80 && !is_text) ? '?' : name[i];
    }
    out[size] = 0;
}

// "create a.csv", "create a.csv and 3 more"
static void print_news(const struct watch_report *report, char out[FRAME_NAME_ROOM])
{
    char name[WATCHES_NAME_ROOM] = "";
    uint32_t what = 0;
    const char *first = watch_report_next(report, NULL, &what);
    print_name(first, name);
    snprintf(out, FRAME_NAME_ROOM, "%s %s", definition_file_change_text(what), name);
    if (report->count > 1)
        snprintf(out + strlen(out), FRAME_NAME_ROOM - strlen(out), " and %u more", report->count - 1);
}

static void tell(struct runner *runner, struct watches_news *news, uint64_t now_ms)
{
    struct frame frame = {.kind = FRAME_HAPPENED, .record = news->definition};
    frame.start = (struct frame_start){.definition = news->definition,
                                       .trigger = news->trigger,
                                       .cause = FRAME_FILE,
                                       .cause_record = news->token,
                                       .attempt = 1};
    print_news(&news->report, frame.name);
    news->told_ms = now_ms;
    runner_send(runner, &frame, NULL);
}

// What a person has to do about it; errno is the kernel's word.
static void take_state(struct runner *runner, struct watches_item *item, int problem)
{
    const struct definition_cache_entry *entry =
        definition_cache_find(&runner->evidence.definitions, &item->definition);
    struct arena arena = {0};
    struct definition definition;
    if (!entry)
        return;
    definition_cache_decode(entry, &arena, &definition);
    const struct definition_trigger *trigger = &definition.triggers[item->trigger];
    bool is_folder = trigger->name && trigger->name[0];
    const char *word = problem == ENOENT    ? is_folder ? "no such directory" : "no such file or directory"
                       : problem == ENOTDIR ? "not a directory"
                       : problem == EACCES  ? "not readable for user "
                                            : strerror(problem);
    if (problem)
        set_trouble(runner, item, "waits for %.70s: %s%s", trigger->path, word,
                    problem == EACCES ? definition.user : "");
    else
        set_trouble(runner, item, "%s", "");
    arena_deinit(&arena);
}

static void take_report(struct runner *runner, const struct watches_item *item,
                        const struct watch_report *report)
{
    struct watches *watches = &runner->watches;
    if (!watch_report_is_valid(report) || !report->count || watches->news_count == WATCHES_NEWS_COUNT_MAX) {
        if (!watches->lost_count++)
            notice_say(EFFECT_WARNING, "changes of files come faster than their jobs run; some are left out");
        return;
    }
    void *news = watches->news;
    base_grow(&news, &watches->news_capacity, watches->news_count + 1, sizeof *watches->news);
    watches->news = news;
    struct watches_news *made = &watches->news[watches->news_count++];
    *made = (struct watches_news){.definition = item->definition,
                                  .trigger = item->trigger,
                                  .report = *report,
                                  .wall_ms = clock_wall_ms(),
                                  .seen_ms = clock_now_ms()};
    clock_entropy(made->token.b, sizeof made->token.b);
    tell(runner, made, made->seen_ms);
}

void watches_read(struct runner *runner)
{
    for (size_t i = 0; i < runner->watches.count; i++) {
        struct watches_item *item = &runner->watches.items[i];
        struct watch_report report;
        ssize_t size = item->output < 0 ? 0 : read(item->output, &report, sizeof report);
        if (size == (ssize_t)sizeof report && watch_report_is_valid(&report) && !report.count)
            take_state(runner, item, report.problem);
        else if (size == (ssize_t)sizeof report)
            take_report(runner, item, &report);
        else if (item->output >= 0 && (size >= 0 || errno != EAGAIN))
            end(item); // it ended, or talks nonsense
    }
}

static void forget_old(struct watches *watches, uint64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < watches->news_count; i++)
        if (now_ms - watches->news[i].seen_ms < WATCHES_NEWS_MS)
            watches->news[kept++] = watches->news[i];
    watches->news_count = kept;
    if (!kept)
        watches->lost_count = 0;
}

void watches_tick(struct runner *runner, uint64_t now_ms)
{
    struct watches *watches = &runner->watches;
    size_t kept = 0;
    for (size_t i = 0; i < watches->count; i++) {
        struct watches_item item = watches->items[i];
        if (is_in_force(runner, &item) && !runner->is_stopping) {
            follow(runner, &item, now_ms);
            watches->items[kept++] = item;
        } else {
            end(&item);
        }
    }
    watches->count = kept;
    forget_old(watches, now_ms);
    for (size_t i = 0; i < watches->news_count; i++)
        if (watches->news[i].told_ms != UINT64_MAX && now_ms - watches->news[i].told_ms >= WATCHES_TELL_MS)
            tell(runner, &watches->news[i], now_ms);
}
