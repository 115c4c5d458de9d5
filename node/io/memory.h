// memory.h - how a process of the agent holds memory: as little as it can while it has nothing to do.
//
// The C library keeps freed memory for later and a heap for each thread, and clears what it hands out. An
// agent is idle nearly always, and a small device runs it beside other things: so there is one heap, large
// blocks (buffers of the loop) are mappings of their own, whose pages cost nothing until they are used,
// and what was freed is given back.
#ifndef NODE_IO_MEMORY_H
#define NODE_IO_MEMORY_H

void memory_prepare(void); // first thing in a process, before there are threads
// Gives back what is free; from any thread. Worth it once after a busy time, not each second.
void memory_give_back(void);

#endif
