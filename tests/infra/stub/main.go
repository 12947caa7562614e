// A stand-in for Terraform's AWS provider, for tests without AWS. It has the real provider's schema
// (schema.json, made by ../schema.py) and no logic of its own: what a resource becomes when it is
// made, and what a data source says, is asked of an HTTP server that the environment names in
// LETTERLOCK_STUB_HOOK.
package main

import (
	_ "embed"
	"encoding/json"
	"log"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

//go:embed schema.json
var schemaJSON []byte

func main() {
	var file schemaFile
	if err := json.Unmarshal(schemaJSON, &file); err != nil {
		log.Fatal(err)
	}
	stub, err := newProvider(&file)
	if err != nil {
		log.Fatal(err)
	}
	err = tf6server.Serve("hashicorp/aws", func() tfprotov6.ProviderServer { return stub })
	if err != nil {
		log.Fatal(err)
	}
}
