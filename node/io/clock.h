// clock.h - the only place that reads a clock or draws entropy.
//
// now_ms and boottime_ns never run back; boottime also counts while the machine is suspended. wall_ms
// is what people call the time and may jump. With KATYDID_TESTING, $KATYDID_CLOCK_OFFSET_MS shifts it.
#ifndef NODE_IO_CLOCK_H
#define NODE_IO_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t clock_now_ms(void);      // CLOCK_MONOTONIC
uint64_t clock_boottime_ns(void); // CLOCK_BOOTTIME
int64_t clock_wall_ms(void);      // CLOCK_REALTIME, unix milliseconds
int64_t clock_offset_ms(void);    // what clock_wall_ms adds to the kernel's clock; 0 but in tests
// What the kernel says of the wall clock: is it kept right by a time source, and how wrong may it be?
// False: it is not, and *ret_error_ms says nothing.
bool clock_synchronised(uint32_t *ret_error_ms);
void clock_entropy(void *out, size_t size);

#endif
