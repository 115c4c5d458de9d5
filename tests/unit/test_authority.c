// test_authority.c - records of trust survive the journey, and what breaks a bound does not.
#include "tests/fuzz/round.h"
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

ROUND(genesis, genesis)
ROUND(authority_entry, authority_entry)
ROUND(invite, invite)
ROUND(admission, admission)
ROUND(node_keys, node_keys)
ROUND(node_record, node_record)
ROUND_ACCEPTS(genesis, genesis)
ROUND_ACCEPTS(authority_entry, authority_entry)
ROUND_ACCEPTS(invite, invite)
ROUND_ACCEPTS(admission, admission)
ROUND_ACCEPTS(node_keys, node_keys)
ROUND_ACCEPTS(node_record, node_record)

static const struct public_key keys[] = {{{1}}, {{2}}, {{3}}, {{4}}, {{5}}, {{6}}, {{7}}, {{8}}, {{9}}};
static const struct label labels[] = {{"role", "gateway"}, {"site", "Köln, Hürth"}, {"empty", ""}};
static const struct label same_keys[] = {{"role", "a"}, {"role", "b"}};

struct fixture { // keeps what a decoder returned
    struct buffer body;
    struct arena arena;
};

static int set_up(void **state)
{
    *state = base_alloc(1, sizeof(struct fixture));
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    buffer_deinit(&fixture->body);
    arena_deinit(&fixture->arena);
    free(fixture);
    return 0;
}

static struct genesis good_genesis(void)
{
    return (struct genesis){.root_keys = keys,
                            .root_key_count = 2,
                            .threshold = 1,
                            .random = {1, 2, 3, [15] = 4},
                            .name = "katydids"};
}

static void genesis_survives(void **state)
{
    struct fixture *fixture = *state;
    struct genesis genesis = good_genesis(), decoded;
    genesis_encode(&genesis, &fixture->body);
    assert_int_equal(genesis_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_int_equal(decoded.root_key_count, 2);
    assert_memory_equal(decoded.root_keys, keys, 2 * sizeof *keys);
    assert_int_equal(decoded.threshold, 1);
    assert_memory_equal(decoded.random, genesis.random, sizeof genesis.random);
    assert_string_equal(decoded.name, "katydids");
    assert_true(accepts_genesis(&genesis));
}

static void genesis_has_bounds(void **state)
{
    (void)state;
    static const struct public_key twice[] = {{{1}}, {{1}}};
    struct genesis genesis = good_genesis();
    genesis.root_key_count = LIMIT_ROOT_COUNT_MAX;
    assert_true(accepts_genesis(&genesis));
    genesis.root_key_count = LIMIT_ROOT_COUNT_MAX + 1;
    assert_false(accepts_genesis(&genesis));
    genesis.root_key_count = 0;
    assert_false(accepts_genesis(&genesis));
    genesis = good_genesis();
    genesis.root_keys = twice;
    assert_false(accepts_genesis(&genesis));
    genesis = good_genesis();
    genesis.threshold = 2; // this build checks one signature
    assert_false(accepts_genesis(&genesis));
    genesis.threshold = 0;
    assert_false(accepts_genesis(&genesis));
    genesis = good_genesis();
    strcpy(genesis.name, "two words");
    assert_false(accepts_genesis(&genesis));
}

static const char *const spaces[] = {"ops", "*", "lab.1"};
static const char *const actions[] = {"define", "pause"};
static const char *const users[] = {"backup"};

static struct authority_entry good_operator(void)
{
    struct authority_entry entry = {.number = 5, .previous = {{6}}, .change = AUTHORITY_OPERATOR};
    entry.operator_.key = keys[2];
    strcpy(entry.operator_.name, "anna");
    entry.operator_.scope =
        (struct scope){spaces, COUNT_OF(spaces), {labels, COUNT_OF(labels)}, actions, COUNT_OF(actions),
                       users,  COUNT_OF(users)};
    entry.operator_.not_after_ms = SUPPORT_WALL_MS;
    return entry;
}

static void operators_survive(void **state)
{
    struct fixture *fixture = *state;
    struct authority_entry entry = good_operator(), decoded;
    authority_entry_encode(&entry, &fixture->body);
    assert_int_equal(authority_entry_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_int_equal(decoded.number, 5);
    assert_true(hash_equal(&decoded.previous, &entry.previous));
    assert_int_equal(decoded.change, AUTHORITY_OPERATOR);
    assert_memory_equal(&decoded.operator_.key, &keys[2], sizeof keys[2]);
    assert_string_equal(decoded.operator_.name, "anna");
    assert_int_equal(decoded.operator_.not_after_ms, SUPPORT_WALL_MS);
    const struct scope *scope = &decoded.operator_.scope;
    assert_int_equal(scope->namespace_count, 3);
    assert_string_equal(scope->namespaces[2], "lab.1");
    assert_int_equal(scope->action_count, 2);
    assert_string_equal(scope->actions[1], "pause");
    assert_int_equal(scope->user_count, 1);
    assert_string_equal(scope->users[0], "backup");
    assert_int_equal(scope->labels.count, 3);
    assert_memory_equal(scope->labels.items, labels, sizeof labels);
}

static void operators_have_bounds(void **state)
{
    (void)state;
    static const char *const bad_names[] = {"", "**", "a*", "a b"};
    const char *many[LIMIT_SCOPE_COUNT_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = "n";
    struct authority_entry entry = good_operator();
    entry.operator_.scope.users = many;
    entry.operator_.scope.user_count = LIMIT_SCOPE_COUNT_MAX;
    assert_true(accepts_authority_entry(&entry));
    entry.operator_.scope.user_count++;
    assert_false(accepts_authority_entry(&entry));
    for (size_t i = 0; i < COUNT_OF(bad_names); i++) {
        entry = good_operator();
        entry.operator_.scope.namespaces = &bad_names[i];
        entry.operator_.scope.namespace_count = 1;
        assert_false(accepts_authority_entry(&entry));
    }
    entry = good_operator();
    entry.operator_.scope.labels = (struct labels){same_keys, 2};
    assert_false(accepts_authority_entry(&entry));
    entry = good_operator();
    entry.operator_.not_after_ms = -1;
    assert_false(accepts_authority_entry(&entry));
    entry.operator_.not_after_ms = LIMIT_WALL_MS_MAX + 1;
    assert_false(accepts_authority_entry(&entry));
}

static void revocations_voters_and_settings_survive(void **state)
{
    struct fixture *fixture = *state;
    static const struct node_id nodes[] = {{{1}}, {{2}}, {{3}}};
    struct authority_entry decoded,
        entry = {.number = 1, .change = AUTHORITY_REVOKE, .revoke = {keys[1], 77}};
    authority_entry_encode(&entry, &fixture->body);
    assert_int_equal(authority_entry_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_int_equal(decoded.change, AUTHORITY_REVOKE);
    assert_memory_equal(&decoded.revoke.key, &keys[1], sizeof keys[1]);
    assert_int_equal(decoded.revoke.stamp, 77);

    entry =
        (struct authority_entry){.number = 2, .change = AUTHORITY_VOTERS, .voters = {"core", 4, nodes, 3}};
    buffer_clear(&fixture->body);
    authority_entry_encode(&entry, &fixture->body);
    assert_int_equal(authority_entry_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_int_equal(decoded.change, AUTHORITY_VOTERS);
    assert_string_equal(decoded.voters.group, "core");
    assert_int_equal(decoded.voters.epoch, 4);
    assert_int_equal(decoded.voters.node_count, 3);
    assert_memory_equal(decoded.voters.nodes, nodes, sizeof nodes);

    entry =
        (struct authority_entry){.number = 3, .change = AUTHORITY_SETTING, .setting = {"keep", "30 days"}};
    buffer_clear(&fixture->body);
    authority_entry_encode(&entry, &fixture->body);
    assert_int_equal(authority_entry_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_int_equal(decoded.change, AUTHORITY_SETTING);
    assert_string_equal(decoded.setting.key, "keep");
    assert_string_equal(decoded.setting.value, "30 days");
}

static void entries_have_bounds(void **state)
{
    (void)state;
    struct node_id nodes[LIMIT_VOTER_COUNT_MAX + 1] = {0};
    for (size_t i = 0; i < COUNT_OF(nodes); i++)
        nodes[i].b[0] = (uint8_t)i;
    struct authority_entry entry = {
        .number = LIMIT_AUTHORITY_COUNT_MAX, .change = AUTHORITY_VOTERS, .voters = {"core", 1, nodes, 15}};
    assert_true(accepts_authority_entry(&entry));
    entry.voters.node_count = LIMIT_VOTER_COUNT_MAX + 1;
    assert_false(accepts_authority_entry(&entry));
    entry.voters.node_count = 0;
    assert_false(accepts_authority_entry(&entry));
    entry.voters.node_count = 3;
    nodes[2] = nodes[0]; // a voter counted twice would be a majority alone
    assert_false(accepts_authority_entry(&entry));
    entry.voters.node_count = 2;
    entry.number = LIMIT_AUTHORITY_COUNT_MAX + 1;
    assert_false(accepts_authority_entry(&entry));
    entry.number = 0;
    assert_false(accepts_authority_entry(&entry));

    char text[LIMIT_TEXT_SIZE_MAX + 2] = {0};
    memset(text, 'x', LIMIT_TEXT_SIZE_MAX);
    entry = (struct authority_entry){.number = 1, .change = AUTHORITY_SETTING, .setting = {"keep", text}};
    assert_true(accepts_authority_entry(&entry));
    text[LIMIT_TEXT_SIZE_MAX] = 'x';
    assert_false(accepts_authority_entry(&entry));
    entry =
        (struct authority_entry){.number = 1, .change = AUTHORITY_REVOKE, .revoke = {keys[0], UINT64_MAX}};
    assert_false(accepts_authority_entry(&entry));
}

static void an_entry_makes_exactly_one_change(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t another_setting[] = {0x32, 5, 0x0a, 1, 'k', 0x12, 0}; // field 6
    struct authority_entry decoded, entry = {.number = 1, .change = AUTHORITY_REVOKE, .revoke = {keys[0], 1}};
    authority_entry_encode(&entry, &fixture->body);
    buffer_add(&fixture->body, another_setting, sizeof another_setting);
    assert_int_equal(authority_entry_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 1);
    uint8_t none[2 + 2 + HASH_SIZE] = {0x08, 1, 0x12, HASH_SIZE};
    assert_int_equal(authority_entry_decode(bytes_of(none, sizeof none), &fixture->arena, &decoded), 1);
}

// At the top and inside a message inside a message: who skips a word here may grant what it takes away.
static void unknown_fields_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t later[] = {0xfa, 0x3e, 1, 'x'}; // field 1007
    struct genesis genesis = good_genesis();
    genesis_encode(&genesis, &fixture->body);
    buffer_add(&fixture->body, later, sizeof later);
    assert_false(round_genesis(buffer_view(&fixture->body)));

    // Entry { number 1, previous, operator { key, name, scope { label { key, value, 1007 } } } }
    static const uint8_t label[] = {0x12, 7, 0x0a, 1, 'k', 0xfa, 0x3e, 1, 'x'};
    struct buffer operator_ = {0}, entry = {0};
    uint8_t number_and_previous[2 + 2 + HASH_SIZE] = {0x08, 1, 0x12, HASH_SIZE};
    uint8_t key[2 + PUBLIC_KEY_SIZE] = {0x0a, PUBLIC_KEY_SIZE};
    for (unsigned has_later = 0; has_later < 2; has_later++) {
        uint8_t label_size = has_later ? sizeof label - 2 : 3;
        buffer_clear(&operator_);
        buffer_add(&operator_, key, sizeof key);
        buffer_add(&operator_, "\x12\x01n\x1a", 4);
        buffer_add_u8(&operator_, (uint8_t)(label_size + 2));
        buffer_add(&operator_, label, 1);
        buffer_add_u8(&operator_, label_size);
        buffer_add(&operator_, label + 2, label_size);
        buffer_clear(&entry);
        buffer_add(&entry, number_and_previous, sizeof number_and_previous);
        buffer_add_u8(&entry, 0x1a);
        buffer_add_u8(&entry, (uint8_t)operator_.size);
        buffer_add(&entry, operator_.data, operator_.size);
        assert_int_equal(round_authority_entry(buffer_view(&entry)), !has_later);
    }
    buffer_deinit(&operator_);
    buffer_deinit(&entry);
}

static struct invite good_invite(void)
{
    return (struct invite){.token_key = keys[0],
                           .redeemer = {{1}},
                           .labels = {labels, COUNT_OF(labels)},
                           .uses = 2,
                           .expires_ms = SUPPORT_WALL_MS,
                           .name_pattern = "gw-*",
                           .authority_number = 9};
}

static void invites_survive(void **state)
{
    struct fixture *fixture = *state;
    struct invite invite = good_invite(), decoded;
    invite_encode(&invite, &fixture->body);
    assert_int_equal(invite_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_memory_equal(&decoded.token_key, &invite.token_key, sizeof decoded.token_key);
    assert_true(node_id_equal(&decoded.redeemer, &invite.redeemer));
    assert_int_equal(decoded.labels.count, COUNT_OF(labels));
    assert_memory_equal(decoded.labels.items, labels, sizeof labels);
    assert_true(decoded.uses == 2 && decoded.expires_ms == SUPPORT_WALL_MS && decoded.authority_number == 9);
    assert_string_equal(decoded.name_pattern, "gw-*");
}

static void invites_have_bounds(void **state)
{
    (void)state;
    static const char *const good[] = {"*", "gw-*", "gw-1", "gw*"};
    static const char *const bad[] = {"", "**", "-*", "g*w", "g w*", ".*"};
    struct invite invite = good_invite();
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        invite.name_pattern = good[i];
        assert_true(accepts_invite(&invite));
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        invite.name_pattern = bad[i];
        assert_false(accepts_invite(&invite));
    }
    invite = good_invite();
    invite.uses = 0;
    assert_false(accepts_invite(&invite));
    invite.uses = LIMIT_MEMBER_COUNT_MAX;
    assert_true(accepts_invite(&invite));
    invite.uses++;
    assert_false(accepts_invite(&invite));
    invite = good_invite();
    invite.labels = (struct labels){same_keys, 2};
    assert_false(accepts_invite(&invite));
    invite.labels.count = 1;
    invite.expires_ms = LIMIT_WALL_MS_MAX + 1;
    assert_false(accepts_invite(&invite));
}

static void admissions_survive(void **state)
{
    struct fixture *fixture = *state;
    struct admission decoded, admission = {.invite = {{1}},
                                           .use = 2,
                                           .node_key = keys[3],
                                           .name = "gw-1",
                                           .salt = {4},
                                           .weight = LIMIT_WEIGHT_MAX,
                                           .at_ms = SUPPORT_WALL_MS};
    admission_encode(&admission, &fixture->body);
    assert_int_equal(admission_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_true(hash_equal(&decoded.invite, &admission.invite));
    assert_memory_equal(&decoded.node_key, &keys[3], sizeof keys[3]);
    assert_string_equal(decoded.name, "gw-1");
    assert_memory_equal(decoded.salt, admission.salt, sizeof decoded.salt);
    assert_true(decoded.use == 2 && decoded.weight == LIMIT_WEIGHT_MAX && decoded.at_ms == SUPPORT_WALL_MS);
    admission.weight++;
    assert_false(accepts_admission(&admission));
    admission.weight = 100;
    admission.use = LIMIT_MEMBER_COUNT_MAX;
    assert_false(accepts_admission(&admission));
    admission.use = 0;
    assert_true(accepts_admission(&admission));
    admission.name[0] = 0;
    assert_false(accepts_admission(&admission));
}

static void node_keys_survive(void **state)
{
    struct fixture *fixture = *state;
    struct node_keys decoded,
        node_keys = {.datagram_key = keys[4], .serial = 8, .admission = {{9}}, .version = "0.1.0-rc1"};
    node_keys_encode(&node_keys, &fixture->body);
    assert_int_equal(node_keys_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_memory_equal(&decoded.datagram_key, &keys[4], sizeof keys[4]);
    assert_int_equal(decoded.serial, 8);
    assert_true(hash_equal(&decoded.admission, &node_keys.admission));
    assert_string_equal(decoded.version, "0.1.0-rc1");
    node_keys.serial = (uint64_t)INT64_MAX + 1;
    assert_false(accepts_node_keys(&node_keys));
    node_keys.serial = INT64_MAX;
    assert_true(accepts_node_keys(&node_keys));
}

static void node_records_survive(void **state)
{
    struct fixture *fixture = *state;
    static const char *const roles[] = {"voter", "keeper"};
    struct node_record decoded, record = {.node_key = keys[5],
                                          .name = "nas",
                                          .labels = {labels, COUNT_OF(labels)},
                                          .salt = {7},
                                          .weight = 50,
                                          .roles = roles,
                                          .role_count = COUNT_OF(roles),
                                          .serial = 3,
                                          .authority_number = 2};
    node_record_encode(&record, &fixture->body);
    assert_int_equal(node_record_decode(buffer_view(&fixture->body), &fixture->arena, &decoded), 0);
    assert_memory_equal(&decoded.node_key, &keys[5], sizeof keys[5]);
    assert_string_equal(decoded.name, "nas");
    assert_int_equal(decoded.labels.count, COUNT_OF(labels));
    assert_memory_equal(decoded.salt, record.salt, sizeof decoded.salt);
    assert_int_equal(decoded.role_count, 2);
    assert_string_equal(decoded.roles[1], "keeper");
    assert_true(decoded.weight == 50 && decoded.serial == 3 && decoded.authority_number == 2);
    record.serial = 0;
    assert_false(accepts_node_record(&record));
}

static void node_records_have_bounds(void **state)
{
    (void)state;
    struct label many[LIMIT_LABEL_COUNT_MAX + 1] = {0};
    const char *roles[LIMIT_ROLE_COUNT_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(many); i++) // each as small as it may be
        many[i].key[0] = (char)(i < 26 ? 'A' + i : 'a' + i - 26);
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        roles[i] = "r";
    struct node_record record = {.name = "n",
                                 .labels = {many, LIMIT_LABEL_COUNT_MAX},
                                 .roles = roles,
                                 .role_count = LIMIT_ROLE_COUNT_MAX,
                                 .serial = 1};
    assert_true(accepts_node_record(&record));
    record.labels.count++;
    assert_false(accepts_node_record(&record));
    record.labels.count = 1;
    record.role_count++;
    assert_false(accepts_node_record(&record));
    record.role_count = 1;
    roles[0] = "*";
    assert_false(accepts_node_record(&record));
}

static void ids_have_exactly_their_size(void **state)
{
    struct fixture *fixture = *state;
    struct genesis genesis = good_genesis();
    genesis_encode(&genesis, &fixture->body);
    assert_true(round_genesis(buffer_view(&fixture->body)));
    // The first key is shortened by a byte: its length, then the rest moved up.
    fixture->body.data[1]--;
    memmove(fixture->body.data + 2, fixture->body.data + 3, fixture->body.size - 3);
    fixture->body.size--;
    assert_false(round_genesis(buffer_view(&fixture->body)));
}

static void bombs_of_empty_messages_are_refused(void **state)
{
    struct fixture *fixture = *state;
    for (size_t size = LIMIT_AUTHORITY_SIZE_MAX; size <= LIMIT_RECORD_SIZE_MAX; size *= 8) {
        buffer_clear(&fixture->body);
        while (fixture->body.size < size)
            buffer_add(&fixture->body, "\x1a\x00", 2); // field 3: labels
        assert_false(round_invite(buffer_view(&fixture->body)));
        assert_false(round_node_record(buffer_view(&fixture->body)));
    }
}

static void labels_are_found_and_covered(void **state)
{
    (void)state;
    static const struct label wanted[] = {{"role", "gateway"}, {"site", "*"}};
    static const struct label other[] = {{"role", "storage"}};
    static const struct label missing[] = {{"rack", "*"}};
    struct labels has = {labels, COUNT_OF(labels)};
    assert_string_equal(labels_find(&has, "role"), "gateway");
    assert_string_equal(labels_find(&has, "empty"), "");
    assert_null(labels_find(&has, "rol"));
    assert_true(labels_cover(&has, &(struct labels){wanted, 2}));
    assert_true(labels_cover(&has, &(struct labels){0}));
    assert_false(labels_cover(&has, &(struct labels){other, 1}));
    assert_false(labels_cover(&has, &(struct labels){missing, 1}));
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(genesis_survives),
        WITH_FIXTURE(genesis_has_bounds),
        WITH_FIXTURE(operators_survive),
        WITH_FIXTURE(operators_have_bounds),
        WITH_FIXTURE(revocations_voters_and_settings_survive),
        WITH_FIXTURE(entries_have_bounds),
        WITH_FIXTURE(an_entry_makes_exactly_one_change),
        WITH_FIXTURE(unknown_fields_are_refused),
        WITH_FIXTURE(invites_survive),
        WITH_FIXTURE(invites_have_bounds),
        WITH_FIXTURE(admissions_survive),
        WITH_FIXTURE(node_keys_survive),
        WITH_FIXTURE(node_records_survive),
        WITH_FIXTURE(node_records_have_bounds),
        WITH_FIXTURE(ids_have_exactly_their_size),
        WITH_FIXTURE(bombs_of_empty_messages_are_refused),
        WITH_FIXTURE(labels_are_found_and_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
