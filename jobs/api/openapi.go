package api

import (
	"net/url"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func pathEscape(s string) string { return url.PathEscape(s) }

// finish says in the document what the framework cannot see in the types: which fields
// of a report may be null.
func finish(doc *huma.OpenAPI) {
	report := doc.Components.Schemas.Map()["Report"]
	if report == nil {
		return
	}
	for _, list := range []string{"signers", "artifacts"} {
		report.Properties[list].Nullable = false
	}
	of := report.Properties["error"]
	report.Properties["error"] = &huma.Schema{Description: "Why the envelope is where it is.",
		AnyOf: []*huma.Schema{of, {Type: "null"}}}
}
