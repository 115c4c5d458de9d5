#include "node/cli/birth.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/print.h"

static const char IMPORT[] = "import", SEEDS[] = "seeds";

void birth_sign_keys(const struct agent_keys *keys, const struct record_id *admission, struct buffer *out)
{
    struct node_keys record = {
        .datagram_key = agent_keys_datagram_key(keys), .serial = 1, .admission = admission->hash};
    struct envelope_signer signer = agent_keys_signer(keys);
    struct buffer body = {0};
    snprintf(record.version, sizeof record.version, "%s", KATYDID_VERSION);
    node_keys_encode(&record, &body);
    envelope_sign(&signer, ENVELOPE_KEYS, buffer_view(&body), out);
    sodium_memzero(&signer, sizeof signer);
    buffer_deinit(&body);
}

static int save_file(const struct agent_dir *dir, const char *name, struct bytes content)
{
    int file = openat(dir->net, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int error = file < 0 ? -errno : 0;
    for (size_t done = 0; !error && done < content.size;) {
        ssize_t part = write(file, content.data + done, content.size - done);
        if (part < 0 && errno != EINTR)
            error = -errno;
        done += part > 0 ? (size_t)part : 0;
    }
    if (!error && (fchown(file, dir->network_user, dir->network_group) || fsync(file)))
        error = -errno;
    if (file >= 0)
        close(file);
    if (!error && fsync(dir->net))
        error = -errno;
    return error;
}

int birth_save(const struct agent_dir *dir, const struct birth *birth)
{
    int error = agent_keys_save(dir->net, dir->network_user, dir->network_group, birth->keys);
    if (!error)
        error = save_file(dir, IMPORT, birth->records);
    if (!error && birth->seeds.size)
        error = save_file(dir, SEEDS, birth->seeds);
    if (!error)
        error = evidence_create(dir->runner, &birth->runner);
    if (error) {
        unlinkat(dir->net, IMPORT, 0);
        unlinkat(dir->net, SEEDS, 0);
    }
    return error ? print_failure("%s: %s", dir->path, strerror(-error)) : COMMAND_DONE;
}
