package qisign

import (
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
	"github.com/chancela/chancela/providers/rest"
)

const key = "key-1"

// newFake has download addresses below /given: they must come without the key.
func newFake(t *testing.T) (*fake.Server, *Provider) {
	s := fake.NewServer(t, "", map[string]string{"Authorization": key}, nil)
	s.Open = []string{"/given"}
	p, err := New(rest.Settings{BaseURL: s.URL + "/", APIKey: key, WebhookSecret: "sig", WebhookURL: hookURL})
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

func newJob(e providers.Envelope) *providers.Job {
	return fake.NewJob(e, map[string]string{"contrato.pdf": "%PDF-1.7", "anexo.pdf": "%PDF-1.4\n", "frente.jpg": "\xff\xd8\xff1", "verso.jpg": "\xff\xd8\xff2"})
}

// id1 is the id of envelope1, for ever: a change of it would send envelopes twice.
const id1 = "09af5c19-abf8-5f71-8113-c442171f0d1f"

// envelope1 is a good envelope with one document and one signer.
func envelope1() providers.Envelope {
	return providers.Envelope{
		Campaign: "june", ID: "1", Provider: Name, Subject: "Contrato 14",
		Documents: []providers.Document{{Name: "contrato.pdf", Size: 8, Type: providers.TypePDF}},
		Signers: []providers.Signer{{
			Name: "Rita Nogueira", Email: "rita@exemplo.test", Phone: "+5521987650001",
			Document: "52998224725", Birthdate: "1988-04-02",
		}},
	}
}

// ref1 is envelope1 as the ledger knows it once it was sent.
func ref1() providers.Ref {
	return providers.Ref{Key: envelope1().Key(), ID: id1, Steps: map[string]string{stepEnvelope: id1, stepDocument + "1": "d-1"}}
}
