// test_authority_log.c - the root's log: what it takes, what it refuses, and what a fork comes to.
#include "crdt/authority_log.h"
#include "tests/unit/support_trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int add(struct authority_log *log, const struct buffer *envelope)
{
    uint64_t needed = 0;
    return authority_log_add(log, buffer_view(envelope), &needed);
}

static const struct authority_log_operator *operator_of(const struct authority_log *log, uint8_t number)
{
    struct envelope_signer signer = support_signer(NULL, number);
    struct node_id id = node_id_of(&signer.key);
    return authority_log_find_operator(log, &id);
}

static struct authority_entry setting(const char *value)
{
    struct authority_entry entry = {.change = AUTHORITY_SETTING};
    strcpy(entry.setting.key, "color");
    entry.setting.value = value;
    return entry;
}

// --- genesis -----------------------------------------------------------------

static void genesis_alone_is_a_log(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    struct authority_log_head head = authority_log_get_head(&trust.log);
    assert_int_equal(head.number, 0);
    assert_true(hash_equal(&head.id.hash, &trust.fleet.hash));
    assert_true(authority_log_has(&trust.log, 0, &trust.fleet.hash));
    assert_null(operator_of(&trust.log, SUPPORT_ALICE));
    support_trust_deinit(&trust);
}

static void another_fleet_s_genesis_is_refused(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    struct authority_log log;
    struct fleet_id other = trust.fleet;
    other.hash.b[0] ^= 1;
    assert_int_equal(authority_log_init(&log, buffer_view(&trust.genesis), &other),
                     AUTHORITY_LOG_WRONG_FLEET);
    trust.genesis.data[trust.genesis.size - 1] ^= 1;
    assert_int_not_equal(authority_log_init(&log, buffer_view(&trust.genesis), &trust.fleet), 0);
    trust.genesis.size /= 2;
    assert_int_equal(authority_log_init(&log, buffer_view(&trust.genesis), &trust.fleet),
                     AUTHORITY_LOG_MALFORMED);
    authority_log_deinit(&log); // zeroed by the failure
    support_trust_deinit(&trust);
}

// --- a chain -----------------------------------------------------------------

static void entries_come_in_order_or_name_what_is_missing(void **state)
{
    (void)state;
    struct support_trust trust;
    struct authority_log log;
    struct buffer entries[3] = {{0}};
    struct scope all = support_scope_all();
    uint64_t needed = 0;
    support_trust_init(&trust);
    support_trust_new_log(&trust, &log);
    for (size_t i = 0; i < 3; i++)
        support_trust_entry(&trust, support_operator((uint8_t)(SUPPORT_ALICE + i), &all), &entries[i]);

    assert_int_equal(authority_log_add(&log, buffer_view(&entries[2]), &needed), AUTHORITY_LOG_GAP);
    assert_int_equal(needed, 1);
    assert_int_equal(add(&log, &entries[0]), 0);
    assert_int_equal(authority_log_add(&log, buffer_view(&entries[2]), &needed), AUTHORITY_LOG_GAP);
    assert_int_equal(needed, 2);
    assert_int_equal(add(&log, &entries[0]), AUTHORITY_LOG_KNOWN);
    assert_int_equal(add(&log, &entries[1]), 0);
    assert_int_equal(add(&log, &entries[2]), 0);
    assert_int_equal(authority_log_get_head(&log).number, 3);
    struct hash mine = authority_log_summary(&log), theirs = authority_log_summary(&trust.log);
    assert_true(hash_equal(&mine, &theirs));
    assert_non_null(operator_of(&log, SUPPORT_CAROL));
    assert_string_equal(operator_of(&log, SUPPORT_BOB)->name, "operator-3");

    assert_int_equal(log.entry_count, 3);
    for (size_t i = 0; i < 3; i++) // what we send on is what we got
        assert_true(bytes_equal(buffer_view(&log.entries[i]->envelope), buffer_view(&entries[i])));
    assert_int_equal(authority_log_index_of(&log, 2), 1);
    for (size_t i = 0; i < 3; i++)
        buffer_deinit(&entries[i]);
    authority_log_deinit(&log);
    support_trust_deinit(&trust);
}

static void only_the_root_signs(void **state)
{
    (void)state;
    struct support_trust trust;
    struct buffer envelope = {0};
    support_trust_init(&trust);
    support_trust_operators(&trust, 1);
    struct envelope_signer alice = support_signer(&trust.fleet, SUPPORT_ALICE);
    struct authority_log_head head = authority_log_get_head(&trust.log);
    support_sign_entry(&alice, 2, &head.id.hash, setting("red"), &envelope);
    assert_int_equal(add(&trust.log, &envelope), AUTHORITY_LOG_NOT_ROOT);
    // Alice writes the root's id into the header: the signature does not hold.
    struct node_id root = node_id_of(&trust.root.key);
    memcpy(envelope.data + 2, root.b, sizeof root.b);
    assert_int_equal(add(&trust.log, &envelope), AUTHORITY_LOG_FORGED);
    assert_int_equal(authority_log_get_head(&trust.log).number, 1);
    buffer_deinit(&envelope);
    support_trust_deinit(&trust);
}

static void the_same_root_of_another_fleet_is_refused(void **state)
{
    (void)state;
    struct support_trust trust;
    struct buffer envelope = {0};
    support_trust_init(&trust);
    struct envelope_signer elsewhere = trust.root;
    elsewhere.fleet.hash.b[5] ^= 1;
    support_sign_entry(&elsewhere, 1, &trust.fleet.hash, setting("red"), &envelope);
    assert_int_equal(add(&trust.log, &envelope), AUTHORITY_LOG_FORGED);
    buffer_clear(&envelope);
    support_sign_entry(&trust.root, 1, &elsewhere.fleet.hash, setting("red"), &envelope);
    assert_int_equal(add(&trust.log, &envelope), AUTHORITY_LOG_MALFORMED); // follows another genesis
    buffer_deinit(&envelope);
    support_trust_deinit(&trust);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct support_trust trust;
    struct authority_log log;
    struct buffer envelope = {0};
    struct scope all = support_scope_all();
    support_trust_init(&trust);
    support_trust_new_log(&trust, &log);
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &all), &envelope);
    for (size_t bit = 0; bit < 8 * envelope.size; bit++) {
        envelope.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(add(&log, &envelope) > AUTHORITY_LOG_GAP);
        envelope.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(log.entry_count, 0);
    assert_int_equal(add(&log, &envelope), 0);
    envelope.data[20] ^= 1; // a known body with a bad signature
    assert_int_equal(add(&log, &envelope), AUTHORITY_LOG_FORGED);
    buffer_deinit(&envelope);
    authority_log_deinit(&log);
    support_trust_deinit(&trust);
}

static void the_last_word_counts_for_settings_scopes_and_voters(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    struct scope all = support_scope_all(), none = {0};
    struct node_id nodes[3] = {{{1}}, {{2}}, {{3}}};
    support_trust_entry(&trust, setting("red"), NULL);
    support_trust_entry(&trust, setting("blue"), NULL);
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &all), NULL);
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &none), NULL);
    struct authority_entry voters = {.change = AUTHORITY_VOTERS};
    strcpy(voters.voters.group, "main");
    voters.voters.nodes = nodes;
    voters.voters.node_count = 3;
    voters.voters.epoch = 2;
    support_trust_entry(&trust, voters, NULL);
    voters.voters.epoch = 1;
    support_trust_entry(&trust, voters, NULL);

    assert_string_equal(authority_log_find_setting(&trust.log, "color"), "blue");
    assert_null(authority_log_find_setting(&trust.log, "colour"));
    const struct authority_log_operator *alice = operator_of(&trust.log, SUPPORT_ALICE);
    assert_int_equal(alice->grant_count, 2);
    assert_null(authority_log_find_grant(alice, 2));
    assert_int_equal(authority_log_find_grant(alice, 3)->scope.action_count, 1);
    assert_int_equal(authority_log_find_grant(alice, 9)->scope.action_count, 0);
    assert_int_equal(authority_log_find_voters(&trust.log, "main")->entry.voters.epoch, 2);
    assert_null(authority_log_find_voters(&trust.log, "other"));
    support_trust_deinit(&trust);
}

static void a_revocation_only_grows(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    support_trust_operators(&trust, 1);
    support_trust_entry(&trust, support_revoke(SUPPORT_ALICE, 50), NULL);
    support_trust_entry(&trust, support_revoke(SUPPORT_ALICE, 90), NULL);
    support_trust_entry(&trust, support_revoke(SUPPORT_NODE, 70), NULL);
    struct envelope_signer signer = support_signer(NULL, SUPPORT_NODE);
    struct node_id node = node_id_of(&signer.key);
    assert_true(operator_of(&trust.log, SUPPORT_ALICE)->is_revoked);
    assert_int_equal(operator_of(&trust.log, SUPPORT_ALICE)->revoked_stamp, 50);
    assert_int_equal(authority_log_find_revocation(&trust.log, &node)->stamp, 70);
    assert_null(authority_log_find_key(&trust.log, &node)); // revoked, and still no signer of ours
    support_trust_deinit(&trust);
}

static void a_revoked_root_signs_nothing_further(void **state)
{
    (void)state;
    struct support_trust trust;
    struct buffer envelope = {0};
    support_trust_init(&trust);
    support_trust_entry(&trust, support_revoke(SUPPORT_ROOT, 1), NULL);
    struct authority_log_head head = authority_log_get_head(&trust.log);
    support_sign_entry(&trust.root, 2, &head.id.hash, setting("red"), &envelope);
    assert_int_equal(add(&trust.log, &envelope), AUTHORITY_LOG_NOT_ROOT);
    buffer_deinit(&envelope);
    support_trust_deinit(&trust);
}

// --- forks -------------------------------------------------------------------

enum { FORK_ENTRY_COUNT = 6 };

// Two branches after entry 1: 2a makes Carol, 3a sets; 2b revokes Bob, 3b sets; and a third, 2c.
static void sign_fork(const struct support_trust *trust, const struct hash *first, struct buffer *entries)
{
    struct scope all = support_scope_all();
    struct record_id id;
    id = support_sign_entry(&trust->root, 2, first, support_operator(SUPPORT_CAROL, &all), &entries[0]);
    id = support_sign_entry(&trust->root, 3, &id.hash, support_revoke(SUPPORT_NODE, 9), &entries[1]);
    support_sign_entry(&trust->root, 4, &id.hash, setting("a"), &entries[2]);
    id = support_sign_entry(&trust->root, 2, first, support_revoke(SUPPORT_BOB, 7), &entries[3]);
    support_sign_entry(&trust->root, 3, &id.hash, setting("b"), &entries[4]);
    support_sign_entry(&trust->root, 2, first, setting("c"), &entries[5]);
}

static void log_dump(const struct authority_log *log, char *out, size_t size)
{
    struct hash summary = authority_log_summary(log), head = authority_log_get_head(log).id.hash;
    char summary_text[2 * HASH_SIZE + 1], head_text[2 * HASH_SIZE + 1];
    hex_encode(summary.b, sizeof summary.b, summary_text);
    hex_encode(head.b, sizeof head.b, head_text);
    const char *color = authority_log_find_setting(log, "color");
    snprintf(out, size, "%s %s %zu %zu %zu %zu %d %s", summary_text, head_text, log->entry_count,
             log->chain_count, log->operator_count, log->revocation_count, log->has_fork,
             color ? color : "-");
}

// Adds whatever follows something known until nothing does, in the order of `order`.
static void add_in_order(struct authority_log *log, const struct buffer *entries, const size_t *order,
                         size_t count)
{
    bool is_added[FORK_ENTRY_COUNT] = {false}, is_progress = true;
    while (is_progress) {
        is_progress = false;
        for (size_t i = 0; i < count; i++) {
            if (is_added[order[i]] || add(log, &entries[order[i]]) == AUTHORITY_LOG_GAP)
                continue;
            is_added[order[i]] = is_progress = true;
        }
    }
}

static bool next_order(size_t *order, size_t count)
{
    size_t i = count - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    size_t j = count - 1;
    while (order[j] <= order[i - 1])
        j--;
    size_t swap = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swap;
    for (size_t low = i, high = count - 1; low < high; low++, high--) {
        swap = order[low];
        order[low] = order[high];
        order[high] = swap;
    }
    return true;
}

static void a_fork_comes_out_the_same_in_every_order(void **state)
{
    (void)state;
    struct support_trust trust;
    struct buffer entries[FORK_ENTRY_COUNT] = {{0}};
    size_t order[FORK_ENTRY_COUNT] = {0, 1, 2, 3, 4, 5}, orders = 0;
    char first[512] = "", dump[512];
    support_trust_init(&trust);
    struct buffer start = {0};
    struct scope all = support_scope_all();
    struct record_id one = support_trust_entry(&trust, support_operator(SUPPORT_BOB, &all), &start);
    sign_fork(&trust, &one.hash, entries);
    do {
        struct authority_log log;
        support_trust_new_log(&trust, &log);
        assert_int_equal(add(&log, &start), 0);
        add_in_order(&log, entries, order, FORK_ENTRY_COUNT);
        log_dump(&log, dump, sizeof dump);
        if (!orders)
            strcpy(first, dump);
        assert_string_equal(dump, first);
        authority_log_deinit(&log);
        orders++;
    } while (next_order(order, FORK_ENTRY_COUNT));
    assert_int_equal(orders, 720);
    for (size_t i = 0; i < FORK_ENTRY_COUNT; i++)
        buffer_deinit(&entries[i]);
    buffer_deinit(&start);
    support_trust_deinit(&trust);
}

static void at_a_fork_the_revocation_wins_and_both_branches_revocations_stay(void **state)
{
    (void)state;
    struct support_trust trust;
    struct buffer entries[FORK_ENTRY_COUNT] = {{0}};
    support_trust_init(&trust);
    struct scope all = support_scope_all();
    struct record_id one = support_trust_entry(&trust, support_operator(SUPPORT_BOB, &all), NULL);
    sign_fork(&trust, &one.hash, entries);
    assert_int_equal(add(&trust.log, &entries[0]), 0);
    assert_int_equal(add(&trust.log, &entries[1]), 0);
    assert_non_null(operator_of(&trust.log, SUPPORT_CAROL));
    assert_false(trust.log.has_fork);
    assert_int_equal(add(&trust.log, &entries[3]), AUTHORITY_LOG_FORK);
    assert_true(trust.log.has_fork);
    assert_null(operator_of(&trust.log, SUPPORT_CAROL)); // her branch lost
    assert_true(operator_of(&trust.log, SUPPORT_BOB)->is_revoked);
    assert_int_equal(trust.log.revocation_count, 2);   // the lost branch's revocation of a node stays
    assert_int_equal(add(&trust.log, &entries[2]), 0); // the lost branch grows and stays lost
    assert_null(authority_log_find_setting(&trust.log, "color"));
    assert_int_equal(add(&trust.log, &entries[4]), 0);
    assert_string_equal(authority_log_find_setting(&trust.log, "color"), "b");
    assert_int_equal(authority_log_get_head(&trust.log).number, 3);
    for (size_t i = 0; i < FORK_ENTRY_COUNT; i++)
        buffer_deinit(&entries[i]);
    support_trust_deinit(&trust);
}

static void a_fork_asks_back_to_where_it_parted(void **state)
{
    (void)state;
    struct support_trust trust;
    struct buffer entries[FORK_ENTRY_COUNT] = {{0}};
    uint64_t needed = 0;
    support_trust_init(&trust);
    struct scope all = support_scope_all();
    struct record_id one = support_trust_entry(&trust, support_operator(SUPPORT_BOB, &all), NULL);
    sign_fork(&trust, &one.hash, entries);
    assert_int_equal(add(&trust.log, &entries[3]), 0);
    assert_int_equal(add(&trust.log, &entries[4]), 0);
    assert_int_equal(authority_log_add(&trust.log, buffer_view(&entries[2]), &needed), AUTHORITY_LOG_GAP);
    assert_int_equal(needed, 3);
    assert_int_equal(authority_log_add(&trust.log, buffer_view(&entries[1]), &needed), AUTHORITY_LOG_GAP);
    assert_int_equal(needed, 2);
    for (size_t i = 0; i < FORK_ENTRY_COUNT; i++)
        buffer_deinit(&entries[i]);
    support_trust_deinit(&trust);
}

static void the_log_is_bounded(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    for (size_t i = 0; i < LIMIT_AUTHORITY_COUNT_MAX; i++)
        support_trust_entry(&trust, setting("red"), NULL);
    struct authority_log_head head = authority_log_get_head(&trust.log);
    struct buffer envelope = {0};
    const struct authority_log_entry *before = trust.log.chain[head.number - 2];
    support_sign_entry(&trust.root, head.number, &before->id.hash, setting("blue"), &envelope);
    assert_int_equal(add(&trust.log, &envelope), AUTHORITY_LOG_FULL);
    assert_int_equal(head.number, LIMIT_AUTHORITY_COUNT_MAX);
    buffer_deinit(&envelope);
    support_trust_deinit(&trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genesis_alone_is_a_log),
        cmocka_unit_test(another_fleet_s_genesis_is_refused),
        cmocka_unit_test(entries_come_in_order_or_name_what_is_missing),
        cmocka_unit_test(only_the_root_signs),
        cmocka_unit_test(the_same_root_of_another_fleet_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(the_last_word_counts_for_settings_scopes_and_voters),
        cmocka_unit_test(a_revocation_only_grows),
        cmocka_unit_test(a_revoked_root_signs_nothing_further),
        cmocka_unit_test(a_fork_comes_out_the_same_in_every_order),
        cmocka_unit_test(at_a_fork_the_revocation_wins_and_both_branches_revocations_stay),
        cmocka_unit_test(a_fork_asks_back_to_where_it_parted),
        cmocka_unit_test(the_log_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
