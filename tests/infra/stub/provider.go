package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// provider answers what Terraform asks of ours; the embedded interface, which is nil, stands for
// what it never asks.
type provider struct {
	tfprotov6.ProviderServer
	config      *tfprotov6.Schema
	resources   map[string]*tfprotov6.Schema
	dataSources map[string]*tfprotov6.Schema
}

func newProvider(file *schemaFile) (*provider, error) {
	config, err := file.Provider.schema()
	if err != nil {
		return nil, err
	}
	p := &provider{config: &tfprotov6.Schema{Block: config}}
	if p.resources, err = schemas(file.Resources); err != nil {
		return nil, err
	}
	p.dataSources, err = schemas(file.DataSources)
	return p, err
}

func failure(err error) []*tfprotov6.Diagnostic {
	return []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: err.Error()}}
}

func (p *provider) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	r := &tfprotov6.GetMetadataResponse{ServerCapabilities: &tfprotov6.ServerCapabilities{}}
	for name := range p.resources {
		r.Resources = append(r.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for name := range p.dataSources {
		r.DataSources = append(r.DataSources, tfprotov6.DataSourceMetadata{TypeName: name})
	}
	return r, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		Provider: p.config, ResourceSchemas: p.resources, DataSourceSchemas: p.dataSources,
		ServerCapabilities: &tfprotov6.ServerCapabilities{},
	}, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (p *provider) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// ValidateResourceConfig refuses values for attributes that only AWS sets; all other rules of the
// schema are Terraform's to check.
func (p *provider) ValidateResourceConfig(_ context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	schema := p.resources[r.TypeName]
	members, err := membersOf(r.Config, schema)
	if err != nil {
		return nil, err
	}
	response := &tfprotov6.ValidateResourceConfigResponse{}
	for _, a := range schema.Block.Attributes {
		if a.Computed && !a.Optional && !members[a.Name].IsNull() {
			err := fmt.Errorf("%s.%s is read-only", r.TypeName, a.Name)
			response.Diagnostics = append(response.Diagnostics, failure(err)...)
		}
	}
	return response, nil
}

func (p *provider) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (p *provider) UpgradeResourceState(_ context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	t := p.resources[r.TypeName].ValueType()
	v, err := r.RawState.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(t, v)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

func (p *provider) ReadResource(_ context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState}, nil
}

// PlanResourceChange of a new resource: what AWS may set, and the configuration does not, is known
// after apply.
func (p *provider) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	schema := p.resources[r.TypeName]
	prior, err := r.PriorState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	members, err := membersOf(r.ProposedNewState, schema)
	if err != nil || members == nil || !prior.IsNull() {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: r.ProposedNewState}, err
	}
	for _, a := range schema.Block.Attributes {
		if v := members[a.Name]; a.Computed && v.IsKnown() && v.IsNull() {
			members[a.Name] = tftypes.NewValue(v.Type(), tftypes.UnknownValue)
		}
	}
	planned, err := dynamicValue(schema, members)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: planned}, err
}

// ApplyResourceChange makes and removes; a change in place is refused.
func (p *provider) ApplyResourceChange(_ context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	schema := p.resources[r.TypeName]
	planned, err := membersOf(r.PlannedState, schema)
	if err != nil {
		return nil, err
	}
	prior, err := membersOf(r.PriorState, schema)
	if err != nil {
		return nil, err
	}
	state := r.PlannedState
	switch {
	case planned == nil:
		_, err = ask("delete", r.TypeName, prior)
	case prior == nil:
		state, err = apply(schema, r.TypeName, planned)
	default:
		err = fmt.Errorf("%s: the stub changes nothing in place", r.TypeName)
	}
	if err != nil {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: r.PriorState, Diagnostics: failure(err)}, nil
	}
	return &tfprotov6.ApplyResourceChangeResponse{NewState: state}, nil
}

func apply(schema *tfprotov6.Schema, typeName string, planned map[string]tftypes.Value) (*tfprotov6.DynamicValue, error) {
	answer, err := ask("create", typeName, planned)
	if err != nil {
		return nil, err
	}
	if err := fill(planned, answer); err != nil {
		return nil, fmt.Errorf("%s: %w", typeName, err)
	}
	return dynamicValue(schema, planned)
}

func (p *provider) ReadDataSource(_ context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	schema := p.dataSources[r.TypeName]
	members, err := membersOf(r.Config, schema)
	if err != nil {
		return nil, err
	}
	for _, a := range schema.Block.Attributes {
		if v := members[a.Name]; a.Computed && v.IsNull() {
			members[a.Name] = tftypes.NewValue(v.Type(), tftypes.UnknownValue)
		}
	}
	answer, err := ask("read", r.TypeName, members)
	if err == nil {
		err = fill(members, answer)
	}
	if err != nil {
		return &tfprotov6.ReadDataSourceResponse{Diagnostics: failure(err)}, nil
	}
	state, err := dynamicValue(schema, members)
	return &tfprotov6.ReadDataSourceResponse{State: state}, err
}
