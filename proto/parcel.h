// parcel.h - signed records one behind the other: {length u32 | envelope}*.
//
// This is how a joining machine keeps what it is handed, and how DIR/net/import leaves records for the
// network process. Nothing in a parcel is verified; lengths are checked against LIMIT_RECORD_SIZE_MAX.
#ifndef PROTO_PARCEL_H
#define PROTO_PARCEL_H

#include "proto/bytes.h"
#include "proto/limits.h"

void parcel_add(struct buffer *parcel, struct bytes envelope);

// Walks from reader_init(&reader, parcel) on. False at the end, and where a length does not fit what is left
// or is out of bounds: then reader.failed is set.
bool parcel_next(struct reader *reader, struct bytes *ret_envelope) WARN_UNUSED;

#endif
