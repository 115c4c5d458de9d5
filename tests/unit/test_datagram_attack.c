// test_datagram_attack.c - captured, repeated, reflected, delayed and forged packets: none may count.
#include "tests/unit/support_datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAPTURED_MAX = 64 };

// Everything that was on the wire.
struct capture {
    struct buffer packets[CAPTURED_MAX];
    size_t count;
};

static struct bytes captured(struct capture *capture, struct buffer packet)
{
    assert_true(capture->count < CAPTURED_MAX);
    capture->packets[capture->count++] = packet;
    return buffer_view(&packet);
}

static void capture_drop(struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++)
        buffer_deinit(&capture->packets[i]);
}

// Both directions, all four kinds.
static void converse(struct two *two, struct capture *capture)
{
    struct buffer answer = {0}, out = {0};
    assert_int_equal(party_take(&two->b, captured(capture, party_question(&two->a)), &answer), 0);
    assert_int_equal(party_take(&two->a, captured(capture, answer), &out), 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(party_take(&two->b, captured(capture, party_seal(&two->a, "from a")), &out), 0);
        assert_int_equal(party_take(&two->a, captured(capture, party_seal(&two->b, "from b")), &out), 0);
    }
    buffer_deinit(&out);
}

// Offers every captured packet. Only questions may be answered, by no more bytes than they have, and
// nothing about the peer may change.
static void expect_all_refused(struct party *party, const struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++) {
        struct bytes packet = buffer_view(&capture->packets[i]);
        struct datagram_peer before = party->peer;
        struct buffer out = {0};
        int outcome = party_take(party, packet, &out);
        if (packet.data[0] == DATAGRAM_QUESTION)
            assert_true(out.size <= packet.size);
        else
            assert_int_not_equal(outcome, 0);
        assert_memory_equal(&before, &party->peer, sizeof before);
        buffer_deinit(&out);
    }
}

static void everything_captured_is_refused_by_a_restarted_receiver(void **state)
{
    (void)state;
    struct two two;
    struct capture capture = {0};
    two_start(&two);
    converse(&two, &capture);
    party_stop(&two.b);
    party_start(&two.b, 2, 2, 1);
    expect_all_refused(&two.b, &capture); // as a stranger
    party_greet(&two.b, &two.a);
    expect_all_refused(&two.b, &capture); // greeted, in the same session of A
    party_say(&two.b, &two.a, "new life");
    party_say(&two.a, &two.b, "new life");
    expect_all_refused(&two.b, &capture); // established
    expect_all_refused(&two.a, &capture);
    capture_drop(&capture);
    two_stop(&two);
}

static void everything_captured_is_refused_a_second_time(void **state)
{
    (void)state;
    struct two two;
    struct capture capture = {0};
    two_start(&two);
    converse(&two, &capture);
    expect_all_refused(&two.a, &capture);
    expect_all_refused(&two.b, &capture);
    capture_drop(&capture);
    two_stop(&two);
}

static void everything_captured_is_refused_after_the_sender_restarted(void **state)
{
    (void)state;
    struct two two;
    struct capture capture = {0};
    two_start(&two);
    converse(&two, &capture);
    party_stop(&two.a);
    party_start(&two.a, 1, 2, 2);
    expect_all_refused(&two.a, &capture);
    expect_all_refused(&two.b, &capture);
    party_greet(&two.a, &two.b);
    party_say(&two.a, &two.b, "new life");
    expect_all_refused(&two.a, &capture);
    expect_all_refused(&two.b, &capture);
    capture_drop(&capture);
    two_stop(&two);
}

static void everything_captured_is_refused_by_one_who_forgot_and_relearnt_the_peer(void **state)
{
    (void)state;
    for (int who_asks = 0; who_asks < 2; who_asks++) {
        struct two two;
        struct capture capture = {0};
        struct node_id id = party_id(1);
        two_start(&two);
        converse(&two, &capture);
        struct public_key key = two.b.peer.key;
        datagram_local_remove(&two.b.local, &two.b.peer);
        assert_true(datagram_local_add(&two.b.local, &two.b.peer, &id, &key));
        expect_all_refused(&two.b, &capture); // both sessions are the same as when these were sealed
        if (who_asks == 0) {
            party_greet(&two.b, &two.a);
        } else {
            party_greet(&two.a, &two.b);
            party_say(&two.a, &two.b, "again");
        }
        expect_all_refused(&two.b, &capture);
        capture_drop(&capture);
        two_stop(&two);
    }
}

static void packets_sent_back_to_their_sender_are_refused(void **state)
{
    (void)state;
    struct two two;
    struct buffer answer = {0}, out = {0};
    two_start(&two);
    struct buffer question = party_question(&two.a);
    assert_int_equal(party_try(&two.a, buffer_view(&question)), DATAGRAM_UNKNOWN_PEER);
    struct node_id other = party_id(2);
    memcpy(question.data + 1, other.b, sizeof other.b); // dressed up as the peer's
    assert_int_equal(party_try(&two.a, buffer_view(&question)), DATAGRAM_FORGED);
    buffer_deinit(&question);

    question = party_question(&two.a);
    assert_int_equal(party_take(&two.b, buffer_view(&question), &answer), 0);
    assert_int_not_equal(party_try(&two.b, buffer_view(&answer)), 0);
    assert_int_equal(party_take(&two.a, buffer_view(&answer), &out), 0);

    struct buffer first = party_seal(&two.a, "first");
    assert_int_equal(party_try(&two.a, buffer_view(&first)), DATAGRAM_UNKNOWN_PEER);
    memcpy(first.data + 1, other.b, sizeof other.b);
    assert_int_equal(party_try(&two.a, buffer_view(&first)), DATAGRAM_FORGED);
    buffer_deinit(&first);

    party_say(&two.a, &two.b, "ping");
    struct buffer sealed = party_seal(&two.b, "sealed");
    memcpy(sealed.data + 1, &two.b.peer.index, 4); // addressed to its sender
    assert_int_equal(party_try(&two.b, buffer_view(&sealed)), DATAGRAM_FORGED);
    buffer_deinit(&sealed);
    buffer_deinit(&question);
    buffer_deinit(&answer);
    buffer_deinit(&out);
    two_stop(&two);
}

// The sender's old life left packets on the way that the receiver never saw.
static void a_delayed_packet_of_a_dead_session_does_not_bring_it_back(void **state)
{
    (void)state;
    struct two two;
    two_start(&two);
    party_greet(&two.a, &two.b);
    struct buffer first = party_seal(&two.a, "from the old life");
    party_say(&two.a, &two.b, "x");
    party_say(&two.b, &two.a, "y");
    struct buffer sealed = party_seal(&two.a, "from the old life");
    party_stop(&two.a);
    party_start(&two.a, 1, 2, 2);
    party_greet(&two.a, &two.b);
    party_say(&two.a, &two.b, "new life");
    assert_int_equal(party_try(&two.b, buffer_view(&first)), DATAGRAM_OLD_SESSION);
    assert_int_equal(party_try(&two.b, buffer_view(&sealed)), DATAGRAM_FORGED);
    buffer_deinit(&first);
    buffer_deinit(&sealed);
    two_stop(&two);
}

static void a_delayed_answer_of_a_dead_session_does_not_bring_it_back(void **state)
{
    (void)state;
    struct two two;
    struct buffer answer = {0}, out = {0};
    two_start(&two);
    struct buffer question = party_question(&two.a);
    assert_int_equal(party_take(&two.b, buffer_view(&question), &answer), 0); // and is held up
    party_stop(&two.b);
    party_start(&two.b, 2, 2, 1);
    party_greet(&two.b, &two.a);
    party_say(&two.b, &two.a, "new life");
    assert_int_equal(party_try(&two.a, buffer_view(&answer)), DATAGRAM_UNASKED);
    buffer_deinit(&question);
    buffer_deinit(&answer);
    buffer_deinit(&out);
    two_stop(&two);
}

static void an_answer_counts_once(void **state)
{
    (void)state;
    struct two two;
    struct buffer answer = {0}, out = {0};
    two_start(&two);
    struct buffer question = party_question(&two.a);
    assert_int_equal(party_take(&two.b, buffer_view(&question), &answer), 0);
    assert_int_equal(party_take(&two.a, buffer_view(&answer), &out), 0);
    assert_int_equal(party_try(&two.a, buffer_view(&answer)), DATAGRAM_UNASKED);
    buffer_deinit(&question);
    question = party_question(&two.a); // the next question has another name
    assert_int_equal(party_try(&two.a, buffer_view(&answer)), DATAGRAM_UNASKED);
    buffer_deinit(&question);
    buffer_deinit(&answer);
    buffer_deinit(&out);
    two_stop(&two);
}

// A member that lies about the answer it was given harms its own next session at most, not after ours.
static void an_answer_number_never_given_opens_no_session(void **state)
{
    (void)state;
    struct two two;
    two_start(&two);
    party_greet(&two.a, &two.b);
    two.a.peer.answer_number = UINT64_MAX;
    struct buffer first = party_seal(&two.a, "lie");
    assert_int_equal(party_try(&two.b, buffer_view(&first)), DATAGRAM_OLD_SESSION);
    buffer_deinit(&first);
    two_stop(&two);
}

static void packets_of_another_fleet_do_not_open(void **state)
{
    (void)state;
    struct two two;
    two_start(&two);
    two.b.local.fleet.hash.b[0] ^= 1; // same keys, other fleet
    struct buffer question = party_question(&two.a);
    assert_int_equal(party_try(&two.b, buffer_view(&question)), DATAGRAM_FORGED);
    two.b.local.fleet.hash.b[0] ^= 1;
    party_greet(&two.a, &two.b);
    two.b.local.fleet.hash.b[0] ^= 1;
    struct buffer first = party_seal(&two.a, "x");
    assert_int_equal(party_try(&two.b, buffer_view(&first)), DATAGRAM_FORGED);
    buffer_deinit(&question);
    buffer_deinit(&first);
    two_stop(&two);
}

// A packet of each kind in front of the one who would take it.
static struct party *prepare(struct two *two, enum datagram_kind kind, struct buffer *ret_packet)
{
    struct buffer question = {0};
    two_start(two);
    if (kind == DATAGRAM_QUESTION) {
        *ret_packet = party_question(&two->a);
        return &two->b;
    }
    if (kind == DATAGRAM_ANSWER) {
        question = party_question(&two->a);
        assert_int_equal(party_take(&two->b, buffer_view(&question), ret_packet), 0);
        buffer_deinit(&question);
        return &two->a;
    }
    party_greet(&two->a, &two->b);
    if (kind == DATAGRAM_FIRST) {
        *ret_packet = party_seal(&two->a, "first");
        return &two->b;
    }
    party_say(&two->a, &two->b, "first");
    *ret_packet = party_seal(&two->b, "sealed");
    return &two->a;
}

static void a_flipped_bit_or_a_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (int kind = DATAGRAM_SEALED; kind <= DATAGRAM_ANSWER; kind++) {
        struct two two;
        struct buffer packet = {0};
        struct party *party = prepare(&two, (enum datagram_kind)kind, &packet);
        assert_int_equal(packet.data[0], kind);
        for (size_t position = 0; position < packet.size; position++) {
            for (int bit = 0; bit < 8; bit++) {
                packet.data[position] ^= (uint8_t)(1 << bit);
                assert_int_not_equal(party_try(party, buffer_view(&packet)), 0);
                packet.data[position] ^= (uint8_t)(1 << bit);
            }
            assert_int_not_equal(party_try(party, bytes_of(packet.data, position)), 0);
        }
        assert_int_equal(party_try(party, buffer_view(&packet)), 0); // and unharmed it is taken
        buffer_deinit(&packet);
        two_stop(&two);
    }
}

static void packets_out_of_order_count_and_far_too_late_ones_do_not(void **state)
{
    (void)state;
    struct two two;
    struct buffer out = {0};
    two_meet(&two);
    struct buffer late = party_seal(&two.a, "late"), in_time = party_seal(&two.a, "in time");
    for (int i = 0; i < REPLAY_WINDOW_SIZE - 1; i++) {
        struct buffer packet = party_seal(&two.a, "x");
        if (i % 100 == 0 || i == REPLAY_WINDOW_SIZE - 2)
            assert_int_equal(party_take(&two.b, buffer_view(&packet), &out), 0);
        buffer_deinit(&packet);
    }
    assert_int_equal(party_try(&two.b, buffer_view(&late)), DATAGRAM_REPLAYED);
    assert_int_equal(party_try(&two.b, buffer_view(&in_time)), 0);
    assert_int_equal(party_try(&two.b, buffer_view(&in_time)), DATAGRAM_REPLAYED);
    buffer_deinit(&late);
    buffer_deinit(&in_time);
    buffer_deinit(&out);
    two_stop(&two);
}

static void nobody_gets_more_bytes_than_it_sent(void **state)
{
    (void)state;
    struct two two;
    uint64_t random = 1;
    two_meet(&two);
    for (int i = 0; i < 20000; i++) {
        uint8_t junk[LIMIT_DATAGRAM_SIZE_MAX + 8];
        size_t size = (size_t)i % sizeof junk;
        for (size_t k = 0; k < size; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            junk[k] = (uint8_t)(random >> 56);
        }
        if (size > NODE_ID_SIZE) { // addressed well
            junk[0] = (uint8_t)(1 + i % 4);
            if (i % 2)
                memcpy(junk + 1, two.b.peer.id.b, NODE_ID_SIZE);
            else
                memcpy(junk + 1, &two.b.peer.index, sizeof two.b.peer.index);
        }
        assert_int_not_equal(party_try(&two.b, bytes_of(junk, size)), 0); // and answered by nothing
    }
    for (int i = 0; i < 100; i++) {
        struct buffer question = party_question(&two.a), answer = {0};
        assert_int_equal(party_take(&two.b, buffer_view(&question), &answer), 0);
        assert_true(answer.size <= question.size);
        buffer_deinit(&question);
        buffer_deinit(&answer);
    }
    two_stop(&two);
}

// A storm: loss, repetition, reordering and an attacker who keeps packets for long, while both parties
// restart, suspend and forget each other. Every payload is unique and says from which life it comes.
enum { ON_THE_WAY = 100, KEPT = 2000 };

struct storm {
    struct two two;
    uint64_t random;
    uint32_t lives[2];
    uint32_t sent, received;
    struct {
        struct buffer packet;
        int to;
    } kept[KEPT]; // the first ON_THE_WAY are delivered often, the others are the attacker's
    bool seen[100000];
    uint32_t newest_life[2]; // of the sender, as heard by the other
};

static uint32_t draw(struct storm *storm, uint32_t below)
{
    storm->random = storm->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(storm->random >> 33) % below;
}

static struct party *side_of(struct storm *storm, int side)
{
    return side ? &storm->two.b : &storm->two.a;
}

static void keep_at(struct storm *storm, uint32_t slot, struct bytes packet, int to)
{
    buffer_clear(&storm->kept[slot].packet);
    buffer_add(&storm->kept[slot].packet, packet.data, packet.size);
    storm->kept[slot].to = to;
}

static void keep(struct storm *storm, struct buffer packet, int to)
{
    keep_at(storm, draw(storm, ON_THE_WAY), buffer_view(&packet), to);
    keep_at(storm, draw(storm, KEPT), buffer_view(&packet), to);
    buffer_deinit(&packet);
}

static void hand_over(struct storm *storm, struct bytes packet, int to)
{
    struct party *party = side_of(storm, to);
    struct buffer out = {0};
    if (party_take(party, packet, &out) == 0 && packet.data[0] == DATAGRAM_QUESTION) {
        keep(storm, out, 1 - to);
        return;
    }
    if (out.size) {
        uint32_t content[2];
        assert_int_equal(out.size, sizeof content);
        memcpy(content, out.data, sizeof content);
        assert_false(storm->seen[content[0]]);
        storm->seen[content[0]] = true;
        assert_true(content[1] >= storm->newest_life[to]);
        storm->newest_life[to] = content[1];
        storm->received++;
    }
    buffer_deinit(&out);
}

static void restart(struct storm *storm, int side)
{
    party_stop(side_of(storm, side));
    party_start(side_of(storm, side), (uint8_t)(1 + side), ++storm->lives[side], (uint8_t)(2 - side));
}

static void suspend(struct storm *storm, int side)
{
    struct datagram_session session = party_session((uint8_t)(1 + side), ++storm->lives[side]);
    datagram_local_renew(&side_of(storm, side)->local, &session);
}

static void relearn(struct storm *storm, int side)
{
    struct party *party = side_of(storm, side);
    struct node_id id = party->peer.id;
    struct public_key key = party->peer.key;
    datagram_local_remove(&party->local, &party->peer);
    assert_true(datagram_local_add(&party->local, &party->peer, &id, &key));
}

static void send(struct storm *storm, int side)
{
    struct party *party = side_of(storm, side);
    uint32_t content[2] = {storm->sent, storm->lives[side]};
    struct buffer packet = {0};
    if (datagram_seal(&party->local, &party->peer, bytes_of(content, sizeof content), &packet) != 0)
        return;
    storm->sent++;
    keep(storm, packet, 1 - side);
}

static void storm_step(struct storm *storm)
{
    int side = (int)draw(storm, 2);
    uint32_t dice = draw(storm, 1000), slot = draw(storm, draw(storm, 5) ? ON_THE_WAY : KEPT);
    if (dice < 2)
        restart(storm, side);
    else if (dice < 3)
        suspend(storm, side);
    else if (dice < 4)
        relearn(storm, side);
    else if (dice < 60)
        keep(storm, party_question(side_of(storm, side)), 1 - side);
    else if (dice < 300)
        send(storm, side);
    else if (storm->kept[slot].packet.size)
        hand_over(storm, buffer_view(&storm->kept[slot].packet),
                  draw(storm, 50) ? storm->kept[slot].to : side);
}

static void in_a_storm_nothing_counts_twice_and_no_dead_session_returns(void **state)
{
    (void)state;
    struct storm *storm = base_alloc(1, sizeof *storm);
    storm->random = 20240611;
    two_start(&storm->two);
    storm->lives[0] = storm->lives[1] = 1;
    for (int i = 0; i < 200000; i++)
        storm_step(storm);
    assert_true(storm->lives[0] > 100 && storm->lives[1] > 100);
    assert_true(storm->received > storm->sent / 5);
    party_greet(&storm->two.a, &storm->two.b); // and after it they can talk
    party_say(&storm->two.a, &storm->two.b, "calm");
    party_say(&storm->two.b, &storm->two.a, "calm");
    for (size_t i = 0; i < KEPT; i++)
        buffer_deinit(&storm->kept[i].packet);
    two_stop(&storm->two);
    free(storm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_captured_is_refused_by_a_restarted_receiver),
        cmocka_unit_test(everything_captured_is_refused_a_second_time),
        cmocka_unit_test(everything_captured_is_refused_after_the_sender_restarted),
        cmocka_unit_test(everything_captured_is_refused_by_one_who_forgot_and_relearnt_the_peer),
        cmocka_unit_test(packets_sent_back_to_their_sender_are_refused),
        cmocka_unit_test(a_delayed_packet_of_a_dead_session_does_not_bring_it_back),
        cmocka_unit_test(a_delayed_answer_of_a_dead_session_does_not_bring_it_back),
        cmocka_unit_test(an_answer_counts_once),
        cmocka_unit_test(an_answer_number_never_given_opens_no_session),
        cmocka_unit_test(packets_of_another_fleet_do_not_open),
        cmocka_unit_test(a_flipped_bit_or_a_cut_anywhere_is_refused),
        cmocka_unit_test(packets_out_of_order_count_and_far_too_late_ones_do_not),
        cmocka_unit_test(nobody_gets_more_bytes_than_it_sent),
        cmocka_unit_test(in_a_storm_nothing_counts_twice_and_no_dead_session_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
