// liar_sign.c - definitions that nobody may sign, with real keys.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crdt/stamp.h"
#include "node/cli/keystore.h"
#include "node/io/clock.h"
#include "node/io/runner/agent_keys.h"
#include "proto/definition.h"
#include "tests/real/liar.h"

enum { SINCE_MS = 3600 * 1000 };

static struct envelope_signer signer_of(const char *path)
{
    struct stat status;
    struct agent_keys keys;
    struct keystore_key key;
    char net[4096];
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        snprintf(net, sizeof net, "%s/net", path);
        int folder = open(net, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0 || agent_keys_load(folder, &keys) != 0)
            liar_fail("%s has no keys of a node", path);
        close(folder);
        return agent_keys_signer(&keys);
    }
    if (keystore_load(path, &key) != 0)
        liar_fail("%s is no key", path);
    return keystore_signer(&key);
}

static struct definition definition_of(char **words)
{
    static const struct definition_trigger every_second = {.kind = DEFINITION_EVERY, .period_ms = 1000};
    int64_t now_ms = clock_wall_ms();
    struct definition definition = {.life = 1,
                                    .version = 1,
                                    .stamp = stamp_of_wall_ms(now_ms),
                                    .schedule_version = 1,
                                    .since = stamp_of_wall_ms(now_ms - SINCE_MS),
                                    .authority_number = strtoull(words[0], NULL, 10),
                                    .triggers = &every_second,
                                    .trigger_count = 1,
                                    .zone = "UTC"};
    const char *slash = strchr(words[1], '/');
    if (!slash)
        liar_fail("%s: write NAMESPACE/NAME", words[1]);
    snprintf(definition.namespace_name, sizeof definition.namespace_name, "%.*s", (int)(slash - words[1]),
             words[1]);
    snprintf(definition.name, sizeof definition.name, "%s", slash + 1);
    snprintf(definition.user, sizeof definition.user, "%s", words[2]);
    return definition;
}

static struct record_id sign(const struct envelope_signer *signer, const struct definition *definition,
                             struct buffer *out)
{
    struct buffer body = {0};
    definition_encode(definition, &body);
    struct record_id id = envelope_sign(signer, ENVELOPE_DEFINITION, buffer_view(&body), out);
    buffer_deinit(&body);
    return id;
}

int liar_sign(int argc, char **argv)
{
    struct envelope_signer signer = signer_of(argv[1]);
    struct definition definition = definition_of(argv + 3);
    struct buffer envelope = {0}, other = {0};
    char text[2 * HASH_SIZE + 1];
    if (strcmp(argv[2], "own") != 0 && !hex_decode(argv[2], signer.fleet.hash.b, HASH_SIZE))
        liar_fail("%s is no id of a fleet", argv[2]);
    definition.shell = argv[6];
    struct record_id id = sign(&signer, &definition, &envelope);
    if (argc > 7) {
        definition.shell = argv[7];
        id = sign(&signer, &definition, &other);
        memcpy(other.data + 2 + NODE_ID_SIZE, envelope.data + 2 + NODE_ID_SIZE, SIGNATURE_SIZE);
    }
    const struct buffer *written = argc > 7 ? &other : &envelope;
    FILE *file = fopen(argv[0], "wb");
    if (!file || fwrite(written->data, 1, written->size, file) != written->size || fclose(file) != 0)
        liar_fail("%s cannot be written", argv[0]);
    hex_encode(id.hash.b, HASH_SIZE, text);
    puts(text);
    buffer_deinit(&envelope);
    buffer_deinit(&other);
    return 0;
}
