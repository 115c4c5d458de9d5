// test_token.c - join tokens as people handle them: typed, wrapped, cut, pasted twice.
#include "proto/stream.h"
#include "proto/token.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct token sample(void)
{
    struct token token = {.authority_number = 258, .address_count = 3};
    memset(token.fleet.hash.b, 0xa1, HASH_SIZE);
    memset(token.authority_head.b, 0xb2, HASH_SIZE);
    memset(token.redeemer_key.b, 0xc3, PUBLIC_KEY_SIZE);
    memset(token.seed, 0xd4, TOKEN_SEED_SIZE);
    assert_true(address_parse("192.0.2.7:5289", 0, &token.addresses[0]));
    assert_true(address_parse("[2001:db8::1]:99", 0, &token.addresses[1]));
    assert_true(address_parse("10.0.0.1:65535", 0, &token.addresses[2]));
    return token;
}

static void assert_same(const struct token *a, const struct token *b)
{
    assert_memory_equal(&a->fleet, &b->fleet, sizeof a->fleet);
    assert_int_equal(a->authority_number, b->authority_number);
    assert_memory_equal(&a->authority_head, &b->authority_head, sizeof a->authority_head);
    assert_memory_equal(&a->redeemer_key, &b->redeemer_key, sizeof a->redeemer_key);
    assert_memory_equal(a->seed, b->seed, sizeof a->seed);
    assert_int_equal(a->address_count, b->address_count);
    for (size_t i = 0; i < a->address_count; i++)
        assert_true(address_equal(&a->addresses[i], &b->addresses[i]));
}

static struct buffer text_of(const struct token *token)
{
    struct buffer text = {0};
    token_encode(token, &text);
    return text;
}

static int outcome_of(struct bytes text)
{
    struct token token;
    size_t position = 0;
    return token_decode(text, &token, &position);
}

static void a_token_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    struct token token = sample(), back;
    size_t position;
    struct buffer text = text_of(&token);
    for (size_t i = 0; i < text.size; i++)
        assert_non_null(strchr("0123456789abcdefghjkmnpqrstvwxyz", text.data[i]));
    assert_int_equal(token_decode(buffer_view(&text), &back, &position), 0);
    assert_same(&token, &back);
    buffer_deinit(&text);
}

static void every_number_of_addresses_fits(void **state)
{
    (void)state;
    for (size_t count = 1; count <= LIMIT_ADDRESS_COUNT_MAX; count++) {
        for (int family = 4; family <= 16; family += 12) {
            struct token token = sample(), back;
            size_t position;
            token.address_count = count;
            for (size_t i = 0; i < count; i++)
                token.addresses[i] =
                    (struct address){.ip = {(uint8_t)i}, .ip_size = (uint8_t)family, .port = (uint16_t)i};
            struct buffer text = text_of(&token);
            assert_int_equal(token_decode(buffer_view(&text), &back, &position), 0);
            assert_same(&token, &back);
            buffer_deinit(&text);
        }
    }
}

// So that a token printed by one release is read by the next.
static void the_text_form_does_not_change(void **state)
{
    (void)state;
    struct token token = sample();
    struct buffer text = text_of(&token);
    static const char wanted[] =
        "06gt38d1m6gt38d1m6gt38d1m6gt38d1m6gt38d1m6gt38d1m6gt20g10000000002sb5cnjpasb5cnjpasb5cnjpa"
        "sb5cnjpasb5cnjpasb5cnjpasb5gy3rf1w7gy3rf1w7gy3rf1w7gy3rf1w7gy3rf1w7gy3rf1w7gy3tkad9n6mtkad"
        "9n6mtkad9n6mtkad9n6mtkad9n6mtkad9n6mtka061600010fa8m20g023dr0000000000000000000p6004180000"
        "fzzxnydt90";
    assert_int_equal(text.size, sizeof wanted - 1);
    assert_memory_equal(text.data, wanted, text.size);
    buffer_deinit(&text);
}

static void case_and_white_space_do_not_matter(void **state)
{
    (void)state;
    struct token token = sample(), back;
    size_t position;
    struct buffer text = text_of(&token), typed = {0};
    buffer_add(&typed, " \n", 2);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = i % 3 ? text.data[i] : (uint8_t)toupper(text.data[i]);
        if (character == '0')
            character = i % 2 ? 'o' : 'O';
        if (character == '1')
            character = (uint8_t) "1iIlL"[i % 5];
        buffer_add_u8(&typed, character);
        if (i % 7 == 6)
            buffer_add(&typed, i % 2 ? "\r\n" : "\t ", 2);
    }
    assert_int_equal(token_decode(buffer_view(&typed), &back, &position), 0);
    assert_same(&token, &back);
    buffer_deinit(&text);
    buffer_deinit(&typed);
}

static void a_bad_character_is_pointed_at(void **state)
{
    (void)state;
    static const uint8_t bad[] = {'u', 'U', '=', '-', '!', 0, 0xff};
    struct token token = sample();
    struct buffer text = text_of(&token);
    for (size_t i = 0; i < sizeof bad; i++) {
        size_t position = 0;
        uint8_t before = text.data[40];
        text.data[40] = bad[i];
        assert_int_equal(token_decode(buffer_view(&text), &token, &position), TOKEN_BAD_CHARACTER);
        assert_int_equal(position, 41);
        text.data[40] = before;
    }
    buffer_deinit(&text);
}

static void every_cut_is_called_one(void **state)
{
    (void)state;
    struct token token = sample();
    struct buffer text = text_of(&token);
    assert_int_equal(outcome_of(bytes_of(text.data, 0)), TOKEN_EMPTY);
    assert_int_equal(outcome_of(bytes_of_text(" \n\t ")), TOKEN_EMPTY);
    for (size_t size = 1; size < text.size; size++)
        assert_int_equal(outcome_of(bytes_of(text.data, size)), TOKEN_CUT_SHORT);
    buffer_deinit(&text);
}

static void a_token_pasted_twice_is_too_long(void **state)
{
    (void)state;
    struct token token = sample();
    struct buffer text = text_of(&token);
    struct buffer twice = text_of(&token);
    buffer_add(&twice, text.data, text.size);
    assert_int_equal(outcome_of(buffer_view(&twice)), TOKEN_TOO_LONG);
    for (int i = 0; i < 10; i++)
        buffer_add(&twice, text.data, text.size);
    assert_int_equal(outcome_of(buffer_view(&twice)), TOKEN_TOO_LONG);
    buffer_deinit(&text);
    buffer_deinit(&twice);
}

static void a_letter_too_many_is_noticed(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 8; count++) {
        struct token token = sample();
        token.address_count = MIN_OF(count, 3);
        for (; token.address_count < count; token.address_count++)
            token.addresses[token.address_count] = token.addresses[0];
        struct buffer text = text_of(&token);
        buffer_add_u8(&text, '0');
        int outcome = outcome_of(buffer_view(&text));
        assert_true(outcome == TOKEN_TOO_LONG || outcome == TOKEN_BAD_CHECKSUM);
        buffer_deinit(&text);
    }
}

static void expect_every_typo_noticed(const struct token *token)
{
    struct token back;
    struct buffer text = text_of(token);
    memset(&back, 0x55, sizeof back);
    struct token untouched = back;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t before = text.data[i];
        size_t position;
        for (const char *other = "0123456789abcdefghjkmnpqrstvwxyz"; *other; other++) {
            if ((uint8_t)*other == before)
                continue;
            text.data[i] = (uint8_t)*other;
            assert_int_not_equal(token_decode(buffer_view(&text), &back, &position), 0);
        }
        text.data[i] = before;
    }
    assert_memory_equal(&back, &untouched, sizeof back);
    buffer_deinit(&text);
}

static void one_wrong_letter_anywhere_is_noticed_and_nothing_is_returned(void **state)
{
    (void)state;
    struct token token = sample();
    expect_every_typo_noticed(&token);
    token.address_count = 1; // here the last letter has bits to spare
    expect_every_typo_noticed(&token);
}

// The bytes of a token with a checksum that holds, as a program other than this one would make it.
static int outcome_of_contents(const struct buffer *contents)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    struct buffer data = {0}, text = {0};
    struct hasher hasher;
    hasher_start(&hasher, "katydid-token-1");
    hasher_add(&hasher, contents->data, contents->size);
    struct hash hash = hasher_finish(&hasher);
    buffer_add(&data, contents->data, contents->size);
    buffer_add(&data, hash.b, 4);
    for (size_t bit = 0; bit < data.size * 8; bit += 5) {
        unsigned value = 0;
        for (size_t i = bit; i < bit + 5; i++)
            value = value << 1 | (i < data.size * 8 ? (unsigned)data.data[i / 8] >> (7 - i % 8) & 1u : 0u);
        buffer_add_u8(&text, (uint8_t)alphabet[value]);
    }
    int outcome = outcome_of(buffer_view(&text));
    buffer_deinit(&data);
    buffer_deinit(&text);
    return outcome;
}

static struct buffer contents_with(uint8_t version, uint8_t address_count, uint8_t ip_size)
{
    struct buffer contents = {0};
    static const uint8_t fixed[32 + 8 + 32 + 32 + 32], ip[16];
    buffer_add_u8(&contents, version);
    buffer_add(&contents, fixed, sizeof fixed);
    buffer_add_u8(&contents, address_count);
    for (int i = 0; i < address_count; i++) {
        buffer_add_u8(&contents, ip_size);
        buffer_add(&contents, ip, MIN_OF(ip_size, sizeof ip));
        buffer_add_u16(&contents, 5289);
    }
    return contents;
}

static void a_whole_token_of_another_make_is_told_apart_from_a_typo(void **state)
{
    (void)state;
    static const struct {
        uint8_t version, address_count, ip_size;
        int outcome;
    } cases[] = {{1, 1, 4, 0},
                 {1, 16, 16, 0},
                 {2, 1, 4, TOKEN_OTHER_VERSION},
                 {0, 1, 4, TOKEN_OTHER_VERSION},
                 {1, 0, 4, TOKEN_MALFORMED},
                 {1, 17, 4, TOKEN_MALFORMED},
                 {1, 1, 5, TOKEN_MALFORMED}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buffer contents = contents_with(cases[i].version, cases[i].address_count, cases[i].ip_size);
        assert_int_equal(outcome_of_contents(&contents), cases[i].outcome);
        buffer_deinit(&contents);
    }
    struct buffer longer = contents_with(1, 1, 4);
    buffer_add_u8(&longer, 0);
    assert_int_equal(outcome_of_contents(&longer), TOKEN_MALFORMED);
    buffer_deinit(&longer);
}

static void a_tag_depends_on_the_fleet_and_the_key(void **state)
{
    (void)state;
    struct fleet_id fleet = {0}, other_fleet = {.hash = {.b = {1}}};
    struct public_key key = {0}, other_key = {.b = {1}};
    uint8_t tags[3][TOKEN_TAG_SIZE];
    _Static_assert((int)TOKEN_TAG_SIZE == (int)STREAM_TAG_SIZE,
                   "the tag travels in a stream's first message");
    token_tag(&fleet, &key, tags[0]);
    token_tag(&other_fleet, &key, tags[1]);
    token_tag(&fleet, &other_key, tags[2]);
    assert_memory_not_equal(tags[0], tags[1], TOKEN_TAG_SIZE);
    assert_memory_not_equal(tags[0], tags[2], TOKEN_TAG_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_read_back_as_it_was_written),
        cmocka_unit_test(every_number_of_addresses_fits),
        cmocka_unit_test(the_text_form_does_not_change),
        cmocka_unit_test(case_and_white_space_do_not_matter),
        cmocka_unit_test(a_bad_character_is_pointed_at),
        cmocka_unit_test(every_cut_is_called_one),
        cmocka_unit_test(a_token_pasted_twice_is_too_long),
        cmocka_unit_test(a_letter_too_many_is_noticed),
        cmocka_unit_test(one_wrong_letter_anywhere_is_noticed_and_nothing_is_returned),
        cmocka_unit_test(a_whole_token_of_another_make_is_told_apart_from_a_typo),
        cmocka_unit_test(a_tag_depends_on_the_fleet_and_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
