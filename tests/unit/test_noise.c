// test_noise.c - the handshake against public vectors, and everything that must make it fail.
#include "proto/noise.h"
#include "tests/unit/vectors_noise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct pair {
    struct noise_handshake sides[2]; // initiator, responder
};

static struct buffer from_hex(const char *text)
{
    struct buffer buffer = {0};
    size_t size = strlen(text) / 2;
    uint8_t bytes[256];
    assert_true(size <= sizeof bytes);
    assert_true(hex_decode(text, bytes, size));
    buffer_add(&buffer, bytes, size);
    return buffer;
}

static void start_side(struct noise_handshake *side, bool initiator, struct bytes prologue)
{
    struct noise_options options = {.initiator = initiator, .prologue = prologue};
    assert_true(
        hex_decode(initiator ? VECTOR_INIT_IDENTITY : VECTOR_RESP_IDENTITY, options.identity.b, DH_SIZE));
    assert_true(
        hex_decode(initiator ? VECTOR_INIT_ONE_TIME : VECTOR_RESP_ONE_TIME, options.one_time.b, DH_SIZE));
    noise_handshake_init(side, &options);
}

static struct pair start_pair(struct bytes prologue)
{
    struct pair pair;
    start_side(&pair.sides[0], true, prologue);
    start_side(&pair.sides[1], false, prologue);
    return pair;
}

static void stop_pair(struct pair *pair)
{
    noise_handshake_deinit(&pair->sides[0]);
    noise_handshake_deinit(&pair->sides[1]);
}

// Message `index` from its writer to its reader, without payload.
static struct buffer write_empty(struct pair *pair, int index)
{
    struct buffer out = {0};
    assert_int_equal(noise_handshake_write(&pair->sides[index % 2], bytes_of(NULL, 0), &out), 0);
    return out;
}

static void pass_empty(struct pair *pair, int index)
{
    struct buffer message = write_empty(pair, index), payload = {0};
    assert_int_equal(noise_handshake_read(&pair->sides[1 - index % 2], buffer_view(&message), &payload), 0);
    assert_int_equal(payload.size, 0);
    buffer_deinit(&message);
    buffer_deinit(&payload);
}

static void check_vector(const struct vector *vector)
{
    struct buffer prologue = from_hex(vector->prologue);
    struct pair pair = start_pair(buffer_view(&prologue));
    struct noise_cipher send[2], receive[2];
    for (int i = 0; i < 6; i++) {
        struct buffer payload = from_hex(vector->messages[i].payload);
        struct buffer wanted = from_hex(vector->messages[i].ciphertext);
        struct buffer message = {0}, back = {0};
        int writer = i % 2, reader = 1 - writer;
        if (i < 3) {
            assert_int_equal(noise_handshake_write(&pair.sides[writer], buffer_view(&payload), &message), 0);
            assert_int_equal(noise_handshake_read(&pair.sides[reader], buffer_view(&message), &back), 0);
        } else {
            uint8_t plain[64];
            assert_int_equal(
                noise_cipher_seal(&send[writer], bytes_of(NULL, 0), buffer_view(&payload), &message), 0);
            assert_int_equal(
                noise_cipher_open(&receive[reader], bytes_of(NULL, 0), buffer_view(&message), plain), 0);
            buffer_add(&back, plain, message.size - NOISE_TAG_SIZE);
        }
        assert_true(bytes_equal(buffer_view(&message), buffer_view(&wanted)));
        assert_true(bytes_equal(buffer_view(&back), buffer_view(&payload)));
        if (i == 2)
            for (int side = 0; side < 2; side++)
                noise_handshake_split(&pair.sides[side], &send[side], &receive[side]);
        buffer_deinit(&payload);
        buffer_deinit(&wanted);
        buffer_deinit(&message);
        buffer_deinit(&back);
    }
    assert_memory_equal(pair.sides[0].hash, pair.sides[1].hash, NOISE_HASH_SIZE);
    if (vector->handshake_hash) {
        struct buffer hash = from_hex(vector->handshake_hash);
        assert_memory_equal(pair.sides[0].hash, hash.data, NOISE_HASH_SIZE);
        buffer_deinit(&hash);
    }
    stop_pair(&pair);
    buffer_deinit(&prologue);
}

static void the_vectors_of_cacophony_hold(void **state)
{
    (void)state;
    check_vector(&cacophony);
}

static void the_vectors_of_noise_c_hold_with_their_handshake_hash(void **state)
{
    (void)state;
    check_vector(&noise_c);
}

static void both_sides_learn_each_others_identity(void **state)
{
    (void)state;
    struct pair pair = start_pair(bytes_of_text("test"));
    uint8_t key[PUBLIC_KEY_SIZE];
    for (int i = 0; i < 3; i++)
        pass_empty(&pair, i);
    assert_true(hex_decode(VECTOR_RESP_PUBLIC, key, sizeof key));
    assert_memory_equal(pair.sides[0].remote_identity.b, key, sizeof key);
    assert_true(hex_decode(VECTOR_INIT_PUBLIC, key, sizeof key));
    assert_memory_equal(pair.sides[1].remote_identity.b, key, sizeof key);
    stop_pair(&pair);
}

static void another_prologue_does_not_open(void **state)
{
    (void)state;
    struct pair pair;
    struct buffer payload = {0};
    start_side(&pair.sides[0], true, bytes_of_text("fleet one"));
    start_side(&pair.sides[1], false, bytes_of_text("fleet two"));
    pass_empty(&pair, 0); // nothing is encrypted yet
    struct buffer second = write_empty(&pair, 1);
    assert_int_equal(noise_handshake_read(&pair.sides[0], buffer_view(&second), &payload), NOISE_FORGED);
    buffer_deinit(&second);
    buffer_deinit(&payload);
    stop_pair(&pair);
}

// Flips one bit in message `index`. Message 1 is not encrypted: there the flip shows one message later.
static void expect_flip_is_noticed(int index, size_t position)
{
    struct pair pair = start_pair(bytes_of_text("test"));
    struct buffer payload = {0};
    for (int i = 0; i < index; i++)
        pass_empty(&pair, i);
    struct buffer message = write_empty(&pair, index);
    message.data[position] ^= 1;
    int outcome = noise_handshake_read(&pair.sides[1 - index % 2], buffer_view(&message), &payload);
    if (index == 0 && outcome == 0) {
        buffer_deinit(&message);
        message = write_empty(&pair, 1);
        outcome = noise_handshake_read(&pair.sides[0], buffer_view(&message), &payload);
    }
    assert_int_equal(outcome, NOISE_FORGED);
    assert_int_equal(payload.size, 0);
    buffer_deinit(&message);
    buffer_deinit(&payload);
    stop_pair(&pair);
}

static void a_flipped_bit_anywhere_is_noticed(void **state)
{
    (void)state;
    static const size_t sizes[3] = {32, 96, 64};
    for (int index = 0; index < 3; index++)
        for (size_t position = 0; position < sizes[index]; position++)
            expect_flip_is_noticed(index, position);
}

static void every_cut_of_every_message_is_refused(void **state)
{
    (void)state;
    static const size_t sizes[3] = {32, 96, 64};
    for (int index = 0; index < 3; index++) {
        for (size_t size = 0; size < sizes[index]; size++) {
            struct pair pair = start_pair(bytes_of_text("test"));
            struct buffer payload = {0};
            for (int i = 0; i < index; i++)
                pass_empty(&pair, i);
            struct buffer message = write_empty(&pair, index);
            assert_int_equal(message.size, sizes[index]);
            int outcome =
                noise_handshake_read(&pair.sides[1 - index % 2], bytes_of(message.data, size), &payload);
            assert_true(outcome == NOISE_MALFORMED || outcome == NOISE_FORGED);
            buffer_deinit(&message);
            buffer_deinit(&payload);
            stop_pair(&pair);
        }
    }
}

static void keys_of_small_order_are_refused(void **state)
{
    (void)state;
    static const char *points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    };
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        struct noise_handshake responder;
        struct buffer payload = {0}, answer = {0}, first = from_hex(points[i]);
        start_side(&responder, false, bytes_of_text("test"));
        assert_int_equal(noise_handshake_read(&responder, buffer_view(&first), &payload), 0);
        assert_int_equal(noise_handshake_write(&responder, bytes_of(NULL, 0), &answer), NOISE_BAD_KEY);
        assert_int_equal(answer.size, 0);
        buffer_deinit(&first);
        buffer_deinit(&payload);
        buffer_deinit(&answer);
        noise_handshake_deinit(&responder);
    }
}

static void speaking_out_of_turn_is_refused(void **state)
{
    (void)state;
    struct pair pair = start_pair(bytes_of_text("test"));
    struct buffer out = {0};
    assert_int_equal(noise_handshake_write(&pair.sides[1], bytes_of(NULL, 0), &out), NOISE_OUT_OF_TURN);
    assert_int_equal(noise_handshake_read(&pair.sides[0], bytes_of_text("x"), &out), NOISE_OUT_OF_TURN);
    for (int i = 0; i < 3; i++)
        pass_empty(&pair, i); // asking too early did no harm
    assert_int_equal(noise_handshake_write(&pair.sides[1], bytes_of(NULL, 0), &out), NOISE_OUT_OF_TURN);
    assert_int_equal(out.size, 0);
    buffer_deinit(&out);
    stop_pair(&pair);
}

static void a_failed_handshake_stays_failed(void **state)
{
    (void)state;
    struct pair pair = start_pair(bytes_of_text("test"));
    struct buffer payload = {0};
    pass_empty(&pair, 0);
    struct buffer second = write_empty(&pair, 1);
    second.data[40] ^= 0x80;
    assert_int_equal(noise_handshake_read(&pair.sides[0], buffer_view(&second), &payload), NOISE_FORGED);
    second.data[40] ^= 0x80;
    assert_int_equal(noise_handshake_read(&pair.sides[0], buffer_view(&second), &payload), NOISE_OUT_OF_TURN);
    assert_false(noise_handshake_is_done(&pair.sides[0]));
    buffer_deinit(&second);
    buffer_deinit(&payload);
    stop_pair(&pair);
}

static void oversized_messages_are_refused(void **state)
{
    (void)state;
    struct pair pair = start_pair(bytes_of_text("test"));
    struct buffer huge = {0}, out = {0};
    for (size_t i = 0; i < NOISE_MESSAGE_SIZE_MAX + 1; i++)
        buffer_add_u8(&huge, 7);
    assert_int_equal(noise_handshake_read(&pair.sides[1], buffer_view(&huge), &out), NOISE_MALFORMED);
    assert_int_equal(
        noise_handshake_write(&pair.sides[0], bytes_of(huge.data, NOISE_MESSAGE_SIZE_MAX - 31), &out),
        NOISE_MALFORMED);
    assert_int_equal(out.size, 0);
    buffer_deinit(&huge);
    buffer_deinit(&out);
    stop_pair(&pair);
}

static void sealed_messages_open_once_and_in_order(void **state)
{
    (void)state;
    struct noise_cipher sender = {.key = {1, 2, 3}, .has_key = true}, receiver = sender;
    struct buffer one = {0}, two = {0};
    uint8_t plain[32];
    assert_int_equal(noise_cipher_seal(&sender, bytes_of(NULL, 0), bytes_of_text("one"), &one), 0);
    assert_int_equal(noise_cipher_seal(&sender, bytes_of(NULL, 0), bytes_of_text("two"), &two), 0);
    assert_int_equal(noise_cipher_open(&receiver, bytes_of(NULL, 0), buffer_view(&two), plain), NOISE_FORGED);
    assert_int_equal(noise_cipher_open(&receiver, bytes_of(NULL, 0), buffer_view(&one), plain), 0);
    assert_memory_equal(plain, "one", 3);
    assert_int_equal(noise_cipher_open(&receiver, bytes_of(NULL, 0), buffer_view(&one), plain), NOISE_FORGED);
    assert_int_equal(noise_cipher_open(&receiver, bytes_of_text("x"), buffer_view(&two), plain),
                     NOISE_FORGED);
    assert_int_equal(noise_cipher_open(&receiver, bytes_of(NULL, 0), buffer_view(&two), plain), 0);
    buffer_deinit(&one);
    buffer_deinit(&two);
}

static void the_last_number_is_never_used(void **state)
{
    (void)state;
    struct noise_cipher cipher = {.nonce = UINT64_MAX, .has_key = true};
    struct buffer out = {0};
    uint8_t sealed[32] = {0}, plain[32];
    assert_int_equal(noise_cipher_seal(&cipher, bytes_of(NULL, 0), bytes_of_text("x"), &out),
                     NOISE_EXHAUSTED);
    assert_int_equal(noise_cipher_open(&cipher, bytes_of(NULL, 0), bytes_of(sealed, 32), plain),
                     NOISE_EXHAUSTED);
    assert_int_equal(out.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_cacophony_hold),
        cmocka_unit_test(the_vectors_of_noise_c_hold_with_their_handshake_hash),
        cmocka_unit_test(both_sides_learn_each_others_identity),
        cmocka_unit_test(another_prologue_does_not_open),
        cmocka_unit_test(a_flipped_bit_anywhere_is_noticed),
        cmocka_unit_test(every_cut_of_every_message_is_refused),
        cmocka_unit_test(keys_of_small_order_are_refused),
        cmocka_unit_test(speaking_out_of_turn_is_refused),
        cmocka_unit_test(a_failed_handshake_stays_failed),
        cmocka_unit_test(oversized_messages_are_refused),
        cmocka_unit_test(sealed_messages_open_once_and_in_order),
        cmocka_unit_test(the_last_number_is_never_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
