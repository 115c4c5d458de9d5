#include "proto/parcel.h"

void parcel_add(struct buffer *parcel, struct bytes envelope)
{
    assert(envelope.size <= LIMIT_RECORD_SIZE_MAX);
    buffer_add_u32(parcel, (uint32_t)envelope.size);
    buffer_add(parcel, envelope.data, envelope.size);
}

bool parcel_next(struct reader *reader, struct bytes *ret_envelope)
{
    if (reader->failed || reader->rest.size == 0)
        return false;
    uint32_t size = reader_u32(reader);
    if (size > LIMIT_RECORD_SIZE_MAX)
        reader->failed = true;
    struct bytes envelope = reader->failed ? (struct bytes){0} : reader_bytes(reader, size);
    if (reader->failed)
        return false;
    *ret_envelope = envelope;
    return true;
}
