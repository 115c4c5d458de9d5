// test_definition.c - definitions survive the journey, and what breaks a bound does not.
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t instants[] = {-5, 0, SUPPORT_WALL_MS};
static const struct label trigger_labels[] = {{"role", "gateway"}};
static const char *const upstream[] = {"main/backup", "lab/check"};
static const struct definition_trigger all_triggers[] = {
    {.kind = DEFINITION_CRON, .expression = "30 2 * * *"},
    {.kind = DEFINITION_EVERY, .period_ms = LIMIT_PERIOD_MS_MIN, .anchor_ms = -1},
    {.kind = DEFINITION_AT,
     .instants_ms = instants,
     .instant_count = COUNT_OF(instants),
     .expires_ms = 900000},
    {.kind = DEFINITION_FILE,
     .path = "/srv/in",
     .name = "*.csv",
     .changes = DEFINITION_FILE_CREATE | DEFINITION_FILE_MOVE,
     .quiet_ms = 5000,
     .throttle_ms = 60000},
    {.kind = DEFINITION_EVERY, .period_ms = LIMIT_PERIOD_MS_MAX, .from_end = true},
    {.kind = DEFINITION_EVENT,
     .name = "usb/*",
     .from = DEFINITION_FROM_NODES,
     .where = {trigger_labels, COUNT_OF(trigger_labels)},
     .node = "nas"},
    {.kind = DEFINITION_AFTER,
     .jobs = upstream,
     .job_count = COUNT_OF(upstream),
     .outcome = DEFINITION_OUTCOME_NOT_OK,
     .all = true,
     .latest = true},
    {.kind = DEFINITION_BOOT, .delay_ms = 30000},
    {.kind = DEFINITION_MEMBER, .changes = DEFINITION_MEMBER_DEAD},
};
static const struct definition_blackout all_blackouts[] = {
    {.expression = "0 8 * * MON-FRI", .length_ms = 36000000},
    {.from_ms = SUPPORT_WALL_MS, .length_ms = 1},
};
static const char *const all_needs[] = {"trigger-file", "seccomp"};
static const char *const all_arguments[] = {"/usr/local/bin/backup", "", "Grüße, $HOME\n"};
static const struct definition_pair all_variables[] = {{"LANG", "de_DE.UTF-8"}, {"KATYDID", ""}};
static const struct label all_labels[] = {{"role", "gateway"}, {"site", "*"}};

static struct definition full_definition(void)
{
    struct definition definition = {
        .namespace_name = "ops",
        .name = "backup",
        .life = 3,
        .version = 4,
        .stamp = 5,
        .edited_from = {{6}},
        .schedule_version = 7,
        .since = 8,
        .authority_number = 9,
        .needs = all_needs,
        .need_count = COUNT_OF(all_needs),
        .triggers = all_triggers,
        .trigger_count = COUNT_OF(all_triggers),
        .zone = "America/Argentina/Buenos_Aires",
        .gap = DEFINITION_GAP_SKIP,
        .overlap = DEFINITION_OVERLAP_TWICE,
        .catch_up = DEFINITION_CATCH_UP_ALL,
        .catch_up_within_ms = 10,
        .catch_up_spread_ms = 600000,
        .not_before_ms = -1,
        .not_after_ms = SUPPORT_WALL_MS,
        .due_count = 12,
        .blackouts = all_blackouts,
        .blackout_count = COUNT_OF(all_blackouts),
        .jitter_ms = LIMIT_JITTER_MS_MAX,
        .max_clock_error_ms = 5000,
        .argv = all_arguments,
        .argument_count = COUNT_OF(all_arguments),
        .user = "ops",
        .directory = "/srv",
        .environment = all_variables,
        .environment_count = COUNT_OF(all_variables),
        .standard_input = "y\n",
        .time_limit_ms = LIMIT_PERIOD_MS_MAX,
        .grace_ms = 11,
        .output_limit_bytes = 12,
        .spread = DEFINITION_SPREAD_ALL,
        .where = {all_labels, COUNT_OF(all_labels)},
        .node = "nas",
        .busy = DEFINITION_BUSY_SKIP,
        .on_lost = DEFINITION_ON_LOST_REPORT,
        .guarantee = DEFINITION_AT_MOST_ONCE,
        .retry_times = LIMIT_RETRY_COUNT_MAX,
        .retry_delay_ms = 13,
        .retry_growth_milli = 2000,
        .keep_ms = 14,
        .keep_runs = 15,
        .note = "nightly",
    };
    return definition;
}

static int decode_body(const struct buffer *body, struct arena *arena, struct definition *ret)
{
    uint8_t *exact = base_copy(body->data, body->size);
    int outcome = definition_decode(bytes_of(exact, body->size), arena, ret);
    free(exact); // what was decoded must not point into it
    return outcome;
}

static bool is_accepted(const struct definition *definition)
{
    struct buffer body = {0}, again = {0};
    struct arena arena = {0};
    struct definition decoded = {.life = 77};
    definition_encode(definition, &body);
    bool accepted = decode_body(&body, &arena, &decoded) == 0;
    if (accepted) {
        definition_encode(&decoded, &again);
        assert_true(bytes_equal(buffer_view(&body), buffer_view(&again)));
    } else {
        assert_int_equal(decoded.life, 77); // a refusal writes nothing
    }
    buffer_deinit(&body);
    buffer_deinit(&again);
    arena_deinit(&arena);
    return accepted;
}

static void assert_same_triggers(const struct definition *a, const struct definition *b)
{
    assert_int_equal(a->trigger_count, b->trigger_count);
    for (size_t i = 0; i < a->trigger_count; i++) {
        const struct definition_trigger *x = &a->triggers[i], *y = &b->triggers[i];
        assert_int_equal(x->kind, y->kind);
        assert_string_equal(x->expression ? x->expression : "", y->expression ? y->expression : "");
        assert_string_equal(x->name ? x->name : "", y->name ? y->name : "");
        assert_true(x->period_ms == y->period_ms && x->anchor_ms == y->anchor_ms &&
                    x->expires_ms == y->expires_ms);
        assert_int_equal(x->instant_count, y->instant_count);
        for (size_t j = 0; j < x->instant_count; j++)
            assert_true(x->instants_ms[j] == y->instants_ms[j]);
    }
}

static void assert_same_command(const struct definition *a, const struct definition *b)
{
    assert_int_equal(a->argument_count, b->argument_count);
    for (size_t i = 0; i < a->argument_count; i++)
        assert_string_equal(a->argv[i], b->argv[i]);
    assert_int_equal(a->environment_count, b->environment_count);
    for (size_t i = 0; i < a->environment_count; i++) {
        assert_string_equal(a->environment[i].key, b->environment[i].key);
        assert_string_equal(a->environment[i].value, b->environment[i].value);
    }
    assert_string_equal(a->user, b->user);
    assert_string_equal(a->directory, b->directory);
    assert_string_equal(a->standard_input, b->standard_input);
    assert_true(a->time_limit_ms == b->time_limit_ms && a->grace_ms == b->grace_ms);
    assert_int_equal(a->output_limit_bytes, b->output_limit_bytes);
}

static void assert_same_policy(const struct definition *a, const struct definition *b)
{
    assert_true(a->gap == b->gap && a->overlap == b->overlap && a->catch_up == b->catch_up);
    assert_int_equal(a->catch_up_within_ms, b->catch_up_within_ms);
    assert_true(a->spread == b->spread && a->busy == b->busy && a->on_lost == b->on_lost);
    assert_int_equal(a->guarantee, b->guarantee);
    assert_int_equal(a->where.count, b->where.count);
    assert_memory_equal(a->where.items, b->where.items, a->where.count * sizeof *a->where.items);
    assert_string_equal(a->node, b->node);
    assert_true(a->retry_times == b->retry_times && a->retry_delay_ms == b->retry_delay_ms);
    assert_int_equal(a->retry_growth_milli, b->retry_growth_milli);
    assert_true(a->keep_ms == b->keep_ms && a->keep_runs == b->keep_runs);
    assert_string_equal(a->note, b->note);
}

static void every_field_survives(void **state)
{
    (void)state;
    struct definition definition = full_definition(), decoded;
    struct buffer body = {0};
    struct arena arena = {0};
    definition_encode(&definition, &body);
    assert_int_equal(decode_body(&body, &arena, &decoded), 0);
    assert_string_equal(decoded.namespace_name, "ops");
    assert_string_equal(decoded.name, "backup");
    assert_true(decoded.life == 3 && decoded.version == 4 && decoded.stamp == 5 && decoded.since == 8);
    assert_true(decoded.schedule_version == 7 && decoded.authority_number == 9);
    assert_true(hash_equal(&decoded.edited_from, &definition.edited_from));
    assert_int_equal(decoded.need_count, 2);
    assert_string_equal(decoded.needs[1], "seccomp");
    assert_string_equal(decoded.zone, definition.zone);
    assert_null(decoded.shell);
    assert_same_triggers(&decoded, &definition);
    assert_same_command(&decoded, &definition);
    assert_same_policy(&decoded, &definition);
    assert_true(is_accepted(&definition));
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void what_is_not_said_is_null(void **state)
{
    (void)state;
    struct definition definition = support_definition("quiet"), decoded;
    struct buffer body = {0};
    struct arena arena = {0};
    definition_encode(&definition, &body);
    assert_int_equal(decode_body(&body, &arena, &decoded), 0);
    assert_true(!decoded.shell && !decoded.directory && !decoded.standard_input && !decoded.note);
    assert_true(!decoded.triggers[0].expression && !decoded.triggers[0].name);
    assert_true(decoded.where.count == 0 && decoded.environment_count == 0 && decoded.need_count == 0);
    assert_string_equal(decoded.node, "");
    assert_int_equal(decoded.time_limit_ms, 0);
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void lives_are_odd_and_versions_count_from_one(void **state)
{
    (void)state;
    struct definition definition = support_definition("job");
    definition.life = 2;
    assert_false(is_accepted(&definition));
    definition.life = 0;
    assert_false(is_accepted(&definition));
    definition.life = UINT64_MAX; // odd, and out of range
    assert_false(is_accepted(&definition));
    definition.life = INT64_MAX;
    assert_true(is_accepted(&definition));
    definition.version = 0;
    assert_false(is_accepted(&definition));
}

static void stamps_end_with_the_calendar(void **state)
{
    (void)state;
    struct definition definition = support_definition("job");
    definition.stamp = (uint64_t)LIMIT_WALL_MS_MAX << 16;
    assert_true(is_accepted(&definition));
    definition.stamp++;
    assert_false(is_accepted(&definition));
    definition.stamp = 0;
    definition.since = UINT64_MAX;
    assert_false(is_accepted(&definition));
}

static void names_are_names(void **state)
{
    (void)state;
    struct definition definition = support_definition("job");
    strcpy(definition.name, "../job");
    assert_false(is_accepted(&definition));
    definition = support_definition("job");
    strcpy(definition.namespace_name, "");
    assert_false(is_accepted(&definition));
    definition = support_definition("job");
    strcpy(definition.user, "a b");
    assert_false(is_accepted(&definition));
    definition = support_definition("job");
    strcpy(definition.node, "n/");
    assert_false(is_accepted(&definition));
    static const char *const needs[] = {"fine", "not fine"};
    definition = support_definition("job");
    definition.needs = needs;
    definition.need_count = 1;
    assert_true(is_accepted(&definition));
    definition.need_count = 2;
    assert_false(is_accepted(&definition));
}

static void a_zone_never_leads_out_of_its_directory(void **state)
{
    (void)state;
    static const char *const good[] = {"UTC", "local", "Etc/GMT+5", "America/Port-au-Prince", "a/b/c"};
    static const char *const bad[] = {"",  "/etc/passwd", "../x", "a/../b", "a//b", "a/",
                                      ".", "a/.b",        "a b",  "a\nb",   "ä",    "a\\b"};
    struct definition definition = support_definition("job");
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        definition.zone = good[i];
        assert_true(is_accepted(&definition));
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        definition.zone = bad[i];
        assert_false(is_accepted(&definition));
    }
}

static bool trigger_is_accepted(struct definition_trigger trigger)
{
    struct definition definition = support_definition("job");
    definition.triggers = &trigger;
    return is_accepted(&definition);
}

static void triggers_say_what_their_kind_needs(void **state)
{
    (void)state;
    assert_true(
        trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_CRON, .expression = "@daily"}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_CRON}));
    assert_false(
        trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_CRON, .expression = "\xff"}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_AT}));
    assert_true(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_BOOT}));
    assert_true(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_EVENT, .name = "usb/*"}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_EVENT, .name = "usb"}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_EVENT, .name = "/usb"}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_EVENT}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_AFTER}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_MEMBER}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_MEMBER, .changes = 8}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_FILE, .changes = 1}));
    assert_false(trigger_is_accepted(
        (struct definition_trigger){.kind = DEFINITION_FILE, .changes = 1, .path = "srv"}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = (enum definition_trigger_kind)0}));
    assert_false(trigger_is_accepted((struct definition_trigger){.kind = DEFINITION_FILE + 1}));
}

static void jobs_before_this_one_are_patterns_and_distinct(void **state)
{
    (void)state;
    const char *jobs[] = {"main/a", "*"};
    struct definition_trigger after = {.kind = DEFINITION_AFTER, .jobs = jobs, .job_count = 2};
    assert_true(trigger_is_accepted(after));
    jobs[1] = "main/a";
    assert_false(trigger_is_accepted(after));
    jobs[1] = "main/a/b";
    assert_false(trigger_is_accepted(after));
    jobs[1] = "a b/c";
    assert_false(trigger_is_accepted(after));
    jobs[1] = "a";
    assert_false(trigger_is_accepted(after));
}

static void an_event_is_the_only_input(void **state)
{
    (void)state;
    struct definition definition = support_definition("job");
    definition.event_input = true;
    assert_true(is_accepted(&definition));
    definition.standard_input = "text";
    assert_false(is_accepted(&definition));
}

static void a_blackout_has_a_length_and_one_beginning(void **state)
{
    (void)state;
    struct definition definition = support_definition("job");
    struct definition_blackout blackout = {.expression = "@daily", .length_ms = 1};
    definition.blackouts = &blackout;
    definition.blackout_count = 1;
    assert_true(is_accepted(&definition));
    blackout.from_ms = 1;
    assert_false(is_accepted(&definition));
    blackout = (struct definition_blackout){.from_ms = 1};
    assert_false(is_accepted(&definition));
}

static void periods_and_instants_have_a_range(void **state)
{
    (void)state;
    struct definition_trigger every = {.kind = DEFINITION_EVERY, .period_ms = LIMIT_PERIOD_MS_MAX};
    assert_true(trigger_is_accepted(every));
    every.period_ms++;
    assert_false(trigger_is_accepted(every));
    every.period_ms = LIMIT_PERIOD_MS_MIN - 1;
    assert_false(trigger_is_accepted(every));
    every.period_ms = LIMIT_PERIOD_MS_MIN;
    every.anchor_ms = -LIMIT_WALL_MS_MAX;
    assert_true(trigger_is_accepted(every));
    every.anchor_ms--;
    assert_false(trigger_is_accepted(every));

    int64_t moments[] = {1, 2, LIMIT_WALL_MS_MAX};
    struct definition_trigger at = {.kind = DEFINITION_AT, .instants_ms = moments, .instant_count = 3};
    assert_true(trigger_is_accepted(at));
    moments[2]++;
    assert_false(trigger_is_accepted(at));
    moments[2] = 2; // the same twice
    assert_false(trigger_is_accepted(at));
    moments[2] = 0;
    assert_false(trigger_is_accepted(at));
}

static void spans_and_enumerations_have_a_range(void **state)
{
    (void)state;
    static const size_t spans[] = {
        offsetof(struct definition, catch_up_within_ms),
        offsetof(struct definition, time_limit_ms),
        offsetof(struct definition, grace_ms),
        offsetof(struct definition, retry_delay_ms),
        offsetof(struct definition, keep_ms),
    };
    for (size_t i = 0; i < COUNT_OF(spans); i++) {
        struct definition definition = full_definition();
        uint64_t over = (uint64_t)LIMIT_PERIOD_MS_MAX + 1;
        memcpy((uint8_t *)&definition + spans[i], &over, sizeof over);
        assert_false(is_accepted(&definition));
    }
    static const size_t numbers[] = {
        offsetof(struct definition, gap),       offsetof(struct definition, overlap),
        offsetof(struct definition, catch_up),  offsetof(struct definition, spread),
        offsetof(struct definition, busy),      offsetof(struct definition, on_lost),
        offsetof(struct definition, guarantee), offsetof(struct definition, retry_times),
    };
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct definition definition = full_definition(); // has the highest of each
        uint32_t value;
        memcpy(&value, (uint8_t *)&definition + numbers[i], sizeof value);
        value++;
        memcpy((uint8_t *)&definition + numbers[i], &value, sizeof value);
        assert_false(is_accepted(&definition));
    }
}

static void there_is_exactly_one_command(void **state)
{
    (void)state;
    static const char *const nothing[] = {"", "x"};
    struct definition definition = support_definition("job");
    definition.shell = "true";
    assert_false(is_accepted(&definition));
    definition.argument_count = 0;
    assert_true(is_accepted(&definition));
    definition.shell = NULL;
    assert_false(is_accepted(&definition));
    definition.argv = nothing; // a program without a name
    definition.argument_count = 2;
    assert_false(is_accepted(&definition));
}

static void the_environment_cannot_lie_to_a_command(void **state)
{
    (void)state;
    static const struct definition_pair bad[][2] = {
        {{"A", "1"}, {"KATYDID_RUN", "1"}}, {{"A", "1"}, {"", "1"}},     {{"A", "1"}, {"B=C", "1"}},
        {{"A", "1"}, {"A", "2"}},           {{"A", "1"}, {"B", "\xc0"}},
    };
    struct definition definition = support_definition("job");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        definition.environment = bad[i];
        definition.environment_count = 1;
        assert_true(is_accepted(&definition));
        definition.environment_count = 2;
        assert_false(is_accepted(&definition));
    }
}

static void label_keys_are_distinct(void **state)
{
    (void)state;
    static const struct label twice[] = {{"role", "a"}, {"role", "b"}};
    struct definition definition = support_definition("job");
    definition.where = (struct labels){twice, 1};
    assert_true(is_accepted(&definition));
    definition.where.count = 2;
    assert_false(is_accepted(&definition));
}

// As many entries of every list as limits.h allows, each as small as it may be: the arena has room for it.
struct dense {
    struct definition definition;
    struct definition_trigger triggers[LIMIT_TRIGGER_COUNT_MAX + 1];
    int64_t instants[LIMIT_INSTANT_COUNT_MAX + 1];
    const char *arguments[LIMIT_ARGUMENT_COUNT_MAX + 1];
    char variable_names[LIMIT_ENVIRONMENT_COUNT_MAX + 1][4];
    struct definition_pair variables[LIMIT_ENVIRONMENT_COUNT_MAX + 1];
    struct label labels[LIMIT_LABEL_COUNT_MAX + 1];
    const char *needs[LIMIT_NEED_COUNT_MAX + 1];
};

static void dense_init(struct dense *dense)
{
    *dense = (struct dense){.definition = support_definition("dense")};
    for (size_t i = 0; i < COUNT_OF(dense->instants); i++)
        dense->instants[i] = (int64_t)i;
    for (size_t i = 0; i < COUNT_OF(dense->triggers); i++)
        dense->triggers[i] = (struct definition_trigger){
            .kind = DEFINITION_AT, .instants_ms = dense->instants, .instant_count = LIMIT_INSTANT_COUNT_MAX};
    for (size_t i = 0; i < COUNT_OF(dense->arguments); i++)
        dense->arguments[i] = "x";
    for (size_t i = 0; i < COUNT_OF(dense->variables); i++) {
        dense->variable_names[i][0] = (char)('A' + i % 26);
        dense->variable_names[i][1] = (char)('A' + i / 26);
        dense->variables[i] = (struct definition_pair){dense->variable_names[i], ""};
    }
    for (size_t i = 0; i < COUNT_OF(dense->labels); i++) {
        dense->labels[i].key[0] = (char)('a' + i % 26);
        dense->labels[i].key[1] = i < 26 ? 0 : 'x';
    }
    for (size_t i = 0; i < COUNT_OF(dense->needs); i++)
        dense->needs[i] = "x";
    struct definition *definition = &dense->definition;
    definition->triggers = dense->triggers;
    definition->trigger_count = LIMIT_TRIGGER_COUNT_MAX;
    definition->argv = dense->arguments;
    definition->argument_count = LIMIT_ARGUMENT_COUNT_MAX;
    definition->environment = dense->variables;
    definition->environment_count = LIMIT_ENVIRONMENT_COUNT_MAX;
    definition->where = (struct labels){dense->labels, LIMIT_LABEL_COUNT_MAX};
    definition->needs = dense->needs;
    definition->need_count = LIMIT_NEED_COUNT_MAX;
}

static void full_lists_are_accepted_and_one_more_is_not(void **state)
{
    (void)state;
    struct dense *dense = base_alloc(1, sizeof *dense);
    dense_init(dense);
    assert_true(is_accepted(&dense->definition));
    size_t *const counts[] = {
        &dense->definition.trigger_count,     &dense->triggers[3].instant_count,
        &dense->definition.argument_count,    &dense->definition.where.count,
        &dense->definition.environment_count, &dense->definition.need_count,
    };
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        ++*counts[i];
        assert_false(is_accepted(&dense->definition));
        --*counts[i];
    }
    assert_true(is_accepted(&dense->definition));
    free(dense);
}

static void a_definition_has_a_size(void **state)
{
    (void)state;
    struct definition definition = support_definition("job");
    struct buffer body = {0};
    definition_encode(&definition, &body);
    size_t room = LIMIT_DEFINITION_SIZE_MAX - body.size - 5; // tag 2, length 3
    buffer_deinit(&body);
    char *text = base_alloc(1, LIMIT_DEFINITION_SIZE_MAX);
    memset(text, 'x', room);
    definition.standard_input = text;
    assert_true(is_accepted(&definition));
    text[room] = 'x';
    assert_false(is_accepted(&definition));
    free(text);
}

// Two bytes of input make protobuf-c take a whole message each; the ceiling stops it.
static void a_bomb_of_empty_messages_is_refused(void **state)
{
    (void)state;
    static const uint8_t tags[][2] = {{0xa2, 0x01}, {0x92, 0x02}}; // fields 20 triggers, 34 environment
    for (size_t kind = 0; kind < COUNT_OF(tags); kind++) {
        struct buffer body = {0};
        struct arena arena = {0};
        struct definition decoded;
        while (body.size + 3 <= LIMIT_DEFINITION_SIZE_MAX) {
            buffer_add(&body, tags[kind], sizeof tags[kind]);
            buffer_add_u8(&body, 0);
        }
        assert_int_equal(decode_body(&body, &arena, &decoded), DEFINITION_MALFORMED);
        assert_true(arena.used <= arena.ceiling);
        buffer_deinit(&body);
        arena_deinit(&arena);
    }
}

static void fields_of_a_later_version_are_skipped(void **state)
{
    (void)state;
    static const uint8_t later[] = {0xfa, 0x3e, 1, 'x'}; // field 1007
    struct definition definition = support_definition("job"), decoded;
    struct buffer body = {0};
    struct arena arena = {0};
    definition_encode(&definition, &body);
    buffer_add(&body, later, sizeof later);
    assert_int_equal(decode_body(&body, &arena, &decoded), 0);
    assert_string_equal(decoded.name, "job");
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static bool same_content(const struct definition *a, const struct definition *b)
{
    struct hash x = definition_content(a), y = definition_content(b);
    return hash_equal(&x, &y);
}

static bool same_schedule(const struct definition *a, const struct definition *b)
{
    struct hash x = definition_schedule(a), y = definition_schedule(b);
    return hash_equal(&x, &y);
}

static void content_is_all_but_the_history(void **state)
{
    (void)state;
    struct definition a = full_definition(), b = a;
    b.life = 99, b.version = 98, b.stamp = 97, b.edited_from.b[0] = 96;
    b.schedule_version = 95, b.since = 94, b.authority_number = 93;
    assert_true(same_content(&a, &b));
    b.keep_runs++;
    assert_false(same_content(&a, &b));
    b = a;
    b.catch_up = DEFINITION_CATCH_UP_LAST;
    assert_false(same_content(&a, &b));
    b = a;
    strcpy(b.name, "other");
    assert_false(same_content(&a, &b));
}

static void the_schedule_is_triggers_and_what_bends_the_calendar(void **state)
{
    (void)state;
    struct definition a = full_definition(), b = support_definition("other");
    b.triggers = a.triggers;
    b.trigger_count = a.trigger_count;
    b.zone = a.zone;
    b.gap = a.gap;
    b.overlap = a.overlap;
    b.not_before_ms = a.not_before_ms, b.not_after_ms = a.not_after_ms, b.due_count = a.due_count;
    b.blackouts = a.blackouts, b.blackout_count = a.blackout_count;
    assert_true(same_schedule(&a, &b)); // catch-up, command and all the rest differ
    b.zone = "UTC";
    assert_false(same_schedule(&a, &b));
    b = a;
    b.gap = DEFINITION_GAP_RUN_AFTER;
    assert_false(same_schedule(&a, &b));
    b = a;
    b.overlap = DEFINITION_OVERLAP_ONCE;
    assert_false(same_schedule(&a, &b));
    b = a;
    b.trigger_count--;
    assert_false(same_schedule(&a, &b));
    b = a;
    b.due_count++;
    assert_false(same_schedule(&a, &b));
    b = a;
    b.blackout_count--;
    assert_false(same_schedule(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_survives),
        cmocka_unit_test(what_is_not_said_is_null),
        cmocka_unit_test(lives_are_odd_and_versions_count_from_one),
        cmocka_unit_test(stamps_end_with_the_calendar),
        cmocka_unit_test(names_are_names),
        cmocka_unit_test(a_zone_never_leads_out_of_its_directory),
        cmocka_unit_test(triggers_say_what_their_kind_needs),
        cmocka_unit_test(jobs_before_this_one_are_patterns_and_distinct),
        cmocka_unit_test(an_event_is_the_only_input),
        cmocka_unit_test(a_blackout_has_a_length_and_one_beginning),
        cmocka_unit_test(periods_and_instants_have_a_range),
        cmocka_unit_test(spans_and_enumerations_have_a_range),
        cmocka_unit_test(there_is_exactly_one_command),
        cmocka_unit_test(the_environment_cannot_lie_to_a_command),
        cmocka_unit_test(label_keys_are_distinct),
        cmocka_unit_test(full_lists_are_accepted_and_one_more_is_not),
        cmocka_unit_test(a_definition_has_a_size),
        cmocka_unit_test(a_bomb_of_empty_messages_is_refused),
        cmocka_unit_test(fields_of_a_later_version_are_skipped),
        cmocka_unit_test(content_is_all_but_the_history),
        cmocka_unit_test(the_schedule_is_triggers_and_what_bends_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
