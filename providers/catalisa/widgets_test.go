package catalisa

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/providertest/fake"
)

const page800 = "%PDF-1.4 /MediaBox [0 0 595 800] %%EOF"

// sent is the request of an envelope, of which only what changes is looked at.
func sent(t *testing.T, e providers.Envelope) map[string]json.RawMessage {
	t.Helper()
	s := newServer(t, map[string]http.HandlerFunc{"POST " + requests: answers(201, made)})
	p := newProvider(t, s)
	e.Documents[0].Size = int64(len(page800))
	job := fake.NewJob(e, map[string]string{"lease.pdf": page800})
	if err := errors.Join(p.Check(e), p.Prepare(t.Context(), job), p.Invite(t.Context(), job)); err != nil {
		t.Fatal(err)
	}
	var body struct {
		Data struct {
			Attributes map[string]json.RawMessage `json:"attributes"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(s.Bodies("POST " + requests)[0]), &body); err != nil {
		t.Fatal(err)
	}
	return body.Data.Attributes
}

func filledIn() providers.Envelope {
	e := lease()
	at := func(y float64) providers.Stamp { return providers.Stamp{Page: 3, X: 90, Y: y, Width: 100, Height: 20} }
	e.Signers[0].Checkbox = []providers.Place{{Stamp: at(610), Required: true, Label: "I agree"}}
	e.Signers[1].Text = []providers.Place{{Stamp: at(500), Label: "Job"}, {Stamp: at(470)}}
	e.Signers[1].Date = []providers.Place{{Stamp: at(440)}}
	return e
}

func TestFourTypesOfWidget(t *testing.T) {
	fake.SameJSON(t, string(sent(t, filledIn())["widgets"]), `[
		{"type":"signature","page":3,"x":90,"y":640,"width":180,"height":48},
		{"type":"checkbox","page":3,"x":90,"y":610,"width":100,"height":20,"label":"I agree","required":true},
		{"type":"text","page":3,"x":90,"y":500,"width":100,"height":20,"label":"Job"},
		{"type":"text","page":3,"x":90,"y":470,"width":100,"height":20},
		{"type":"date","page":3,"x":90,"y":440,"width":100,"height":20}]`)
}

// From where y is counted, and what a signerId is, are options: neither is documented.
func TestOriginAndSignerOfWidgets(t *testing.T) {
	e := filledIn()
	e.Options[Name]["origin"], e.Options[Name]["signer_id"] = "top", "email"
	fake.SameJSON(t, string(sent(t, e)["widgets"]), `[
		{"type":"signature","signerId":"livia@example.test","page":3,"x":90,"y":112,"width":180,"height":48},
		{"type":"checkbox","signerId":"livia@example.test","page":3,"x":90,"y":170,"width":100,"height":20,"label":"I agree","required":true},
		{"type":"text","signerId":"caio@example.test","page":3,"x":90,"y":280,"width":100,"height":20,"label":"Job"},
		{"type":"text","signerId":"caio@example.test","page":3,"x":90,"y":310,"width":100,"height":20},
		{"type":"date","signerId":"caio@example.test","page":3,"x":90,"y":340,"width":100,"height":20}]`)
	p := newProvider(t, newServer(t, nil))
	if notes := p.Notes(e); len(notes) != 0 {
		t.Errorf("%q of an origin that is given", notes)
	}
	if notes := p.Notes(filledIn()); len(notes) != 1 || !strings.Contains(notes[0].String(), "catalisa.origin=top") {
		t.Errorf("the doubt is not told: %q", notes)
	}
	job := fake.NewJob(e, map[string]string{"lease.pdf": pdf})
	fake.WantKind(t, p.Prepare(t.Context(), job), providers.Invalid, "page_height")
}

// The user's own id begins the businessId, and a ledger that knows the key and the steps
// alone finds the request by it.
func TestOwnBusinessID(t *testing.T) {
	e := lease()
	e.Options[Name]["business_id"] = " Pedido 4711 "
	want := "Pedido 4711 (june/07)"
	if got := string(sent(t, e)["businessId"]); got != `"`+want+`"` {
		t.Error(got)
	}
	s := newServer(t, map[string]http.HandlerFunc{"GET " + requests: func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("filter[businessId]"); got != want {
			t.Errorf("looked for %q", got)
		}
		answers(200, `{"data":[{"type":"signature-request","id":"`+requestID+`","attributes":{"status":"SENT","businessId":"`+want+`"}}],"meta":{"totalPages":1,"currentPage":1}}`)(w, r)
	}})
	job := fake.NewJob(e, nil)
	job.Ref.Steps = map[string]string{stepBusinessID: want}
	job.Envelope = providers.Envelope{Campaign: "june", ID: "07", Provider: Name}
	if outcome, err := newProvider(t, s).Settle(t.Context(), job); err != nil || outcome != providers.Invited || job.Ref.ID != requestID {
		t.Errorf("%v, %v, %+v", outcome, err, job.Ref)
	}
	long := providers.Key{Campaign: strings.Repeat("j", 90), ID: "07"}
	own := strings.Repeat("é", maxOwnBusinessID)
	if id := ownBusinessID(own, long); len([]rune(id)) > maxBusinessID || !strings.HasPrefix(id, own) || id == ownBusinessID(own, providers.Key{Campaign: strings.Repeat("j", 90), ID: "08"}) {
		t.Errorf("%q", id)
	}
	e.Options[Name]["business_id"] = own + "é"
	if err := newProvider(t, s).Check(e); err == nil || !strings.Contains(err.Error(), "catalisa.business_id") {
		t.Error(err)
	}
}

// Only a draft is deleted: what was sent is withdrawn by Cancel.
func TestDiscardDeletesADraft(t *testing.T) {
	for status, want := range map[string]int{"DRAFT": 1, "SENT": 0, "COMPLETED": 0} {
		s := newServer(t, map[string]http.HandlerFunc{
			"GET " + oneRoute:    answers(200, `{"data":{"type":"signature-request","id":"`+requestID+`","attributes":{"status":"`+status+`"}}}`),
			"DELETE " + oneRoute: answers(204, ``),
		})
		if err := newProvider(t, s).Discard(t.Context(), providers.Ref{ID: requestID}); err != nil || s.Count("DELETE "+oneRoute) != want {
			t.Errorf("%s: %v, %q", status, err, s.Called())
		}
	}
}
