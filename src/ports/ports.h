/* All ports of one backend, as main.c hands them to the core. */
#ifndef LETTERLOCK_PORTS_PORTS_H
#define LETTERLOCK_PORTS_PORTS_H

#include "ports/identity.h"
#include "ports/keys.h"
#include "ports/notices.h"
#include "ports/objects.h"
#include "ports/records.h"
#include "ports/uploads.h"

struct ports {
    struct identity identity;
    struct keys keys;
    struct records records;
    struct objects objects;
    struct notices notices;
    struct uploads uploads; /* zeroed where uploads are not offered */
};

#endif
