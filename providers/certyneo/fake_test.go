package certyneo

import (
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
	"github.com/chancela/chancela/providers/rest"
)

const key = "sk_test_0123"

func newFake(t *testing.T) (*fake.Server, *Provider) {
	s := fake.NewServer(t, "/api/v1", map[string]string{"Authorization": "Bearer " + key, "X-Certyneo-Source": "chancela"}, nil)
	p, err := New(rest.Settings{BaseURL: s.URL + "/api/v1/", APIKey: key, WebhookSecret: "whsec"})
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

// envelope1 is a good envelope with one document and one signer.
func envelope1() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "1", Provider: Name, Subject: "Bail lot 14",
		Documents: []providers.Document{{Name: "bail.pdf", Size: 8, Type: "application/pdf"}},
		Signers:   []providers.Signer{{Name: "Nadia Ferrand", Email: "nadia@exemple.test"}},
	}
}

var file1 = map[string]string{"bail.pdf": "%PDF-1.7"}
