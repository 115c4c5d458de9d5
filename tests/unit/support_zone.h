// support_zone.h - the zones of this machine, for tests.
#ifndef TESTS_UNIT_SUPPORT_ZONE_H
#define TESTS_UNIT_SUPPORT_ZONE_H

#include "node/core/trigger/zone.h"

// The bytes of /usr/share/zoneinfo/NAME, added to `out`; false if it cannot be read.
bool support_zone_read(const char *name, struct buffer *out) WARN_UNUSED;
// Decoded; NULL if that fails. Free with zone_free.
struct zone *support_zone(const char *name);

#endif
