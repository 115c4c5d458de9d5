// test_join.c - the words of joining: requests that name one connection only, and joiners that are lied to.
#include "node/cli/joiner.h"
#include "proto/message.h"
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t a_hash[NOISE_HASH_SIZE] = {1, 2, 3};

static struct join_request a_request(void)
{
    struct join_request request = {.name = "gateway"};
    struct envelope_signer token = support_signer(NULL, 1), node = support_signer(NULL, 2);
    request.node_key = node.key;
    join_request_sign(&request, bytes_of(a_hash, sizeof a_hash), &token.secret, &node.secret);
    return request;
}

static bool holds(const struct join_request *request, const uint8_t hash[NOISE_HASH_SIZE])
{
    struct envelope_signer token = support_signer(NULL, 1);
    return join_request_verify(request, bytes_of(hash, NOISE_HASH_SIZE), &token.key);
}

static void a_request_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    struct join_request request = a_request(), back;
    struct buffer body = {0};
    join_request_encode(&request, &body);
    assert_int_equal(join_request_decode(buffer_view(&body), &back), 0);
    assert_memory_equal(&request.node_key, &back.node_key, sizeof back.node_key);
    assert_string_equal(request.name, back.name);
    assert_true(holds(&back, a_hash));
    buffer_deinit(&body);
}

static void a_request_cut_or_with_something_behind_it_is_malformed(void **state)
{
    (void)state;
    struct join_request request = a_request(), back;
    struct buffer body = {0};
    join_request_encode(&request, &body);
    for (size_t size = 0; size < body.size; size++)
        assert_int_equal(join_request_decode(bytes_of(body.data, size), &back), JOIN_MALFORMED);
    buffer_add_u8(&body, 0);
    assert_int_equal(join_request_decode(buffer_view(&body), &back), JOIN_MALFORMED);
    buffer_deinit(&body);
}

static void a_request_with_a_name_that_is_none_is_malformed(void **state)
{
    (void)state;
    static const char *const names[] = {"", "-x", "a b", "a\n", "a/b", "\x1b[2J"};
    struct join_request back;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct join_request request = a_request();
        struct buffer body = {0};
        strcpy(request.name, names[i]);
        join_request_encode(&request, &body);
        assert_int_equal(join_request_decode(buffer_view(&body), &back), JOIN_MALFORMED);
        buffer_deinit(&body);
    }
}

static void both_signatures_name_connection_key_and_name(void **state)
{
    (void)state;
    static const uint8_t other_hash[NOISE_HASH_SIZE] = {1, 2, 4};
    struct join_request request = a_request();
    assert_true(holds(&request, a_hash));
    assert_false(holds(&request, other_hash));
    request.name[0] = 'G';
    assert_false(holds(&request, a_hash));
    request = a_request();
    request.node_key = support_signer(NULL, 3).key;
    assert_false(holds(&request, a_hash));
    request = a_request();
    request.by_node.b[9] ^= 1;
    assert_false(holds(&request, a_hash));
    request = a_request();
    request.by_token.b[9] ^= 1;
    assert_false(holds(&request, a_hash));
    request = a_request();
    request.by_token = request.by_node; // one key cannot stand for both
    assert_false(holds(&request, a_hash));
}

// Somebody who answers a joiner's call with the secret of `number`.
struct answerer {
    struct stream stream;
    struct joiner joiner;
    struct token token;
    struct agent_keys keys;
};

static struct dh_secret secret_of(uint8_t number)
{
    struct dh_secret secret;
    memset(secret.b, number, sizeof secret.b);
    return secret;
}

static void start(struct answerer *answerer, uint8_t identity)
{
    struct dh_secret inviter = secret_of(5);
    *answerer = (struct answerer){.token = {.redeemer_key = dh_public_of(&inviter), .seed = {1}}};
    answerer->keys = (struct agent_keys){.signing_seed = {2}, .datagram_secret = {3}};
    struct joiner_options options = {
        .token = &answerer->token, .keys = &answerer->keys, .name = "gateway", .one_time = secret_of(6)};
    struct stream_options stream = {.identity = secret_of(identity), .one_time = secret_of(7)};
    joiner_init(&answerer->joiner, &options);
    stream_init(&answerer->stream, &stream);
}

static void stop(struct answerer *answerer)
{
    stream_deinit(&answerer->stream);
    joiner_deinit(&answerer->joiner);
}

static int pass(struct answerer *answerer)
{
    struct buffer *output = stream_output(&answerer->stream);
    int outcome = joiner_receive(&answerer->joiner, buffer_view(output));
    buffer_clear(output);
    return outcome;
}

// Up to the joiner's request, which is given back.
static int meet(struct answerer *answerer, struct join_request *ret_request)
{
    struct stream_event event;
    stream_receive(&answerer->stream, buffer_view(joiner_output(&answerer->joiner)));
    buffer_clear(joiner_output(&answerer->joiner));
    assert_true(stream_next(&answerer->stream, &event));
    assert_int_equal(event.purpose, STREAM_JOIN);
    assert_int_equal(stream_accept(&answerer->stream), 0);
    int outcome = pass(answerer);
    if (outcome)
        return outcome;
    stream_receive(&answerer->stream, buffer_view(joiner_output(&answerer->joiner)));
    assert_true(stream_next(&answerer->stream, &event));
    assert_int_equal(event.kind, STREAM_EVENT_OPEN);
    assert_int_equal(event.payload.size, 0);
    assert_true(stream_next(&answerer->stream, &event));
    assert_int_equal(event.type, JOIN_REQUEST);
    assert_int_equal(join_request_decode(event.payload, ret_request), 0);
    return 0;
}

static void the_inviter_gets_a_request_for_this_connection(void **state)
{
    (void)state;
    struct answerer answerer;
    struct join_request request;
    struct public_key token_key;
    struct secret_key token_secret;
    start(&answerer, 5);
    assert_int_equal(meet(&answerer, &request), 0);
    envelope_keypair(answerer.token.seed, &token_key, &token_secret);
    assert_true(join_request_verify(&request, stream_hash(&answerer.stream), &token_key));
    assert_string_equal(request.name, "gateway");
    stop(&answerer);
}

static void an_impostor_learns_neither_who_calls_nor_gets_a_request(void **state)
{
    (void)state;
    struct answerer answerer;
    struct join_request request;
    start(&answerer, 8);
    assert_int_equal(meet(&answerer, &request), JOINER_IMPOSTOR);
    assert_int_equal(joiner_output(&answerer.joiner)->size, 0);
    stop(&answerer);
}

static int outcome_of_frame(uint8_t type, struct bytes body)
{
    struct answerer answerer;
    struct join_request request;
    start(&answerer, 5);
    assert_int_equal(meet(&answerer, &request), 0);
    assert_int_equal(stream_send(&answerer.stream, type, body), 0);
    int outcome = pass(&answerer);
    if (outcome == JOINER_REFUSED)
        assert_string_equal(answerer.joiner.refusal, "because");
    stop(&answerer);
    return outcome;
}

static void answers_that_make_no_sense_end_the_talk(void **state)
{
    (void)state;
    uint8_t id[HASH_SIZE] = {0};
    struct buffer list = {0};
    message_list_encode(&(struct bytes){id, 5}, 1, &list);
    assert_int_equal(outcome_of_frame(JOIN_RECORDS, buffer_view(&list)), 0);
    assert_int_equal(outcome_of_frame(JOIN_ADMITTED, bytes_of(id, sizeof id)), JOINER_ADMITTED);
    assert_int_equal(outcome_of_frame(JOIN_REFUSED, bytes_of_text("because")), JOINER_REFUSED);
    assert_int_equal(outcome_of_frame(JOIN_RECORDS, bytes_of(list.data, list.size - 1)), JOINER_STRANGE);
    assert_int_equal(outcome_of_frame(JOIN_ADMITTED, bytes_of(id, sizeof id - 1)), JOINER_STRANGE);
    assert_int_equal(outcome_of_frame(JOIN_REFUSED, bytes_of_text("")), JOINER_STRANGE);
    assert_int_equal(outcome_of_frame(JOIN_REFUSED, bytes_of("\xff\xfe", 2)), JOINER_STRANGE);
    assert_int_equal(outcome_of_frame(JOIN_REQUEST, bytes_of(id, sizeof id)), JOINER_STRANGE);
    assert_int_equal(outcome_of_frame(99, bytes_of(id, sizeof id)), JOINER_STRANGE);
    buffer_deinit(&list);
}

static void noise_instead_of_an_answer_breaks_the_talk(void **state)
{
    (void)state;
    struct answerer answerer;
    start(&answerer, 5);
    assert_int_equal(joiner_receive(&answerer.joiner, bytes_of_text("HTTP/1.1 400 Bad Request\r\n")),
                     JOINER_BROKEN);
    assert_int_equal(joiner_receive(&answerer.joiner, bytes_of_text("more")), JOINER_BROKEN);
    stop(&answerer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_back_as_it_was_written),
        cmocka_unit_test(a_request_cut_or_with_something_behind_it_is_malformed),
        cmocka_unit_test(a_request_with_a_name_that_is_none_is_malformed),
        cmocka_unit_test(both_signatures_name_connection_key_and_name),
        cmocka_unit_test(the_inviter_gets_a_request_for_this_connection),
        cmocka_unit_test(an_impostor_learns_neither_who_calls_nor_gets_a_request),
        cmocka_unit_test(answers_that_make_no_sense_end_the_talk),
        cmocka_unit_test(noise_instead_of_an_answer_breaks_the_talk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
