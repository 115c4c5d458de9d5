// test_claims.c - the member table and what is taken into it: versions, clones, leaps, accusations.
#include "gossip/claims.h"
#include "proto/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SELF = 1, A = 2, B = 3, C = 4, D = 5, NOW_MS = 1000 };

static struct node_id id_of(uint8_t number)
{
    struct node_id id;
    memset(id.b, number, sizeof id.b);
    return id;
}

struct table { // a table and the last envelope, whose bytes must outlive the call
    struct members members;
    struct buffer envelope;
};

static struct table table_new(void)
{
    struct table table = {0};
    struct node_id self = id_of(SELF);
    members_init(&table.members, &self, NOW_MS);
    return table;
}

static void table_free(struct table *table)
{
    members_deinit(&table->members);
    buffer_deinit(&table->envelope);
}

static struct members_node *node_of(struct table *table, uint8_t number)
{
    struct node_id id = id_of(number);
    return members_find(&table->members, &id);
}

// An envelope whose body is `text`; signatures are not looked at here.
static struct claims_claim claim_of(struct table *table, uint8_t signer, enum envelope_kind kind,
                                    const char *text)
{
    struct claims_claim claim = {.signer = id_of(signer)};
    static const uint8_t signature[SIGNATURE_SIZE];
    buffer_clear(&table->envelope);
    buffer_add_u8(&table->envelope, (uint8_t)kind);
    buffer_add_u8(&table->envelope, ENVELOPE_VERSION);
    buffer_add(&table->envelope, claim.signer.b, sizeof claim.signer.b);
    buffer_add(&table->envelope, signature, sizeof signature);
    buffer_add_u32(&table->envelope, (uint32_t)strlen(text));
    buffer_add(&table->envelope, text, strlen(text));
    claim.envelope = buffer_view(&table->envelope);
    return claim;
}

static const struct address home = {.ip = {10, 0, 0, 1}, .ip_size = 4, .port = 5289};

static struct member_alive alive_of(uint64_t generation, uint64_t incarnation)
{
    return (struct member_alive){.generation = generation,
                                 .incarnation = incarnation,
                                 .instance = {(uint8_t)generation},
                                 .addresses = &home,
                                 .address_count = 1,
                                 .takes_work = true};
}

static int add_alive_text(struct table *table, uint8_t signer, const struct member_alive *alive,
                          const char *text)
{
    struct claims_claim claim = claim_of(table, signer, ENVELOPE_ALIVE, text);
    return claims_add_alive(&table->members, &claim, alive, NOW_MS);
}

static int add_alive(struct table *table, uint8_t signer, uint64_t generation, uint64_t incarnation)
{
    struct member_alive alive = alive_of(generation, incarnation);
    char text[] = {'a', (char)('0' + generation % 64), (char)('0' + incarnation % 64), 0};
    return add_alive_text(table, signer, &alive, text);
}

static int add_leave(struct table *table, uint8_t signer, uint64_t generation, uint64_t incarnation)
{
    struct member_leave leave = {generation, incarnation};
    struct claims_claim claim = claim_of(table, signer, ENVELOPE_LEAVE, "leave");
    return claims_add_leave(&table->members, &claim, &leave, NOW_MS);
}

static int accuse(struct table *table, uint8_t signer, uint8_t target, uint64_t generation,
                  uint64_t incarnation)
{
    struct member_suspicion suspicion = {id_of(target), generation, incarnation, 0};
    struct claims_claim claim = claim_of(table, signer, ENVELOPE_SUSPICION, "suspicion");
    return claims_add_suspicion(&table->members, &claim, &suspicion, NOW_MS);
}

static void members_are_sorted_by_id_whatever_the_order_of_arrival(void **state)
{
    (void)state;
    struct table table = table_new();
    static const uint8_t arrivals[] = {C, A, D, B};
    for (size_t i = 0; i < COUNT_OF(arrivals); i++)
        assert_int_equal(add_alive(&table, arrivals[i], 1, 1), 0);
    for (size_t i = 0; i < table.members.count; i++)
        assert_int_equal(table.members.nodes[i]->id.b[0], SELF + i);
    table_free(&table);
}

static void only_a_higher_version_is_news(void **state)
{
    (void)state;
    struct table table = table_new();
    assert_int_equal(add_alive(&table, A, 2, 5), 0);
    assert_int_equal(add_alive(&table, A, 2, 5), CLAIMS_KNOWN);
    assert_int_equal(add_alive(&table, A, 2, 4), CLAIMS_STALE);
    assert_int_equal(add_alive(&table, A, 1, 9), CLAIMS_STALE);
    assert_int_equal(node_of(&table, A)->incarnation, 5);
    assert_int_equal(add_alive(&table, A, 2, 6), 0);
    assert_int_equal(add_alive(&table, A, 3, 1), 0);
    assert_int_equal(node_of(&table, A)->generation, 3);
    table_free(&table);
}

static void a_claim_that_leaps_is_refused(void **state)
{
    (void)state;
    struct table table = table_new();
    assert_int_equal(add_alive(&table, A, 1, UINT64_MAX), CLAIMS_LEAP);
    assert_int_equal(add_alive(&table, A, UINT64_MAX, 1), CLAIMS_LEAP);
    assert_null(node_of(&table, A));
    assert_int_equal(add_alive(&table, A, 7, 7), 0);
    assert_int_equal(add_alive(&table, A, 7, 7 + CLAIMS_INCARNATION_STEP_MAX + UINT64_C(1)), CLAIMS_LEAP);
    assert_int_equal(add_alive(&table, A, 7, UINT64_MAX), CLAIMS_LEAP);
    assert_int_equal(add_alive(&table, A, 7 + CLAIMS_GENERATION_STEP_MAX + UINT64_C(1), 1), CLAIMS_LEAP);
    assert_int_equal(add_leave(&table, A, UINT64_MAX, UINT64_MAX), CLAIMS_LEAP);
    assert_int_equal(node_of(&table, A)->state, MEMBERS_ALIVE);
    assert_int_equal(add_alive(&table, A, 7, 8), 0); // the true owner of the key can still speak
    table_free(&table);
}

static void two_bodies_of_one_version_prove_a_clone_and_all_keep_the_same(void **state)
{
    (void)state;
    struct member_alive alive = alive_of(1, 1);
    struct table one = table_new(), other = table_new();
    assert_int_equal(add_alive_text(&one, A, &alive, "body x"), 0);
    assert_int_equal(add_alive_text(&one, A, &alive, "body y"), CLAIMS_CLONED);
    assert_int_equal(add_alive_text(&other, A, &alive, "body y"), 0);
    assert_int_equal(add_alive_text(&other, A, &alive, "body x"), CLAIMS_CLONED);
    assert_int_equal(node_of(&one, A)->alarm, MEMBERS_CLONED);
    assert_int_equal(node_of(&other, A)->alarm, MEMBERS_CLONED);
    assert_true(
        bytes_equal(buffer_view(&node_of(&one, A)->record), buffer_view(&node_of(&other, A)->record)));
    members_clear_alarm(&one.members, node_of(&one, A));
    assert_int_equal(node_of(&one, A)->alarm, MEMBERS_NO_ALARM);
    table_free(&one);
    table_free(&other);
}

static void two_instances_of_one_generation_prove_a_clone(void **state)
{
    (void)state;
    struct table table = table_new();
    struct member_alive alive = alive_of(1, 2);
    alive.instance[0] = 99;
    assert_int_equal(add_alive(&table, A, 1, 1), 0);
    assert_int_equal(add_alive_text(&table, A, &alive, "other instance"), CLAIMS_CLONED);
    assert_int_equal(node_of(&table, A)->alarm, MEMBERS_CLONED);
    table_free(&table);
}

static void another_signature_over_the_same_body_is_no_clone(void **state)
{
    (void)state;
    struct table table = table_new();
    struct member_alive alive = alive_of(1, 1);
    assert_int_equal(add_alive(&table, A, 1, 1), 0);
    struct claims_claim claim = claim_of(&table, A, ENVELOPE_ALIVE, "a11");
    table.envelope.data[2 + NODE_ID_SIZE] ^= 1; // in the signature
    assert_int_equal(claims_add_alive(&table.members, &claim, &alive, NOW_MS), CLAIMS_KNOWN);
    assert_int_equal(node_of(&table, A)->alarm, MEMBERS_NO_ALARM);
    table_free(&table);
}

static void a_generation_of_the_past_is_a_restored_disk_only_from_itself(void **state)
{
    (void)state;
    struct table table = table_new();
    assert_int_equal(add_alive(&table, A, 5, 1), 0);
    assert_int_equal(add_alive(&table, A, 4, 1), CLAIMS_STALE); // somebody behind the times told us
    assert_int_equal(node_of(&table, A)->alarm, MEMBERS_NO_ALARM);
    struct member_alive alive = alive_of(4, 1);
    struct claims_claim claim = claim_of(&table, A, ENVELOPE_ALIVE, "a41");
    claim.direct = true;
    assert_int_equal(claims_add_alive(&table.members, &claim, &alive, NOW_MS), CLAIMS_RESTORED);
    assert_int_equal(node_of(&table, A)->alarm, MEMBERS_RESTORED);
    assert_int_equal(node_of(&table, A)->generation, 5);
    table_free(&table);
}

static void one_accuser_counts_once(void **state)
{
    (void)state;
    struct table table = table_new();
    add_alive(&table, A, 1, 1);
    add_alive(&table, B, 1, 1);
    add_alive(&table, C, 1, 1);
    assert_int_equal(accuse(&table, B, A, 1, 1), 0);
    assert_int_equal(accuse(&table, B, A, 1, 1), CLAIMS_KNOWN);
    assert_int_equal(node_of(&table, A)->accusation_count, 1);
    assert_int_equal(accuse(&table, C, A, 1, 1), 0);
    assert_int_equal(node_of(&table, A)->accusation_count, 2);
    assert_int_equal(node_of(&table, A)->state, MEMBERS_SUSPECT);
    table_free(&table);
}

static void an_accusation_is_bound_to_the_version_and_to_known_names(void **state)
{
    (void)state;
    struct table table = table_new();
    add_alive(&table, A, 1, 5);
    add_alive(&table, B, 1, 1);
    assert_int_equal(accuse(&table, B, A, 1, 4), CLAIMS_STALE);
    assert_int_equal(accuse(&table, B, A, 1, 6), CLAIMS_UNKNOWN);
    assert_int_equal(accuse(&table, B, A, UINT64_MAX, UINT64_MAX), CLAIMS_UNKNOWN);
    assert_int_equal(accuse(&table, B, D, 1, 1), CLAIMS_UNKNOWN); // no such target
    assert_int_equal(accuse(&table, D, A, 1, 5), CLAIMS_UNKNOWN); // no such accuser
    assert_int_equal(accuse(&table, A, A, 1, 5), CLAIMS_UNKNOWN); // of itself
    assert_int_equal(node_of(&table, A)->state, MEMBERS_ALIVE);
    table_free(&table);
}

static void its_own_newer_claim_clears_the_accused(void **state)
{
    (void)state;
    struct table table = table_new();
    add_alive(&table, A, 1, 1);
    add_alive(&table, B, 1, 1);
    accuse(&table, B, A, 1, 1);
    assert_int_equal(add_alive(&table, A, 1, 1), CLAIMS_KNOWN); // the accused version again: no defence
    assert_int_equal(node_of(&table, A)->state, MEMBERS_SUSPECT);
    assert_int_equal(add_alive(&table, A, 1, 2), 0);
    assert_int_equal(node_of(&table, A)->state, MEMBERS_ALIVE);
    assert_int_equal(node_of(&table, A)->accusation_count, 0);
    table_free(&table);
}

static void leaving_beats_the_same_version_but_not_a_later_one(void **state)
{
    (void)state;
    struct table table = table_new();
    add_alive(&table, A, 1, 3);
    assert_int_equal(add_leave(&table, A, 1, 2), CLAIMS_STALE);
    assert_int_equal(add_leave(&table, A, 1, 3), 0);
    assert_int_equal(add_leave(&table, A, 1, 3), CLAIMS_KNOWN);
    assert_int_equal(add_alive(&table, A, 1, 3), CLAIMS_KNOWN);
    assert_int_equal(node_of(&table, A)->state, MEMBERS_LEFT);
    assert_int_equal(add_alive(&table, A, 2, 1), 0);
    assert_int_equal(node_of(&table, A)->state, MEMBERS_ALIVE);
    assert_int_equal(add_leave(&table, B, 1, 1), 0); // never met: its old claims must not bring it in
    assert_int_equal(add_alive(&table, B, 1, 1), CLAIMS_KNOWN);
    table_free(&table);
}

static void a_restarted_member_has_to_be_heard_again(void **state)
{
    (void)state;
    struct table table = table_new();
    add_alive(&table, A, 1, 1);
    assert_false(members_is_counted(node_of(&table, A)));
    members_hear(&table.members, node_of(&table, A), NOW_MS, true, NOW_MS);
    assert_true(members_is_counted(node_of(&table, A)));
    add_alive(&table, A, 1, 2);
    assert_true(members_is_counted(node_of(&table, A)));
    add_alive(&table, A, 2, 1);
    assert_false(members_is_counted(node_of(&table, A)));
    table_free(&table);
}

static void an_answer_revives_only_who_was_never_accused(void **state)
{
    (void)state;
    struct table table = table_new();
    add_alive(&table, A, 1, 1);
    add_alive(&table, B, 1, 1);
    accuse(&table, B, A, 1, 1);
    members_move(&table.members, node_of(&table, A), MEMBERS_DEAD, NOW_MS);
    members_move(&table.members, node_of(&table, B), MEMBERS_DEAD, NOW_MS);
    members_hear(&table.members, node_of(&table, A), NOW_MS, true, NOW_MS);
    members_hear(&table.members, node_of(&table, B), NOW_MS, true, NOW_MS);
    assert_int_equal(node_of(&table, A)->state, MEMBERS_DEAD); // it must refute, so that all agree
    assert_int_equal(node_of(&table, B)->state, MEMBERS_ALIVE);
    table_free(&table);
}

static void a_new_address_counts_once_it_answered(void **state)
{
    (void)state;
    struct table table = table_new();
    struct address addresses[2] = {home, {.ip = {10, 0, 0, 2}, .ip_size = 4, .port = 5289}}, found;
    struct member_alive alive = alive_of(1, 2);
    add_alive(&table, A, 1, 1);
    node_of(&table, A)->reached = home;
    alive.addresses = addresses;
    alive.address_count = 2;
    assert_int_equal(add_alive_text(&table, A, &alive, "both"), 0);
    assert_true(members_address(node_of(&table, A), &found));
    assert_true(address_equal(&found, &home)); // still listed, still proven
    alive.incarnation = 3;
    alive.addresses = &addresses[1];
    alive.address_count = 1;
    assert_int_equal(add_alive_text(&table, A, &alive, "moved"), 0);
    assert_int_equal(node_of(&table, A)->reached.ip_size, 0);
    assert_true(members_address(node_of(&table, A), &found));
    assert_true(address_equal(&found, &addresses[1]));
    table_free(&table);
}

static void the_fingerprint_is_the_same_for_the_same_live_members(void **state)
{
    (void)state;
    struct table one = table_new(), other = table_new();
    add_alive(&one, A, 1, 1);
    add_alive(&one, B, 1, 1);
    add_alive(&other, B, 1, 1);
    add_alive(&other, A, 1, 1);
    struct packet_fingerprint before = members_fingerprint(&one.members);
    struct packet_fingerprint same = members_fingerprint(&other.members);
    assert_true(packet_fingerprint_equal(&before, &same));
    add_alive(&one, A, 1, 2); // a refutation only: worth no repair
    struct packet_fingerprint refuted = members_fingerprint(&one.members);
    assert_true(packet_fingerprint_equal(&before, &refuted));
    struct member_alive drained = alive_of(1, 3);
    drained.takes_work = false;
    assert_int_equal(add_alive_text(&one, A, &drained, "drained"), 0);
    struct packet_fingerprint changed = members_fingerprint(&one.members);
    assert_false(packet_fingerprint_equal(&before, &changed));
    add_leave(&one, A, 1, 4);
    add_leave(&other, A, 1, 4);
    struct packet_fingerprint left = members_fingerprint(&one.members);
    struct packet_fingerprint left_too = members_fingerprint(&other.members);
    assert_true(packet_fingerprint_equal(&left, &left_too));
    table_free(&one);
    table_free(&other);
}

static void changes_are_handed_out_once(void **state)
{
    (void)state;
    struct table table = table_new();
    struct node_id id;
    while (members_next_change(&table.members, &id))
        ;
    uint64_t before = table.members.change_count;
    add_alive(&table, A, 1, 1);
    add_alive(&table, A, 1, 2);
    assert_true(table.members.change_count > before);
    assert_true(members_next_change(&table.members, &id));
    assert_int_equal(id.b[0], A);
    assert_false(members_next_change(&table.members, &id));
    add_alive(&table, A, 1, 2); // known: no change
    assert_false(members_next_change(&table.members, &id));
    members_remove(&table.members, node_of(&table, A));
    assert_true(members_next_change(&table.members, &id)); // that it is gone
    assert_null(node_of(&table, A));
    table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_sorted_by_id_whatever_the_order_of_arrival),
        cmocka_unit_test(only_a_higher_version_is_news),
        cmocka_unit_test(a_claim_that_leaps_is_refused),
        cmocka_unit_test(two_bodies_of_one_version_prove_a_clone_and_all_keep_the_same),
        cmocka_unit_test(two_instances_of_one_generation_prove_a_clone),
        cmocka_unit_test(another_signature_over_the_same_body_is_no_clone),
        cmocka_unit_test(a_generation_of_the_past_is_a_restored_disk_only_from_itself),
        cmocka_unit_test(one_accuser_counts_once),
        cmocka_unit_test(an_accusation_is_bound_to_the_version_and_to_known_names),
        cmocka_unit_test(its_own_newer_claim_clears_the_accused),
        cmocka_unit_test(leaving_beats_the_same_version_but_not_a_later_one),
        cmocka_unit_test(a_restarted_member_has_to_be_heard_again),
        cmocka_unit_test(an_answer_revives_only_who_was_never_accused),
        cmocka_unit_test(a_new_address_counts_once_it_answered),
        cmocka_unit_test(the_fingerprint_is_the_same_for_the_same_live_members),
        cmocka_unit_test(changes_are_handed_out_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
