"""Reads the AWS provider's schema out of its bindings for CDK Terrain (PyPI cdktn-provider-aws).

The bindings are generated from the provider's own schema and hold nearly all of it: each
attribute's name, type, and whether it is required, optional or computed; which are nested blocks;
how often a block may stand. Only the types that are asked for are read.
"""

import io
import json
import pathlib
import re
import tarfile
import zipfile

PRIMITIVES = {"string": "string", "boolean": "bool", "number": "number", "any": "string"}
# Attributes that are written like blocks, so that an empty list can be told from none.
ATTRIBUTES_AS_BLOCKS = {("aws_security_group", "ingress"), ("aws_security_group", "egress"),
                        ("aws_default_security_group", "ingress"),
                        ("aws_default_security_group", "egress"), ("aws_route_table", "route")}

_HCL_ATTRIBUTE = re.compile(r"^\s+(\w+): \{\n\s+value: [^\n]*\n\s+isBlock: (?:true|false),\n"
                            r"\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\",", re.M)
_GETTERS = {"String": "string", "Number": "number", "Boolean": "bool"}
_MAP = re.compile(r"(String|Number|Boolean|Any)Map(List)?")


class Bindings:
    """The bindings' files, in the wheel's inner archive."""

    def __init__(self, wheel):
        with zipfile.ZipFile(wheel) as z:
            inner, = (n for n in z.namelist() if n.endswith(".tgz"))
            self._archive = tarfile.open(fileobj=io.BytesIO(z.read(inner)))

    def read(self, wanted):
        """{folder: (index.js, index.d.ts)} of the folders that exist."""
        names = {f"package/lib/{folder}/index.{kind}": (folder, kind)
                 for folder in wanted for kind in ("js", "d.ts")}
        found = {}
        for member in self._archive:
            if member.name in names:
                folder, kind = names[member.name]
                text = self._archive.extractfile(member).read().decode()
                found.setdefault(folder, {})[kind] = text
        return {folder: (t["js"], t["d.ts"]) for folder, t in found.items()}


def _snake(name):
    return re.sub(r"([A-Z])", lambda m: "_" + m[1].lower(), name)


def _stem(class_name):
    return re.sub(r"(OutputReference|List|Map)$", "", class_name)


def _primitive_or_collection(kind, storage):
    """A type from synthesizeHclAttributes(), or None when it is a structure."""
    if kind == "simple":
        return PRIMITIVES.get(storage)
    m = re.fullmatch(r"(string|number|boolean|any)(List|Map|Set)(List|Map|Set)?", storage)
    if not m:
        return None
    outer = kind if kind in ("list", "set", "map") else (m[3] or m[2]).lower()
    inner = PRIMITIVES[m[1]]
    return [outer, [m[2].lower(), inner] if m[3] else inner]


def _hcl_attributes(text):
    return {m[1]: (m[2], m[3]) for m in _HCL_ATTRIBUTE.finditer(text)}


class File:
    """One resource's or data source's bindings."""

    def __init__(self, js, dts):
        self.js = js
        self.interfaces = {}  # name -> {attribute: (is optional, type)}
        self.blocks = {}  # name -> attributes that are nested blocks
        for m in re.finditer(r"export interface (\w+)[^{]*\{(.*?)\n\}", dts, re.S):
            self.blocks[m[1]] = set(re.findall(r"\* (\w+) block\n", m[2]))
            self.interfaces[m[1]] = {
                _snake(name): (optional == "?", of)
                for name, optional, of in re.findall(r"readonly (\w+)(\??): ([^;]*);", m[2])}
        self.writers = {m[1].lower(): m[2] for m in re.finditer(
            r"^function (\w+)ToHclTerraform\(struct\) \{(.*?)^\}", js, re.S | re.M)}
        self.classes = self._read_classes()

    def _read_classes(self):
        classes = {}
        parts = re.split(r"^(?:export )?class (\w+) extends cdktn\.(\w+) \{", self.js, flags=re.M)
        for name, base, body in zip(parts[1::3], parts[2::3], parts[3::3]):
            body = body.partition("\n}\n")[0]
            fields = re.split(r"^    // (\w+) - computed: (true|false), optional: (true|false), "
                              r"required: (true|false)\n", body, flags=re.M)
            classes[name] = (base, {
                field: Attribute(c == "true", o == "true", r == "true", text)
                for field, c, o, r, text in zip(*(fields[i::5] for i in range(1, 6)))})
        return classes

    def main(self, base):
        """(name, type name) of the class of that base."""
        name = next(n for n, (b, _) in self.classes.items() if b == base)
        of = re.search(rf"class {name} extends.*?static tfResourceType = \"(\w+)\"", self.js, re.S)
        return name, of[1]

    def writer_of(self, stem):
        return _hcl_attributes(self.writers.get(stem.lower(), ""))

    def synthesized(self):
        return self.js[self.js.rfind("synthesizeHclAttributes()"):]

    # Blocks

    def block(self, class_name, hcl, interface, type_name):
        attributes, blocks = {}, {}
        nested = self.blocks.get(interface, set())
        for name, a in self.classes[class_name][1].items():
            if a.reference in self.classes:
                self._add_structure(attributes, blocks, (name, a, hcl.get(name), nested, type_name))
                continue
            of = _primitive_or_collection(*hcl[name]) if name in hcl else None
            attributes[name] = a.flags() | {"type": of or self.type_of(a)}
        return {k: v for k, v in (("attributes", attributes), ("block_types", blocks)) if v}

    def _add_structure(self, attributes, blocks, what):
        name, a, hcl, nested, type_name = what
        stem = _stem(a.reference)
        element = stem + "OutputReference"
        if hcl is None or element not in self.classes:
            attributes[name] = {"type": self.type_of(a), "computed": True}
            return
        mode = {"struct": "single"}.get(hcl[0], hcl[0])
        if name in nested:
            inner = self.block(element, self.writer_of(stem), stem, type_name)
            blocks[name] = {"nesting_mode": mode, "block": inner} | self._limits(a, mode)
        elif (type_name, name) in ATTRIBUTES_AS_BLOCKS:
            attributes[name] = a.flags() | {"type": [mode, self.object_type(stem)]}
        else:
            inner = self.block(element, self.writer_of(stem), stem, type_name)
            attributes[name] = a.flags() | {"nested_type": {
                "attributes": inner.get("attributes", {}), "nesting_mode": mode}}

    @staticmethod
    def _limits(a, mode):
        if mode not in ("list", "set"):
            return {}
        limits = {"min_items": 1} if a.required else {}
        if not a.reference.endswith(("List", "Map")):
            limits["max_items"] = 1
        return limits

    def provider_block(self, interface, hcl):
        """The provider's own configuration has no getters to read."""
        attributes, blocks = {}, {}
        members = {n.replace("_", ""): m for n, m in self.interfaces.get(interface, {}).items()}
        for name, (kind, storage) in hcl.items():
            optional, of = members.get(name.replace("_", ""), (True, ""))
            known = _primitive_or_collection(kind, storage)
            if known:
                attributes[name] = {"type": known, "optional" if optional else "required": True}
                continue
            stem = re.sub(r"\[\].*| \|.*", "", of).strip()
            mode = {"struct": "single"}.get(kind, kind)
            blocks[name] = {"nesting_mode": mode,
                            "block": self.provider_block(stem, self.writer_of(stem))}
            if "[]" not in of and mode in ("list", "set"):
                blocks[name]["max_items"] = 1
        return {k: v for k, v in (("attributes", attributes), ("block_types", blocks)) if v}

    # Types of computed values

    def object_type(self, stem):
        _, fields = self.classes.get(stem + "OutputReference", (None, {}))
        return ["object", {name: self.type_of(a) for name, a in fields.items()}]

    def type_of(self, a):
        if a.reference is None:
            return a.getter_type()
        of_map = _MAP.fullmatch(a.reference)
        if of_map:
            found = ["map", {"Boolean": "bool", "Any": "string"}.get(of_map[1], of_map[1].lower())]
            return ["list", found] if of_map[2] else found
        inner = self.object_type(_stem(a.reference))
        if a.reference.endswith("Map"):
            return ["map", inner]
        return ["set" if a.is_set else "list", inner]


class Attribute:
    def __init__(self, computed, optional, required, text):
        self.computed, self.optional, self.required = computed, optional, required
        m = re.search(r"= new (?:cdktn\.)?(\w+)\(this, \"\w+\"(?:, (true|false))?", text)
        self.reference = m[1] if m else None
        self.is_set = bool(m) and m[2] == "true"
        m = re.search(r"return (.*);", text)
        self._getter = m[1] if m else ""

    def flags(self):
        if self.required:
            return {"required": True}
        return {"optional": self.optional or not self.computed, "computed": self.computed}

    def getter_type(self):
        m = re.search(r"this\.get(\w+)Attribute\(", self._getter)
        name = m[1] if m else "String"
        if name in _GETTERS:
            return _GETTERS[name]
        collection = re.fullmatch(r"(String|Number|Boolean|Any)?(List|Map)", name)
        inner = {"Number": "number", "Boolean": "bool"}.get(collection[1], "string")
        if collection[2] == "Map":
            return ["map", inner]
        return ["set" if "Fn.tolist" in self._getter else "list", inner]


def _provider(file):
    text = re.sub(r"^( +)alias: \{.*?\n\1\},\n", "", file.synthesized(), flags=re.S | re.M)
    name, _ = file.main("TerraformProvider")
    return file.provider_block(name + "Config", _hcl_attributes(text))


def extract(wheel, resources, data_sources):
    """The schema of the provider and these types. What the provider does not have is left out: it
    is Terraform's to say so."""
    folders = {t.removeprefix("aws_").replace("_", "-"): t for t in resources}
    folders |= {"data-" + t.replace("_", "-"): t for t in data_sources}
    files = {f: File(*texts) for f, texts in Bindings(wheel).read({*folders, "provider"}).items()}
    schema = {"provider": _provider(files.pop("provider")), "resources": {}, "data_sources": {}}
    for folder, file in files.items():
        is_data = folder.startswith("data-")
        name, _ = file.main("TerraformDataSource" if is_data else "TerraformResource")
        block = file.block(name, _hcl_attributes(file.synthesized()), name + "Config",
                           folders[folder])
        schema["data_sources" if is_data else "resources"][folders[folder]] = block
    return schema


def types_used(directory):
    """The names of resource and data source types in a directory's .tf files."""
    text = "\n".join(p.read_text() for p in sorted(pathlib.Path(directory).rglob("*.tf")))
    return tuple(sorted(set(re.findall(rf'^{kind} "(\w+)"', text, re.M)))
                 for kind in ("resource", "data"))


def write(wheel, directory, out):
    resources, data_sources = types_used(directory)
    text = json.dumps(extract(wheel, resources, data_sources), separators=(",", ":"))
    pathlib.Path(out).write_text(text)
