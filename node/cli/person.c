#include "node/cli/person.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/place.h"
#include "proto/name.h"

const char *person_user(void)
{
    const char *caller = getenv("SUDO_USER");
    if (geteuid() != 0) {
        const char *login = place_login();
        return name_is_valid(bytes_of_text(login)) ? login : NULL;
    }
    if (!caller || strcmp(caller, "root") == 0 || !name_is_valid(bytes_of_text(caller)))
        return NULL;
    return caller;
}
