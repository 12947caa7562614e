/* What /metrics shows beside the HTTP front's own: the build, the process, letters and sign-ins,
 * and how the backend is off. Prometheus text, version 0.0.4; no label names a person. */
#ifndef LETTERLOCK_APP_METRICS_H
#define LETTERLOCK_APP_METRICS_H

#include "base/buffer.h"

/* Appends them; service is the struct service that serves. For http_config.metrics: on the admin
 * listener's thread, for two seconds at most. What cannot be had is left out, and logged. */
void app_metrics_write(void *service, struct buffer *out);

#endif
