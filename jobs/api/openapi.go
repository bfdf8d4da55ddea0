package api

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// schemaOf is the reference to a type's schema.
func schemaOf[T any](schemas huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	return schemas.Schema(t, true, schemaName(t, t.Name()))
}

// schemaName names a type in the document: the parts of a report by what they are parts of.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if strings.HasSuffix(t.PkgPath(), "/jobs/report") && name != "Report" {
		return "Report" + name
	}
	return name
}

// finish says in the document what the framework cannot see in the types: which objects
// may be null, and that a limit is a number, which the handler reads itself.
// The framework's own form of errors is not used.
func finish(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for _, form := range []string{"CampaignForm", "EnvelopeForm"} {
		schemas[form].AdditionalProperties = nil // further parts are documents; said aloud, it confuses generators
	}
	report := schemas["Report"]
	report.Properties["state"].Enum = words(ledger.States)
	report.Properties["state"].Description = "Where the envelope is in its life."
	report.Properties["provider"].Enum = words(registry.Names())
	artifact := schemas["ReportArtifact"]
	artifact.Properties["kind"].Enum = words([]providers.Kind{providers.SignedDocument, providers.Dossier, providers.Package, providers.Face, providers.IDFront, providers.IDBack})
	artifact.Properties["name"].Description = "The file's name: the end of its key."
	artifact.Properties["link"].Description = "Where this API has the file: an address on this server."
	for _, of := range []string{"CampaignStatus", "CampaignAccepted"} {
		states := &huma.Schema{Type: huma.TypeObject, Description: "Envelopes by state; every state is there.", Properties: map[string]*huma.Schema{}, AdditionalProperties: true}
		for _, state := range ledger.States {
			states.Properties[string(state)] = &huma.Schema{Type: huma.TypeInteger, Format: "int64"}
			states.Required = append(states.Required, string(state))
		}
		schemas[of].Properties["states"] = states
	}
	for _, list := range []*huma.Schema{report.Properties["signers"], report.Properties["artifacts"], report.Properties["odd"], schemas["Refusal"].Properties["ids"]} {
		list.Nullable = false
	}
	report.Properties["error"].Description = "Why the envelope is where it is; null: nothing is wrong."
	maps.Copy(schemas["EnvelopeAccepted"].Properties, report.Properties) // it is a report, with two fields more
	nullables(doc.Components.Schemas)
	ofCampaigns(schemas)
	least, most := 1.0, float64(maxPage)
	for _, list := range []string{"/v1/campaigns", "/v1/campaigns/{campaign}/envelopes"} {
		for _, p := range doc.Paths[list].Get.Parameters {
			if p.Name == "limit" {
				p.Schema = &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}
			}
		}
	}
	repeats(doc)
	notifications(doc)
}

// nullables says of every object that is null in some answers that it may be: the framework refers to
// it as if it always stood there.
func nullables(schemas huma.Registry) {
	for name, schema := range schemas.Map() {
		t := schemas.TypeFromRef("#/components/schemas/" + name)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			continue
		}
		for _, field := range reflect.VisibleFields(t) {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			p := schema.Properties[name]
			if p == nil || p.Ref == "" || field.Type.Kind() != reflect.Pointer || strings.Contains(options, "omit") {
				continue
			}
			schema.Properties[name] = &huma.Schema{Description: p.Description, AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
		}
	}
}

// ofCampaigns says that an envelope of a campaign needs less of its own than one that comes alone: what
// stands beside the envelopes, or in the address, is for all that have none.
func ofCampaigns(schemas map[string]*huma.Schema) {
	one := *schemas["EnvelopeInput"]
	one.Required = []string{"signers"}
	one.Properties = maps.Clone(one.Properties)
	for _, name := range []string{"provider", "subject", "id"} {
		p := *one.Properties[name]
		p.Description = strings.TrimSpace(p.Description + " Required, unless the campaign has one for the envelopes that have none.")
		one.Properties[name] = &p
	}
	schemas["CampaignEnvelope"] = &one
	schemas["CampaignInput"].Properties["envelopes"].Items = &huma.Schema{Ref: "#/components/schemas/CampaignEnvelope"}
}

// words are the values of an enumeration.
func words[T ~string](all []T) []any {
	var list []any
	for _, w := range all {
		list = append(list, string(w))
	}
	return list
}

// repeats says of every operation that changes something what an Idempotency-Key does.
func repeats(doc *huma.OpenAPI) {
	least, most := 1, maxIdempotencyKey
	for _, path := range doc.Paths {
		if path.Post == nil {
			continue
		}
		path.Post.Parameters = append(path.Post.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header",
			Description: "Taken, and not needed: a campaign's name and an envelope's id are the idempotency key. The same request again, with this header or without, " +
				"enqueues nothing and invites nobody a second time; the answer tells how things are now, it is not the first one repeated. " +
				"The header is not stored. A signer is reminded at most once a minute, in whatever way it is asked for: what is held back is refused, as reminded.",
			Schema: &huma.Schema{Type: huma.TypeString, MinLength: &least, MaxLength: &most}})
	}
}

// notifications describes what is delivered to CHANCELA_NOTIFY_URL.
func notifications(doc *huma.OpenAPI) {
	doc.Webhooks = map[string]*huma.PathItem{}
	report := schemaOf[jobs.Report](doc.Components.Schemas)
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	for _, state := range ledger.States {
		event := "envelope." + string(state)
		kind := text("What happened.")
		kind.Enum = []any{event}
		at := text("When.")
		at.Format = "date-time"
		body := &huma.Schema{Type: huma.TypeObject, Required: []string{"type", "timestamp", "data"},
			Properties: map[string]*huma.Schema{"type": kind, "timestamp": at, "data": report}}
		var headers []*huma.Param
		for name, says := range map[string]string{
			"webhook-id":        "The same for every delivery of this notification: drop what you have.",
			"webhook-timestamp": "When this delivery was made: seconds since 1970.",
			"webhook-signature": "v1, and the signature of id, timestamp and body with the shared secret, in base64.",
		} {
			headers = append(headers, &huma.Param{Name: name, In: "header", Required: true, Schema: text(says)})
		}
		slices.SortFunc(headers, func(a, b *huma.Param) int { return strings.Compare(a.Name, b.Name) })
		doc.Webhooks[event] = &huma.PathItem{Post: &huma.Operation{
			OperationID: "on-" + strings.ReplaceAll(string(state), "_", "-"),
			Summary:     "An envelope is " + strings.ReplaceAll(string(state), "_", " "),
			Description: "Delivered to CHANCELA_NOTIFY_URL in the form of Standard Webhooks, at least once, an envelope's changes in their order. The report is the envelope's at the time of the delivery, its state that of the event.",
			Security:    []map[string][]string{},
			Parameters:  headers,
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: body}}},
			Responses: map[string]*huma.Response{
				"2XX": {Description: "Taken."},
				"4XX": {Description: "Delivered again, for a day; Retry-After is heeded."},
				"5XX": {Description: "Delivered again, for a day; Retry-After is heeded."},
			},
		}}
	}
}
