#include "tests/unit/support_attack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crdt/stamp.h"
#include "node/io/clock.h"

#define BIT(kind) (1u << (kind))

void support_attack_denied(struct support_runner *runner, const struct frame_start *start, int rule,
                           const char *words)
{
    const struct frame *frame = support_runner_try(runner, start);
    if (frame->kind != FRAME_DENIED || frame->rule != rule || !strstr(frame->reason, words))
        print_error("got frame %d, rule %d: %s\n", (int)frame->kind, frame->rule, frame->reason);
    assert_int_equal(frame->kind, FRAME_DENIED);
    assert_int_equal(frame->rule, rule);
    assert_non_null(strstr(frame->reason, words));
    assert_false(support_runner_came(runner, BIT(FRAME_STARTED) | BIT(FRAME_ENDED)));
}

void support_attack_started(struct support_runner *runner, const struct frame_start *start)
{
    support_runner_run(runner, start);
    support_runner_wait(runner, BIT(FRAME_ENDED));
}

struct frame_start support_attack_define(struct support_runner *runner, const struct definition *definition)
{
    struct hash id = support_runner_define(runner, &runner->alice, definition);
    assert_true(runner->got.frame.ok);
    return support_runner_due_start(runner, &id);
}

struct frame_start support_attack_define_plain(struct support_runner *runner, const char *name)
{
    struct definition definition = support_runner_definition(runner, name, "true");
    return support_attack_define(runner, &definition);
}

uint64_t support_attack_stamp(void)
{
    return stamp_of_wall_ms(clock_wall_ms());
}

bool support_attack_pause(struct support_runner *runner, const struct envelope_signer *signer,
                          const struct pause *pause, struct hash *ret_id)
{
    struct buffer envelope = {0};
    *ret_id = support_sign_pause(signer, pause, &envelope).hash;
    bool ok = support_runner_feed(runner, buffer_view(&envelope));
    buffer_deinit(&envelope);
    return ok;
}

bool support_attack_delete(struct support_runner *runner, const struct envelope_signer *signer,
                           const char *name, uint64_t life)
{
    struct removal removal = {
        .namespace_name = "main", .life = life, .stamp = support_attack_stamp(), .authority_number = 2};
    struct buffer envelope = {0};
    snprintf(removal.name, sizeof removal.name, "%s", name);
    support_sign_removal(signer, &removal, &envelope);
    bool ok = support_runner_feed(runner, buffer_view(&envelope));
    buffer_deinit(&envelope);
    return ok;
}

bool support_attack_entry(struct support_runner *runner, struct authority_entry entry)
{
    struct buffer envelope = {0};
    support_trust_entry(&runner->trust, entry, &envelope);
    bool ok = support_runner_feed(runner, buffer_view(&envelope));
    buffer_deinit(&envelope);
    return ok;
}
