package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The shapes of `terraform providers schema -json`, of one provider.
type schemaFile struct {
	Provider    block            `json:"provider"`
	Resources   map[string]block `json:"resources"`
	DataSources map[string]block `json:"data_sources"`
}

type block struct {
	Attributes map[string]attribute   `json:"attributes"`
	Blocks     map[string]nestedBlock `json:"block_types"`
}

type nestedBlock struct {
	Mode  string `json:"nesting_mode"`
	Block block  `json:"block"`
	Min   int64  `json:"min_items"`
	Max   int64  `json:"max_items"`
}

type attribute struct {
	Type     json.RawMessage `json:"type"`
	Nested   *nestedObject   `json:"nested_type"`
	Required bool            `json:"required"`
	Optional bool            `json:"optional"`
	Computed bool            `json:"computed"`
}

type nestedObject struct {
	Attributes map[string]attribute `json:"attributes"`
	Mode       string               `json:"nesting_mode"`
}

var objectModes = map[string]tfprotov6.SchemaObjectNestingMode{
	"single": tfprotov6.SchemaObjectNestingModeSingle,
	"list":   tfprotov6.SchemaObjectNestingModeList,
	"set":    tfprotov6.SchemaObjectNestingModeSet,
	"map":    tfprotov6.SchemaObjectNestingModeMap,
}

var blockModes = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov6.SchemaNestedBlockNestingModeList,
	"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
	"map":    tfprotov6.SchemaNestedBlockNestingModeMap,
}

func (a attribute) schema(name string) (*tfprotov6.SchemaAttribute, error) {
	s := &tfprotov6.SchemaAttribute{
		Name: name, Required: a.Required, Optional: a.Optional, Computed: a.Computed,
	}
	if a.Nested == nil {
		var err error
		if s.Type, err = tftypes.ParseJSONType(a.Type); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return s, nil
	}
	inner, err := attributes(a.Nested.Attributes)
	s.NestedType = &tfprotov6.SchemaObject{Nesting: objectModes[a.Nested.Mode], Attributes: inner}
	return s, err
}

func attributes(all map[string]attribute) ([]*tfprotov6.SchemaAttribute, error) {
	var schemas []*tfprotov6.SchemaAttribute
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s, err := all[name].schema(name)
		if err != nil {
			return nil, err
		}
		schemas = append(schemas, s)
	}
	return schemas, nil
}

func (b block) schema() (*tfprotov6.SchemaBlock, error) {
	inner, err := attributes(b.Attributes)
	if err != nil {
		return nil, err
	}
	s := &tfprotov6.SchemaBlock{Attributes: inner}
	for _, name := range slices.Sorted(maps.Keys(b.Blocks)) {
		nested := b.Blocks[name]
		content, err := nested.Block.schema()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.BlockTypes = append(s.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Nesting: blockModes[nested.Mode], MinItems: nested.Min,
			MaxItems: nested.Max, Block: content,
		})
	}
	return s, nil
}

func schemas(blocks map[string]block) (map[string]*tfprotov6.Schema, error) {
	all := map[string]*tfprotov6.Schema{}
	for name, b := range blocks {
		content, err := b.schema()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name] = &tfprotov6.Schema{Block: content}
	}
	return all, nil
}
