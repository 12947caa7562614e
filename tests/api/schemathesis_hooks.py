"""What Schemathesis has to be told of our media types; it loads this by SCHEMATHESIS_HOOKS."""

import schemathesis

# Bytes of a file are sent as they are.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
