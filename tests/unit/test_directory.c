// test_directory.c - who becomes a node, with which labels, and who does not.
#include "crdt/directory.h"
#include "crdt/stamp.h"
#include "tests/unit/support_nodes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIRST = SUPPORT_NODE, SECOND, THIRD, FOURTH };

static const struct label berlin_items[] = {{"site", "berlin"}};
static const struct label munich_items[] = {{"site", "munich"}};
static const struct labels berlin = {berlin_items, 1}, munich = {munich_items, 1};

static struct support_trust trust;
static struct directory directory;
static struct envelope_signer alice, first, second;
static struct support_envelope first_node, first_keys;

static struct invite an_invite(uint8_t redeemer)
{
    return (struct invite){
        .token_key = support_signer(NULL, 200).key,
        .redeemer = support_id(redeemer),
        .labels = berlin,
        .uses = 2,
        .expires_ms = SUPPORT_WALL_MS + 1000,
        .name_pattern = "*",
        .authority_number = 2,
    };
}

static struct admission an_admission(const struct support_envelope *invite, uint32_t use, uint8_t node)
{
    struct admission admission = {
        .invite = invite->id.hash,
        .use = use,
        .node_key = support_signer(NULL, node).key,
        .name = "gateway",
        .weight = 100,
        .at_ms = SUPPORT_WALL_MS,
    };
    admission.salt[0] = node;
    return admission;
}

static int add(const struct support_envelope *envelope)
{
    return directory_add(&directory, &trust.log, buffer_view(&envelope->bytes));
}

static int take(struct support_envelope envelope)
{
    int outcome = add(&envelope);
    support_envelope_deinit(&envelope);
    return outcome;
}

static const struct directory_node *node(uint8_t number)
{
    struct node_id id = support_id(number);
    return directory_find(&directory, &id);
}

// A fleet whose first node has its record from Alice.
static int setup(void **state)
{
    (void)state;
    support_trust_init(&trust);
    support_trust_operators(&trust, 2);
    alice = support_signer(&trust.fleet, SUPPORT_ALICE);
    first = support_signer(&trust.fleet, FIRST);
    second = support_signer(&trust.fleet, SECOND);
    directory_init(&directory);
    first_node = support_sign_node(&alice, FIRST, &munich, 1, 2);
    first_keys = support_sign_keys(&first, &first_node.id, 1);
    assert_int_equal(add(&first_node), 0);
    assert_int_equal(add(&first_keys), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_envelope_deinit(&first_node);
    support_envelope_deinit(&first_keys);
    directory_deinit(&directory);
    support_trust_deinit(&trust);
    return 0;
}

static struct support_envelope invited(const struct invite *invite)
{
    struct support_envelope envelope = support_sign_invite(&alice, invite);
    assert_int_equal(add(&envelope), 0);
    return envelope;
}

// --- the way in --------------------------------------------------------------

static void an_operator_s_node_record_makes_a_node(void **state)
{
    (void)state;
    assert_string_equal(node(FIRST)->name, "node-100");
    assert_string_equal(labels_find(&node(FIRST)->labels, "site"), "munich");
    assert_int_equal(node(FIRST)->serial, 1);
    assert_int_equal(node(FIRST)->weight, 100);
    assert_true(node(FIRST)->has_keys);
    assert_int_equal(node(FIRST)->datagram_key.b[5], 1);
    assert_null(node(SECOND));
    assert_int_equal(add(&first_node), DIRECTORY_KNOWN);
}

static void an_invite_and_its_redeemer_make_a_node(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST);
    struct support_envelope envelope = invited(&invite);
    struct admission admission = an_admission(&envelope, 1, SECOND);
    struct support_envelope admitted = support_sign_admission(&first, &admission);
    assert_int_equal(add(&admitted), 0);
    assert_string_equal(node(SECOND)->name, "gateway");
    assert_string_equal(labels_find(&node(SECOND)->labels, "site"), "berlin"); // the invite's, not its own
    assert_int_equal(node(SECOND)->salt[0], SECOND);
    assert_false(node(SECOND)->has_keys);
    assert_int_equal(take(support_sign_keys(&second, &admitted.id, 1)), 0);
    assert_true(node(SECOND)->has_keys);
    support_envelope_deinit(&envelope);
    support_envelope_deinit(&admitted);
}

static int admit(const struct invite *invite, const struct admission *wanted,
                 const struct envelope_signer *by)
{
    struct support_envelope envelope = support_sign_invite(&alice, invite);
    int outcome = add(&envelope);
    assert_true(outcome == 0 || outcome == DIRECTORY_KNOWN);
    struct admission admission = *wanted;
    admission.invite = envelope.id.hash;
    support_envelope_deinit(&envelope);
    return take(support_sign_admission(by, &admission));
}

static void an_admission_keeps_to_its_invite(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST);
    struct support_envelope unused = {0};
    struct admission good = an_admission(&unused, 0, SECOND), bad;

    assert_int_equal(take(support_sign_admission(&first, &good)), DIRECTORY_INVITE_UNKNOWN);
    bad = good;
    bad.use = 2;
    assert_int_equal(admit(&invite, &bad, &first), DIRECTORY_NO_SUCH_USE);
    bad = good;
    bad.at_ms = SUPPORT_WALL_MS + 1001;
    assert_int_equal(admit(&invite, &bad, &first), DIRECTORY_TOO_LATE);
    invite.name_pattern = "edge-*";
    assert_int_equal(admit(&invite, &good, &first), DIRECTORY_NAME_REFUSED);
    strcpy(bad.name, "edge-7");
    bad.at_ms = SUPPORT_WALL_MS;
    assert_int_equal(admit(&invite, &bad, &first), 0);
    assert_string_equal(node(SECOND)->name, "edge-7");
}

static void only_the_redeemer_of_an_invite_admits(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST), other = an_invite(SECOND);
    struct support_envelope unused = {0};
    struct admission into_second = an_admission(&unused, 0, SECOND),
                     into_third = an_admission(&unused, 0, THIRD);
    assert_int_equal(admit(&invite, &into_second, &second), DIRECTORY_NODE_UNKNOWN); // admits itself
    assert_int_equal(admit(&invite, &into_second, &first), 0);
    into_third.use = 1;
    assert_int_equal(admit(&invite, &into_third, &second), DIRECTORY_NOT_REDEEMER);
    assert_int_equal(admit(&other, &into_third, &first), DIRECTORY_NOT_REDEEMER);
    assert_int_equal(admit(&other, &into_third, &second), 0);
    assert_int_equal(admit(&invite, &into_third, &alice), DIRECTORY_NODE_UNKNOWN); // an operator is no node
}

static void an_invite_is_an_operator_s_and_within_its_scope(void **state)
{
    (void)state;
    static const char *const all[] = {"*"}, *const actions[] = {"define"};
    struct scope scope = {all, 1, berlin, all, 1, all, 1};
    struct envelope_signer carol = support_signer(&trust.fleet, SUPPORT_CAROL);
    struct invite invite = an_invite(FIRST);
    assert_int_equal(take(support_sign_invite(&carol, &invite)), DIRECTORY_SIGNER_UNKNOWN);
    assert_int_equal(take(support_sign_invite(&first, &invite)), DIRECTORY_SIGNER_UNKNOWN);
    support_trust_entry(&trust, support_operator(SUPPORT_CAROL, &scope), NULL);
    invite.authority_number = 4;
    assert_int_equal(take(support_sign_invite(&carol, &invite)), DIRECTORY_LOG_BEHIND);
    invite.authority_number = 3;
    invite.labels = munich;
    assert_int_equal(take(support_sign_invite(&carol, &invite)), DIRECTORY_OUT_OF_SCOPE);
    invite.labels = berlin;
    assert_int_equal(take(support_sign_invite(&carol, &invite)), 0);
    scope.actions = actions;
    support_trust_entry(&trust, support_operator(SUPPORT_CAROL, &scope), NULL);
    invite.authority_number = 4;
    assert_int_equal(take(support_sign_invite(&carol, &invite)), DIRECTORY_OUT_OF_SCOPE);
}

// --- attack 13 ---------------------------------------------------------------

static void keys_bind_only_to_one_s_own_admission(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST);
    struct support_envelope envelope = invited(&invite);
    struct admission mine = an_admission(&envelope, 0, SECOND), theirs = an_admission(&envelope, 1, THIRD);
    struct support_envelope my_admission = support_sign_admission(&first, &mine);
    struct support_envelope their_admission = support_sign_admission(&first, &theirs);
    assert_int_equal(add(&my_admission), 0);
    assert_int_equal(add(&their_admission), 0);
    // Somebody else's admission with my key, and the first node's record with my key.
    assert_int_equal(take(support_sign_keys(&second, &their_admission.id, 1)), DIRECTORY_NOT_YOURS);
    assert_int_equal(take(support_sign_keys(&second, &first_node.id, 1)), DIRECTORY_NOT_YOURS);
    assert_int_equal(take(support_sign_keys(&second, &envelope.id, 1)), DIRECTORY_NOT_YOURS);
    assert_int_equal(take(support_sign_keys(&second, &(struct record_id){{{7}}}, 1)),
                     DIRECTORY_ADMISSION_UNKNOWN);
    // My admission with somebody else's key: signed by me in their name.
    struct support_envelope forged = support_sign_keys(&second, &their_admission.id, 1);
    struct node_id third = support_id(THIRD);
    memcpy(forged.bytes.data + 2, third.b, sizeof third.b);
    assert_int_equal(add(&forged), DIRECTORY_FORGED);
    // Keys signed by one who is no node, or by an operator.
    struct envelope_signer fourth = support_signer(&trust.fleet, FOURTH);
    assert_int_equal(take(support_sign_keys(&fourth, &my_admission.id, 1)), DIRECTORY_NODE_UNKNOWN);
    assert_int_equal(take(support_sign_keys(&alice, &my_admission.id, 1)), DIRECTORY_NODE_UNKNOWN);
    assert_false(node(SECOND)->has_keys);
    assert_false(node(THIRD)->has_keys);
    support_envelope_deinit(&forged);
    support_envelope_deinit(&envelope);
    support_envelope_deinit(&my_admission);
    support_envelope_deinit(&their_admission);
}

static void another_s_admission_of_my_key_does_not_relabel_me(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST), rogue = an_invite(SECOND);
    rogue.labels = munich;
    struct support_envelope envelope = invited(&invite), rogue_envelope = invited(&rogue);
    struct admission second_in = an_admission(&envelope, 0, SECOND),
                     third_in = an_admission(&envelope, 1, THIRD);
    struct support_envelope admitted = support_sign_admission(&first, &third_in);
    struct envelope_signer third = support_signer(&trust.fleet, THIRD);
    assert_int_equal(take(support_sign_admission(&first, &second_in)), 0);
    assert_int_equal(add(&admitted), 0);
    assert_int_equal(take(support_sign_keys(&third, &admitted.id, 1)), 0);
    for (uint32_t use = 0; use < 2; use++) { // one of these may have the lower record id
        struct admission capture = an_admission(&rogue_envelope, use, THIRD);
        assert_int_equal(take(support_sign_admission(&second, &capture)), 0);
        assert_string_equal(labels_find(&node(THIRD)->labels, "site"), "berlin"); // what its keys name
    }
    support_envelope_deinit(&envelope);
    support_envelope_deinit(&rogue_envelope);
    support_envelope_deinit(&admitted);
}

static void every_flipped_bit_of_keys_is_refused(void **state)
{
    (void)state;
    struct support_envelope keys = support_sign_keys(&first, &first_node.id, 2);
    for (size_t bit = 0; bit < 8 * keys.bytes.size; bit++) {
        keys.bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(add(&keys) > DIRECTORY_OUTDATED);
        keys.bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(node(FIRST)->keys_serial, 1);
    support_envelope_deinit(&keys);
}

// --- serials -----------------------------------------------------------------

static void newer_keys_replace_older_ones(void **state)
{
    (void)state;
    struct record_id id;
    struct support_envelope newer = support_sign_keys(&first, &first_node.id, 5);
    assert_int_equal(add(&newer), 0);
    assert_int_equal(node(FIRST)->keys_serial, 5);
    assert_int_equal(node(FIRST)->datagram_key.b[5], 5);
    assert_true(directory_take_dropped(&directory, &id));
    assert_true(hash_equal(&id.hash, &first_keys.id.hash));
    assert_false(directory_take_dropped(&directory, &id));
    assert_int_equal(add(&first_keys), DIRECTORY_OUTDATED);
    assert_int_equal(node(FIRST)->keys_serial, 5);
    assert_int_equal(directory.records.count, 2);
    support_envelope_deinit(&newer);
}

static void the_node_record_with_the_highest_serial_beats_the_admission(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST);
    struct support_envelope envelope = invited(&invite);
    struct admission admission = an_admission(&envelope, 0, SECOND);
    assert_int_equal(take(support_sign_node(&alice, SECOND, NULL, 7, 2)), 0);
    assert_int_equal(take(support_sign_admission(&first, &admission)), 0);
    assert_int_equal(node(SECOND)->serial, 7);
    assert_int_equal(node(SECOND)->labels.count, 0);
    assert_int_equal(take(support_sign_node(&alice, SECOND, &munich, 3, 2)), 0);
    assert_int_equal(node(SECOND)->serial, 7);
    assert_int_equal(take(support_sign_node(&alice, SECOND, &munich, 8, 2)), 0);
    assert_string_equal(labels_find(&node(SECOND)->labels, "site"), "munich");
    support_envelope_deinit(&envelope);
}

static void a_scoped_operator_relabels_only_nodes_within_its_labels(void **state)
{
    (void)state;
    static const char *const all[] = {"*"};
    static const struct label both_items[] = {{"site", "berlin"}, {"role", "gateway"}};
    struct labels both = {both_items, 2};
    struct scope scope = {all, 1, berlin, all, 1, all, 1};
    support_trust_entry(&trust, support_operator(SUPPORT_CAROL, &scope), NULL);
    struct envelope_signer carol = support_signer(&trust.fleet, SUPPORT_CAROL);
    // New labels outside; then old labels outside: Carol pulls Munich's node over to Berlin.
    assert_int_equal(take(support_sign_node(&carol, FIRST, &munich, 2, 3)), DIRECTORY_OUT_OF_SCOPE);
    assert_int_equal(take(support_sign_node(&carol, FIRST, &berlin, 2, 3)), 0); // kept, not in force
    assert_string_equal(labels_find(&node(FIRST)->labels, "site"), "munich");
    assert_int_equal(node(FIRST)->serial, 1);
    // Alice moves it; from then on Carol may.
    assert_int_equal(take(support_sign_node(&alice, FIRST, &berlin, 3, 3)), 0);
    assert_int_equal(take(support_sign_node(&carol, FIRST, &both, 4, 3)), 0);
    assert_string_equal(labels_find(&node(FIRST)->labels, "role"), "gateway");
    assert_int_equal(node(FIRST)->serial, 4);
}

// --- conflicts and revocation ------------------------------------------------

static void one_use_admits_one_node_whatever_comes_first(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST);
    struct support_envelope envelope = invited(&invite);
    struct admission one = an_admission(&envelope, 0, SECOND), two = an_admission(&envelope, 0, THIRD);
    struct support_envelope a = support_sign_admission(&first, &one),
                            b = support_sign_admission(&first, &two);
    bool a_wins = memcmp(&a.id, &b.id, sizeof a.id) < 0;
    const struct support_envelope *winner = a_wins ? &a : &b, *loser = a_wins ? &b : &a;
    uint8_t winner_node = a_wins ? SECOND : THIRD, loser_node = a_wins ? THIRD : SECOND;
    struct envelope_signer lost = support_signer(&trust.fleet, loser_node);

    assert_int_equal(add(loser), 0);
    assert_int_equal(take(support_sign_keys(&lost, &loser->id, 1)), 0);
    assert_non_null(node(loser_node));
    assert_int_equal(add(winner), 0);
    assert_non_null(node(winner_node));
    assert_null(node(loser_node)); // gone, with all that rested on it
    assert_int_equal(add(loser), DIRECTORY_KNOWN);
    struct directory fresh; // the other way round
    directory_init(&fresh);
    const struct support_envelope *order[] = {&first_node, &first_keys, &envelope, winner};
    for (size_t i = 0; i < COUNT_OF(order); i++)
        assert_int_equal(directory_add(&fresh, &trust.log, buffer_view(&order[i]->bytes)), 0);
    assert_int_equal(directory_add(&fresh, &trust.log, buffer_view(&loser->bytes)), DIRECTORY_USE_TAKEN);
    struct hash mine = directory_fingerprint(&directory), theirs = directory_fingerprint(&fresh);
    assert_true(hash_equal(&mine, &theirs));
    directory_deinit(&fresh);
    support_envelope_deinit(&a);
    support_envelope_deinit(&b);
    support_envelope_deinit(&envelope);
}

static void revoke(uint8_t number, int64_t at_ms)
{
    support_trust_entry(&trust, support_revoke(number, stamp_of_wall_ms(at_ms)), NULL);
    directory_recheck(&directory, &trust.log);
}

static void what_a_revoked_operator_let_in_before_stays(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST);
    struct support_envelope envelope = invited(&invite);
    struct admission early = an_admission(&envelope, 0, SECOND), late = an_admission(&envelope, 1, THIRD);
    late.at_ms = SUPPORT_WALL_MS + 10;
    assert_int_equal(take(support_sign_admission(&first, &early)), 0);
    assert_int_equal(take(support_sign_admission(&first, &late)), 0);
    revoke(SUPPORT_ALICE, SUPPORT_WALL_MS + 5);
    assert_non_null(node(FIRST)); // her node record, signed under number 2
    assert_non_null(node(SECOND));
    assert_null(node(THIRD));
    assert_int_equal(take(support_sign_node(&alice, FOURTH, NULL, 1, 3)), DIRECTORY_VOID);
    support_envelope_deinit(&envelope);
}

static void a_revoked_node_is_marked_and_admits_nobody_further(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST);
    struct support_envelope envelope = invited(&invite);
    struct admission early = an_admission(&envelope, 0, SECOND), late = an_admission(&envelope, 1, THIRD);
    late.at_ms = SUPPORT_WALL_MS + 10;
    assert_int_equal(take(support_sign_admission(&first, &early)), 0);
    assert_int_equal(take(support_sign_admission(&first, &late)), 0);
    assert_false(node(FIRST)->is_revoked);
    revoke(FIRST, SUPPORT_WALL_MS + 5);
    assert_true(node(FIRST)->is_revoked);
    assert_int_equal(node(FIRST)->revoked_stamp, stamp_of_wall_ms(SUPPORT_WALL_MS + 5));
    assert_non_null(node(SECOND));
    assert_false(node(SECOND)->is_revoked);
    assert_null(node(THIRD));
    support_envelope_deinit(&envelope);
}

static void what_rests_on_a_voided_admission_falls_and_comes_back_with_a_new_one(void **state)
{
    (void)state;
    struct invite invite = an_invite(FIRST), second_s = an_invite(SECOND);
    struct support_envelope envelope = invited(&invite), second_envelope = invited(&second_s);
    struct admission late = an_admission(&envelope, 0, SECOND),
                     below = an_admission(&second_envelope, 0, THIRD);
    late.at_ms = SUPPORT_WALL_MS + 10;
    assert_int_equal(take(support_sign_admission(&first, &late)), 0);
    assert_int_equal(take(support_sign_admission(&second, &below)), 0);
    revoke(FIRST, SUPPORT_WALL_MS + 5);
    assert_null(node(SECOND));
    assert_null(node(THIRD));
    assert_int_equal(take(support_sign_node(&alice, SECOND, &berlin, 1, 3)), 0); // re-signed
    assert_non_null(node(SECOND));
    assert_non_null(node(THIRD));
    support_envelope_deinit(&envelope);
    support_envelope_deinit(&second_envelope);
}

// --- replication -------------------------------------------------------------

enum { CHAIN = 12 };

// Each node admits the next: the records of a chain, in order.
static size_t sign_chain(struct support_envelope *records)
{
    size_t count = 0;
    for (uint8_t i = 0; i < CHAIN; i++) {
        uint8_t by = (uint8_t)(FIRST + i), next = (uint8_t)(by + 1);
        struct envelope_signer redeemer = support_signer(&trust.fleet, by);
        struct envelope_signer joiner = support_signer(&trust.fleet, next);
        struct invite invite = an_invite(by);
        records[count] = support_sign_invite(&alice, &invite);
        struct admission admission = an_admission(&records[count], 0, next);
        admission.at_ms -= 1000 * i; // later joiners have slower clocks
        records[count + 1] = support_sign_admission(&redeemer, &admission);
        records[count + 2] = support_sign_keys(&joiner, &records[count + 1].id, 1);
        count += 3;
    }
    return count;
}

static bool is_waiting(int outcome)
{
    return outcome == DIRECTORY_NODE_UNKNOWN || outcome == DIRECTORY_INVITE_UNKNOWN ||
           outcome == DIRECTORY_ADMISSION_UNKNOWN;
}

static void any_order_ends_in_the_same_directory(void **state)
{
    (void)state;
    struct support_envelope records[3 * CHAIN];
    uint64_t seed = 20260921;
    size_t count = sign_chain(records);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(&records[i]), 0);
    struct hash expected = directory_fingerprint(&directory);
    for (int round = 0; round < 20; round++) {
        struct directory other;
        directory_init(&other);
        assert_int_equal(directory_add(&other, &trust.log, buffer_view(&first_node.bytes)), 0);
        assert_int_equal(directory_add(&other, &trust.log, buffer_view(&first_keys.bytes)), 0);
        for (size_t i = count; i > 1; i--) { // shuffle
            size_t j = (size_t)(support_random(&seed) % i);
            struct support_envelope swap = records[i - 1];
            records[i - 1] = records[j];
            records[j] = swap;
        }
        for (bool is_progress = true; is_progress;) {
            is_progress = false;
            for (size_t i = 0; i < count; i++) {
                int outcome = directory_add(&other, &trust.log, buffer_view(&records[i].bytes));
                assert_true(outcome == 0 || outcome == DIRECTORY_KNOWN || is_waiting(outcome));
                is_progress = is_progress || outcome == 0;
            }
        }
        struct hash got = directory_fingerprint(&other);
        assert_true(hash_equal(&expected, &got));
        assert_int_equal(other.nodes.count, CHAIN + 1);
        directory_recheck(&other, &trust.log); // changes nothing
        got = directory_fingerprint(&other);
        assert_true(hash_equal(&expected, &got));
        directory_deinit(&other);
    }
    for (size_t i = 0; i < count; i++)
        support_envelope_deinit(&records[i]);
}

static void a_directory_is_restored_from_its_records_in_any_order(void **state)
{
    (void)state;
    struct support_envelope records[3 * CHAIN];
    struct bytes stored[3 * CHAIN + 3];
    size_t count = sign_chain(records), stored_count = 0;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(&records[i]), 0);
    for (size_t i = count; i-- > 0;) // the worst order
        stored[stored_count++] = buffer_view(&records[i].bytes);
    stored[stored_count++] = buffer_view(&first_keys.bytes);
    stored[stored_count++] = buffer_view(&first_node.bytes);
    stored[stored_count++] = bytes_of_text("what a bad disk gives");
    struct directory other;
    directory_init(&other);
    assert_int_equal(directory_restore_all(&other, &trust.log, stored, stored_count), count + 2);
    struct hash expected = directory_fingerprint(&directory), got = directory_fingerprint(&other);
    assert_true(hash_equal(&expected, &got));
    directory_deinit(&other);
    for (size_t i = 0; i < count; i++)
        support_envelope_deinit(&records[i]);
}

static void a_proof_is_enough_for_a_stranger(void **state)
{
    (void)state;
    struct support_envelope records[3 * CHAIN];
    size_t count = sign_chain(records);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(&records[i]), 0);
    struct record_queue proof = {0};
    struct record_id id;
    struct node_id last = support_id(FIRST + 5);
    struct directory stranger;
    directory_init(&stranger);
    directory_prove(&directory, &last, &proof);
    while (record_queue_take(&proof, &id)) {
        const struct directory_record *record = directory_find_record(&directory, &id);
        assert_int_equal(directory_add(&stranger, &trust.log, directory_record_bytes(record)), 0);
    }
    const struct directory_node *proved = directory_find(&stranger, &last);
    assert_non_null(proved);
    assert_true(proved->has_keys);
    assert_int_equal(stranger.nodes.count, 6); // it and those before it, nobody after
    record_queue_deinit(&proof);
    directory_deinit(&stranger);
    for (size_t i = 0; i < count; i++)
        support_envelope_deinit(&records[i]);
}

static void nodes_are_walked_in_id_order_and_records_are_listed(void **state)
{
    (void)state;
    struct support_envelope records[3 * CHAIN];
    size_t count = sign_chain(records), walked = 0;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(&records[i]), 0);
    const struct directory_node *last = NULL, *next;
    for (; (next = directory_next(&directory, last)); last = next, walked++)
        assert_true(!last || memcmp(&last->id, &next->id, sizeof last->id) < 0);
    assert_int_equal(walked, CHAIN + 1);
    struct reconcile_view view = directory_live(&directory);
    struct fingerprint sum = {0};
    assert_int_equal(view.count, count + 2);
    for (size_t i = 0; i < view.count; i++)
        fingerprint_add(&sum, &view.items[i].id);
    struct hash expected = directory_fingerprint(&directory), got = fingerprint_hash(&sum);
    assert_true(hash_equal(&expected, &got));
    for (size_t i = 0; i < count; i++)
        support_envelope_deinit(&records[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_operator_s_node_record_makes_a_node),
        TEST(an_invite_and_its_redeemer_make_a_node),
        TEST(an_admission_keeps_to_its_invite),
        TEST(only_the_redeemer_of_an_invite_admits),
        TEST(an_invite_is_an_operator_s_and_within_its_scope),
        TEST(keys_bind_only_to_one_s_own_admission),
        TEST(another_s_admission_of_my_key_does_not_relabel_me),
        TEST(every_flipped_bit_of_keys_is_refused),
        TEST(newer_keys_replace_older_ones),
        TEST(the_node_record_with_the_highest_serial_beats_the_admission),
        TEST(a_scoped_operator_relabels_only_nodes_within_its_labels),
        TEST(one_use_admits_one_node_whatever_comes_first),
        TEST(what_a_revoked_operator_let_in_before_stays),
        TEST(a_revoked_node_is_marked_and_admits_nobody_further),
        TEST(what_rests_on_a_voided_admission_falls_and_comes_back_with_a_new_one),
        TEST(any_order_ends_in_the_same_directory),
        TEST(a_directory_is_restored_from_its_records_in_any_order),
        TEST(a_proof_is_enough_for_a_stranger),
        TEST(nodes_are_walked_in_id_order_and_records_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
