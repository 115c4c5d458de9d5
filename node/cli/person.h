// person.h - who types: whose rights a job gets when nobody says so, and what must be written out.
#ifndef NODE_CLI_PERSON_H
#define NODE_CLI_PERSON_H

// The caller's login; under sudo, who called it. NULL for root itself: that must be written out.
const char *person_user(void);

#endif
