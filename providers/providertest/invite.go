package providertest

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/chancela/chancela/providers"
)

// testInvite breaks the connection of the inviting call in every way, and then does what
// the engine does: Settle, and another Invite only when nobody was invited.
func testInvite(t *testing.T, s *Suite, tp *tap) {
	raw := func(text string) meddler {
		return func(_ int, rw http.ResponseWriter, _ *http.Request, _ func() *answer) bool {
			conn, _, err := http.NewResponseController(rw).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = conn.Write([]byte(text))
			conn.Close()
			return true
		}
	}
	slow := func(_ int, _ http.ResponseWriter, r *http.Request, _ func() *answer) bool {
		_, _ = io.Copy(io.Discard, r.Body) // only after it the server sees the other side go
		select {                           // longer than the caller's patience
		case <-r.Context().Done():
		case <-time.After(prompt):
		}
		panic(http.ErrAbortHandler)
	}
	faults := map[string]meddler{
		"connection dropped before":        drop,
		"connection dropped after":         but(drop),
		"500 before":                       say(500, nil, gossip),
		"500 after":                        but(say(500, nil, gossip)),
		"502 after":                        but(say(502, nil, "<html>")),
		"408 after":                        but(say(408, nil, "")),
		"429 before":                       say(429, map[string]string{"Retry-After": "1"}, ""),
		"503 after, with Retry-After":      but(say(503, map[string]string{"Retry-After": "1"}, "")),
		"redirect after":                   but(say(307, map[string]string{"Location": "/elsewhere"}, "")),
		"answer cut":                       cut,
		"answer cut in its header":         but(raw("HTTP/1.1 200 OK\r\nContent-Le")),
		"no HTTP":                          raw("220 smtp.exemplo.test ESMTP ana.prova@exemplo.test\r\n"),
		"no HTTP after":                    but(raw("\x15\x03\x01\x00\x02\x02\x28")),
		"header without end":               but(raw("HTTP/1.1 200 OK\r\n" + "X-A: b\r\n")),
		"a length that is none":            but(raw("HTTP/1.1 200 OK\r\nContent-Length: ana\r\n\r\n{}")),
		"closed in the body":               but(raw("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":\"x\",")),
		"chunks broken off":                but(raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"")),
		"no patience, no effect":           slow,
		"no patience, with an effect":      but(slow),
		"a hint, then nothing":             but(raw("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")),
		"a hint, then nothing, no effect":  raw("HTTP/1.1 100 Continue\r\n\r\n"),
		"an empty 200 after":               but(say(200, nil, "")),
		"null after":                       but(say(200, nil, "null")),
		"an answer of another call, after": but(say(200, nil, `{"data":[],"result":[],"error":false}`)),
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, s, tp, setup{})
			rec := w.prepared(s.Envelope())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			job := w.job(rec)
			commit := job.Commit
			var left time.Time
			job.Commit = func(ctx context.Context) error {
				w.wire.at(0, func(n int, rw http.ResponseWriter, r *http.Request, pass func() *answer) bool {
					if name == "no patience, no effect" || name == "no patience, with an effect" {
						time.AfterFunc(30*time.Millisecond, cancel)
					}
					return fault(n, rw, r, pass)
				})
				left = time.Now()
				return commit(ctx)
			}
			err := w.provider.Invite(ctx, job)
			w.wire.with(nil)
			if took := time.Since(left); took > prompt {
				t.Errorf("Invite returns after %s", took)
			}
			kind := providers.KindOf(err)
			switch {
			case err == nil: // the provider does not need the answer's body
				rec.id, rec.intent, rec.invited = job.Ref.ID, false, true
			case kind == providers.Ambiguous:
			case kind == providers.RateLimited && name == "429 before":
				rec.intent = false
			default:
				t.Errorf("Invite: kind %s: %v", kind, err)
			}
			effect := w.invitations(0)
			if err == nil && effect != 1 {
				t.Errorf("Invite has succeeded with %d invitations", effect)
			}
			if rec.intent && w.inner.Info().SettleAll {
				job := w.job(rec)
				want := []providers.Outcome{providers.NotInvited, providers.Invited}[effect]
				if o, err := w.provider.Settle(t.Context(), job); err != nil || o != want {
					t.Errorf("Settle: %s, %v; want %s", o, err, want)
				}
			}
			w.live(rec, name)
			n := w.invitations(0)
			if rec.doubt && (w.inner.Info().SettleAll || n > 1) || !rec.doubt && n != 1 {
				t.Errorf("%d invitations at the end, in doubt: %v", n, rec.doubt)
			}
			w.clean()
		})
	}
}
