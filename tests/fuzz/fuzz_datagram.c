// fuzz_datagram.c - packets nobody sealed are refused without a trace; and whatever two nodes and the wire
// between them do, every payload counts at most once and no reply outgrows its question.
#include "proto/datagram.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { SLOT_COUNT = 32, PAYLOAD_COUNT_MAX = 4096 };

struct side {
    struct datagram_local local;
    struct datagram_peer peer;
    uint32_t lives;
};

struct world {
    struct side sides[2];
    struct {
        struct buffer packet;
        int to;
        bool touched; // no longer as it was sealed
    } slots[SLOT_COUNT];
    uint32_t draws, sent;
    bool seen[PAYLOAD_COUNT_MAX];
};

static void start(struct world *world, int number)
{
    struct side *side = &world->sides[number];
    struct datagram_local_options options = {.id = {.b = {(uint8_t)number}}};
    struct dh_secret other = {.b = {0, (uint8_t)(2 - number)}};
    struct node_id other_id = {.b = {(uint8_t)(1 - number)}};
    struct public_key other_key = dh_public_of(&other);
    options.secret.b[1] = (uint8_t)(1 + number);
    side->lives++;
    memcpy(options.session.b, &side->lives, sizeof side->lives);
    datagram_local_init(&side->local, &options);
    bool added = datagram_local_add(&side->local, &side->peer, &other_id, &other_key);
    assert(added);
}

static void stop(struct side *side)
{
    datagram_local_remove(&side->local, &side->peer);
    datagram_local_deinit(&side->local);
}

static struct datagram_nonce draw_nonce(struct world *world)
{
    struct datagram_nonce nonce = {0};
    world->draws++;
    memcpy(nonce.b, &world->draws, sizeof world->draws);
    return nonce;
}

static void put(struct world *world, size_t slot, struct buffer packet, int to)
{
    buffer_deinit(&world->slots[slot].packet);
    world->slots[slot].packet = packet;
    world->slots[slot].to = to;
    world->slots[slot].touched = false;
}

static void ask(struct world *world, int number, size_t slot)
{
    struct buffer packet = {0};
    struct datagram_nonce nonce = draw_nonce(world);
    struct datagram_question question;
    memcpy(question.b, nonce.b, sizeof question.b);
    datagram_ask(&world->sides[number].local, &world->sides[number].peer, &question, &nonce, &packet);
    put(world, slot, packet, 1 - number);
}

static void send(struct world *world, int number, size_t slot)
{
    struct buffer packet = {0};
    struct bytes payload = bytes_of(&world->sent, sizeof world->sent);
    struct side *side = &world->sides[number];
    if (world->sent < PAYLOAD_COUNT_MAX && datagram_seal(&side->local, &side->peer, payload, &packet) == 0) {
        world->sent++;
        put(world, slot, packet, 1 - number);
    }
}

static void take(struct world *world, int number, size_t slot)
{
    struct side *side = &world->sides[number];
    struct bytes packet = buffer_view(&world->slots[slot].packet);
    struct datagram_nonce nonce = draw_nonce(world);
    struct datagram_received received;
    struct datagram_peer before = side->peer;
    struct buffer out = {0};
    int outcome = datagram_receive(&side->local, packet, &nonce, &out, &received);
    assert(datagram_outcome_text(outcome) != NULL);
    if (outcome) {
        assert(out.size == 0 && memcmp(&before, &side->peer, sizeof before) == 0);
        return;
    }
    assert(number == world->slots[slot].to && !world->slots[slot].touched);
    if (received.kind == DATAGRAM_QUESTION) {
        assert(out.size <= packet.size && memcmp(&before, &side->peer, sizeof before) == 0);
        put(world, (slot + 1) % SLOT_COUNT, out, 1 - number);
        return;
    }
    if (received.kind != DATAGRAM_ANSWER) {
        uint32_t payload;
        assert(out.size == sizeof payload);
        memcpy(&payload, out.data, sizeof payload);
        assert(payload < world->sent && !world->seen[payload]);
        world->seen[payload] = true;
    }
    buffer_deinit(&out);
}

static void disturb(struct world *world, int number, uint8_t how)
{
    struct side *side = &world->sides[number];
    struct datagram_session session = {0};
    if (how % 4 == 0) {
        stop(side);
        start(world, number);
    } else if (how % 4 == 1) {
        side->lives++;
        memcpy(session.b, &side->lives, sizeof side->lives);
        datagram_local_renew(&side->local, &session);
    } else if (how % 4 == 2) {
        struct node_id id = side->peer.id;
        struct public_key key = side->peer.key;
        datagram_local_remove(&side->local, &side->peer);
        bool added = datagram_local_add(&side->local, &side->peer, &id, &key);
        assert(added);
    } else {
        side->peer.answer_number ^= how; // a member that lies
    }
}

static void flip(struct world *world, size_t slot, uint8_t position)
{
    struct buffer *packet = &world->slots[slot].packet;
    if (position < packet->size && !world->slots[slot].touched) {
        packet->data[position] ^= 1;
        world->slots[slot].touched = true;
    }
}

static void run_script(struct world *world, struct reader *reader)
{
    while (reader->rest.size >= 2) {
        uint8_t what = reader_u8(reader), amount = reader_u8(reader);
        int number = what & 1;
        size_t slot = amount % SLOT_COUNT;
        switch (what >> 1 & 7) {
        case 0:
            ask(world, number, slot);
            break;
        case 1:
        case 2:
            send(world, number, slot);
            break;
        case 3:
            disturb(world, number, amount);
            break;
        case 4:
            flip(world, slot, (uint8_t)(what >> 4 | amount));
            break;
        default:
            take(world, number, slot);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    struct reader reader;
    world = (struct world){0};
    reader_init(&reader, bytes_of(data, size));
    uint8_t mode = reader_u8(&reader);
    start(&world, 0);
    start(&world, 1);
    if (mode % 2) {
        run_script(&world, &reader);
    } else if (reader.rest.size) {
        struct buffer packet = {0};
        buffer_add(&packet, reader.rest.data, reader.rest.size);
        put(&world, 0, packet, 0);
        world.slots[0].touched = true; // sealed by nobody
        take(&world, 0, 0);
        take(&world, 1, 0);
    }
    for (size_t i = 0; i < SLOT_COUNT; i++)
        buffer_deinit(&world.slots[i].packet);
    stop(&world.sides[0]);
    stop(&world.sides[1]);
    return 0;
}
