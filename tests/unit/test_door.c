// test_door.c - a machine with a token in front of a real node: let in once, or told why not.
#include "node/cli/newcomer.h"
#include "proto/message.h"
#include "tests/unit/support_inviter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { GATEWAY = 150, CAMERA };

static struct inviter inviter;
static struct agent_keys gateway, camera;

static int setup(void **state)
{
    (void)state;
    inviter_init(&inviter, NULL);
    gateway = inviter_machine_keys(GATEWAY);
    camera = inviter_machine_keys(CAMERA);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    inviter_deinit(&inviter);
    return 0;
}

static void start_with(struct invite *invite)
{
    inviter_deinit(&inviter);
    inviter_init(&inviter, invite);
}

// One call from beginning to end; `ret_refusal` NULL: it must be let in.
static struct record_id join(const struct agent_keys *keys, const char *name, char *ret_refusal)
{
    struct joiner joiner;
    inviter_call(&inviter, &joiner, keys, name);
    int outcome = inviter_talk(&inviter, &joiner);
    assert_int_equal(outcome, ret_refusal ? JOINER_REFUSED : JOINER_ADMITTED);
    if (ret_refusal)
        strcpy(ret_refusal, joiner.refusal);
    struct record_id admission = joiner.admission;
    inviter_hang_up(&inviter);
    joiner_deinit(&joiner);
    return admission;
}

static void refused(const struct agent_keys *keys, const char *name, const char *why)
{
    char refusal[LIMIT_TEXT_SIZE_MAX + 1];
    size_t writes = inviter.record_writes;
    join(keys, name, refusal);
    assert_non_null(strstr(refusal, why));
    assert_int_equal(inviter.record_writes, writes);
}

static void a_machine_with_a_token_is_let_in_and_can_check_everything(void **state)
{
    (void)state;
    struct joiner joiner;
    struct newcomer newcomer;
    inviter_call(&inviter, &joiner, &gateway, "gateway");
    assert_int_equal(inviter_talk(&inviter, &joiner), JOINER_ADMITTED);
    const struct newcomer_claim claim = {.token = &inviter.token,
                                         .node_key = agent_keys_node_key(&gateway),
                                         .admission = joiner.admission,
                                         .records = buffer_view(&joiner.records)};
    assert_int_equal(newcomer_init(&newcomer, &claim), 0);
    assert_string_equal(newcomer.self->name, "gateway");
    assert_int_equal(newcomer.self->labels.count, 1);
    assert_string_equal(labels_find(&newcomer.self->labels, "site"), "berlin");
    assert_int_equal(newcomer.member_count, 1); // the inviter, with its address
    newcomer_deinit(&newcomer);
    joiner_deinit(&joiner);
}

static void a_used_token_is_refused_with_who_used_it_and_when(void **state)
{
    (void)state;
    join(&gateway, "gateway", NULL);
    refused(&camera, "camera", "used: by gateway at 2026-");
    inviter.wall_ms += 3600 * 1000;
    refused(&camera, "camera", "used: by gateway");
}

static void the_same_key_gets_the_same_answer_and_costs_no_second_use(void **state)
{
    (void)state;
    struct record_id first = join(&gateway, "gateway", NULL);
    size_t writes = inviter.record_writes;
    inviter.wall_ms += 3600 * 1000; // long expired
    struct record_id again = join(&gateway, "another-name", NULL);
    assert_memory_equal(&first, &again, sizeof first);
    assert_int_equal(inviter.record_writes, writes);
}

static void nothing_is_answered_before_it_is_durable(void **state)
{
    (void)state;
    struct joiner joiner, again;
    inviter.is_disk_slow = true;
    inviter_call(&inviter, &joiner, &gateway, "gateway");
    assert_int_equal(inviter_talk(&inviter, &joiner), 0);
    assert_int_equal(inviter.record_writes, 1);
    inviter_hang_up(&inviter); // the answer is lost
    joiner_deinit(&joiner);

    inviter_call(&inviter, &again, &gateway, "gateway");
    assert_int_equal(inviter_talk(&inviter, &again), 0);
    inviter_settle(&inviter);
    assert_int_equal(inviter_talk(&inviter, &again), JOINER_ADMITTED);
    assert_int_equal(inviter.record_writes, 1);
    joiner_deinit(&again);
}

static void of_two_at_once_one_is_let_in(void **state)
{
    (void)state;
    struct joiner first;
    inviter.is_disk_slow = true;
    inviter_call(&inviter, &first, &gateway, "gateway");
    assert_int_equal(inviter_talk(&inviter, &first), 0);
    uint64_t caller = inviter.caller;
    refused(&camera, "camera", "used: by gateway");
    inviter.caller = caller;
    inviter_settle(&inviter);
    assert_int_equal(inviter_talk(&inviter, &first), JOINER_ADMITTED);
    joiner_deinit(&first);
}

static void an_invite_for_several_lets_in_so_many(void **state)
{
    (void)state;
    struct invite invite = inviter_invite(&inviter);
    invite.uses = 2;
    start_with(&invite);
    join(&gateway, "gateway", NULL);
    join(&camera, "camera", NULL);
    struct agent_keys third = inviter_machine_keys(CAMERA + 1);
    refused(&third, "third", "used: by camera");
}

static void an_expired_token_is_refused(void **state)
{
    (void)state;
    inviter.wall_ms += 60 * 1000 + 1;
    refused(&gateway, "gateway", "expired");
}

static void a_name_that_is_taken_or_not_allowed_is_refused_and_costs_no_use(void **state)
{
    (void)state;
    refused(&gateway, "node-100", "another node is called node-100");
    join(&gateway, "gateway", NULL);
    struct invite invite = inviter_invite(&inviter);
    invite.name_pattern = "gw-*";
    start_with(&invite);
    refused(&gateway, "gateway", "does not allow this name");
    join(&gateway, "gw-1", NULL);
}

static void an_invite_of_a_revoked_operator_lets_nobody_in(void **state)
{
    (void)state;
    struct buffer entry = {0};
    support_trust_entry(&inviter.trust, support_revoke(SUPPORT_ALICE, support_stamp(-1000)), &entry);
    inviter_give_record(&inviter, buffer_view(&entry));
    refused(&gateway, "gateway", "not admitted");
    buffer_deinit(&entry);
}

static void without_an_invite_the_door_says_nothing(void **state)
{
    (void)state;
    struct joiner joiner;
    inviter.token.seed[0] ^= 1;
    inviter_call(&inviter, &joiner, &gateway, "gateway");
    assert_int_equal(inviter_talk(&inviter, &joiner), 0);
    assert_true(inviter.has_closed);
    joiner_deinit(&joiner);
}

// What the new node says last is spread before it has an agent; nobody else's keys are taken there.
static void the_keys_of_the_new_node_are_taken(void **state)
{
    (void)state;
    for (int is_own = 0; is_own < 2; is_own++) {
        struct joiner joiner;
        struct buffer body = {0}, envelope = {0};
        inviter_call(&inviter, &joiner, &gateway, "gateway");
        assert_int_equal(inviter_talk(&inviter, &joiner), JOINER_ADMITTED);
        size_t writes = inviter.record_writes;
        struct agent_keys keys = is_own ? gateway : inviter.keys;
        struct node_keys record = {.datagram_key = agent_keys_datagram_key(&gateway),
                                   .serial = 2,
                                   .admission = is_own ? joiner.admission.hash : inviter.node_record.id.hash,
                                   .version = "0.1.0"};
        keys.fleet = inviter.trust.fleet;
        struct envelope_signer signer = agent_keys_signer(&keys);
        node_keys_encode(&record, &body);
        envelope_sign(&signer, ENVELOPE_KEYS, buffer_view(&body), &envelope);
        joiner_tell_keys(&joiner, buffer_view(&envelope));
        inviter_talk(&inviter, &joiner);
        assert_true(inviter.has_closed);
        assert_int_equal(inviter.record_writes, writes + (size_t)is_own);
        buffer_deinit(&body);
        buffer_deinit(&envelope);
        joiner_deinit(&joiner);
    }
}

// Opens a join stream as somebody who knows the tag, and sends one frame of its own making.
static bool is_answered(uint8_t type, struct bytes body)
{
    struct joiner joiner;
    inviter_call(&inviter, &joiner, &gateway, "gateway");
    struct stream_event event;
    inviter_hear(&inviter, &joiner);
    struct buffer replies = inviter_take_replies(&inviter);
    stream_receive(&joiner.stream, buffer_view(&replies));
    assert_true(stream_next(&joiner.stream, &event));
    assert_int_equal(stream_confirm(&joiner.stream, (struct bytes){0}), 0);
    buffer_deinit(&replies);
    assert_int_equal(stream_send(&joiner.stream, type, body), 0);
    int outcome = inviter_talk(&inviter, &joiner);
    joiner_deinit(&joiner);
    return outcome == JOINER_ADMITTED;
}

static struct buffer sign_request(struct bytes stream_hash, const uint8_t token_seed[32],
                                  const struct envelope_signer *node, const struct public_key *node_key)
{
    struct join_request request = {.node_key = *node_key, .name = "gateway"};
    struct public_key token_key;
    struct secret_key token_secret;
    struct buffer body = {0};
    envelope_keypair(token_seed, &token_key, &token_secret);
    join_request_sign(&request, stream_hash, &token_secret, &node->secret);
    join_request_encode(&request, &body);
    return body;
}

static void a_request_of_another_connection_or_without_either_key_is_refused(void **state)
{
    (void)state;
    uint8_t other_seed[32] = {1}, other_hash[NOISE_HASH_SIZE] = {2};
    struct envelope_signer own = agent_keys_signer(&gateway), other = agent_keys_signer(&camera);
    struct bytes hash = bytes_of(other_hash, sizeof other_hash);
    struct buffer bodies[] = {
        sign_request(hash, inviter.token.seed, &own, &own.key), // of another connection
        sign_request(hash, other_seed, &own, &own.key),
        sign_request(hash, inviter.token.seed, &other, &own.key),
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        assert_false(is_answered(JOIN_REQUEST, buffer_view(&bodies[i])));
        assert_true(inviter.has_closed);
        buffer_deinit(&bodies[i]);
    }
    assert_false(is_answered(JOIN_ADMITTED, hash));
    assert_false(is_answered(JOIN_KEYS, hash));
    assert_false(is_answered(MESSAGE_WANT, hash));
    assert_int_equal(inviter.record_writes, 0);
    join(&gateway, "gateway", NULL); // and the use is still there
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_machine_with_a_token_is_let_in_and_can_check_everything, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_used_token_is_refused_with_who_used_it_and_when, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_key_gets_the_same_answer_and_costs_no_second_use, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_is_answered_before_it_is_durable, setup, teardown),
        cmocka_unit_test_setup_teardown(of_two_at_once_one_is_let_in, setup, teardown),
        cmocka_unit_test_setup_teardown(an_invite_for_several_lets_in_so_many, setup, teardown),
        cmocka_unit_test_setup_teardown(an_expired_token_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_that_is_taken_or_not_allowed_is_refused_and_costs_no_use,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_invite_of_a_revoked_operator_lets_nobody_in, setup, teardown),
        cmocka_unit_test_setup_teardown(without_an_invite_the_door_says_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_keys_of_the_new_node_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_of_another_connection_or_without_either_key_is_refused,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
