#include "tests/unit/support_datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct node_id party_id(uint8_t number)
{
    return (struct node_id){.b = {0xd0, number}};
}

struct dh_secret party_secret(uint8_t number)
{
    struct dh_secret secret;
    memset(secret.b, 40 + number, sizeof secret.b);
    return secret;
}

struct datagram_session party_session(uint8_t number, uint32_t life)
{
    struct datagram_session session = {.b = {number}};
    memcpy(session.b + 4, &life, sizeof life);
    return session;
}

struct datagram_nonce party_nonce(struct party *party)
{
    struct datagram_nonce nonce = {.b = {party->number, party->local.session.b[4]}};
    uint32_t draw = ++party->draws;
    memcpy(nonce.b + 8, &draw, sizeof draw);
    return nonce;
}

void party_start(struct party *party, uint8_t number, uint32_t life, uint8_t other)
{
    struct datagram_local_options options = {.fleet = {.hash = {.b = {7}}},
                                             .id = party_id(number),
                                             .secret = party_secret(number),
                                             .session = party_session(number, life),
                                             .index_base = 0xfffffff0u + number};
    struct dh_secret other_secret = party_secret(other);
    struct public_key other_key = dh_public_of(&other_secret);
    struct node_id other_id = party_id(other);
    *party = (struct party){.number = number, .draws = life << 16};
    datagram_local_init(&party->local, &options);
    assert_true(datagram_local_add(&party->local, &party->peer, &other_id, &other_key));
}

void party_stop(struct party *party)
{
    datagram_local_remove(&party->local, &party->peer);
    datagram_local_deinit(&party->local);
}

void two_start(struct two *two)
{
    party_start(&two->a, 1, 1, 2);
    party_start(&two->b, 2, 1, 1);
}

void two_meet(struct two *two)
{
    two_start(two);
    party_greet(&two->a, &two->b);
    party_say(&two->a, &two->b, "hello");
    party_say(&two->b, &two->a, "hello to you");
    assert_int_equal(two->a.peer.state, DATAGRAM_ESTABLISHED);
    assert_int_equal(two->b.peer.state, DATAGRAM_ESTABLISHED);
}

void two_stop(struct two *two)
{
    party_stop(&two->a);
    party_stop(&two->b);
}

struct buffer party_question(struct party *party)
{
    struct buffer packet = {0};
    struct datagram_nonce draw = party_nonce(party), nonce = party_nonce(party);
    struct datagram_question question;
    memcpy(question.b, draw.b, sizeof question.b);
    datagram_ask(&party->local, &party->peer, &question, &nonce, &packet);
    return packet;
}

struct buffer party_seal(struct party *party, const char *text)
{
    struct buffer packet = {0};
    assert_int_equal(datagram_seal(&party->local, &party->peer, bytes_of_text(text), &packet), 0);
    assert_true(packet.size <= LIMIT_DATAGRAM_SIZE_MAX);
    return packet;
}

int party_take(struct party *party, struct bytes packet, struct buffer *out)
{
    struct datagram_nonce nonce = party_nonce(party);
    struct datagram_received received = {0};
    buffer_clear(out);
    int outcome = datagram_receive(&party->local, packet, &nonce, out, &received);
    if (outcome == 0)
        assert_ptr_equal(received.peer, &party->peer);
    return outcome;
}

int party_try(struct party *party, struct bytes packet)
{
    struct buffer out = {0};
    struct datagram_peer before = party->peer;
    uint64_t sequence = party->local.sequence;
    int outcome = party_take(party, packet, &out);
    if (outcome) {
        assert_memory_equal(&before, &party->peer, sizeof before);
        assert_int_equal(party->local.sequence, sequence);
        assert_int_equal(out.size, 0);
    }
    buffer_deinit(&out);
    return outcome;
}

void party_greet(struct party *asker, struct party *other)
{
    struct buffer question = party_question(asker), answer = {0}, nothing = {0};
    assert_int_equal(party_take(other, buffer_view(&question), &answer), 0);
    assert_int_equal(party_take(asker, buffer_view(&answer), &nothing), 0);
    buffer_deinit(&question);
    buffer_deinit(&answer);
    buffer_deinit(&nothing);
}

void party_say(struct party *from, struct party *to, const char *text)
{
    struct buffer packet = party_seal(from, text), payload = {0};
    assert_int_equal(party_take(to, buffer_view(&packet), &payload), 0);
    assert_true(bytes_equal(buffer_view(&payload), bytes_of_text(text)));
    buffer_deinit(&packet);
    buffer_deinit(&payload);
}
