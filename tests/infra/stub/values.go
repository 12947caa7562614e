package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// membersOf gives the top-level members of an object; nil for null.
func membersOf(d *tfprotov6.DynamicValue, schema *tfprotov6.Schema) (map[string]tftypes.Value, error) {
	v, err := d.Unmarshal(schema.ValueType())
	if err != nil || v.IsNull() {
		return nil, err
	}
	members := map[string]tftypes.Value{}
	return members, v.As(&members)
}

func dynamicValue(schema *tfprotov6.Schema, members map[string]tftypes.Value) (*tfprotov6.DynamicValue, error) {
	t := schema.ValueType()
	d, err := tfprotov6.NewDynamicValue(t, tftypes.NewValue(t, members))
	return &d, err
}

// fill gives unknown members the answer's values, and null where it has none.
func fill(members map[string]tftypes.Value, answer map[string]json.RawMessage) error {
	for name, v := range members {
		raw, given := answer[name]
		delete(answer, name)
		if v.IsFullyKnown() {
			continue
		}
		members[name] = tftypes.NewValue(v.Type(), nil)
		if given {
			var err error
			if members[name], err = tftypes.ValueFromJSON(raw, v.Type()); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for name := range answer {
		return fmt.Errorf("there is no attribute %s", name)
	}
	return nil
}

// plain is v as encoding/json has it; unknown values are null.
func plain(v tftypes.Value) any {
	if !v.IsKnown() || v.IsNull() {
		return nil
	}
	var text string
	if v.As(&text) == nil {
		return text
	}
	var truth bool
	if v.As(&truth) == nil {
		return truth
	}
	number := new(big.Float)
	if v.As(&number) == nil {
		return json.Number(number.Text('f', -1))
	}
	var list []tftypes.Value
	if v.As(&list) == nil {
		all := make([]any, len(list))
		for i, e := range list {
			all[i] = plain(e)
		}
		return all
	}
	var members map[string]tftypes.Value
	if v.As(&members) == nil {
		return plainMembers(members)
	}
	return nil
}

func plainMembers(members map[string]tftypes.Value) map[string]any {
	all := map[string]any{}
	for name, m := range members {
		all[name] = plain(m)
	}
	return all
}

// ask has the hook carry out "create" or "delete" of a resource, or "read" of a data source. Gives
// the attributes that AWS would set.
func ask(operation, typeName string, members map[string]tftypes.Value) (map[string]json.RawMessage, error) {
	hook := os.Getenv("LETTERLOCK_STUB_HOOK")
	if hook == "" {
		return nil, fmt.Errorf("%s %s: LETTERLOCK_STUB_HOOK is not set", operation, typeName)
	}
	directory, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	question, err := json.Marshal(map[string]any{
		"operation": operation, "type": typeName, "values": plainMembers(members), "directory": directory,
	})
	if err != nil {
		return nil, err
	}
	response, err := http.Post(hook, "application/json", bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Set   map[string]json.RawMessage
		Error string
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s %s: %s", operation, typeName, answer.Error)
	}
	return answer.Set, nil
}
