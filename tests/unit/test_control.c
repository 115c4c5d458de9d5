// test_control.c - requests and replies of the control socket survive the wire, and nothing else gets in.
#include "proto/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct control_request request_again(const struct control_request *request, struct arena *arena)
{
    struct buffer wire = {0};
    struct control_request back;
    control_request_encode(request, &wire);
    assert_int_equal(control_request_decode(buffer_view(&wire), arena, &back), 0);
    buffer_deinit(&wire);
    return back;
}

static struct control_reply reply_again(const struct control_reply *reply, struct arena *arena)
{
    struct buffer wire = {0};
    struct control_reply back;
    control_reply_encode(reply, &wire);
    assert_int_equal(control_reply_decode(buffer_view(&wire), arena, &back), 0);
    buffer_deinit(&wire);
    return back;
}

static bool is_refused(const struct control_reply *reply)
{
    struct buffer wire = {0};
    struct arena arena = {0};
    struct control_reply back;
    control_reply_encode(reply, &wire);
    int outcome = control_reply_decode(buffer_view(&wire), &arena, &back);
    arena_deinit(&arena);
    buffer_deinit(&wire);
    return outcome == CONTROL_MALFORMED;
}

static void a_request_keeps_every_field(void **state)
{
    (void)state;
    struct arena arena = {0};
    const char *names[] = {"nas", "gw-1"};
    struct bytes records[] = {bytes_of_text("first"), bytes_of_text("second record")};
    struct control_request request = {
        .kind = CONTROL_RUNS,
        .job = "main/backup",
        .run = "41aa",
        .records = records,
        .record_count = 2,
        .since_ms = -5,
        .at_ms = 1700000000000,
        .limit = 7,
        .failed = true,
        .follow = true,
        .names = names,
        .name_count = 2,
        .from_number = 9,
    };
    struct control_request back = request_again(&request, &arena);
    assert_int_equal(back.kind, CONTROL_RUNS);
    assert_string_equal(back.job, "main/backup");
    assert_string_equal(back.run, "41aa");
    assert_int_equal(back.record_count, 2);
    assert_true(bytes_equal(back.records[1], records[1]));
    assert_int_equal(back.since_ms, -5);
    assert_int_equal(back.at_ms, 1700000000000);
    assert_int_equal(back.limit, 7);
    assert_true(back.failed && back.follow);
    assert_false(back.duplicates || back.undo || back.now || back.erase || back.local);
    assert_string_equal(back.names[1], "gw-1");
    assert_int_equal(back.from_number, 9);
    arena_deinit(&arena);
}

static void absent_texts_come_back_empty_and_never_null(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct control_request back = request_again(&(struct control_request){.kind = CONTROL_STATUS}, &arena);
    assert_string_equal(back.job, "");
    assert_string_equal(back.run, "");
    assert_int_equal(back.record_count, 0);
    struct control_reply end =
        reply_again(&(struct control_reply){.kind = CONTROL_REPLY_END, .last = true}, &arena);
    assert_string_equal(end.text, "");
    assert_int_equal(end.unreachable_count, 0);
    arena_deinit(&arena);
}

static void a_job_name_without_namespace_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {"backup", "main/", "/x", "main/a b", "main/a\nb", "a/b/c"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct buffer wire = {0};
        struct arena arena = {0};
        struct control_request back;
        control_request_encode(&(struct control_request){.kind = CONTROL_JOB, .job = BAD[i]}, &wire);
        assert_int_equal(control_request_decode(buffer_view(&wire), &arena, &back), CONTROL_MALFORMED);
        arena_deinit(&arena);
        buffer_deinit(&wire);
    }
}

static void unknown_kinds_are_refused(void **state)
{
    (void)state;
    struct buffer wire = {0};
    struct arena arena = {0};
    struct control_request back;
    assert_int_equal(control_request_decode(bytes_of(NULL, 0), &arena, &back), CONTROL_MALFORMED);
    control_request_encode(&(struct control_request){.kind = (enum control_request_kind)99}, &wire);
    assert_int_equal(control_request_decode(buffer_view(&wire), &arena, &back), CONTROL_MALFORMED);
    arena_deinit(&arena);
    buffer_deinit(&wire);
}

static void a_status_reply_survives(void **state)
{
    (void)state;
    struct arena arena = {0};
    const char *listen[] = {"127.0.0.1:5289"};
    const char *problems[] = {"disk full", "clock untrusted"};
    struct control_reply reply = {.kind = CONTROL_REPLY_STATUS,
                                  .is.status = {
                                      .node = {{1, 2}},
                                      .node_name = "nas",
                                      .fleet = {{{7}}},
                                      .version = "0.1.0",
                                      .stamp = UINT64_MAX >> 1,
                                      .takes_work = true,
                                      .confined = MEMBER_CONFINED_PARTLY,
                                      .storage = CONTROL_STORAGE_FULL,
                                      .listen = listen,
                                      .listen_count = 1,
                                      .problems = problems,
                                      .problem_count = 2,
                                      .table_digest = {{9}},
                                      .records = 12,
                                  }};
    struct control_reply back = reply_again(&reply, &arena);
    assert_false(back.last);
    assert_memory_equal(&back.is.status.node, &reply.is.status.node, sizeof reply.is.status.node);
    assert_memory_equal(&back.is.status.fleet, &reply.is.status.fleet, sizeof reply.is.status.fleet);
    assert_string_equal(back.is.status.node_name, "nas");
    assert_true(back.is.status.stamp == UINT64_MAX >> 1);
    assert_int_equal(back.is.status.confined, MEMBER_CONFINED_PARTLY);
    assert_int_equal(back.is.status.storage, CONTROL_STORAGE_FULL);
    assert_string_equal(back.is.status.problems[1], "clock untrusted");
    assert_string_equal(back.is.status.listen[0], "127.0.0.1:5289");
    assert_int_equal(back.is.status.records, 12);
    arena_deinit(&arena);
}

static void a_member_reply_keeps_labels(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct label labels[] = {{"role", "gateway"}, {"site", "berlin"}};
    struct control_reply reply = {.kind = CONTROL_REPLY_MEMBER,
                                  .is.member = {
                                      .name = "gw-1",
                                      .state = CONTROL_SUSPECT,
                                      .labels = {labels, 2},
                                      .self = true,
                                      .isolated = true,
                                      .clock_offset_ms = -12,
                                  }};
    struct control_reply back = reply_again(&reply, &arena);
    assert_int_equal(back.is.member.state, CONTROL_SUSPECT);
    assert_int_equal(back.is.member.clock_offset_ms, -12);
    assert_true(back.is.member.isolated && back.is.member.self);
    assert_string_equal(back.is.member.labels.items[1].value, "berlin");
    reply.is.member.state = (enum control_state)9;
    assert_true(is_refused(&reply));
    arena_deinit(&arena);
}

static void a_job_reply_keeps_envelopes_whole(void **state)
{
    (void)state;
    struct arena arena = {0};
    static const uint8_t ENVELOPE[] = {0x20, 0, 0xff, 0};
    struct bytes conflict = bytes_of(ENVELOPE, 2);
    const char *keepers[] = {"a", "b"};
    struct control_reply reply = {.kind = CONTROL_REPLY_JOB,
                                  .is.job = {
                                      .job = "main/x",
                                      .life = 3,
                                      .version = 2,
                                      .paused = true,
                                      .definition = bytes_of(ENVELOPE, sizeof ENVELOPE),
                                      .owner = "a",
                                      .keepers = keepers,
                                      .keeper_count = 2,
                                      .next_ms = 5,
                                      .last_status = LEDGER_FAILED,
                                      .conflicts = &conflict,
                                      .conflict_count = 1,
                                      .problem = "user nobody does not exist",
                                  }};
    struct control_reply back = reply_again(&reply, &arena);
    assert_true(bytes_equal(back.is.job.definition, reply.is.job.definition));
    assert_true(bytes_equal(back.is.job.conflicts[0], conflict));
    assert_string_equal(back.is.job.keepers[1], "b");
    assert_int_equal(back.is.job.last_status, LEDGER_FAILED);
    assert_int_equal(back.is.job.pause_count, 0);
    arena_deinit(&arena);
}

static void a_run_reply_tells_absent_ids_from_zero_ids(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct control_reply reply = {.kind = CONTROL_REPLY_RUN,
                                  .is.run = {
                                      .job = "main/x",
                                      .has_run = true,
                                      .count = 60,
                                      .exit_code = -1,
                                      .signal = 9,
                                      .trigger = 0xffff,
                                      .trigger_text = "every 5m",
                                      .status = LEDGER_TIMEOUT,
                                      .reason = "over the time limit",
                                      .is_duplicate = true,
                                      .duplicate_of = {{4}},
                                  }};
    struct control_reply back = reply_again(&reply, &arena);
    assert_true(back.is.run.has_run && back.is.run.is_duplicate);
    assert_int_equal(back.is.run.exit_code, -1);
    assert_int_equal(back.is.run.trigger, 0xffff);
    assert_string_equal(back.is.run.trigger_text, "every 5m");
    assert_int_equal(back.is.run.duplicate_of.b[0], 4);
    reply.is.run.has_run = reply.is.run.is_duplicate = false;
    back = reply_again(&reply, &arena);
    assert_false(back.is.run.has_run || back.is.run.is_duplicate);
    arena_deinit(&arena);
}

static void log_data_may_be_any_bytes(void **state)
{
    (void)state;
    struct arena arena = {0};
    static const uint8_t RAW[] = {0, 0x1b, '[', 0xff, '\n'};
    struct control_reply reply = {.kind = CONTROL_REPLY_LOG,
                                  .is.log = {
                                      .run = {{1}},
                                      .offset = 1ull << 40,
                                      .stream = 2,
                                      .at_ms = 3,
                                      .data = bytes_of(RAW, sizeof RAW),
                                  }};
    struct control_reply back = reply_again(&reply, &arena);
    assert_true(bytes_equal(back.is.log.data, reply.is.log.data));
    assert_true(back.is.log.offset == 1ull << 40);
    reply.is.log.stream = 3;
    assert_true(is_refused(&reply));
    arena_deinit(&arena);
}

static void the_small_replies_survive(void **state)
{
    (void)state;
    struct arena arena = {0};
    const char *keepers[] = {"gw-2"};
    struct control_reply why = {
        .kind = CONTROL_REPLY_WHY,
        .is.why = {
            .job = "main/x", .before_ms = 1, .after_ms = 2, .status = LEDGER_MISSED, .reason = "no node up"}};
    struct control_reply story = {.kind = CONTROL_REPLY_STORY,
                                  .is.story = {.at_ms = 8, .stamp = 9, .what = "took over"}};
    struct control_reply put = {
        .kind = CONTROL_REPLY_PUT,
        .is.put = {.record = {{1}}, .outcome = CONTROL_PUT_REFUSED, .text = "disk full"}};
    struct control_reply owner = {
        .kind = CONTROL_REPLY_OWNER,
        .is.owner = {.job = "main/x", .owner = "nas", .keepers = keepers, .keeper_count = 1}};
    struct control_reply record = {.kind = CONTROL_REPLY_RECORD, .is.record = bytes_of_text("envelope")};
    assert_int_equal(reply_again(&why, &arena).is.why.after_ms, 2);
    assert_string_equal(reply_again(&story, &arena).is.story.what, "took over");
    assert_string_equal(reply_again(&put, &arena).is.put.text, "disk full");
    assert_string_equal(reply_again(&owner, &arena).is.owner.keepers[0], "gw-2");
    assert_true(bytes_equal(reply_again(&record, &arena).is.record, record.is.record));
    put.is.put.outcome = 0;
    assert_true(is_refused(&put));
    arena_deinit(&arena);
}

static void only_the_last_reply_may_be_empty(void **state)
{
    (void)state;
    assert_true(is_refused(&(struct control_reply){.kind = CONTROL_REPLY_END}));
    assert_true(is_refused(&(struct control_reply){.kind = CONTROL_REPLY_RECORD, .last = true}));
}

static void a_text_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char text[LIMIT_TEXT_SIZE_MAX + 2];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    struct control_reply reply = {.kind = CONTROL_REPLY_END, .last = true, .text = text};
    assert_true(is_refused(&reply));
    text[sizeof text - 2] = '\0';
    assert_false(is_refused(&reply));
    text[5] = (char)0xff;
    assert_true(is_refused(&reply));
}

static void too_many_records_are_refused(void **state)
{
    (void)state;
    struct bytes records[CONTROL_RECORD_COUNT_MAX + 1];
    struct buffer wire = {0};
    struct arena arena = {0};
    struct control_request back;
    for (size_t i = 0; i < COUNT_OF(records); i++)
        records[i] = bytes_of_text("r");
    struct control_request request = {
        .kind = CONTROL_PUT, .records = records, .record_count = COUNT_OF(records)};
    control_request_encode(&request, &wire);
    assert_int_equal(control_request_decode(buffer_view(&wire), &arena, &back), CONTROL_MALFORMED);
    request.record_count--;
    assert_int_equal(request_again(&request, &arena).record_count, CONTROL_RECORD_COUNT_MAX);
    arena_deinit(&arena);
    buffer_deinit(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_keeps_every_field),
        cmocka_unit_test(absent_texts_come_back_empty_and_never_null),
        cmocka_unit_test(a_job_name_without_namespace_is_refused),
        cmocka_unit_test(unknown_kinds_are_refused),
        cmocka_unit_test(a_status_reply_survives),
        cmocka_unit_test(a_member_reply_keeps_labels),
        cmocka_unit_test(a_job_reply_keeps_envelopes_whole),
        cmocka_unit_test(a_run_reply_tells_absent_ids_from_zero_ids),
        cmocka_unit_test(log_data_may_be_any_bytes),
        cmocka_unit_test(the_small_replies_survive),
        cmocka_unit_test(only_the_last_reply_may_be_empty),
        cmocka_unit_test(a_text_that_is_too_long_is_refused),
        cmocka_unit_test(too_many_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
