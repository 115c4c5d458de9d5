// test_scope.c - what a scope covers, and what permission makes of it.
#include "crdt/permission.h"
#include "crdt/scope.h"
#include "tests/unit/support_trust.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const main_only[] = {"main"};
static const char *const define_and_pause[] = {"define", "pause"};
static const char *const ops_only[] = {"ops"};
static const struct label berlin[] = {{"site", "berlin"}};
static const struct label berlin_gateway[] = {{"role", "gateway"}, {"site", "berlin"}};
static const struct label munich[] = {{"site", "munich"}};

static const struct scope narrow = {
    .namespaces = main_only,
    .namespace_count = 1,
    .labels = {berlin, 1},
    .actions = define_and_pause,
    .action_count = 2,
    .users = ops_only,
    .user_count = 1,
};

static void a_star_covers_everything(void **state)
{
    (void)state;
    struct scope all = support_scope_all();
    struct labels none = {0};
    assert_true(scope_has_action(&all, SCOPE_INVITE));
    assert_true(scope_has_namespace(&all, "anything"));
    assert_true(scope_has_user(&all, "root"));
    assert_true(scope_has_node(&all, &none));
}

static void an_empty_scope_covers_nothing(void **state)
{
    (void)state;
    struct scope empty = {0};
    assert_false(scope_has_action(&empty, SCOPE_DEFINE));
    assert_false(scope_has_namespace(&empty, "main"));
    assert_false(scope_has_user(&empty, "ops"));
}

static void lists_match_exactly(void **state)
{
    (void)state;
    assert_true(scope_has_action(&narrow, SCOPE_DEFINE));
    assert_false(scope_has_action(&narrow, SCOPE_TRIGGER));
    assert_true(scope_has_namespace(&narrow, "main"));
    assert_false(scope_has_namespace(&narrow, "mai"));
    assert_false(scope_has_namespace(&narrow, "mainly"));
    assert_true(scope_has_user(&narrow, "ops"));
    assert_false(scope_has_user(&narrow, "root"));
}

static void labels_narrow_to_nodes_that_carry_all(void **state)
{
    (void)state;
    struct labels wide = {berlin_gateway, 2}, other = {munich, 1}, none = {0};
    assert_true(scope_has_node(&narrow, &wide));
    assert_false(scope_has_node(&narrow, &other));
    assert_false(scope_has_node(&narrow, &none));
}

static struct permission_request request_at(uint64_t stamp, uint64_t number)
{
    return (struct permission_request){
        .action = SCOPE_DEFINE,
        .namespace_name = "main",
        .user = "ops",
        .stamp = stamp,
        .authority_number = number,
    };
}

static enum permission judge(const struct support_trust *trust, uint8_t signer,
                             struct permission_request request)
{
    struct envelope_signer keys = support_signer(&trust->fleet, signer);
    struct node_id id = node_id_of(&keys.key);
    return permission_judge(&trust->log, &id, &request);
}

static void strangers_and_the_root_itself_may_nothing(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    support_trust_operators(&trust, 1);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(5, 1)), PERMISSION_GRANTED);
    assert_int_equal(judge(&trust, SUPPORT_BOB, request_at(5, 1)), PERMISSION_UNKNOWN);
    assert_int_equal(judge(&trust, SUPPORT_ROOT, request_at(5, 1)), PERMISSION_UNKNOWN);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(5, 2)), PERMISSION_BEHIND);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(5, 0)), PERMISSION_OUT_OF_SCOPE);
    support_trust_deinit(&trust);
}

static void each_part_of_the_request_must_be_covered(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &narrow), NULL);
    struct permission_request request = request_at(5, 1);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request), PERMISSION_GRANTED);
    request.user = "root";
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request), PERMISSION_OUT_OF_SCOPE);
    request = request_at(5, 1);
    request.namespace_name = "other";
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request), PERMISSION_OUT_OF_SCOPE);
    request = request_at(5, 1);
    request.action = SCOPE_TRIGGER;
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request), PERMISSION_OUT_OF_SCOPE);
    request = request_at(5, 1);
    request.labels = &(struct labels){munich, 1};
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request), PERMISSION_OUT_OF_SCOPE);
    support_trust_deinit(&trust);
}

static void a_definition_runs_only_where_its_signer_s_labels_reach(void **state)
{
    (void)state;
    struct support_trust trust;
    struct labels in_berlin = {berlin_gateway, 2}, in_munich = {munich, 1};
    support_trust_init(&trust);
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &narrow), NULL);
    struct envelope_signer alice = support_signer(NULL, SUPPORT_ALICE),
                           bob = support_signer(NULL, SUPPORT_BOB);
    struct node_id id = node_id_of(&alice.key), stranger = node_id_of(&bob.key);
    assert_true(permission_has_node(&trust.log, &id, 1, &in_berlin));
    assert_false(permission_has_node(&trust.log, &id, 1, &in_munich));
    assert_false(permission_has_node(&trust.log, &id, 0, &in_berlin));
    assert_false(permission_has_node(&trust.log, &stranger, 1, &in_berlin));
    // What was signed under a narrow scope does not spread when the scope is widened.
    struct scope all = support_scope_all();
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &all), NULL);
    assert_false(permission_has_node(&trust.log, &id, 1, &in_munich));
    assert_true(permission_has_node(&trust.log, &id, 2, &in_munich));
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &narrow), NULL);
    assert_false(permission_has_node(&trust.log, &id, 2, &in_munich));
    support_trust_entry(&trust, support_revoke(SUPPORT_ALICE, 1), NULL);
    assert_false(permission_has_node(&trust.log, &id, 1, &in_berlin));
    support_trust_deinit(&trust);
}

static void what_a_narrowed_signer_signed_before_keeps_its_place_but_runs_nothing(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    support_trust_operators(&trust, 1);
    struct permission_request before = request_at(5, 1), after = request_at(6, 2);
    before.user = after.user = "root";
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &narrow), NULL);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, before), PERMISSION_NARROWED);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, after), PERMISSION_OUT_OF_SCOPE);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(6, 2)), PERMISSION_GRANTED);
    support_trust_deinit(&trust);
}

static void a_revocation_voids_what_is_stamped_after_it(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    support_trust_operators(&trust, 1);
    support_trust_entry(&trust, support_revoke(SUPPORT_ALICE, 100), NULL);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(100, 1)), PERMISSION_REVOKED);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(101, 1)), PERMISSION_VOID);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(0, 1)), PERMISSION_REVOKED); // no stamp:
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(0, 2)), PERMISSION_VOID);    // the number counts
    struct scope all = support_scope_all();
    support_trust_entry(&trust, support_operator(SUPPORT_ALICE, &all), NULL); // does not bring the key back
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(101, 3)), PERMISSION_VOID);
    support_trust_deinit(&trust);
}

static void a_term_ends_by_the_record_s_own_stamp(void **state)
{
    (void)state;
    struct support_trust trust;
    support_trust_init(&trust);
    struct scope all = support_scope_all();
    struct authority_entry entry = support_operator(SUPPORT_ALICE, &all);
    entry.operator_.not_after_ms = SUPPORT_WALL_MS;
    support_trust_entry(&trust, entry, NULL);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(support_stamp(0), 1)), PERMISSION_GRANTED);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(support_stamp(1), 1)), PERMISSION_OUT_OF_SCOPE);
    entry.operator_.not_after_ms = 0; // renewed: only what is signed from then on
    support_trust_entry(&trust, entry, NULL);
    assert_int_equal(judge(&trust, SUPPORT_ALICE, request_at(support_stamp(1), 2)), PERMISSION_GRANTED);
    support_trust_deinit(&trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_covers_everything),
        cmocka_unit_test(an_empty_scope_covers_nothing),
        cmocka_unit_test(lists_match_exactly),
        cmocka_unit_test(labels_narrow_to_nodes_that_carry_all),
        cmocka_unit_test(strangers_and_the_root_itself_may_nothing),
        cmocka_unit_test(each_part_of_the_request_must_be_covered),
        cmocka_unit_test(a_definition_runs_only_where_its_signer_s_labels_reach),
        cmocka_unit_test(what_a_narrowed_signer_signed_before_keeps_its_place_but_runs_nothing),
        cmocka_unit_test(a_revocation_voids_what_is_stamped_after_it),
        cmocka_unit_test(a_term_ends_by_the_record_s_own_stamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
