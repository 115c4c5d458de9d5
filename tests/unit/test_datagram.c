// test_datagram.c - how two nodes come to exchange packets, and the bounds of what fits.
#include "proto/packet.h"
#include "tests/unit/support_datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_stranger_is_sent_nothing_but_questions(void **state)
{
    (void)state;
    struct two two;
    struct buffer packet = {0};
    two_start(&two);
    assert_int_equal(datagram_room(&two.a.peer), 0);
    assert_int_equal(datagram_seal(&two.a.local, &two.a.peer, bytes_of_text("x"), &packet),
                     DATAGRAM_NO_SESSION);
    assert_int_equal(packet.size, 0);
    two_stop(&two);
}

static void the_answerer_keeps_no_state(void **state)
{
    (void)state;
    struct two two;
    struct buffer answer = {0};
    two_start(&two);
    struct datagram_peer before = two.b.peer;
    for (int i = 0; i < 100; i++) {
        struct buffer question = party_question(&two.a);
        assert_int_equal(party_take(&two.b, buffer_view(&question), &answer), 0);
        buffer_deinit(&question);
    }
    assert_memory_equal(&before, &two.b.peer, sizeof before);
    buffer_deinit(&answer);
    two_stop(&two);
}

static void first_packets_go_out_until_one_comes_back(void **state)
{
    (void)state;
    struct two two;
    two_start(&two);
    party_greet(&two.a, &two.b);
    assert_int_equal(two.a.peer.state, DATAGRAM_GREETED);
    for (int i = 0; i < 3; i++) {
        struct buffer first = party_seal(&two.a, "ping");
        assert_int_equal(first.data[0], DATAGRAM_FIRST);
        assert_int_equal(first.size, DATAGRAM_FIRST_OVERHEAD_SIZE + 4);
        buffer_deinit(&first);
    }
    party_say(&two.a, &two.b, "ping");
    assert_int_equal(two.b.peer.state, DATAGRAM_ESTABLISHED);

    struct buffer sealed = party_seal(&two.b, "ack"), payload = {0};
    assert_int_equal(sealed.data[0], DATAGRAM_SEALED);
    assert_int_equal(sealed.size, 29 + 3);
    assert_int_equal(party_take(&two.a, buffer_view(&sealed), &payload), 0);
    assert_int_equal(two.a.peer.state, DATAGRAM_ESTABLISHED);
    buffer_deinit(&sealed);
    sealed = party_seal(&two.a, "ping");
    assert_int_equal(sealed.data[0], DATAGRAM_SEALED);
    buffer_deinit(&sealed);
    buffer_deinit(&payload);
    two_stop(&two);
}

static void two_who_ask_at_once_agree(void **state)
{
    (void)state;
    struct two two;
    struct buffer answer_of_a = {0}, answer_of_b = {0}, nothing = {0};
    two_start(&two);
    struct buffer question_of_a = party_question(&two.a), question_of_b = party_question(&two.b);
    assert_int_equal(party_take(&two.a, buffer_view(&question_of_b), &answer_of_a), 0);
    assert_int_equal(party_take(&two.b, buffer_view(&question_of_a), &answer_of_b), 0);
    assert_int_equal(party_take(&two.a, buffer_view(&answer_of_b), &nothing), 0);
    assert_int_equal(party_take(&two.b, buffer_view(&answer_of_a), &nothing), 0);
    struct buffer first_of_a = party_seal(&two.a, "a"), first_of_b = party_seal(&two.b, "b");
    assert_int_equal(party_try(&two.b, buffer_view(&first_of_a)), 0);
    assert_int_equal(party_try(&two.a, buffer_view(&first_of_b)), 0);
    party_say(&two.a, &two.b, "and on");
    party_say(&two.b, &two.a, "and on");
    struct buffer *all[] = {&answer_of_a,   &answer_of_b, &nothing,   &question_of_a,
                            &question_of_b, &first_of_a,  &first_of_b};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        buffer_deinit(all[i]);
    two_stop(&two);
}

static void an_answer_slower_than_our_patience_still_counts(void **state)
{
    (void)state;
    struct two two;
    struct buffer answer = {0}, nothing = {0};
    two_start(&two);
    struct buffer question = party_question(&two.a);
    assert_int_equal(party_take(&two.b, buffer_view(&question), &answer), 0);
    for (int i = 0; i < 3; i++) {
        struct buffer again = party_question(&two.a);
        assert_false(bytes_equal(buffer_view(&question), buffer_view(&again)));
        buffer_deinit(&again);
    }
    assert_int_equal(party_take(&two.a, buffer_view(&answer), &nothing), 0);
    assert_int_equal(two.a.peer.state, DATAGRAM_GREETED);
    buffer_deinit(&question);
    buffer_deinit(&answer);
    buffer_deinit(&nothing);
    two_stop(&two);
}

static void a_restarted_receiver_is_reached_after_asking_again(void **state)
{
    (void)state;
    struct two two;
    two_meet(&two);
    party_stop(&two.b);
    party_start(&two.b, 2, 2, 1);
    struct buffer lost = party_seal(&two.a, "lost");
    assert_int_equal(party_try(&two.b, buffer_view(&lost)), DATAGRAM_NO_SESSION);
    party_greet(&two.a, &two.b);
    assert_int_equal(two.a.peer.state, DATAGRAM_GREETED);
    party_say(&two.a, &two.b, "again");
    party_say(&two.b, &two.a, "good");
    party_say(&two.a, &two.b, "good");
    buffer_deinit(&lost);
    two_stop(&two);
}

static void a_restarted_sender_is_heard_after_asking(void **state)
{
    (void)state;
    struct two two;
    two_meet(&two);
    party_stop(&two.a);
    party_start(&two.a, 1, 2, 2);
    party_greet(&two.a, &two.b);
    party_say(&two.a, &two.b, "I am back");
    party_say(&two.b, &two.a, "so you are");
    two_stop(&two);
}

static void a_peer_that_was_forgotten_and_relearnt_is_heard_again(void **state)
{
    (void)state;
    struct two two;
    struct node_id id = party_id(1);
    two_meet(&two);
    struct public_key key = two.b.peer.key;
    datagram_local_remove(&two.b.local, &two.b.peer);
    assert_true(datagram_local_add(&two.b.local, &two.b.peer, &id, &key));
    party_greet(&two.a, &two.b); // A heard nothing for a while
    party_say(&two.a, &two.b, "still me");
    party_say(&two.b, &two.a, "still me too");

    datagram_local_remove(&two.b.local, &two.b.peer);
    assert_true(datagram_local_add(&two.b.local, &two.b.peer, &id, &key));
    party_greet(&two.b, &two.a); // and now it is B who asks
    party_say(&two.b, &two.a, "and again");
    party_say(&two.a, &two.b, "fine");
    two_stop(&two);
}

static void a_peer_relearnt_under_another_index_is_answered_there(void **state)
{
    (void)state;
    struct two two;
    struct datagram_peer third;
    struct node_id id = party_id(2), third_id = party_id(3);
    struct dh_secret third_secret = party_secret(3);
    struct public_key third_key = dh_public_of(&third_secret);
    two_meet(&two);
    struct public_key key = two.a.peer.key;
    uint32_t before = two.a.peer.index;
    datagram_local_remove(&two.a.local, &two.a.peer);
    assert_true(datagram_local_add(&two.a.local, &third, &third_id, &third_key)); // takes its place
    assert_true(datagram_local_add(&two.a.local, &two.a.peer, &id, &key));
    assert_int_not_equal(two.a.peer.index, before);
    party_greet(&two.a, &two.b);
    party_say(&two.a, &two.b, "write to me here");
    party_say(&two.b, &two.a, "here");
    two_stop(&two);
}

static void after_a_suspend_everybody_is_a_stranger(void **state)
{
    (void)state;
    struct two two;
    struct datagram_session session = party_session(1, 99);
    two_meet(&two);
    struct buffer old = party_seal(&two.b, "before the suspend");
    datagram_local_renew(&two.a.local, &session);
    assert_int_equal(two.a.peer.state, DATAGRAM_STRANGER);
    assert_int_equal(party_try(&two.a, buffer_view(&old)), DATAGRAM_NO_SESSION);
    party_greet(&two.a, &two.b);
    assert_int_equal(party_try(&two.a, buffer_view(&old)), DATAGRAM_FORGED);
    party_say(&two.a, &two.b, "awake");
    party_say(&two.b, &two.a, "morning");
    buffer_deinit(&old);
    two_stop(&two);
}

static void an_answer_to_a_question_from_before_a_suspend_does_not_count(void **state)
{
    (void)state;
    struct two two;
    struct buffer answer = {0};
    struct datagram_session session = party_session(1, 99);
    two_start(&two);
    struct buffer question = party_question(&two.a);
    assert_int_equal(party_take(&two.b, buffer_view(&question), &answer), 0);
    datagram_local_renew(&two.a.local, &session);
    assert_int_equal(party_try(&two.a, buffer_view(&answer)), DATAGRAM_UNASKED);
    buffer_deinit(&question);
    buffer_deinit(&answer);
    two_stop(&two);
}

static void the_largest_payload_fills_a_packet_exactly(void **state)
{
    (void)state;
    static const uint8_t bytes[LIMIT_DATAGRAM_SIZE_MAX];
    struct two two;
    struct buffer packet = {0}, payload = {0};
    two_start(&two);
    party_greet(&two.a, &two.b);
    for (int round = 0; round < 2; round++) {
        size_t room = datagram_room(&two.a.peer);
        assert_true(room >= DATAGRAM_PAYLOAD_SIZE_MAX && room >= PACKET_SIZE_MAX);
        buffer_clear(&packet);
        assert_int_equal(datagram_seal(&two.a.local, &two.a.peer, bytes_of(bytes, room + 1), &packet),
                         DATAGRAM_TOO_LARGE);
        assert_int_equal(packet.size, 0);
        assert_int_equal(datagram_seal(&two.a.local, &two.a.peer, bytes_of(bytes, room), &packet), 0);
        assert_int_equal(packet.size, LIMIT_DATAGRAM_SIZE_MAX);
        assert_int_equal(party_take(&two.b, buffer_view(&packet), &payload), 0);
        assert_int_equal(payload.size, room);
        party_say(&two.b, &two.a, "");
    }
    buffer_deinit(&packet);
    buffer_deinit(&payload);
    two_stop(&two);
}

static void the_numbers_of_a_process_run_out_in_the_open(void **state)
{
    (void)state;
    struct two two;
    struct buffer out = {0};
    two_meet(&two);
    two.a.local.sequence = UINT64_MAX - 1;
    party_say(&two.a, &two.b, "the last one");
    assert_int_equal(datagram_seal(&two.a.local, &two.a.peer, bytes_of_text("x"), &out), DATAGRAM_EXHAUSTED);
    struct buffer question = party_question(&two.b);
    assert_int_equal(party_try(&two.a, buffer_view(&question)), DATAGRAM_EXHAUSTED);
    buffer_deinit(&question);
    two_stop(&two);
}

static void a_node_is_not_its_own_peer_and_nobodys_twice(void **state)
{
    (void)state;
    struct two two;
    struct datagram_peer peer;
    struct node_id own = party_id(1), other = party_id(2), third = party_id(3);
    struct public_key zero = {0};
    two_start(&two);
    struct public_key key = two.a.peer.key;
    assert_false(datagram_local_add(&two.a.local, &peer, &own, &key));
    assert_false(datagram_local_add(&two.a.local, &peer, &other, &key));
    assert_false(datagram_local_add(&two.a.local, &peer, &third, &two.a.local.key));
    assert_false(datagram_local_add(&two.a.local, &peer, &third, &zero));
    assert_int_equal(two.a.local.peer_count, 1);
    two_stop(&two);
}

static void a_thousand_peers_are_found_by_id_and_by_index(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct datagram_peer peers[COUNT];
    struct datagram_local local;
    struct datagram_local_options options = {
        .id = party_id(0), .secret = party_secret(1), .index_base = 0xffffff00u};
    struct dh_secret secret = party_secret(2);
    struct public_key key = dh_public_of(&secret);
    datagram_local_init(&local, &options);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t scattered = (i + 1) * 2654435761u;
        struct node_id id = {0};
        memcpy(id.b, &scattered, sizeof scattered);
        assert_true(datagram_local_add(&local, &peers[i], &id, &key));
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_ptr_equal(datagram_local_find(&local, &peers[i].id), &peers[i]);
        assert_ptr_equal(datagram_local_find_index(&local, peers[i].index), &peers[i]);
    }
    uint32_t index = peers[500].index;
    struct node_id id = peers[500].id;
    datagram_local_remove(&local, &peers[500]);
    assert_null(datagram_local_find(&local, &id));
    assert_null(datagram_local_find_index(&local, index));
    assert_null(datagram_local_find_index(&local, options.index_base - 1));
    assert_null(datagram_local_find_index(&local, options.index_base + COUNT));
    assert_true(datagram_local_add(&local, &peers[500], &id, &key));
    assert_int_equal(peers[500].index, index);
    assert_int_equal(local.index_count, COUNT);
    datagram_local_deinit(&local);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_is_sent_nothing_but_questions),
        cmocka_unit_test(the_answerer_keeps_no_state),
        cmocka_unit_test(first_packets_go_out_until_one_comes_back),
        cmocka_unit_test(two_who_ask_at_once_agree),
        cmocka_unit_test(an_answer_slower_than_our_patience_still_counts),
        cmocka_unit_test(a_restarted_receiver_is_reached_after_asking_again),
        cmocka_unit_test(a_restarted_sender_is_heard_after_asking),
        cmocka_unit_test(a_peer_that_was_forgotten_and_relearnt_is_heard_again),
        cmocka_unit_test(a_peer_relearnt_under_another_index_is_answered_there),
        cmocka_unit_test(after_a_suspend_everybody_is_a_stranger),
        cmocka_unit_test(an_answer_to_a_question_from_before_a_suspend_does_not_count),
        cmocka_unit_test(the_largest_payload_fills_a_packet_exactly),
        cmocka_unit_test(the_numbers_of_a_process_run_out_in_the_open),
        cmocka_unit_test(a_node_is_not_its_own_peer_and_nobodys_twice),
        cmocka_unit_test(a_thousand_peers_are_found_by_id_and_by_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
