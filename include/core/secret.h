/* Text that no format prints: passwords, tokens, keys. */
#ifndef OBI_CORE_SECRET_H
#define OBI_CORE_SECRET_H

#include "core/slice.h"

struct secret {
    struct slice hidden; /* read only where it is handed to what needs it */
};

#endif
