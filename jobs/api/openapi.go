package api

import (
	"net/url"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// schemaOf is the reference to a type's schema.
func schemaOf[T any](schemas huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	return schemas.Schema(t, true, t.Name())
}

func pathEscape(s string) string { return url.PathEscape(s) }

// finish says in the document what the framework cannot see in the types: which fields
// of a report may be null, and that a limit is a number, which the handler reads itself.
// The framework's own form of errors is not used.
func finish(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for _, form := range []string{"CampaignForm", "EnvelopeForm"} {
		schemas[form].AdditionalProperties = nil // further parts are documents; said aloud, it confuses generators
	}
	report := schemas["Report"]
	for _, list := range []string{"signers", "artifacts"} {
		report.Properties[list].Nullable = false
	}
	report.Properties["error"] = &huma.Schema{Description: "Why the envelope is where it is.",
		AnyOf: []*huma.Schema{report.Properties["error"], {Type: "null"}}}
	least, most := 1.0, float64(maxPage)
	for _, p := range doc.Paths["/v1/campaigns/{campaign}/envelopes"].Get.Parameters {
		if p.Name == "limit" {
			p.Schema = &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}
		}
	}
}
