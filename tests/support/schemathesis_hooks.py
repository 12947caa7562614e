"""What schemathesis is told of our media types: its module for SCHEMATHESIS_HOOKS."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
