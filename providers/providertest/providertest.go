// Package providertest is the conformance suite of the signing providers. Each of them
// runs it in its own conformance_test.go, against its simulator in package sandbox and
// through a wire that breaks connections, answers in the simulator's place and counts.
//
// What it proves is the promise of package providers: people are invited once, whatever
// breaks and wherever the process dies; nothing that the provider would refuse leaves;
// every failure has the kind that its meaning asks for; and nothing that was said in
// confidence stands in an error, an observation or a recorded step.
//
// What the suite knows is in the rooms of the same names: flow, limits, kinds, context,
// crash, invite, hostile, download, webhook, privacy, stream.
package providertest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

// Suite describes a provider to the tests.
type Suite struct {
	Name string // as in package registry

	// Identity is the request that fetches an access token when one is needed; empty:
	// there is none.
	Identity string

	// Envelope is the usual one. It brings its documents' content in Open.
	Envelope func() providers.Envelope
	// Variants are further envelopes that the provider must take all the way: several
	// documents and signers, order, templates, every option.
	Variants map[string]func() providers.Envelope
	// Ends says what becomes of a sent envelope when somebody declines, when time runs
	// out, and when it is cancelled on the provider's own pages: the sandbox's actions
	// decline, expire and cancel.
	Ends map[string]providers.State

	Limits []Limit
	// Kind is what a status means to a call where that is not what it means everywhere,
	// which [usualKind] says. The kind may be empty: no failure.
	Kind func(call, op string, status int) (kind providers.ErrorKind, known bool)
	// Refusals are error answers that the reference documents, by their bodies.
	Refusals []Refusal
	// Tolerates names the answers without their documented content that a call may take
	// for a success, because it does not need them: see the room hostile.
	Tolerates func(call, op, body string) bool

	// Credentials are the members of answers that let their holder act.
	Credentials []string
	Webhook     *Webhook // nil: the provider has none
	// Large are envelopes with the largest document that the provider takes.
	Large map[string]func() providers.Envelope
}

// Limit is one documented limit. At changes the usual envelope so that it stands at the
// limit, Over so that it is one over. Check must then name the field, and say the limit
// in the message.
type Limit struct {
	Name     string
	At, Over func(*providers.Envelope)
	Field    string
	Says     string
}

// Refusal is an error answer.
type Refusal struct {
	Status int
	Body   string
	Code   string              // of the error; empty: not looked at
	Kind   providers.ErrorKind // to the inviting call
	Look   providers.ErrorKind // to a look; empty: not tried
}

// Webhook describes a provider's callbacks.
type Webhook struct {
	Signed  bool     // over the whole body, not only by a secret in it
	Timed   bool     // carries a time that makes it stale
	Keyed   bool     // its address carries our key
	Named   bool     // deliveries can be told apart
	Headers []string // that are verified

	Secret providers.Secret // for a provider that takes what Sign has signed
	Sign   func(address string, body []byte) http.Header
}

// Run runs the whole suite.
func Run(t *testing.T, s Suite) {
	tp := newTap()
	// Alone: it measures the heap of the process.
	t.Run("stream", func(t *testing.T) { testStream(t, &s, tp) })
	t.Run("rooms", func(t *testing.T) {
		for _, room := range []struct {
			name string
			test func(*testing.T, *Suite, *tap)
		}{
			{"flow", testFlow}, {"ends", testEnds}, {"powers", testPowers}, {"limits", testLimits},
			{"kinds", testKinds}, {"refusals", testRefusals}, {"retry", testRetryAfter},
			{"context", testContext}, {"crash", testCrash}, {"invite", testInvite},
			{"hostile", testHostile}, {"mutants", testMutants}, {"redirect", testRedirects},
			{"download", testDownloads}, {"address", testAddresses}, {"webhook", testWebhook},
		} {
			t.Run(room.name, func(t *testing.T) {
				t.Parallel()
				room.test(t, &s, tp)
			})
		}
	})
	t.Run("privacy", func(t *testing.T) { tp.judge(t) })
}

// Confidential stands in every document of the suite.
const Confidential = "confidencial-7719-nao-divulgar"

func opening(content []byte) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

// PDF is a document for an envelope.
func PDF(name string) providers.Document {
	return File(name, "application/pdf", "%PDF-1.4\n% "+name+"\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"+
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
}

// JPEG is an image of a signer's paper.
func JPEG(name string) *providers.Document {
	d := File(name, "image/jpeg", "\xff\xd8\xff\xe0 "+name)
	return &d
}

// File is a document of a type, whose content begins as given.
func File(name, mime, begin string) providers.Document {
	content := []byte(begin + "\n% " + Confidential + "\n")
	return providers.Document{Name: name, Type: mime, Size: int64(len(content)), Open: opening(content)}
}

// Signer is the n-th person of the suite, from 1 to 4, with everything that a provider
// could ask for.
func Signer(n int) providers.Signer {
	return []providers.Signer{
		{Name: "Ana Prova da Silva", Email: "ana.prova@exemplo.test", Phone: "+5511987654321", Document: "52998224725", Birthdate: "1988-04-02"},
		{Name: "Bruno Ensaio Pereira", Email: "bruno.ensaio@exemplo.test", Phone: "+5521976543210", Document: "11144477735", Birthdate: "1979-11-23"},
		{Name: "Carla Teste Nogueira", Email: "carla.teste@exemplo.test", Phone: "+5531965432109", Document: "39053344705", Birthdate: "1992-10-17"},
		{Name: "Davi Amostra Moreira", Email: "davi.amostra@exemplo.test", Phone: "+5541954321098", Document: "12345678909", Birthdate: "1965-01-30"},
	}[n-1]
}

// Stamp is a place for a signature on the first page.
func Stamp(n int) *providers.Stamp {
	return &providers.Stamp{Page: 1, X: 72, Y: float64(90 + 70*n), Width: 160, Height: 54}
}

// prompt is how long a call may take that should return at once, on a busy machine: a
// wait for an answer would be a minute.
const prompt = 15 * time.Second
