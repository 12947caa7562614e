#!/usr/bin/env python3
"""Converts openapi.yaml to compact JSON inside a C source file: openapi_json.py IN.yaml OUT.c"""

import json
import sys

import yaml

BYTES_A_LINE = 24


def main():
    with open(sys.argv[1], encoding="utf-8") as source:
        document = yaml.safe_load(source)
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    lines = (data[i : i + BYTES_A_LINE] for i in range(0, len(data), BYTES_A_LINE))
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write('#include "api/api.h"\n\nstatic const uint8_t document[] = {\n')
        for line in lines:
            out.write("    " + "".join(f"{byte}," for byte in line) + "\n")
        out.write("};\n\nstruct bytes api_openapi_json(void)\n{\n")
        out.write("    return bytes_of(document, sizeof document);\n}\n")


if __name__ == "__main__":
    main()
