// fuzz_join.c - any request; and what a joining machine is shown: genuine genesis and authority log, then
// any bodies of any kind signed by root, operator, inviter or the machine itself. Whatever passes admits
// this machine's key by an invite for its token, signed by who may.
#include "node/cli/newcomer.h"
#include "proto/join.h"
#include "proto/parcel.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { ROOT, OPERATOR, INVITER, MACHINE, SIGNER_COUNT };

static struct envelope_signer signers[SIGNER_COUNT];
static struct buffer trust; // a parcel: genesis, entry 1
static struct token token;

static void sign_first(struct buffer *genesis, struct buffer *entry)
{
    static const char *const all[] = {"*"};
    const struct scope scope = {.namespaces = all,
                                .namespace_count = 1,
                                .actions = all,
                                .action_count = 1,
                                .users = all,
                                .user_count = 1};
    const struct genesis first = {
        .root_keys = &signers[ROOT].key, .root_key_count = 1, .threshold = 1, .name = "fuzz"};
    struct authority_entry second = {.number = 1, .change = AUTHORITY_OPERATOR};
    struct buffer body = {0};
    genesis_encode(&first, &body);
    token.fleet.hash = envelope_sign(&signers[ROOT], ENVELOPE_GENESIS, buffer_view(&body), genesis).hash;
    for (size_t i = 0; i < SIGNER_COUNT; i++)
        signers[i].fleet = token.fleet;
    second.previous = token.fleet.hash;
    second.operator_.key = signers[OPERATOR].key;
    second.operator_.scope = scope;
    memcpy(second.operator_.name, "ops", sizeof "ops");
    buffer_clear(&body);
    authority_entry_encode(&second, &body);
    token.authority_head = envelope_sign(&signers[ROOT], ENVELOPE_AUTHORITY, buffer_view(&body), entry).hash;
    token.authority_number = 1;
    buffer_deinit(&body);
}

static void prepare(void)
{
    struct buffer genesis = {0}, entry = {0};
    if (trust.size)
        return;
    for (size_t i = 0; i < SIGNER_COUNT; i++) {
        uint8_t seed[32];
        memset(seed, (int)(i + 1), sizeof seed);
        envelope_keypair(seed, &signers[i].key, &signers[i].secret);
    }
    memset(token.redeemer_key.b, 9, sizeof token.redeemer_key.b);
    memset(token.seed, 8, sizeof token.seed);
    sign_first(&genesis, &entry);
    parcel_add(&trust, buffer_view(&genesis));
    parcel_add(&trust, buffer_view(&entry));
    buffer_deinit(&genesis);
    buffer_deinit(&entry);
}

static void check_request(struct bytes body)
{
    static const uint8_t hash[64] = {1};
    struct join_request request;
    if (join_request_decode(body, &request))
        return;
    assert(name_is_valid(bytes_of_text(request.name)));
    struct buffer again = {0};
    join_request_encode(&request, &again);
    assert(bytes_equal(buffer_view(&again), body));
    assert(!join_request_verify(&request, bytes_of(hash, sizeof hash), &signers[OPERATOR].key));
    buffer_deinit(&again);
}

// {signer u8 | kind u8 | size u16 | body}*; the last admission is the one they name.
static struct record_id read_records(struct bytes script, struct buffer *parcel)
{
    struct record_id admission = {{{0}}};
    struct reader reader;
    reader_init(&reader, script);
    while (reader.rest.size && !reader.failed) {
        struct buffer envelope = {0};
        const struct envelope_signer *signer = &signers[reader_u8(&reader) % SIGNER_COUNT];
        enum envelope_kind kind = (enum envelope_kind)reader_u8(&reader);
        struct bytes body = reader_bytes(&reader, reader_u16(&reader));
        struct record_id id = envelope_sign(signer, kind, body, &envelope);
        if (kind == ENVELOPE_ADMISSION)
            admission = id;
        if (envelope.size <= LIMIT_RECORD_SIZE_MAX)
            parcel_add(parcel, buffer_view(&envelope));
        buffer_deinit(&envelope);
    }
    return admission;
}

static void check_newcomer(struct bytes script)
{
    struct buffer parcel = {0};
    struct newcomer newcomer;
    buffer_add(&parcel, trust.data, trust.size);
    struct newcomer_claim claim = {.token = &token, .node_key = signers[MACHINE].key};
    claim.admission = read_records(script, &parcel);
    claim.records = buffer_view(&parcel);
    if (newcomer_init(&newcomer, &claim) == 0) {
        const struct directory_record *admission =
            directory_find_record(&newcomer.directory, &claim.admission);
        struct node_id inviter = node_id_of(&signers[INVITER].key), own = node_id_of(&signers[MACHINE].key);
        assert(node_id_equal(&newcomer.self->id, &own));
        assert(node_id_equal(&admission->signer, &inviter) || node_id_equal(&admission->signer, &own));
        assert(node_id_equal(&admission->invite->body.invite.redeemer, &admission->signer));
    }
    newcomer_deinit(&newcomer);
    buffer_deinit(&parcel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare();
    check_request(bytes_of(data, size));
    if (size <= 16 * 1024)
        check_newcomer(bytes_of(data, size));
    return 0;
}
