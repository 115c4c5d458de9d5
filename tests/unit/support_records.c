#include "tests/unit/support_records.h"

#include <string.h>

static const struct label storage[] = {{"role", "storage"}};
static const char *const everything[] = {"*"};
static const struct node_id nodes[] = {{{1, 2, 3}}, {{4, 5, 6}}};

struct envelope_signer support_signer(const struct fleet_id *fleet, uint8_t number)
{
    struct envelope_signer signer = {0};
    uint8_t seed[32];
    memset(seed, number, sizeof seed);
    envelope_keypair(seed, &signer.key, &signer.secret);
    if (fleet)
        signer.fleet = *fleet;
    return signer;
}

static struct record_id sign_genesis(struct support_fleet *fleet)
{
    struct buffer body = {0};
    struct genesis genesis = {
        .root_keys = &fleet->root.key, .root_key_count = 1, .threshold = 1, .name = "katydids"};
    genesis_encode(&genesis, &body);
    struct record_id id = envelope_sign(&fleet->root, ENVELOPE_GENESIS, buffer_view(&body), &fleet->genesis);
    buffer_deinit(&body);
    return id;
}

static struct authority_entry operator_entry(const struct hash *genesis, const struct public_key *key)
{
    struct authority_entry entry = {.number = 1, .previous = *genesis, .change = AUTHORITY_OPERATOR};
    entry.operator_.key = *key;
    strcpy(entry.operator_.name, "ops");
    entry.operator_.scope = (struct scope){.namespaces = everything,
                                           .namespace_count = 1,
                                           .actions = everything,
                                           .action_count = 1,
                                           .users = everything,
                                           .user_count = 1};
    return entry;
}

static struct node_record nas_record(const struct public_key *key)
{
    struct node_record record = {.node_key = *key,
                                 .name = "nas",
                                 .labels = {storage, COUNT_OF(storage)},
                                 .salt = {9},
                                 .weight = 100,
                                 .serial = 1,
                                 .authority_number = 1};
    return record;
}

void support_fleet_init(struct support_fleet *fleet)
{
    struct buffer body = {0};
    *fleet = (struct support_fleet){.root = support_signer(NULL, 1)};
    fleet->id = (struct fleet_id){sign_genesis(fleet).hash};
    fleet->root = support_signer(&fleet->id, 1);
    fleet->operator_ = support_signer(&fleet->id, 2);
    fleet->node = support_signer(&fleet->id, 3);
    fleet->node_id = node_id_of(&fleet->node.key);

    struct authority_entry entry = operator_entry(&fleet->id.hash, &fleet->operator_.key);
    authority_entry_encode(&entry, &body);
    fleet->entry_id = envelope_sign(&fleet->root, ENVELOPE_AUTHORITY, buffer_view(&body), &fleet->entry);
    buffer_clear(&body);
    struct node_record record = nas_record(&fleet->node.key);
    node_record_encode(&record, &body);
    fleet->admitted_id =
        envelope_sign(&fleet->operator_, ENVELOPE_NODE, buffer_view(&body), &fleet->node_record);
    buffer_deinit(&body);
}

void support_fleet_deinit(struct support_fleet *fleet)
{
    buffer_deinit(&fleet->genesis);
    buffer_deinit(&fleet->entry);
    buffer_deinit(&fleet->node_record);
}

struct definition support_definition(const char *name)
{
    static const struct definition_trigger every_minute = {.kind = DEFINITION_EVERY, .period_ms = 60000};
    static const char *const argv[] = {"/bin/true"};
    struct definition definition = {
        .namespace_name = "main",
        .life = 1,
        .version = 1,
        .stamp = SUPPORT_STAMP,
        .schedule_version = 1,
        .since = SUPPORT_STAMP,
        .authority_number = 1,
        .triggers = &every_minute,
        .trigger_count = 1,
        .zone = "UTC",
        .argv = argv,
        .argument_count = COUNT_OF(argv),
        .user = "nobody",
    };
    assert(name_is_valid(bytes_of_text(name)));
    strcpy(definition.name, name);
    return definition;
}

struct record_id support_sign_definition(const struct envelope_signer *signer,
                                         const struct definition *definition, struct buffer *out)
{
    struct buffer body = {0};
    definition_encode(definition, &body);
    struct record_id id = envelope_sign(signer, ENVELOPE_DEFINITION, buffer_view(&body), out);
    buffer_deinit(&body);
    return id;
}

const enum envelope_kind support_kinds[] = {
    ENVELOPE_GENESIS, ENVELOPE_AUTHORITY,  ENVELOPE_INVITE, ENVELOPE_ADMISSION, ENVELOPE_KEYS,
    ENVELOPE_NODE,    ENVELOPE_DEFINITION, ENVELOPE_PAUSE,  ENVELOPE_DELETE,    ENVELOPE_ORDER,
    ENVELOPE_EVENT,   ENVELOPE_ALIVE,      ENVELOPE_LEAVE,  ENVELOPE_SUSPICION, ENVELOPE_CLAIM,
    ENVELOPE_RESULT,  ENVELOPE_VERDICT,    ENVELOPE_CURSOR, ENVELOPE_SEGMENT,
};
const size_t support_kind_count = COUNT_OF(support_kinds);

static void trust_body(enum envelope_kind kind, struct buffer *out)
{
    static const struct public_key key = {{7}};
    struct genesis genesis = {.root_keys = &key, .root_key_count = 1, .threshold = 1, .name = "katydids"};
    struct authority_entry entry = operator_entry(&(struct hash){{1}}, &key);
    struct invite invite = {.token_key = key,
                            .redeemer = nodes[0],
                            .labels = {storage, COUNT_OF(storage)},
                            .uses = 3,
                            .expires_ms = SUPPORT_WALL_MS + 86400000,
                            .name_pattern = "gw-*",
                            .authority_number = 1};
    struct admission admission = {
        .invite = {{2}}, .use = 2, .node_key = key, .name = "gw-1", .weight = 100, .at_ms = SUPPORT_WALL_MS};
    struct node_keys keys = {.datagram_key = {{8}}, .serial = 1, .admission = {{3}}, .version = "0.1.0"};
    struct node_record record = nas_record(&key);
    if (kind == ENVELOPE_GENESIS)
        genesis_encode(&genesis, out);
    else if (kind == ENVELOPE_AUTHORITY)
        authority_entry_encode(&entry, out);
    else if (kind == ENVELOPE_INVITE)
        invite_encode(&invite, out);
    else if (kind == ENVELOPE_ADMISSION)
        admission_encode(&admission, out);
    else if (kind == ENVELOPE_KEYS)
        node_keys_encode(&keys, out);
    else
        node_record_encode(&record, out);
}

static void change_body(enum envelope_kind kind, struct buffer *out)
{
    static const struct hash lifts[] = {{{5}}, {{6}}};
    struct definition definition = support_definition("digest");
    struct pause pause = {.namespace_name = "main",
                          .name = "digest",
                          .life = 1,
                          .stamp = SUPPORT_STAMP,
                          .lifts = lifts,
                          .lift_count = COUNT_OF(lifts),
                          .authority_number = 1,
                          .note = "until the disk is back"};
    struct removal removal = {
        .namespace_name = "main", .name = "digest", .life = 2, .stamp = SUPPORT_STAMP, .authority_number = 1};
    struct order order = {.random = {1},
                          .action = ORDER_RUN,
                          .namespace_name = "main",
                          .name = "digest",
                          .life = 1,
                          .targets = nodes,
                          .target_count = COUNT_OF(nodes),
                          .not_before_ms = SUPPORT_WALL_MS,
                          .not_after_ms = SUPPORT_WALL_MS + 600000,
                          .stamp = SUPPORT_STAMP,
                          .authority_number = 1};
    struct event_record event = {.namespace_name = "main",
                                 .name = "usb",
                                 .random = {2},
                                 .stamp = SUPPORT_STAMP,
                                 .expires_ms = SUPPORT_WALL_MS + 600000,
                                 .data = bytes_of_text("sdb1")};
    if (kind == ENVELOPE_DEFINITION)
        definition_encode(&definition, out);
    else if (kind == ENVELOPE_PAUSE)
        pause_encode(&pause, out);
    else if (kind == ENVELOPE_DELETE)
        removal_encode(&removal, out);
    else if (kind == ENVELOPE_ORDER)
        order_encode(&order, out);
    else
        event_record_encode(&event, out);
}

static void member_body(enum envelope_kind kind, struct buffer *out)
{
    static const struct address addresses[] = {
        {.ip = {192, 0, 2, 1}, .ip_size = 4, .port = 5289},
        {.ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .ip_size = 16, .port = 5289},
    };
    struct member_alive alive = {.generation = 4,
                                 .instance = {3},
                                 .incarnation = 5,
                                 .addresses = addresses,
                                 .address_count = COUNT_OF(addresses),
                                 .probe_interval_ms = 1000,
                                 .slots = 8,
                                 .takes_work = true,
                                 .clock_trusted = true,
                                 .authority_number = 1,
                                 .authority_head = {{1}},
                                 .confined = MEMBER_CONFINED_FULL,
                                 .version = "0.1.0"};
    if (kind == ENVELOPE_ALIVE)
        member_alive_encode(&alive, out);
    else if (kind == ENVELOPE_LEAVE)
        member_leave_encode(&(struct member_leave){.generation = 4, .incarnation = 6}, out);
    else
        member_suspicion_encode(
            &(struct member_suspicion){.target = nodes[1], .generation = 4, .incarnation = 5, .reason = 1},
            out);
}

static void ledger_body(enum envelope_kind kind, struct buffer *out)
{
    struct ledger_occurrence occurrence = {
        .job = "main/digest", .life = 1, .schedule_version = 1, .due_ms = SUPPORT_WALL_MS};
    struct ledger_epoch epoch = {3, nodes[0]};
    struct ledger_claim claim = {.occurrence = occurrence,
                                 .run = {{1}},
                                 .executor = nodes[0],
                                 .executor_generation = 4,
                                 .attempt = 1,
                                 .epoch = epoch,
                                 .follows = {2, nodes[1]},
                                 .definition = {{2}},
                                 .count = 5,
                                 .step_ms = 1000,
                                 .at_ms = SUPPORT_WALL_MS - 2000};
    struct ledger_result result = {.occurrence = occurrence,
                                   .run = {{1}},
                                   .attempt = 1,
                                   .status = LEDGER_FAILED,
                                   .reason = "exit 3",
                                   .started_ms = SUPPORT_WALL_MS + 2,
                                   .ended_ms = SUPPORT_WALL_MS + 900,
                                   .exit_code = 3,
                                   .output_bytes = 77,
                                   .log = {{4}},
                                   .count = 1,
                                   .generation = 4,
                                   .definition = {{2}}};
    struct ledger_verdict verdict = {.occurrence = occurrence,
                                     .last_due_ms = SUPPORT_WALL_MS + 600000,
                                     .count = 11,
                                     .status = LEDGER_MISSED,
                                     .reason = "no node up",
                                     .at_ms = SUPPORT_WALL_MS};
    struct ledger_cursor cursor = {.job = "main/digest",
                                   .life = 1,
                                   .schedule_version = 1,
                                   .target = nodes[1],
                                   .decided_ms = SUPPORT_WALL_MS,
                                   .epoch = epoch};
    struct ledger_segment segment = {.run = {{1}},
                                     .index = 1,
                                     .previous = {{5}},
                                     .offset = 10,
                                     .stream = 1,
                                     .at_ms = SUPPORT_WALL_MS + 5,
                                     .data = bytes_of_text("hello\n")};
    segment.hash = ledger_segment_hash(&segment);
    if (kind == ENVELOPE_CLAIM)
        ledger_claims_encode(&claim, 1, out);
    else if (kind == ENVELOPE_RESULT)
        ledger_results_encode(&result, 1, out);
    else if (kind == ENVELOPE_VERDICT)
        ledger_verdicts_encode(&verdict, 1, out);
    else if (kind == ENVELOPE_CURSOR)
        ledger_cursors_encode(&cursor, 1, out);
    else
        ledger_segments_encode(&segment, 1, out);
}

void support_body(enum envelope_kind kind, struct buffer *out)
{
    if (kind < ENVELOPE_DEFINITION)
        trust_body(kind, out);
    else if (kind >= ENVELOPE_ALIVE && kind <= ENVELOPE_SUSPICION)
        member_body(kind, out);
    else if (kind >= ENVELOPE_CLAIM && kind <= ENVELOPE_SEGMENT)
        ledger_body(kind, out);
    else
        change_body(kind, out);
}

uint64_t support_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
