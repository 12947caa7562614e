/* The uploads port on the store. */
#ifndef LETTERLOCK_EMBEDDED_UPLOADS_ADAPTER_H
#define LETTERLOCK_EMBEDDED_UPLOADS_ADAPTER_H

#include "embedded/store.h"
#include "ports/uploads.h"

/* The port; store is borrowed and must outlive it. */
struct uploads uploads_adapter_port(struct store *store);

#endif
